//! Application data, as streams of the standard library.

use std::io::{self, BufRead, Read, Write};

use hefu_gm::Zeroizing;

use super::Core;
use crate::error::{Error, UsageError};

/// Data of records that were opened; `bytes[read..]` was not taken yet. Erased when dropped.
#[derive(Default)]
pub(super) struct Received {
    bytes: Zeroizing<Vec<u8>>,
    read: usize,
}

impl Received {
    pub(super) fn waiting(&self) -> usize {
        self.bytes.len() - self.read
    }

    pub(super) fn push(&mut self, content: &[u8]) {
        // Each byte is moved at most once on average, and the taken ones never outgrow the others.
        if self.read >= self.waiting() {
            self.bytes.drain(..self.read);
            self.read = 0;
        }
        self.bytes.extend_from_slice(content);
    }

    fn peek(&self) -> &[u8] {
        self.bytes.get(self.read..).unwrap_or_default()
    }

    fn take(&mut self, count: usize) {
        self.read += count.min(self.waiting());
    }
}

/// Reads application data.
///
/// When there is none: 0 bytes after the peer said that it sends nothing more, `UnexpectedEof` when
/// the transport ended without that (somebody may have cut the connection), `WouldBlock` otherwise.
#[derive(Debug)]
pub struct Reader<'a> {
    core: &'a mut Core,
}

impl<'a> Reader<'a> {
    pub(super) fn new(core: &'a mut Core) -> Self {
        Self { core }
    }

    fn at_end(&self) -> io::Result<()> {
        if self.core.peer_closed {
            return Ok(());
        }
        Err(match self.core.failed {
            Some(error) => io::Error::new(io::ErrorKind::InvalidData, error),
            None if self.core.transport_ended => io::ErrorKind::UnexpectedEof.into(),
            None => io::ErrorKind::WouldBlock.into(),
        })
    }
}

impl Read for Reader<'_> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let mut waiting = self.fill_buf()?;
        let count = waiting.read(out)?;
        self.consume(count);
        Ok(count)
    }
}

impl BufRead for Reader<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        if self.core.plaintext.waiting() == 0 {
            self.at_end()?;
        }
        Ok(self.core.plaintext.peek())
    }

    fn consume(&mut self, count: usize) {
        self.core.plaintext.take(count);
    }
}

/// Takes application data: as much as there is room for, `WouldBlock` when there is none and before
/// the handshake is done. It has nothing to flush; [`Connection::write_tls`](super::Connection::write_tls)
/// has what it took.
#[derive(Debug)]
pub struct Writer<'a> {
    core: &'a mut Core,
}

impl<'a> Writer<'a> {
    pub(super) fn new(core: &'a mut Core) -> Self {
        Self { core }
    }
}

impl Write for Writer<'_> {
    fn write(&mut self, text: &[u8]) -> io::Result<usize> {
        if let Some(error) = self.core.failed {
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, error));
        }
        if self.core.closed {
            let misuse = Error::from(UsageError::Closed);
            return Err(io::Error::new(io::ErrorKind::BrokenPipe, misuse));
        }
        if !self.core.established {
            return Err(io::ErrorKind::WouldBlock.into());
        }
        match self.core.send_data(text) {
            Ok(0) if !text.is_empty() => Err(io::ErrorKind::WouldBlock.into()),
            Ok(taken) => Ok(taken),
            Err(error) => {
                self.core.fail(error);
                Err(io::Error::new(io::ErrorKind::BrokenPipe, error))
            }
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl ::core::fmt::Debug for Core {
    fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
        f.debug_struct("Core")
            .field("facts", &self.facts)
            .field("established", &self.established)
            .field("failed", &self.failed)
            .finish_non_exhaustive()
    }
}

impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        Self::new(io::ErrorKind::InvalidData, error)
    }
}
