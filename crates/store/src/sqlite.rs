//! Everything in one SQLite file: durable, on one machine.
//!
//! The file is in WAL mode with full synchronisation: when a write returns, it is on the disk. One
//! connection writes, several read beside it. The schema's migrations are built in; a file with a
//! newer schema than this program knows is refused.

mod codes;
mod devices;
mod events;
mod sessions;
mod users;

use std::{
    fmt,
    fs::OpenOptions,
    io,
    path::{Path, PathBuf},
    time::Duration,
};

use async_trait::async_trait;
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, SessionId},
};
use sqlx::{
    ConnectOptions, Row, Sqlite, SqlitePool, Transaction,
    migrate::{MigrateError, Migrator},
    sqlite::{
        SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteRow, SqliteSynchronous,
    },
};

use crate::{
    Store, StoreError,
    backup::{BackupError, backup},
};
use events::ClauseSetIds;

static MIGRATIONS: Migrator = sqlx::migrate!("migrations/sqlite");

/// Connections that read.
const READERS: u32 = 4;
/// How long a write waits for the writes before it, also those of another process. Stops: requests
/// that pile up behind a disk that does not answer.
pub(crate) const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// The SQLite store.
#[derive(Clone)]
pub struct SqliteStore {
    path: PathBuf,
    writer: SqlitePool,
    readers: SqlitePool,
    clause_sets: ClauseSetIds,
}

/// Why the file was not opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The folder is missing, or the file cannot be made.
    #[error("the database {} cannot be made", .path.display())]
    Make {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is no database, or cannot be read or written.
    #[error("the database {} cannot be opened", .path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: sqlx::Error,
    },
    /// A newer program has written it. Start that one, or restore a backup from before.
    #[error("the database {} has schema {found}, newer than this program knows", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its schema.
        found: i64,
    },
    /// Its schema is none of ours, or could not be brought up to date.
    #[error("the schema of the database {} cannot be brought up to date", .path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: MigrateError,
    },
}

impl SqliteStore {
    /// Opens the file, making it if needed (readable to its owner alone), and brings its schema up
    /// to date.
    ///
    /// # Errors
    /// When the file cannot be used, or a newer program has written it.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        make_file(path).map_err(|source| OpenError::Make {
            path: path.to_owned(),
            source,
        })?;
        let open_error = |source| OpenError::Open {
            path: path.to_owned(),
            source,
        };
        let options = SqliteConnectOptions::new()
            .filename(path)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .foreign_keys(true)
            .busy_timeout(BUSY_TIMEOUT)
            .disable_statement_logging();
        let pool = || {
            SqlitePoolOptions::new()
                .acquire_timeout(BUSY_TIMEOUT)
                .idle_timeout(None)
                .max_lifetime(None)
                // There is no network in between that could have cut a connection.
                .test_before_acquire(false)
        };
        let writer = pool()
            .max_connections(1)
            .connect_with(options.clone())
            .await
            .map_err(open_error)?;
        MIGRATIONS
            .run(&writer)
            .await
            .map_err(|error| migrate_error(path, error))?;
        let readers = pool()
            .max_connections(READERS)
            .connect_with(options.pragma("query_only", "ON"))
            .await
            .map_err(open_error)?;
        Ok(Self {
            path: path.to_owned(),
            writer,
            readers,
            clause_sets: ClauseSetIds::default(),
        })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a whole, consistent and checked copy to `to`, which must not exist. Reads and writes
    /// go on meanwhile. [`Backups`](crate::backup::Backups) keeps dated ones.
    ///
    /// # Errors
    /// When the copy cannot be written or is damaged.
    pub async fn backup(&self, to: &Path) -> Result<(), BackupError> {
        backup(&self.path, to).await
    }

    /// Ends all connections; what was written is in the file then, without a log beside it.
    pub async fn close(&self) {
        self.readers.close().await;
        self.writer.close().await;
    }

    /// A transaction that writes: nothing it reads can change before it ends.
    async fn begin(&self) -> Result<Transaction<'static, Sqlite>, StoreError> {
        self.writer
            .begin_with("BEGIN IMMEDIATE")
            .await
            .map_err(store_error)
    }
}

#[async_trait]
impl Store for SqliteStore {
    async fn check(&self) -> Result<(), StoreError> {
        sqlx::query("SELECT last_seq FROM event_numbers WHERE id = 1")
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)?;
        Ok(())
    }
}

impl fmt::Debug for SqliteStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteStore")
            .field("path", &self.path)
            .finish_non_exhaustive()
    }
}

fn migrate_error(path: &Path, source: MigrateError) -> OpenError {
    let path = path.to_owned();
    match source {
        MigrateError::VersionMissing(found) => OpenError::Newer { path, found },
        source => OpenError::Migrate { path, source },
    }
}

fn make_file(path: &Path) -> io::Result<()> {
    match make_new_file(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        made => made,
    }
}

/// An empty file that its owner alone can read. SQLite gives its logs the same permissions.
pub(crate) fn make_new_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(drop)
}

pub(crate) fn store_error(error: sqlx::Error) -> StoreError {
    match error {
        sqlx::Error::ColumnDecode { .. } | sqlx::Error::Decode(_) => {
            StoreError::Corrupt { what: "row" }
        }
        error => StoreError::Unavailable(Box::new(error)),
    }
}

fn is_taken(error: &sqlx::Error) -> bool {
    error
        .as_database_error()
        .is_some_and(|error| error.is_unique_violation())
}

/// A column that was read as its Rust type.
fn column<'row, T>(row: &'row SqliteRow, name: &str) -> Result<T, StoreError>
where
    T: sqlx::Decode<'row, Sqlite> + sqlx::Type<Sqlite>,
{
    row.try_get(name).map_err(store_error)
}

fn time(row: &SqliteRow, name: &str) -> Result<Timestamp, StoreError> {
    Ok(Timestamp::from_millis(column(row, name)?))
}

fn bytes<const LENGTH: usize>(
    row: &SqliteRow,
    name: &str,
    what: &'static str,
) -> Result<[u8; LENGTH], StoreError> {
    column::<&[u8]>(row, name)?
        .try_into()
        .map_err(|_| StoreError::Corrupt { what })
}

fn device_id(row: &SqliteRow, name: &str) -> Result<DeviceId, StoreError> {
    bytes(row, name, "device id").map(DeviceId::from_bytes)
}

fn session_id(row: &SqliteRow, name: &str) -> Result<SessionId, StoreError> {
    bytes(row, name, "session id").map(SessionId::from_bytes)
}

/// The smallest bound that no id lies below.
fn after_id(id: Option<&[u8; 16]>) -> &[u8] {
    id.map_or(&[], |id| id.as_slice())
}
