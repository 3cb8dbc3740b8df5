//! Copies of the SQLite store, while it is used.
//!
//! How often is for the caller's clock to ask ([`Backups::is_due`]); where the copies go from here,
//! and who may touch them, is the institution's to organise.
//!
//! Clauses: JR-6.2.3.d.

use std::{
    ffi::OsString,
    fs::{self, File},
    io,
    path::{Path, PathBuf},
};

use hefu_tally::clock::Timestamp;
use sqlx::{ConnectOptions as _, Connection as _, Row as _, sqlite::SqliteConnectOptions};

use crate::{
    StoreError,
    sqlite::{BUSY_TIMEOUT, SqliteStore, make_new_file, store_error},
};

const PREFIX: &str = "hefu-";
const SUFFIX: &str = ".sqlite";
const UNFINISHED: &str = ".part";
const DATE: &str = "%Y%m%dT%H%M%SZ";

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BackupError {
    /// A file or folder cannot be used, or is there already.
    #[error("the backup {} cannot be written", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// The time is none that a calendar has.
    #[error("the clock shows no date")]
    Clock,
    /// The database could not be copied.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The copy was written, but SQLite finds it damaged. It is kept aside, as `….part`.
    #[error("the backup {} is damaged", .0.display())]
    Damaged(PathBuf),
}

/// Copies the database in the file `database` to `to`, which must not exist: whole, as of one
/// moment, readable to its owner alone. Others may read and write the database meanwhile.
///
/// SQLite checks the copy, the system brings it to the disk, and only then it gets its name.
///
/// # Errors
/// When the copy cannot be written or is damaged.
pub async fn backup(database: &Path, to: &Path) -> Result<(), BackupError> {
    let mut unfinished = OsString::from(to);
    unfinished.push(UNFINISHED);
    let unfinished = PathBuf::from(unfinished);
    let file_error = |source| BackupError::File {
        path: to.to_owned(),
        source,
    };
    if to.exists() {
        return Err(file_error(io::ErrorKind::AlreadyExists.into()));
    }
    // What an earlier attempt left behind.
    let _ = fs::remove_file(&unfinished);
    make_new_file(&unfinished).map_err(file_error)?;
    let target = unfinished.to_str();
    let target = target.ok_or_else(|| file_error(io::ErrorKind::InvalidFilename.into()))?;
    copy(database, target).await.map_err(store_error)?;
    if !is_sound(&unfinished).await.map_err(store_error)? {
        return Err(BackupError::Damaged(unfinished));
    }
    let finish = || {
        File::open(&unfinished)?.sync_all()?;
        // A link and not a renaming, which would replace what came there meanwhile.
        fs::hard_link(&unfinished, to)?;
        fs::remove_file(&unfinished)?;
        let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    };
    finish().map_err(file_error)
}

async fn copy(database: &Path, target: &str) -> Result<(), sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(database)
        .create_if_missing(false)
        .busy_timeout(BUSY_TIMEOUT)
        .disable_statement_logging()
        .connect()
        .await?;
    // The target is an expression, so the path is bound and never spliced in.
    sqlx::query("VACUUM INTO $1")
        .bind(target)
        .execute(&mut connection)
        .await?;
    connection.close().await
}

async fn is_sound(path: &Path) -> Result<bool, sqlx::Error> {
    let mut connection = SqliteConnectOptions::new()
        .filename(path)
        .read_only(true)
        .disable_statement_logging()
        .connect()
        .await?;
    let found = sqlx::query("PRAGMA integrity_check(1)")
        .fetch_one(&mut connection)
        .await?;
    connection.close().await?;
    Ok(found.try_get::<&str, _>(0)? == "ok")
}

/// A folder of dated backups.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Backups {
    folder: PathBuf,
    kept: usize,
}

impl Backups {
    /// Backups in `folder`, of which the newest `kept` are kept.
    #[must_use]
    pub fn new(folder: PathBuf, kept: usize) -> Self {
        Self {
            folder,
            kept: kept.max(1),
        }
    }

    /// The finished backups, oldest first.
    ///
    /// # Errors
    /// When the folder cannot be read; one that is not there yet holds none.
    pub fn list(&self) -> Result<Vec<PathBuf>, BackupError> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            entries => entries.map_err(|error| self.folder_error(error))?,
        };
        let mut backups = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| self.folder_error(error))?.path();
            if made_at(&path).is_some() {
                backups.push(path);
            }
        }
        backups.sort();
        Ok(backups)
    }

    /// Whether the newest backup is at least `every_s` seconds old, or there is none.
    ///
    /// # Errors
    /// When the folder cannot be read.
    pub fn is_due(&self, every_s: i64, now: Timestamp) -> Result<bool, BackupError> {
        let newest = self.list()?.last().and_then(|path| made_at(path));
        Ok(newest.is_none_or(|made_s| now.secs().saturating_sub(made_s) >= every_s))
    }

    /// Makes a backup, then deletes the oldest beyond those to be kept.
    ///
    /// # Errors
    /// When it cannot be written or is damaged. No older backup is deleted then.
    pub async fn make(&self, store: &SqliteStore, now: Timestamp) -> Result<PathBuf, BackupError> {
        fs::create_dir_all(&self.folder).map_err(|error| self.folder_error(error))?;
        let date = jiff::Timestamp::from_second(now.secs()).map_err(|_| BackupError::Clock)?;
        let path = self
            .folder
            .join(format!("{PREFIX}{}{SUFFIX}", date.strftime(DATE)));
        backup(store.path(), &path).await?;
        let backups = self.list()?;
        for old in backups.iter().rev().skip(self.kept) {
            fs::remove_file(old).map_err(|error| self.folder_error(error))?;
        }
        Ok(path)
    }

    fn folder_error(&self, source: io::Error) -> BackupError {
        BackupError::File {
            path: self.folder.clone(),
            source,
        }
    }
}

/// When a backup of that name was made, in Unix seconds.
fn made_at(path: &Path) -> Option<i64> {
    let name = path.file_name()?.to_str()?;
    let date = name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX)?;
    let date = jiff::civil::DateTime::strptime(DATE, date).ok()?;
    Some(
        date.to_zoned(jiff::tz::TimeZone::UTC)
            .ok()?
            .timestamp()
            .as_second(),
    )
}
