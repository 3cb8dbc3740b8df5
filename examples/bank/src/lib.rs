#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

mod customers;
mod database;
mod ids;
mod leaks;
mod quotes;
mod routes;
mod seed;
mod transfers;

use std::{io, net::SocketAddr};

use axum::serve::ListenerExt as _;
use sqlx::SqlitePool;
use tokio::{net::TcpListener, sync::oneshot, task::JoinHandle};

pub use database::{BankError, Database};
pub use seed::PAYMENT_PASSWORD;

/// The bank's contract, for whoever puts a gateway before it.
pub const OPENAPI: &str = include_str!("../openapi.yaml");

/// A running bank.
#[derive(Debug)]
pub struct Bank {
    addr: SocketAddr,
    pool: SqlitePool,
    stop: Option<oneshot::Sender<()>>,
    served: JoinHandle<io::Result<()>>,
}

/// Why a bank does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The database cannot be opened.
    #[error("the database cannot be opened: {0}")]
    Database(#[from] BankError),
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
}

impl Bank {
    /// Opens the database and serves; connections are accepted when this returns.
    ///
    /// # Errors
    /// When the database cannot be opened or the address not be listened on.
    pub async fn start(listen: SocketAddr, database: &Database) -> Result<Self, StartError> {
        let pool = database::open(database).await?;
        let failed = |source| StartError::Listen {
            address: listen,
            source,
        };
        let listener = TcpListener::bind(listen).await.map_err(failed)?;
        let addr = listener.local_addr().map_err(failed)?;
        let listener = listener.tap_io(|stream| {
            // Only latency is at stake; a system that refuses the option still serves.
            let _ = stream.set_nodelay(true);
        });
        let (stop, stopped) = oneshot::channel::<()>();
        let router = routes::router(pool.clone());
        let served = tokio::spawn(async move {
            let stopped = async move {
                // A dropped sender means the same as a sent word.
                let _ = stopped.await;
            };
            axum::serve(listener, router)
                .with_graceful_shutdown(stopped)
                .await
        });
        Ok(Self {
            addr,
            pool,
            stop: Some(stop),
            served,
        })
    }

    /// Where it listens; tells the port when `listen` left it to the system.
    #[must_use]
    pub const fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Makes the demo's customers and their accounts, unless they are there.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn seed(&self) -> Result<(), BankError> {
        seed::seed(&self.pool).await
    }

    /// The sum of all entries, which is zero, and the sum of what customers have, in cents.
    ///
    /// # Errors
    /// When the database refuses.
    pub async fn totals(&self) -> Result<(i64, i64), BankError> {
        transfers::totals(&self.pool).await
    }

    /// Stops accepting, lets requests in flight end, closes the database.
    pub async fn shutdown(mut self) {
        if let Some(stop) = self.stop.take() {
            // Gone already means stopped already.
            let _ = stop.send(());
        }
        let _ = (&mut self.served).await;
        self.pool.close().await;
    }
}
