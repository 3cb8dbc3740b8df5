//! One connection: heads, bodies and responses, each within its time and size.
//!
//! Written here rather than taken from an HTTP library because the limits reach into the framing:
//! the strict head, the slow body, the reader that never reads, and the refusal that must still
//! arrive when the rest of the request is not wanted.

use std::{future::Future, io, pin::Pin, sync::Arc, time::Duration};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    sync::watch,
    time::{Instant, timeout, timeout_at},
};

use super::timer::Timer;
use crate::{
    config::Limits,
    exchange::Peer,
    guards::{
        framing::{self, Head},
        limits::{self, Counted, Share},
    },
    pipeline::Pipeline,
    refusal::Reason,
    reply::Reply,
};

/// Buffers larger than this are given back between requests.
const BUFFER_KEPT_BYTES_MAX: usize = 64 << 10;

/// The body of a request, still in the transport.
pub(crate) trait Body: Send {
    /// The whole body, if it is at most `bytes_max` long and arrives in time.
    fn read(&mut self, bytes_max: usize) -> impl Future<Output = Result<Bytes, Reason>> + Send;
}

/// Serves requests until the peer, a limit or the stop signal ends the connection.
pub(crate) async fn serve<Io>(
    io: Io,
    peer: &Peer,
    pipeline: &Arc<Pipeline>,
    stop: watch::Receiver<bool>,
) where
    Io: AsyncRead + AsyncWrite + Unpin + Send,
{
    let limits = pipeline.limits();
    let mut connection = Connection {
        io,
        buffer: BytesMut::with_capacity(4 << 10),
        out: Vec::with_capacity(1 << 10),
        limits,
        idle: Timer::new(),
        stopping: stopping(stop.clone()),
        stop,
    };
    let opened = Instant::now();
    let life = Duration::from_millis(limits.connection_ms_max);
    for served in 1..=limits.requests_per_connection_max {
        let head = match connection.read_head().await {
            HeadRead::Head(head) => head,
            HeadRead::Ended => break,
            HeadRead::Refused(reason) => {
                let reply = pipeline.refuse_unread(reason);
                connection.refuse(&reply, pipeline.unix_s()).await;
                return;
            }
        };
        let is_head = head.method() == "HEAD";
        let wants_close =
            head.closes || served == limits.requests_per_connection_max || opened.elapsed() >= life;
        let mut body = BodyInTransit::new(&mut connection, &head, pipeline.bodies());
        let reply = pipeline.handle(peer, head, &mut body).await;
        let skipped = body.skip();
        let closes = wants_close || !skipped || *connection.stop.borrow();
        if !skipped {
            connection.refuse(&reply, pipeline.unix_s()).await;
            return;
        }
        let written = connection
            .write(&reply, pipeline.unix_s(), is_head, closes)
            .await;
        if closes || written.is_err() {
            break;
        }
    }
    // The peer may be gone already, which is what we want of it.
    let _ = timeout(connection.linger(), connection.io.shutdown()).await;
}

struct Connection<'limits, Io> {
    io: Io,
    buffer: BytesMut,
    out: Vec<u8>,
    limits: &'limits Limits,
    idle: Timer,
    /// Done when the gateway stops. One for the whole connection: to listen anew for each request
    /// would cost more than to read it.
    stopping: Pin<Box<dyn Future<Output = ()> + Send>>,
    stop: watch::Receiver<bool>,
}

/// Returns when the gateway stops.
fn stopping(mut stop: watch::Receiver<bool>) -> Pin<Box<dyn Future<Output = ()> + Send>> {
    Box::pin(async move {
        // An error means that the sender is gone, which is a stop too.
        let _ = stop.wait_for(|stopping| *stopping).await;
    })
}

enum HeadRead {
    Head(Head),
    /// The peer left between two requests, was idle for too long, or the gateway stops.
    Ended,
    Refused(Reason),
}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send> Connection<'_, Io> {
    async fn read_head(&mut self) -> HeadRead {
        if self.buffer.is_empty() && !self.first_bytes().await {
            return HeadRead::Ended;
        }
        let deadline = Instant::now() + Duration::from_millis(self.limits.head_ms);
        let mut scanned = 0;
        loop {
            match framing::end_of_head(&self.buffer, &mut scanned) {
                Err(reason) => return HeadRead::Refused(reason.into()),
                Ok(Some(end)) if end > self.limits.head_bytes_max => {
                    return HeadRead::Refused(limits::Reason::HeadTooLarge.into());
                }
                Ok(Some(end)) => {
                    return match Head::parse(self.buffer.split_to(end)) {
                        Ok(head) if head.field_count() > self.limits.fields_max => {
                            HeadRead::Refused(limits::Reason::TooManyFields.into())
                        }
                        Ok(head) => HeadRead::Head(head),
                        Err(reason) => HeadRead::Refused(reason.into()),
                    };
                }
                Ok(None) if self.buffer.len() >= self.limits.head_bytes_max => {
                    return HeadRead::Refused(limits::Reason::HeadTooLarge.into());
                }
                Ok(None) => {}
            }
            match timeout_at(deadline, self.fill()).await {
                Ok(Ok(0)) => return HeadRead::Refused(framing::Reason::Truncated.into()),
                Ok(Ok(_)) => {}
                Ok(Err(_)) => return HeadRead::Ended,
                Err(_) => return HeadRead::Refused(limits::Reason::HeadTooSlow.into()),
            }
        }
    }

    /// Waits for a request to begin.
    async fn first_bytes(&mut self) -> bool {
        if self.buffer.capacity() > BUFFER_KEPT_BYTES_MAX {
            self.buffer = BytesMut::with_capacity(4 << 10);
        }
        let until = Instant::now() + Duration::from_millis(self.limits.idle_ms);
        self.buffer.reserve(4 << 10);
        tokio::select! {
            biased;
            filled = self.io.read_buf(&mut self.buffer) => matches!(filled, Ok(1..)),
            () = &mut self.stopping => false,
            () = self.idle.until(until) => false,
        }
    }

    async fn fill(&mut self) -> io::Result<usize> {
        self.buffer.reserve(4 << 10);
        self.io.read_buf(&mut self.buffer).await
    }

    async fn write(
        &mut self,
        reply: &Reply,
        unix_s: u64,
        is_head: bool,
        closes: bool,
    ) -> io::Result<()> {
        self.out.clear();
        reply.encode(&mut self.out, unix_s, is_head, closes);
        let write = async {
            self.io.write_all(&self.out).await?;
            self.io.flush().await
        };
        timeout(Duration::from_millis(self.limits.write_ms), write).await??;
        if self.out.capacity() > BUFFER_KEPT_BYTES_MAX {
            self.out = Vec::with_capacity(1 << 10);
        }
        Ok(())
    }

    /// Answers a message whose rest is not wanted, and ends the connection.
    ///
    /// Closing a socket with unread bytes resets it, and a reset can overtake the refusal. So what
    /// still comes is read and dropped for a little while.
    async fn refuse(&mut self, reply: &Reply, unix_s: u64) {
        if self.write(reply, unix_s, false, true).await.is_err() {
            return;
        }
        let linger = self.linger();
        let drain = async {
            self.io.shutdown().await?;
            loop {
                self.buffer.clear();
                if self.fill().await? == 0 {
                    return io::Result::Ok(());
                }
            }
        };
        let _ = timeout(linger, drain).await;
    }

    fn linger(&self) -> Duration {
        Duration::from_millis(self.limits.linger_ms)
    }
}

/// A body that has not been asked for yet.
struct BodyInTransit<'connection, 'limits, Io> {
    connection: &'connection mut Connection<'limits, Io>,
    total: &'connection Counted,
    share: Option<Share<'connection>>,
    content_length: u64,
    expects_continue: bool,
    taken: bool,
}

impl<'connection, 'limits, Io> BodyInTransit<'connection, 'limits, Io> {
    fn new(
        connection: &'connection mut Connection<'limits, Io>,
        head: &Head,
        total: &'connection Counted,
    ) -> Self {
        Self {
            connection,
            total,
            share: None,
            content_length: head.content_length,
            expects_continue: head.expects_continue,
            taken: head.content_length == 0,
        }
    }

    /// Throws away a body that nobody asked for, if all of it is here already.
    fn skip(self) -> bool {
        let arrived = self.connection.buffer.len();
        match usize::try_from(self.content_length) {
            _ if self.taken => true,
            Ok(length) if length <= arrived => {
                self.connection.buffer.advance(length);
                true
            }
            _ => false,
        }
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin + Send> Body for BodyInTransit<'_, '_, Io> {
    async fn read(&mut self, bytes_max: usize) -> Result<Bytes, Reason> {
        let length = usize::try_from(self.content_length)
            .ok()
            .filter(|length| *length <= bytes_max)
            .ok_or(limits::Reason::BodyTooLarge)?;
        if self.taken {
            return Ok(Bytes::new());
        }
        let connection = &mut *self.connection;
        if connection.buffer.len() < length {
            let share = self
                .total
                .take(length)
                .ok_or(limits::Reason::BodiesTooLarge)?;
            self.share = Some(share);
            let limits = connection.limits;
            let time_ms = limits.body_grace_ms.saturating_add(
                self.content_length.saturating_mul(1_000) / limits.body_bytes_per_s_min.max(1),
            );
            let arrival = async {
                if self.expects_continue && connection.buffer.is_empty() {
                    connection
                        .io
                        .write_all(b"HTTP/1.1 100 Continue\r\n\r\n")
                        .await?;
                    connection.io.flush().await?;
                }
                while connection.buffer.len() < length {
                    if connection.fill().await? == 0 {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                }
                io::Result::Ok(())
            };
            match timeout(Duration::from_millis(time_ms), arrival).await {
                Ok(Ok(())) => {}
                Ok(Err(_)) => return Err(framing::Reason::Truncated.into()),
                Err(_) => return Err(limits::Reason::BodyTooSlow.into()),
            }
        }
        self.taken = true;
        Ok(connection.buffer.split_to(length).freeze())
    }
}
