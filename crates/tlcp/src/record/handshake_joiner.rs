//! Handshake messages, which may be cut over several records or share one.

use crate::error::PeerError;
use crate::messages::{HEADER_BYTES, HandshakeType};

/// Holds the parts of messages that came; `buffer[start..]` was not taken yet. A message's length is
/// judged when its header is there, so that the buffer never holds more than the longest message and
/// one record.
#[derive(Default)]
pub(crate) struct HandshakeJoiner {
    buffer: Vec<u8>,
    start: usize,
}

/// A whole message.
pub(crate) struct Message<'a> {
    pub(crate) kind: HandshakeType,
    /// With its header, as it enters the transcript.
    pub(crate) bytes: &'a [u8],
    pub(crate) body: &'a [u8],
}

impl HandshakeJoiner {
    pub(crate) fn is_empty(&self) -> bool {
        self.start == self.buffer.len()
    }

    pub(crate) fn push(&mut self, fragment: &[u8]) {
        if self.is_empty() {
            self.buffer.clear();
        } else {
            self.buffer.drain(..self.start);
        }
        self.start = 0;
        self.buffer.extend_from_slice(fragment);
    }

    pub(crate) fn next_message(&mut self) -> Result<Option<Message<'_>>, PeerError> {
        let waiting = self.buffer.get(self.start..).unwrap_or_default();
        let Some(&[kind, high, middle, low]) = waiting.first_chunk() else {
            return Ok(None);
        };
        let kind = HandshakeType::from_id(kind).ok_or(PeerError::HandshakeType(kind))?;
        let body_bytes = (usize::from(high) << 16) | (usize::from(middle) << 8) | usize::from(low);
        if body_bytes > kind.body_bytes_max() {
            return Err(PeerError::MessageTooLong(kind));
        }
        let Some((bytes, _)) = waiting.split_at_checked(HEADER_BYTES + body_bytes) else {
            return Ok(None);
        };
        self.start += bytes.len();
        let (_, body) = bytes.split_at(HEADER_BYTES);
        Ok(Some(Message { kind, bytes, body }))
    }

    /// Frees the room of a handshake that is over.
    pub(crate) fn shrink(&mut self) {
        if self.is_empty() {
            *self = Self::default();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::HandshakeJoiner;
    use crate::error::PeerError;
    use crate::messages::{HandshakeType, write};

    #[test]
    fn messages_come_whole_from_any_pieces() {
        let wire = [
            write(HandshakeType::ServerHelloDone, &[]),
            write(HandshakeType::Certificate, &[7; 40_000]),
            write(HandshakeType::Finished, &[8; 12]),
        ]
        .concat();
        for piece in [1, 3, 4, 5, 1000, 50_000] {
            let mut joiner = HandshakeJoiner::default();
            let mut seen = Vec::new();
            for piece in wire.chunks(piece) {
                joiner.push(piece);
                while let Some(message) = joiner.next_message().unwrap() {
                    seen.push((message.kind, message.body.len(), message.bytes.len()));
                }
            }
            assert_eq!(
                seen,
                [
                    (HandshakeType::ServerHelloDone, 0, 4),
                    (HandshakeType::Certificate, 40_000, 40_004),
                    (HandshakeType::Finished, 12, 16)
                ]
            );
            assert!(joiner.is_empty());
        }
    }

    #[test]
    fn lengths_and_types_are_judged_by_the_header() {
        let refused = |header: [u8; 4]| {
            let mut joiner = HandshakeJoiner::default();
            joiner.push(&header);
            joiner.next_message().map(|message| message.is_some())
        };
        assert_eq!(refused([11, 1, 0, 0]), Ok(false));
        assert_eq!(
            refused([11, 1, 0, 1]),
            Err(PeerError::MessageTooLong(HandshakeType::Certificate))
        );
        assert_eq!(
            refused([20, 0, 0, 13]),
            Err(PeerError::MessageTooLong(HandshakeType::Finished))
        );
        assert_eq!(refused([9, 0, 0, 0]), Err(PeerError::HandshakeType(9)));
    }
}
