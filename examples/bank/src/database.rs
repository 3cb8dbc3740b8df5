//! The database: SQLite, in a file or in memory.

use std::{path::PathBuf, time::Duration};

use sqlx::{
    SqlitePool,
    sqlite::{SqliteConnectOptions, SqliteJournalMode, SqlitePoolOptions, SqliteSynchronous},
};

/// Where a bank keeps its books.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// Gone with the bank.
    Memory,
    /// A file, made when it is not there.
    File(PathBuf),
}

/// The database refused. A bug, or a disk that is full.
#[derive(Debug, thiserror::Error)]
#[error(transparent)]
pub struct BankError(#[from] sqlx::Error);

/// How long a writer waits for another.
const BUSY: Duration = Duration::from_secs(5);

pub(crate) async fn open(database: &Database) -> Result<SqlitePool, BankError> {
    let options = SqliteConnectOptions::new()
        .foreign_keys(true)
        .busy_timeout(BUSY);
    let (options, connections) = match database {
        // Each connection to memory is a database of its own, so there is one.
        Database::Memory => (options.in_memory(true), 1),
        Database::File(path) => {
            let options = options
                .filename(path)
                .create_if_missing(true)
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Full);
            (options, 4)
        }
    };
    let pool = SqlitePoolOptions::new()
        .min_connections(1)
        .max_connections(connections)
        .idle_timeout(None)
        .max_lifetime(None)
        .connect_with(options)
        .await?;
    sqlx::raw_sql(include_str!("schema.sql"))
        .execute(&pool)
        .await?;
    Ok(pool)
}
