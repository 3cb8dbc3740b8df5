//! What the memory of nonces leaves behind for the next process: the latest `created` accepted.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io::{self, Read, Seek, SeekFrom, Write},
    path::Path,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use hefu_tally::{clock::Timestamp, time::AHEAD_S_MAX};

/// The second, and its complement as a check.
const MARK_BYTES: usize = 16;

/// A file with the latest `created` that was accepted, in Unix seconds, locked by this process.
///
/// It is written before the nonce is taken, at most once a second. Being in the system's page cache
/// it survives the end of the process, also by `kill -9`. A loss of power may lose it or its last
/// seconds; requests from a clock that was ahead are then safe only because a machine takes longer
/// than [`AHEAD_S_MAX`] seconds to come back.
#[derive(Debug)]
pub struct Mark {
    created_s: AtomicI64,
    file: Mutex<File>,
}

/// Why there is no mark.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MarkError {
    /// Another process has it. Two gateways that each remember nonces by themselves would let
    /// every request in twice.
    #[error("another process uses the mark of nonces")]
    InUse,
    /// The file cannot be made, read or written.
    #[error("the mark of nonces cannot be used")]
    Io(#[from] io::Error),
}

impl Mark {
    /// The mark of a gateway that never let anybody in: its store holds no device. Where there is
    /// no readable mark, nothing was accepted.
    ///
    /// # Errors
    /// When another process has it, or it cannot be read or written.
    pub fn create(path: &Path) -> Result<Self, MarkError> {
        Self::locked(open(path)?, i64::MIN)
    }

    /// The mark that an earlier process left. Where it left none, or an unreadable one, it may have
    /// accepted anything up to [`AHEAD_S_MAX`] seconds after `started`.
    ///
    /// # Errors
    /// When another process has it, or it cannot be read or written.
    pub fn open(path: &Path, started: Timestamp) -> Result<Self, MarkError> {
        Self::locked(open(path)?, started.secs().saturating_add(AHEAD_S_MAX))
    }

    fn locked(mut file: File, created_s_unknown: i64) -> Result<Self, MarkError> {
        file.try_lock().map_err(|error| match error {
            TryLockError::WouldBlock => MarkError::InUse,
            TryLockError::Error(error) => MarkError::Io(error),
        })?;
        let created_s = match read(&mut file)? {
            Some(created_s) => created_s,
            None => {
                file.set_len(0)?;
                write(&mut file, created_s_unknown)?;
                created_s_unknown
            }
        };
        Ok(Self {
            created_s: AtomicI64::new(created_s),
            file: Mutex::new(file),
        })
    }

    /// The latest `created` that was accepted.
    #[must_use]
    pub fn created_s(&self) -> i64 {
        self.created_s.load(Ordering::Acquire)
    }

    /// Sees to it that the mark is at least `created_s`.
    pub(super) fn raise(&self, created_s: i64) -> Result<(), MarkError> {
        if created_s <= self.created_s() {
            return Ok(());
        }
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        if created_s > self.created_s() {
            write(&mut file, created_s)?;
            self.created_s.store(created_s, Ordering::Release);
        }
        Ok(())
    }
}

impl Drop for Mark {
    /// Closing the file would leave the lock with a child that was forked and has not come to `exec`.
    fn drop(&mut self) {
        let file = self.file.get_mut().unwrap_or_else(PoisonError::into_inner);
        // Should it fail, the lock goes with the last handle.
        let _ = file.unlock();
    }
}

fn open(path: &Path) -> io::Result<File> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
}

fn read(file: &mut File) -> io::Result<Option<i64>> {
    let mut bytes = Vec::with_capacity(MARK_BYTES);
    file.take(2 * MARK_BYTES as u64).read_to_end(&mut bytes)?;
    let Ok(bytes) = <[u8; MARK_BYTES]>::try_from(bytes) else {
        return Ok(None);
    };
    let (second, check) = bytes.split_at(MARK_BYTES / 2);
    let number = |bytes: &[u8]| bytes.try_into().map(i64::from_be_bytes).ok();
    Ok(number(second).filter(|second| number(check) == Some(!second)))
}

fn write(file: &mut File, created_s: i64) -> io::Result<()> {
    let mut bytes = [0; MARK_BYTES];
    let (second, check) = bytes.split_at_mut(MARK_BYTES / 2);
    second.copy_from_slice(&created_s.to_be_bytes());
    check.copy_from_slice(&(!created_s).to_be_bytes());
    file.seek(SeekFrom::Start(0))?;
    file.write_all(&bytes)
}
