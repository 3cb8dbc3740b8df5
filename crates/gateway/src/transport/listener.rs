//! Accepts connections on one worker, and ends them when the gateway stops.

use std::{
    io,
    net::{SocketAddr, TcpListener as StdListener},
    sync::Arc,
    time::Duration,
};

use hefu_tally::clock::Stopwatch;
use socket2::{Domain, Protocol, Socket, Type};
use tokio::{
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::timeout,
};
use tokio_rustls::TlsAcceptor;

use super::{connection, tls};
use crate::{
    exchange::{Channel, Peer},
    pipeline::Pipeline,
};

/// Connections that the system holds while none is accepted.
const BACKLOG: i32 = 1_024;
/// A pause after a failed accept: out of sockets, trying at once would only burn the processor.
const ACCEPT_PAUSE_MS: u64 = 50;

/// Binds the address for this process alone.
///
/// The workers share the one socket rather than an address that others may join: a second gateway
/// started by mistake would otherwise take half of the connections, and with nonces in memory each
/// of the two would let in what the other has seen.
pub(crate) fn bind(address: SocketAddr) -> io::Result<StdListener> {
    let socket = Socket::new(
        Domain::for_address(address),
        Type::STREAM,
        Some(Protocol::TCP),
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
    tls: Option<TlsAcceptor>,
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
                        connect(stream, address, tls.clone(), pipeline.clone(), stop.clone());
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
    acceptor: Option<TlsAcceptor>,
    pipeline: Arc<Pipeline>,
    stop: watch::Receiver<bool>,
) {
    let Some(_admitted) = pipeline.connections().admit(address.ip()) else {
        pipeline.metrics().connections_refused.inc();
        return;
    };
    // Only latency is at stake; a system that refuses the option still serves.
    let _ = stream.set_nodelay(true);
    let Some(acceptor) = acceptor else {
        let peer = Peer {
            address: address.ip(),
            channel: Channel::DangerousPlain,
        };
        connection::serve(stream, &peer, &pipeline, stop).await;
        return;
    };
    let patience = Duration::from_millis(pipeline.limits().handshake_ms);
    let stopwatch = Stopwatch::start();
    let refused = match timeout(patience, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => {
            let certificates = stream.get_ref().1.peer_certificates().unwrap_or_default();
            let certificate = certificates.first().map(AsRef::as_ref);
            let channel = pipeline.channel_of(certificate).await;
            let peer = Peer {
                address: address.ip(),
                channel,
            };
            connection::serve(stream, &peer, &pipeline, stop).await;
            return;
        }
        Ok(Err(error)) => tls::refusal(&error),
        Err(_) => Some("too-slow"),
    };
    pipeline.handshake_failed(refused, stopwatch);
}
