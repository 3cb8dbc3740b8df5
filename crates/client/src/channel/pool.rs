//! Connections that wait for the next request.

use std::fmt;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use bytes::Bytes;
use hefu_tally::clock::Stopwatch;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1::SendRequest;
use tokio::task::JoinHandle;

use super::failure;
use crate::error::ChannelError;

/// A connection, and the task that drives it. Dropping it ends both.
#[derive(Debug)]
pub(super) struct Connection {
    sender: SendRequest<Full<Bytes>>,
    driver: Driver,
    unused: Stopwatch,
}

struct Driver(JoinHandle<Result<(), hyper::Error>>);

/// What became of a request.
pub(super) enum Sent {
    /// The head of a response is there.
    Answered(http::Response<Incoming>),
    /// The connection was closed before any of the request was written.
    Unsent(hyper::Error),
    /// It failed in the middle.
    Failed(hyper::Error),
}

impl Connection {
    pub(super) fn new(
        sender: SendRequest<Full<Bytes>>,
        driver: JoinHandle<Result<(), hyper::Error>>,
    ) -> Self {
        Self {
            sender,
            driver: Driver(driver),
            unused: Stopwatch::start(),
        }
    }

    pub(super) async fn send(&mut self, request: http::Request<Full<Bytes>>) -> Sent {
        match self.sender.try_send_request(request).await {
            Ok(response) => Sent::Answered(response),
            Err(mut failed) => {
                let is_unsent = failed.take_message().is_some();
                let error = failed.into_error();
                if is_unsent {
                    Sent::Unsent(error)
                } else {
                    Sent::Failed(error)
                }
            }
        }
    }

    /// Why it failed. What ends a connection between two messages, such as the gateway's refusal of
    /// our certificate, is told to its driver and not to the sender.
    pub(super) async fn failure(self, error: hyper::Error) -> ChannelError {
        let Self {
            sender, mut driver, ..
        } = self;
        drop(sender);
        if error.is_canceled()
            && let Ok(Err(cause)) = (&mut driver.0).await
        {
            return failure::of_http(cause);
        }
        failure::of_http(error)
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl fmt::Debug for Driver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Driver")
    }
}

/// Connections that wait for the next request.
#[derive(Debug)]
pub(super) struct Pool {
    idle: Mutex<Vec<Connection>>,
    kept_max: usize,
    kept_for: Duration,
}

impl Pool {
    pub(super) fn new(kept_max: usize, kept_for: Duration) -> Self {
        Self {
            idle: Mutex::default(),
            kept_max,
            kept_for,
        }
    }

    /// The connection that was used last, if it is still open.
    pub(super) async fn take(&self) -> Option<Connection> {
        loop {
            let mut connection = self.idle().pop()?;
            let is_fresh = connection.unused.elapsed() < self.kept_for;
            if is_fresh && connection.sender.ready().await.is_ok() {
                return Some(connection);
            }
        }
    }

    pub(super) fn keep(&self, mut connection: Connection) {
        connection.unused = Stopwatch::start();
        let mut idle = self.idle();
        idle.retain(|other| !other.sender.is_closed() && other.unused.elapsed() < self.kept_for);
        if idle.len() < self.kept_max {
            idle.push(connection);
        }
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Connection>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
