//! A running gateway: its workers, and how they end.

use std::{
    io,
    net::{SocketAddr, TcpListener},
    sync::Arc,
    thread::{self, JoinHandle},
};

use tokio::sync::watch;

use crate::{
    config::GatewayConfig,
    ops::{self, Readiness},
    parts::{Channel, Parts},
    pipeline::{Pipeline, Shared},
    transport::{
        listener::{self, Acceptors},
        tlcp,
        tls::{self, TlsError},
    },
};

/// Why a gateway does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is taken, or not this machine's.
    #[error("cannot listen on {address}: {source}")]
    Listen {
        /// Where it should have listened.
        address: SocketAddr,
        /// The system's reason.
        source: io::Error,
    },
    /// The certificates cannot be used.
    #[error(transparent)]
    Tls(#[from] TlsError),
    /// The TLCP certificates cannot be used.
    #[error("TLCP cannot be set up: {0}")]
    Tlcp(#[from] hefu_tlcp::ConfigError),
    /// Without TLS a gateway listens on loopback alone.
    #[error("without TLS the gateway listens on loopback only, and {address} is not")]
    PlainBeyondLoopback {
        /// Where it should have listened.
        address: SocketAddr,
    },
    /// `workers` is 0.
    #[error("a gateway needs at least one worker")]
    NoWorkers,
    /// The contract uses a function number that is the gateway's own.
    #[error("the function number {no} is the gateway's own; give the function another")]
    ReservedFunction {
        /// The number.
        no: String,
    },
    /// A key of the gateway cannot be used.
    #[error("the gateway's signing key cannot be used: {0}")]
    Key(hefu_tally::key::KeyError),
    /// The system gives no thread or runtime.
    #[error("a worker cannot be started: {0}")]
    Worker(io::Error),
}

/// How a gateway ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ShutdownReport {
    /// Connections whose requests did not end in time and were cut.
    pub connections_cut: usize,
    /// Workers that ended by a panic instead of in order; each one is a bug.
    pub workers_lost: usize,
}

/// A running gateway.
#[derive(Debug)]
pub struct Gateway {
    address: SocketAddr,
    first: Arc<Pipeline>,
    stop: watch::Sender<bool>,
    workers: Vec<JoinHandle<usize>>,
}

impl Gateway {
    /// Binds the address and starts the workers. Connections are accepted when this returns.
    ///
    /// # Errors
    /// When the configuration cannot be served; nothing is left running then.
    pub fn start(
        config: GatewayConfig,
        channel: Channel,
        parts: Parts,
    ) -> Result<Self, StartError> {
        if config.workers == 0 {
            return Err(StartError::NoWorkers);
        }
        let acceptors = match channel {
            Channel::Tls(tls) => Some(Acceptors {
                tls: tls::acceptor(tls, parts.clock.clone())?,
                tlcp: None,
            }),
            Channel::TlsAndTlcp(tls, tlcp) => Some(Acceptors {
                tls: tls::acceptor(tls, parts.clock.clone())?,
                tlcp: Some(tlcp::acceptor(tlcp)?),
            }),
            Channel::DangerousPlain if config.listen.ip().is_loopback() => None,
            Channel::DangerousPlain => {
                return Err(StartError::PlainBeyondLoopback {
                    address: config.listen,
                });
            }
        };
        let listen = |source| StartError::Listen {
            address: config.listen,
            source,
        };
        let listener = listener::bind(config.listen).map_err(listen)?;
        let address = listener.local_addr().map_err(listen)?;
        let listeners = (0..config.workers)
            .map(|_| listener.try_clone())
            .collect::<Result<Vec<_>, _>>()
            .map_err(listen)?;
        let (stop, stopped) = watch::channel(false);
        let shared = Arc::new(Shared::new(config, parts, stopped.clone())?);
        let first = Arc::new(Pipeline::new(shared.clone()));
        let mut gateway = Self {
            address,
            first: first.clone(),
            stop,
            workers: Vec::with_capacity(listeners.len()),
        };
        let mut pipeline = Some(first);
        for listener in listeners {
            let pipeline = pipeline
                .take()
                .unwrap_or_else(|| Arc::new(Pipeline::new(shared.clone())));
            let worker = worker(listener, acceptors.clone(), pipeline, stopped.clone());
            gateway.workers.push(worker.map_err(StartError::Worker)?);
        }
        Ok(gateway)
    }

    /// Where it listens; tells the port when the configuration left it to the system.
    #[must_use]
    pub const fn local_addr(&self) -> SocketAddr {
        self.address
    }

    /// `/health/live`, `/health/ready` and `/metrics`, to be mounted on the operators' listener.
    pub fn ops_router(&self) -> axum::Router {
        ops::router(self.first.clone())
    }

    /// Whether it can serve.
    pub async fn readiness(&self) -> Readiness {
        self.first.readiness().await
    }

    /// Stops accepting, lets requests in flight end within the configured time, then returns.
    pub async fn shutdown(mut self) -> ShutdownReport {
        let workers = std::mem::take(&mut self.workers);
        drop(self);
        let joined = tokio::task::spawn_blocking(move || {
            workers
                .into_iter()
                .map(JoinHandle::join)
                .collect::<Vec<_>>()
        });
        let mut report = ShutdownReport {
            connections_cut: 0,
            workers_lost: 0,
        };
        for ended in joined.await.unwrap_or_default() {
            match ended {
                Ok(cut) => report.connections_cut += cut,
                Err(_) => report.workers_lost += 1,
            }
        }
        report
    }
}

impl Drop for Gateway {
    /// A gateway that is dropped stops too; nobody waits for its requests then.
    fn drop(&mut self) {
        self.stop.send_replace(true);
    }
}

fn worker(
    listener: TcpListener,
    acceptors: Option<Acceptors>,
    pipeline: Arc<Pipeline>,
    stop: watch::Receiver<bool>,
) -> io::Result<JoinHandle<usize>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    thread::Builder::new()
        .name("hefu-gateway".to_owned())
        .spawn(move || runtime.block_on(listener::run(listener, acceptors, pipeline, stop)))
}
