//! Connections over tokio's streams.
//!
//! Thin on purpose: it moves bytes between a [`Connection`] and anything that is [`AsyncRead`] and
//! [`AsyncWrite`], and knows nothing of the protocol. Time limits are the caller's: wrap
//! [`Acceptor::accept`] and [`Connector::connect`] in a timeout, since a peer may never answer.

use std::future::poll_fn;
use std::io::{self, BufRead, Read, Write};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use ::tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use hefu_gm::x509::ServerName;

use crate::client::Client;
use crate::config::{ClientConfig, ServerConfig};
use crate::connection::{Connection, Side};
use crate::server::Server;

/// Accepts clients.
#[derive(Clone, Debug)]
pub struct Acceptor(Arc<ServerConfig>);

impl Acceptor {
    /// All connections share `config`.
    #[must_use]
    pub fn new(config: Arc<ServerConfig>) -> Self {
        Self(config)
    }

    /// Shakes hands with the client at the other end of `io`. `now_s` is the time in Unix seconds.
    ///
    /// # Errors
    /// What `io` says; an [`Error`](crate::Error) as the source of an `InvalidData`; `UnexpectedEof`
    /// when the client went away.
    pub async fn accept<IO>(&self, io: IO, now_s: i64) -> io::Result<Stream<IO, Server>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let connection = Connection::<Server>::new(Arc::clone(&self.0), now_s);
        Stream { io, connection }.shake().await
    }
}

/// Connects to servers.
#[derive(Clone, Debug)]
pub struct Connector(Arc<ClientConfig>);

impl Connector {
    /// All connections share `config`.
    #[must_use]
    pub fn new(config: Arc<ClientConfig>) -> Self {
        Self(config)
    }

    /// Shakes hands with the server `name` at the other end of `io`. `now_s` is the time in Unix
    /// seconds.
    ///
    /// # Errors
    /// What `io` says; an [`Error`](crate::Error) as the source of an `InvalidData`; `UnexpectedEof`
    /// when the server went away.
    pub async fn connect<IO>(
        &self,
        name: ServerName,
        io: IO,
        now_s: i64,
    ) -> io::Result<Stream<IO, Client>>
    where
        IO: AsyncRead + AsyncWrite + Unpin,
    {
        let connection = Connection::<Client>::new(Arc::clone(&self.0), name, now_s)?;
        Stream { io, connection }.shake().await
    }
}

/// A stream of application data over a protected connection.
///
/// Reading ends with 0 bytes after the peer's `close_notify`, and with `UnexpectedEof` when the
/// transport ended without it. Shutting down sends ours.
#[derive(Debug)]
pub struct Stream<IO, S: Side> {
    io: IO,
    connection: Connection<S>,
}

impl<IO, S> Stream<IO, S>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Side,
{
    /// The connection: who the peer is, which suite was chosen.
    pub fn connection(&self) -> &Connection<S> {
        &self.connection
    }

    /// What is under the connection.
    pub fn io(&self) -> &IO {
        &self.io
    }

    async fn shake(mut self) -> io::Result<Self> {
        poll_fn(|cx| self.poll_shake(cx)).await?;
        Ok(self)
    }

    fn poll_shake(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            ready!(self.poll_send(cx))?;
            if !self.connection.is_handshaking() {
                return Poll::Ready(Ok(()));
            }
            if ready!(self.poll_receive(cx))? == 0 {
                return Poll::Ready(Err(io::ErrorKind::UnexpectedEof.into()));
            }
        }
    }

    /// Gives the transport all bytes there are.
    fn poll_send(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.connection.wants_write() {
            let io = &mut self.io;
            match self.connection.write_tls(&mut Blocking { io, cx }) {
                Ok(0) => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Takes bytes from the transport once, and works on them.
    fn poll_receive(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let io = &mut self.io;
        let count = match self.connection.read_tls(&mut Blocking { io, cx }) {
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Poll::Pending,
            Err(error) => return Poll::Ready(Err(error)),
        };
        match self.connection.process() {
            Ok(_) => Poll::Ready(Ok(count)),
            Err(error) => {
                // The alert is a few bytes; when they do not fit the end must do.
                let _ = self.poll_send(cx);
                Poll::Ready(Err(error.into()))
            }
        }
    }
}

impl<IO, S> AsyncRead for Stream<IO, S>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Side + Unpin,
{
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        out: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        loop {
            let mut reader = stream.connection.reader();
            match reader.fill_buf() {
                Ok(data) => {
                    let count = data.len().min(out.remaining());
                    let (data, _) = data.split_at(count);
                    out.put_slice(data);
                    reader.consume(count);
                    return Poll::Ready(Ok(()));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                Err(error) => return Poll::Ready(Err(error)),
            }
            // What was written and did not fit must not wait for the next write.
            if let Poll::Ready(Err(error)) = stream.poll_send(cx) {
                return Poll::Ready(Err(error));
            }
            ready!(stream.poll_receive(cx))?;
        }
    }
}

impl<IO, S> AsyncWrite for Stream<IO, S>
where
    IO: AsyncRead + AsyncWrite + Unpin,
    S: Side + Unpin,
{
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        data: &[u8],
    ) -> Poll<io::Result<usize>> {
        let stream = self.get_mut();
        loop {
            match stream.connection.writer().write(data) {
                Ok(count) => {
                    // The data is taken; what the transport has no room for goes out later.
                    if let Poll::Ready(Err(error)) = stream.poll_send(cx) {
                        return Poll::Ready(Err(error));
                    }
                    return Poll::Ready(Ok(count));
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    ready!(stream.poll_send(cx))?;
                }
                Err(error) => return Poll::Ready(Err(error)),
            }
        }
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        ready!(stream.poll_send(cx))?;
        Pin::new(&mut stream.io).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let stream = self.get_mut();
        stream.connection.send_close_notify();
        let sent = ready!(stream.poll_send(cx));
        if sent.is_err() && stream.connection.peer_has_closed() {
            // The peer did not wait for our answer to its end, which tells it nothing new.
            return Poll::Ready(Ok(()));
        }
        sent?;
        Pin::new(&mut stream.io).poll_shutdown(cx)
    }
}

/// A stream of tokio as one of the standard library, for one call.
struct Blocking<'a, 'b, IO> {
    io: &'a mut IO,
    cx: &'a mut Context<'b>,
}

fn or_would_block<T>(poll: Poll<io::Result<T>>) -> io::Result<T> {
    match poll {
        Poll::Ready(result) => result,
        Poll::Pending => Err(io::ErrorKind::WouldBlock.into()),
    }
}

impl<IO: AsyncRead + Unpin> Read for Blocking<'_, '_, IO> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut out = ReadBuf::new(out);
        or_would_block(Pin::new(&mut *self.io).poll_read(self.cx, &mut out))?;
        Ok(out.filled().len())
    }
}

impl<IO: AsyncWrite + Unpin> Write for Blocking<'_, '_, IO> {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        or_would_block(Pin::new(&mut *self.io).poll_write(self.cx, data))
    }

    fn flush(&mut self) -> io::Result<()> {
        or_would_block(Pin::new(&mut *self.io).poll_flush(self.cx))
    }
}
