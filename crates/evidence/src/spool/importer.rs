//! From the spool's files to the store.

use std::{
    collections::HashMap,
    fs::{self, File},
    io::{self, Read, Seek, SeekFrom},
    mem,
    sync::{Arc, atomic::Ordering},
    time::Duration,
};

use hefu_store::{EVENTS_BATCH_MAX, EventRecord, Events, StoreError};
use tokio::time::{MissedTickBehavior, interval};

use super::{
    Shared,
    frame::{self, Frame},
    segment::{self, HEADER_BYTES, Segment},
};

/// Bytes that are read at a time; more than the largest frame.
const READ_BYTES: u64 = 1 << 20;

/// Why a batch was not imported. The events stay in the spool, and the next run tries again.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// The store did not take it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A file could not be read, synchronised or deleted.
    #[error("the spool of events cannot be read")]
    Io(#[from] io::Error),
    /// The runtime is shutting down.
    #[error("the import was cut short")]
    CutShort,
}

/// Reads the spool and stores its events. There is one for each [`Recorder`](super::Recorder).
#[derive(Debug)]
pub struct Importer {
    shared: Arc<Shared>,
    cursor: Option<Cursor>,
    /// Read, and not yet taken by the store.
    batch: Batch,
    /// The file that was open at the last synchronisation, and its length then.
    synced: (u64, u64),
}

/// How far a file has been read.
#[derive(Debug)]
struct Cursor {
    first_seq: u64,
    file: File,
    at: u64,
    sets: HashMap<u16, Arc<[Box<str>]>>,
}

#[derive(Debug, Default)]
struct Batch {
    events: Vec<EventRecord>,
    /// Where the cursor will stand once the store has taken them.
    read_to: u64,
    /// The file is read to its end then.
    finished: Option<Segment>,
}

impl Importer {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            cursor: None,
            batch: Batch::default(),
            synced: (0, 0),
        }
    }

    /// Imports every `every`, until `stop` is done; then once more, so that nothing is left.
    pub async fn run(
        mut self,
        store: Arc<dyn Events>,
        every: Duration,
        stop: impl Future<Output = ()>,
    ) {
        let mut ticks = interval(every);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        tokio::pin!(stop);
        loop {
            let stopped = tokio::select! {
                biased;
                () = &mut stop => true,
                _ = ticks.tick() => false,
            };
            if let Err(error) = self.import(&*store).await {
                tracing::warn!(
                    error = &error as &dyn std::error::Error,
                    "events stay in the spool"
                );
            }
            if stopped {
                return;
            }
        }
    }

    /// Imports what has been recorded until now; tells how many events were new to the store.
    ///
    /// # Errors
    /// When store or files fail; what was not imported stays.
    pub async fn import(&mut self, store: &dyn Events) -> Result<u64, ImportError> {
        let imported = self.import_all(store).await;
        self.blocking(|importer| importer.revive()).await?;
        let failed = &self.shared.failed_imports;
        match &imported {
            Ok(_) => failed.store(0, Ordering::Relaxed),
            Err(_) => {
                failed.fetch_add(1, Ordering::Relaxed);
            }
        }
        imported
    }

    async fn import_all(&mut self, store: &dyn Events) -> Result<u64, ImportError> {
        self.blocking(|importer| importer.sync()).await?;
        let mut imported = 0;
        loop {
            if self.batch.events.is_empty() && self.batch.finished.is_none() {
                let more = self.blocking(|importer| importer.read()).await?;
                if !more {
                    return Ok(imported);
                }
            }
            if !self.batch.events.is_empty() {
                let new = store.append_events(&self.batch.events).await?;
                self.shared.imported.fetch_add(new, Ordering::Relaxed);
                imported += new;
                self.batch.events.clear();
            }
            if let Some(cursor) = &mut self.cursor {
                cursor.at = self.batch.read_to;
            }
            if self.batch.finished.is_some() {
                self.blocking(|importer| importer.delete_finished()).await?;
            }
        }
    }

    /// Runs something that waits for the disk where it holds nobody up.
    async fn blocking<T: Send + 'static>(
        &mut self,
        work: impl FnOnce(&mut Self) -> io::Result<T> + Send + 'static,
    ) -> Result<T, ImportError> {
        let mut importer = Self {
            shared: Arc::clone(&self.shared),
            cursor: self.cursor.take(),
            batch: mem::take(&mut self.batch),
            synced: self.synced,
        };
        let (importer, done) = tokio::task::spawn_blocking(move || {
            let done = work(&mut importer);
            (importer, done)
        })
        .await
        .map_err(|_| ImportError::CutShort)?;
        *self = importer;
        Ok(done?)
    }

    /// Brings what is written to the disk.
    fn sync(&mut self) -> io::Result<()> {
        let (file, written) = {
            let writer = self.shared.writer();
            (
                Arc::clone(&writer.open.file),
                (writer.open.first_seq, writer.open.bytes),
            )
        };
        if self.synced != written {
            file.sync_data()?;
            self.synced = written;
        }
        Ok(())
    }

    /// Where the last event could not be recorded, sees whether one could be now.
    fn revive(&mut self) -> io::Result<()> {
        if !self.shared.is_recording.load(Ordering::Relaxed) {
            let is_recording = self.shared.writer().probe(&self.shared).is_ok();
            self.shared.note(is_recording);
        }
        Ok(())
    }

    /// Reads the next batch; false when everything has been read.
    fn read(&mut self) -> io::Result<bool> {
        let (segment, is_closed) = self.shared.writer().oldest();
        let cursor = match self.cursor.take() {
            Some(cursor) if cursor.first_seq == segment.first_seq => cursor,
            _ => Cursor::open(&self.shared, segment.first_seq)?,
        };
        let cursor = self.cursor.insert(cursor);
        let left = segment.bytes.saturating_sub(cursor.at);
        let mut bytes = Vec::new();
        cursor.file.seek(SeekFrom::Start(cursor.at))?;
        (&cursor.file)
            .take(left.min(READ_BYTES))
            .read_to_end(&mut bytes)?;

        let (events, used) = cursor.decode(&bytes);
        let read_to = cursor.at + used;
        let is_stuck = used == 0;
        if is_stuck && is_closed {
            // No whole frame begins here, though READ_BYTES would hold one: the rest of the file
            // is an event that was being written when the process was killed.
            self.shared.torn_bytes.fetch_add(left, Ordering::Relaxed);
        }
        let is_finished = is_closed && (is_stuck || read_to >= segment.bytes);
        self.batch = Batch {
            events,
            read_to,
            finished: is_finished.then_some(segment),
        };
        Ok(!is_stuck || is_finished)
    }

    fn delete_finished(&mut self) -> io::Result<()> {
        let Some(segment) = self.batch.finished else {
            return Ok(());
        };
        self.cursor = None;
        match fs::remove_file(segment::path(&self.shared.folder, segment.first_seq)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        self.shared.writer().forget(segment);
        self.batch.finished = None;
        Ok(())
    }
}

impl Cursor {
    fn open(shared: &Shared, first_seq: u64) -> io::Result<Self> {
        let mut file = File::open(segment::path(&shared.folder, first_seq))?;
        let mut header = Vec::with_capacity(HEADER_BYTES);
        (&mut file)
            .take(HEADER_BYTES as u64)
            .read_to_end(&mut header)?;
        if header.len() == HEADER_BYTES && header != segment::header(first_seq) {
            return Err(io::Error::new(
                io::ErrorKind::InvalidData,
                "another format of the spool",
            ));
        }
        Ok(Self {
            first_seq,
            file,
            at: HEADER_BYTES as u64,
            sets: HashMap::new(),
        })
    }

    /// The events of the whole frames, at most a batch of them, and how many bytes they took.
    fn decode(&mut self, bytes: &[u8]) -> (Vec<EventRecord>, u64) {
        let events_max = usize::try_from(EVENTS_BATCH_MAX).unwrap_or(usize::MAX);
        let mut events = Vec::new();
        let mut rest = bytes;
        while events.len() < events_max {
            let Some((frame, after)) = frame::decode(rest) else {
                break;
            };
            match frame {
                Frame::ClauseSet { set, clauses } => {
                    let clauses = clauses.into_iter().map(Box::from).collect();
                    self.sets.insert(set, clauses);
                }
                Frame::Probe => {}
                Frame::Event(event) => {
                    // The definition comes before its first use, in the same write.
                    let clauses = self.sets.get(&event.set).cloned().unwrap_or_default();
                    events.push(event.into_record(clauses));
                }
            }
            rest = after;
        }
        (events, (bytes.len() - rest.len()) as u64)
    }
}
