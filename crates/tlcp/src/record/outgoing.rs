//! Bytes for the transport, until it takes them.

use std::io::{self, Write};

/// The buffer keeps at most this much room when it is empty.
const KEPT_BYTES_MAX: usize = 32 * 1024;

/// Holds `bytes[sent..]`, which the transport has not taken yet.
#[derive(Default)]
pub(crate) struct Outgoing {
    bytes: Vec<u8>,
    sent: usize,
}

impl Outgoing {
    pub(crate) fn is_empty(&self) -> bool {
        self.waiting_bytes() == 0
    }

    pub(crate) fn waiting_bytes(&self) -> usize {
        self.bytes.len() - self.sent
    }

    /// Where the next record is written.
    pub(crate) fn end(&mut self) -> &mut Vec<u8> {
        &mut self.bytes
    }

    /// Writes once to the transport.
    pub(crate) fn write_to(&mut self, transport: &mut dyn Write) -> io::Result<usize> {
        let waiting = self.bytes.get(self.sent..).unwrap_or_default();
        let count = transport.write(waiting)?.min(waiting.len());
        self.sent += count;
        if self.is_empty() {
            self.bytes.clear();
            self.bytes.shrink_to(KEPT_BYTES_MAX);
            self.sent = 0;
        }
        Ok(count)
    }
}
