//! Accepts connections on one worker, and ends them when the gateway stops.

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::Arc,
    time::Duration,
};

use hefu_tally::clock::Stopwatch;
use hefu_tlcp::{
    Server,
    tokio::{Acceptor, Stream},
};
use socket2::{Domain, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::{TlsAcceptor, server::TlsStream};

use super::{
    connection,
    first_record::{self, Protocol, Rewound},
    tlcp, tls,
};
use crate::{
    exchange::{Channel, Peer},
    pipeline::Pipeline,
};

/// Connections that the system holds while none is accepted.
const BACKLOG: i32 = 1_024;
/// A pause after a failed accept: out of sockets, trying at once would only burn the processor.
const ACCEPT_PAUSE_MS: u64 = 50;

/// How peers prove who they are, on one port.
#[derive(Clone)]
pub(crate) struct Acceptors {
    pub(crate) tls: TlsAcceptor,
    pub(crate) tlcp: Option<Acceptor>,
}

/// Binds the address for this process alone.
///
/// The workers share the one socket rather than an address that others may join: a second gateway
/// started by mistake would otherwise take half of the connections, and with nonces in memory each
/// of the two would let in what the other has seen.
pub(crate) fn bind(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(socket2::Protocol::TCP),
    )?;
    // A restart need not wait for the old connections to be forgotten.
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    Ok(socket.into())
}

/// Accepts until told to stop; then lets what is in flight end, for `shutdown_ms` at most.
/// Gives the number of connections that had to be cut.
pub(crate) async fn run(
    listener: TcpListener,
    acceptors: Option<Acceptors>,
    pipeline: Arc<Pipeline>,
    stop: watch::Receiver<bool>,
) -> usize {
    let mut open = JoinSet::new();
    let mut stopping = stop.clone();
    loop {
        tokio::select! {
            _ = stopping.wait_for(|stopping| *stopping) => break,
            Some(_) = open.join_next(), if !open.is_empty() => {}
            accepted = listener.accept() => match accepted {
                Ok((stream, address)) => {
                    let connection =
                        connect(stream, address, acceptors.clone(), pipeline.clone(), stop.clone());
                    open.spawn(connection);
                }
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(Duration::from_millis(ACCEPT_PAUSE_MS)).await;
                }
            }
        }
    }
    drop(listener);
    let patience = Duration::from_millis(pipeline.limits().shutdown_ms);
    let drained = timeout(patience, async {
        while open.join_next().await.is_some() {}
    })
    .await;
    let cut = if drained.is_ok() { 0 } else { open.len() };
    open.shutdown().await;
    cut
}

async fn connect(
    stream: TcpStream,
    address: SocketAddr,
    acceptors: Option<Acceptors>,
    pipeline: Arc<Pipeline>,
    stop: watch::Receiver<bool>,
) {
    let Some(_admitted) = pipeline.connections().admit(address.ip()) else {
        pipeline.metrics().connections_refused.inc();
        return;
    };
    // Only latency is at stake; a system that refuses the option still serves.
    let _ = stream.set_nodelay(true);
    let Some(acceptors) = acceptors else {
        let peer = Peer {
            address: address.ip(),
            protocol: None,
            channel: Channel::DangerousPlain,
        };
        connection::serve(stream, &peer, &pipeline, stop).await;
        return;
    };
    let patience = Duration::from_millis(pipeline.limits().handshake_ms);
    let stopwatch = Stopwatch::start();
    let refused = match timeout(patience, handshake(stream, &acceptors, &pipeline)).await {
        Ok(Ok(Opened::Tls(stream))) => {
            let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let certificate = certificates.first().map(AsRef::as_ref);
            let peer = Peer {
                address: address.ip(),
                protocol: Some(Protocol::Tls),
                channel: pipeline.channel_of(certificate).await,
            };
            connection::serve(stream, &peer, &pipeline, stop).await;
            return;
        }
        Ok(Ok(Opened::Tlcp(stream))) => {
            let certificate = stream.connection().peer_certificate();
            let peer = Peer {
                address: address.ip(),
                protocol: Some(Protocol::Tlcp),
                channel: pipeline.tlcp_channel_of(certificate).await,
            };
            connection::serve(stream, &peer, &pipeline, stop).await;
            return;
        }
        Ok(Err(error)) => match tlcp::refusal(&error) {
            Some(reason) => Some((tlcp::GUARD, reason)),
            None => tls::refusal(&error).map(|reason| (tls::GUARD, reason)),
        },
        Err(_) => Some((tls::GUARD, "too-slow")),
    };
    pipeline.handshake_failed(refused, stopwatch);
}

/// A connection whose handshake is done.
enum Opened {
    Tls(Box<TlsStream<Rewound<TcpStream>>>),
    Tlcp(Box<Stream<Rewound<TcpStream>, Server>>),
}

async fn handshake(
    stream: TcpStream,
    acceptors: &Acceptors,
    pipeline: &Pipeline,
) -> io::Result<Opened> {
    let (protocol, stream) = first_record::read(stream).await?;
    match (protocol, &acceptors.tlcp) {
        (Protocol::Tlcp, Some(acceptor)) => {
            let stream = acceptor.accept(stream, pipeline.now().secs()).await?;
            Ok(Opened::Tlcp(Box::new(stream)))
        }
        // Where no TLCP is spoken, TLS refuses its version.
        (Protocol::Tls | Protocol::Tlcp, _) => {
            let stream = acceptors.tls.accept(stream).await?;
            Ok(Opened::Tls(Box::new(stream)))
        }
    }
}
