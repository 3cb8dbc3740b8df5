//! Recording: an append-only file that is written before the response leaves, and what reads it.
//!
//! [`Recorder::record`] writes one frame with one `write(2)`: from then on the event survives the
//! end of the process, also by `kill -9`, since the system has it. A loss of power may take what was
//! written since the last import, a fraction of a second, because the file is brought to the disk
//! once a batch and not once an event.
//!
//! [`Importer`] reads the same files and stores the events in batches; it is also what replays them
//! at the next start. Events are numbered and the store takes each number once, so that a batch
//! which is sent again counts once.
//!
//! A decision that cannot be recorded must not go out: `record` says so, and the gateway refuses.
//!
//! Clauses: JR-6.2.4.f.

mod frame;
mod importer;
mod segment;

use std::{
    collections::VecDeque,
    fmt, fs,
    fs::{File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use crate::Event;
use frame::{ClauseSets, TooLong};
use segment::Segment;

pub use importer::{ImportError, Importer};

/// How large the spool may become.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpoolConfig {
    /// A file is closed when it is larger, in bytes. Closed files are deleted once imported.
    pub segment_bytes_max: u64,
    /// All files together, in bytes; beyond it nothing is recorded. Stops: a store that is out of
    /// reach while requests fill the disk.
    pub bytes_max: u64,
}

impl Default for SpoolConfig {
    /// Files of 8 MiB, 512 MiB of them: some three million events.
    fn default() -> Self {
        Self {
            segment_bytes_max: 8 << 20,
            bytes_max: 512 << 20,
        }
    }
}

/// Why there is no spool.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SpoolError {
    /// Another process uses the folder.
    #[error("another process uses the spool in {}", .0.display())]
    InUse(PathBuf),
    /// The folder or a file in it cannot be used.
    #[error("the spool in {} cannot be used", .path.display())]
    Io {
        /// The folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// An event was not recorded: its decision must not go out.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RecordError {
    /// The spool is full: the store has not taken events for long.
    #[error("the spool of events is full")]
    Full,
    /// A word of the event is longer than 255 bytes: a mistake of the program.
    #[error("the event does not fit its frame")]
    TooLong,
    /// The file could not be written.
    #[error("the spool of events cannot be written")]
    Io(#[source] io::Error),
}

/// How recording and importing are going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The last attempt to record succeeded.
    pub is_recording: bool,
    /// Events recorded by this process.
    pub recorded: u64,
    /// Events that could not be recorded.
    pub unrecorded: u64,
    /// Events that the store has taken from this process, those of earlier processes included.
    pub imported: u64,
    /// Bytes of the spool's files.
    pub spooled_bytes: u64,
    /// Bytes at the ends of files that were no whole frame: an event that a process was writing
    /// when it was killed, and never acknowledged.
    pub torn_bytes: u64,
    /// Imports that failed since one succeeded.
    pub failed_imports: u64,
}

/// Records events. Cheap to clone; every clone writes to the same files.
#[derive(Clone, Debug)]
pub struct Recorder {
    shared: Arc<Shared>,
}

impl Recorder {
    /// Opens the spool in `folder`, making it if needed. `last_stored_seq` is the last number that
    /// the store has: numbers go on behind it and behind what the folder holds.
    ///
    /// Nothing is imported before the [`Importer`] runs.
    ///
    /// # Errors
    /// When the folder cannot be used, or another process uses it.
    pub fn open(
        folder: &Path,
        config: SpoolConfig,
        last_stored_seq: u64,
    ) -> Result<(Self, Importer), SpoolError> {
        let io_error = |source| SpoolError::Io {
            path: folder.to_owned(),
            source,
        };
        fs::create_dir_all(folder).map_err(io_error)?;
        let lock = OpenOptions::new()
            .write(true)
            .create(true)
            .truncate(false)
            .open(folder.join("lock"))
            .map_err(io_error)?;
        lock.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => SpoolError::InUse(folder.to_owned()),
            TryLockError::Error(source) => io_error(source),
        })?;
        let mut closed = segment::list(folder).map_err(io_error)?;
        let last_spooled = match closed.back() {
            Some(newest) => segment::last_seq(folder, newest).map_err(io_error)?,
            None => 0,
        };
        let next_seq = last_stored_seq.max(last_spooled).saturating_add(1);
        // A file without a whole event has the name of the one that is opened now, and gives way.
        closed.retain(|segment| segment.first_seq != next_seq);
        let spooled_bytes: u64 = closed.iter().map(|segment| segment.bytes).sum();
        let open = OpenSegment::create(folder, next_seq).map_err(io_error)?;
        // One file never fills the spool: there is always one that can be imported and deleted.
        let segment_bytes_max = config.segment_bytes_max.min(config.bytes_max / 2);
        let shared = Arc::new(Shared {
            folder: folder.to_owned(),
            config: SpoolConfig {
                segment_bytes_max,
                ..config
            },
            writer: Mutex::new(Writer {
                spooled_bytes: spooled_bytes + open.bytes,
                open,
                closed,
                next_seq,
                buffer: Vec::with_capacity(1_024),
            }),
            is_recording: AtomicBool::new(true),
            recorded: AtomicU64::new(0),
            unrecorded: AtomicU64::new(0),
            imported: AtomicU64::new(0),
            torn_bytes: AtomicU64::new(0),
            failed_imports: AtomicU64::new(0),
            lock,
        });
        Ok((
            Self {
                shared: Arc::clone(&shared),
            },
            Importer::new(shared),
        ))
    }

    /// Records an event; to be called before the response leaves.
    ///
    /// # Errors
    /// When it could not be recorded; the decision must not go out then.
    pub fn record(&self, event: &Event) -> Result<(), RecordError> {
        let shared = &*self.shared;
        let recorded = shared.writer().record(event, shared);
        shared.note(recorded.is_ok());
        let count = if recorded.is_ok() {
            &shared.recorded
        } else {
            &shared.unrecorded
        };
        count.fetch_add(1, Ordering::Relaxed);
        recorded
    }

    /// Whether the last attempt to record succeeded: cheap, for asking before a request is let in.
    /// The importer tries again with every run, so that it becomes true again by itself.
    #[must_use]
    pub fn is_recording(&self) -> bool {
        self.shared.is_recording.load(Ordering::Relaxed)
    }

    /// How it is going.
    #[must_use]
    pub fn health(&self) -> Health {
        let shared = &*self.shared;
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        Health {
            is_recording: self.is_recording(),
            recorded: load(&shared.recorded),
            unrecorded: load(&shared.unrecorded),
            imported: load(&shared.imported),
            spooled_bytes: shared.writer().spooled_bytes,
            torn_bytes: load(&shared.torn_bytes),
            failed_imports: load(&shared.failed_imports),
        }
    }
}

/// What recorder and importer share.
struct Shared {
    folder: PathBuf,
    config: SpoolConfig,
    writer: Mutex<Writer>,
    is_recording: AtomicBool,
    recorded: AtomicU64,
    unrecorded: AtomicU64,
    imported: AtomicU64,
    torn_bytes: AtomicU64,
    failed_imports: AtomicU64,
    lock: File,
}

impl Shared {
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Stores only what changes, so that threads do not fight over the cache line.
    fn note(&self, is_recording: bool) {
        if self.is_recording.load(Ordering::Relaxed) != is_recording {
            self.is_recording.store(is_recording, Ordering::Relaxed);
        }
    }
}

impl Drop for Shared {
    /// Closing the file would leave the lock with a child that was forked and has not come to `exec`.
    fn drop(&mut self) {
        // Should it fail, the lock goes with the last handle.
        let _ = self.lock.unlock();
    }
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Spool")
            .field("folder", &self.folder)
            .finish_non_exhaustive()
    }
}

/// The file that is written, and those before it.
struct Writer {
    open: OpenSegment,
    /// Oldest first; the importer takes them away.
    closed: VecDeque<Segment>,
    next_seq: u64,
    /// Of all files.
    spooled_bytes: u64,
    buffer: Vec<u8>,
}

struct OpenSegment {
    file: Arc<File>,
    first_seq: u64,
    /// Of whole frames. What lies beyond, after a failed write, is cut off or never read.
    bytes: u64,
    sets: ClauseSets,
}

impl OpenSegment {
    fn create(folder: &Path, first_seq: u64) -> io::Result<Self> {
        let header = segment::header(first_seq);
        let file = segment::create(folder, first_seq)?;
        (&file).write_all(&header)?;
        Ok(Self {
            file: Arc::new(file),
            first_seq,
            bytes: header.len() as u64,
            sets: ClauseSets::default(),
        })
    }
}

impl Writer {
    fn record(&mut self, event: &Event, shared: &Shared) -> Result<(), RecordError> {
        if self.open.bytes >= shared.config.segment_bytes_max {
            self.rotate(shared).map_err(RecordError::Io)?;
        }
        self.buffer.clear();
        let sets_before = self.open.sets.len();
        let appended = frame::encode(event, self.next_seq, &mut self.open.sets, &mut self.buffer)
            .map_err(|TooLong| RecordError::TooLong)
            .and_then(|()| self.append(shared));
        match appended {
            Ok(()) => self.next_seq += 1,
            // A definition that did not reach the file has to come again.
            Err(_) => self.open.sets.truncate(sets_before),
        }
        appended
    }

    /// Writes the buffer, all of it or nothing.
    fn append(&mut self, shared: &Shared) -> Result<(), RecordError> {
        let bytes = self.buffer.len() as u64;
        if self.spooled_bytes.saturating_add(bytes) > shared.config.bytes_max {
            return Err(RecordError::Full);
        }
        match (&*self.open.file).write_all(&self.buffer) {
            Ok(()) => {
                self.open.bytes += bytes;
                self.spooled_bytes += bytes;
                Ok(())
            }
            Err(error) => {
                self.cut_or_rotate(shared);
                Err(RecordError::Io(error))
            }
        }
    }

    /// After a failed write a part of a frame may lie at the end of the file.
    fn cut_or_rotate(&mut self, shared: &Shared) {
        if self.open.file.set_len(self.open.bytes).is_err() {
            // The importer reads no further than the whole frames. Should no new file open either,
            // the next event tries again.
            let _ = self.rotate(shared);
        }
    }

    fn rotate(&mut self, shared: &Shared) -> io::Result<()> {
        if self.open.first_seq == self.next_seq {
            return Ok(()); // Nothing in it: its name is the one that the new file would have.
        }
        let next = OpenSegment::create(&shared.folder, self.next_seq)?;
        self.spooled_bytes += next.bytes;
        let before = std::mem::replace(&mut self.open, next);
        self.closed.push_back(Segment {
            first_seq: before.first_seq,
            bytes: before.bytes,
        });
        Ok(())
    }

    /// The oldest file and whether it is closed.
    fn oldest(&self) -> (Segment, bool) {
        let open = Segment {
            first_seq: self.open.first_seq,
            bytes: self.open.bytes,
        };
        self.closed
            .front()
            .map_or((open, false), |oldest| (*oldest, true))
    }

    /// A closed file is imported and deleted.
    fn forget(&mut self, segment: Segment) {
        self.closed.retain(|closed| *closed != segment);
        self.spooled_bytes = self.spooled_bytes.saturating_sub(segment.bytes);
    }

    /// Whether an event could be recorded now.
    fn probe(&mut self, shared: &Shared) -> Result<(), RecordError> {
        self.buffer.clear();
        frame::encode_probe(&mut self.buffer).map_err(|TooLong| RecordError::TooLong)?;
        self.append(shared)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_store::{EventFilter, EventOutcome, EventPage, Events as _, memory::MemoryStore};
    use hefu_tally::{clock::Timestamp, ids::RequestId};

    const SET: &[&str] = &["AN-1"];

    fn event(number: u8) -> Event {
        Event {
            request_id: RequestId::from_bytes([number; 16]),
            at: Timestamp::from_millis(0),
            function: None,
            device: None,
            guard: "replay",
            clauses: SET,
            outcome: EventOutcome::Refused,
            code: None,
            reason: "",
            class: None,
            status: 401,
            micros: 1,
            served: false,
        }
    }

    /// A handle that cannot be written to, in place of the open file.
    fn break_file(recorder: &Recorder) {
        let mut writer = recorder.shared.writer();
        let path = segment::path(&recorder.shared.folder, writer.open.first_seq);
        writer.open.file = Arc::new(File::open(path).unwrap());
    }

    async fn stored(store: &MemoryStore) -> Vec<u8> {
        let page = EventPage::After {
            seq: 0,
            rows_max: 100,
        };
        let events = store.events(&EventFilter::default(), page).await.unwrap();
        assert!(
            events.iter().zip(1..).all(|(event, seq)| event.seq == seq),
            "no gap"
        );
        assert!(
            events
                .iter()
                .all(|event| *event.clauses == [Box::from("AN-1")])
        );
        events
            .iter()
            .map(|event| event.request_id.as_bytes()[0])
            .collect()
    }

    #[tokio::test]
    async fn a_failed_write_is_told_and_the_next_file_takes_over() {
        let folder = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        let (recorder, mut importer) =
            Recorder::open(folder.path(), SpoolConfig::default(), 0).unwrap();
        recorder.record(&event(1)).unwrap();
        break_file(&recorder);
        assert!(matches!(
            recorder.record(&event(2)),
            Err(RecordError::Io(_))
        ));
        assert!(!recorder.is_recording());
        recorder.record(&event(3)).unwrap();
        assert!(recorder.is_recording());
        importer.import(&store).await.unwrap();
        assert_eq!(stored(&store).await, [1, 3]);
        let health = recorder.health();
        assert_eq!((health.recorded, health.unrecorded), (2, 1));
    }

    #[tokio::test]
    async fn recording_comes_back_without_a_request_that_tries() {
        let folder = tempfile::tempdir().unwrap();
        let store = MemoryStore::new();
        let (recorder, mut importer) =
            Recorder::open(folder.path(), SpoolConfig::default(), 0).unwrap();
        recorder.record(&event(1)).unwrap();
        break_file(&recorder);
        recorder.record(&event(2)).unwrap_err();
        importer.import(&store).await.unwrap();
        assert!(recorder.is_recording());
        recorder.record(&event(3)).unwrap();
        importer.import(&store).await.unwrap();
        assert_eq!(stored(&store).await, [1, 3]);
    }

    #[test]
    fn an_event_that_does_not_fit_leaves_no_trace() {
        const LONG: &str = match str::from_utf8(&[b'x'; 256]) {
            Ok(text) => text,
            Err(_) => panic!("ASCII"),
        };
        let folder = tempfile::tempdir().unwrap();
        let (recorder, _importer) =
            Recorder::open(folder.path(), SpoolConfig::default(), 0).unwrap();
        let before = recorder.health().spooled_bytes;
        let unfit = Event {
            reason: LONG,
            ..event(1)
        };
        assert!(matches!(recorder.record(&unfit), Err(RecordError::TooLong)));
        assert_eq!(recorder.health().spooled_bytes, before);
        recorder.record(&event(2)).unwrap();
    }
}
