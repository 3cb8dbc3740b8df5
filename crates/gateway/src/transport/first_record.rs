//! Which protocol a peer speaks: told by the head of its first record, before anything else is read.
//!
//! TLCP has the version 1.1, TLS has 3.x whatever it negotiates later. Everything that is not TLCP goes
//! to TLS, which says what is wrong with it.
//!
//! Clauses: CJ-6.3.c.

use std::{
    io,
    pin::Pin,
    task::{Context, Poll},
};

use hefu_tlcp::record::begins_tlcp;
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, ReadBuf};

/// A record's kind and the two bytes of its version.
const HEAD_BYTES: usize = 3;
/// What a peer speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    Tls,
    Tlcp,
}

/// Reads the first bytes of a connection, and gives it back as if nothing had been read.
///
/// # Errors
/// When the peer leaves before.
pub(crate) async fn read<Io: AsyncRead + Unpin>(mut io: Io) -> io::Result<(Protocol, Rewound<Io>)> {
    let mut head = [0; HEAD_BYTES];
    io.read_exact(&mut head).await?;
    let protocol = match begins_tlcp(&head) {
        Some(true) => Protocol::Tlcp,
        Some(false) | None => Protocol::Tls,
    };
    let rewound = Rewound { io, head, given: 0 };
    Ok((protocol, rewound))
}

/// A connection whose first bytes were read and come again.
#[derive(Debug)]
pub(crate) struct Rewound<Io> {
    io: Io,
    head: [u8; HEAD_BYTES],
    given: usize,
}

impl<Io: AsyncRead + Unpin> AsyncRead for Rewound<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let rest = self.head.get(self.given..).unwrap_or_default();
        if rest.is_empty() {
            return Pin::new(&mut self.io).poll_read(cx, buf);
        }
        let count = rest.len().min(buf.remaining());
        buf.put_slice(rest.split_at(count).0);
        self.given += count;
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Rewound<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write(cx, bytes)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.io).poll_write_vectored(cx, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.io.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn told(bytes: &[u8]) -> io::Result<(Protocol, Vec<u8>)> {
        let (protocol, mut rewound) = read(bytes).await?;
        let mut all = Vec::new();
        rewound.read_to_end(&mut all).await?;
        Ok((protocol, all))
    }

    #[tokio::test]
    async fn the_first_record_decides_and_is_read_again() {
        for (bytes, protocol) in [
            (&b"\x16\x01\x01rest"[..], Protocol::Tlcp),
            (b"\x16\x03\x01rest", Protocol::Tls),
            (b"\x16\x03\x03", Protocol::Tls),
            (b"\x15\x01\x01", Protocol::Tls),
            (b"GET / HTTP/1.1", Protocol::Tls),
        ] {
            assert_eq!(told(bytes).await.unwrap(), (protocol, bytes.to_vec()));
        }
        assert!(told(b"\x16\x01").await.is_err());
    }
}
