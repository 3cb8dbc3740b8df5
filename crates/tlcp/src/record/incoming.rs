//! Bytes from the transport, until a record is whole.

use std::io::{self, Read};
use std::ops::Range;

use super::{ContentType, FRAGMENT_BYTES_MAX, HEADER_BYTES};
use crate::error::{Error, PeerError, UsageError};
use crate::messages::VERSION;

/// The buffer begins with this many bytes; few records of a handshake are longer.
const FIRST_BYTES: usize = 4 * 1024;

/// One record of the greatest length, and no more, so that a stranger cannot make it grow.
const BYTES_MAX: usize = HEADER_BYTES + FRAGMENT_BYTES_MAX;

/// Holds `buffer[start..end]`, which came and was not taken yet. Grows to [`BYTES_MAX`] at most.
#[derive(Default)]
pub(crate) struct Incoming {
    buffer: Vec<u8>,
    start: usize,
    end: usize,
}

/// A whole record, to be opened in place.
pub(crate) struct Record<'a> {
    pub(crate) kind: ContentType,
    pub(crate) fragment: &'a mut [u8],
}

impl Incoming {
    /// Whether more can come before a record is taken.
    pub(crate) fn has_room(&self) -> bool {
        self.end - self.start < BYTES_MAX
    }

    /// Reads once from the transport.
    pub(crate) fn read_from(&mut self, transport: &mut dyn Read) -> io::Result<usize> {
        self.make_room();
        let room = self.buffer.get_mut(self.end..).unwrap_or_default();
        if room.is_empty() {
            return Err(io::Error::other(Error::from(UsageError::Unprocessed)));
        }
        let count = transport.read(room)?;
        self.end += count.min(room.len());
        Ok(count)
    }

    fn make_room(&mut self) {
        if self.start > 0 {
            self.buffer.copy_within(self.start..self.end, 0);
            self.end -= self.start;
            self.start = 0;
        }
        if self.end == self.buffer.len() {
            let bytes = self.buffer.len().saturating_mul(2);
            self.buffer.resize(bytes.clamp(FIRST_BYTES, BYTES_MAX), 0);
        }
    }

    /// Takes the next record, when it is whole. A header is judged as soon as it is there.
    pub(crate) fn next_record(&mut self) -> Result<Option<Record<'_>>, PeerError> {
        let waiting = self
            .buffer
            .get_mut(self.start..self.end)
            .unwrap_or_default();
        let Some(&[kind, major, minor, high, low]) = waiting.first_chunk() else {
            return Ok(None);
        };
        let kind = ContentType::from_id(kind).ok_or(PeerError::RecordType)?;
        if [major, minor] != VERSION.to_be_bytes() {
            return Err(PeerError::RecordVersion);
        }
        let fragment_bytes = usize::from(u16::from_be_bytes([high, low]));
        if fragment_bytes > FRAGMENT_BYTES_MAX {
            return Err(PeerError::RecordOverflow);
        }
        let range: Range<usize> = HEADER_BYTES..HEADER_BYTES + fragment_bytes;
        let Some(fragment) = waiting.get_mut(range.clone()) else {
            return Ok(None);
        };
        self.start += range.end;
        Ok(Some(Record { kind, fragment }))
    }
}

#[cfg(test)]
mod tests {
    use super::{BYTES_MAX, Incoming};
    use crate::error::PeerError;
    use crate::record::ContentType;

    fn record(kind: u8, bytes: usize) -> Vec<u8> {
        let [high, low] = u16::try_from(bytes).unwrap().to_be_bytes();
        let mut record = vec![kind, 1, 1, high, low];
        record.resize(5 + bytes, kind);
        record
    }

    /// Records of all lengths, in pieces of all lengths.
    #[test]
    fn records_come_whole_and_in_order_from_any_pieces() {
        let lengths = [0, 1, 5, 4090, 4096, 18_432, 2];
        let wire: Vec<u8> = lengths
            .iter()
            .flat_map(|bytes| record(23, *bytes))
            .collect();
        for piece in [1, 2, 5, 6, 1000, 20_000] {
            let mut incoming = Incoming::default();
            let mut seen = Vec::new();
            let mut rest = &wire[..];
            while !rest.is_empty() {
                let (mut now, _) = rest.split_at(piece.min(rest.len()));
                let count = incoming.read_from(&mut now).unwrap();
                assert!(incoming.buffer.len() <= BYTES_MAX);
                rest = &rest[count..];
                while let Some(record) = incoming.next_record().unwrap() {
                    assert_eq!(record.kind, ContentType::ApplicationData);
                    seen.push(record.fragment.len());
                }
            }
            assert_eq!(seen, lengths, "in pieces of {piece}");
            assert_eq!(incoming.start, incoming.end);
        }
    }

    #[test]
    fn a_bad_header_is_refused_before_its_body() {
        let refused = |header: [u8; 5]| {
            let mut incoming = Incoming::default();
            incoming.read_from(&mut &header[..]).unwrap();
            incoming.next_record().map(|record| record.is_some())
        };
        assert_eq!(refused([22, 1, 1, 0x48, 0x00]), Ok(false));
        assert_eq!(
            refused([22, 1, 1, 0x48, 0x01]),
            Err(PeerError::RecordOverflow)
        );
        assert_eq!(refused([24, 1, 1, 0, 1]), Err(PeerError::RecordType));
        assert_eq!(refused([22, 3, 3, 0, 1]), Err(PeerError::RecordVersion));
    }

    #[test]
    fn a_full_buffer_takes_no_more() {
        let mut incoming = Incoming::default();
        let wire = [record(23, 18_432), record(23, 1)].concat();
        let mut rest = &wire[..];
        while incoming.has_room() {
            incoming.read_from(&mut rest).unwrap();
        }
        assert!(incoming.read_from(&mut rest).is_err());
        assert!(incoming.next_record().unwrap().is_some());
        assert!(incoming.read_from(&mut rest).is_ok());
    }
}
