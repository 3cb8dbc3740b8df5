//! The record layer (GB/T 38636, 6.3): what goes over the wire, one fragment after the other.

mod cbc;
mod gcm;
mod handshake_joiner;
mod incoming;
mod outgoing;
mod protection;

pub(crate) use handshake_joiner::HandshakeJoiner;
pub(crate) use incoming::Incoming;
pub(crate) use outgoing::Outgoing;
pub(crate) use protection::{Opener, Sealer};

use crate::messages::VERSION;

/// Length of a record's header in bytes: type, version, length.
pub const HEADER_BYTES: usize = 5;

/// Longest plaintext of a record in bytes.
pub const PLAINTEXT_BYTES_MAX: usize = 1 << 14;

/// Longest protected fragment in bytes: what the standard allows compression and protection to add.
pub const FRAGMENT_BYTES_MAX: usize = PLAINTEXT_BYTES_MAX + 2048;

/// Most records that are protected under one key, in each direction; the connection then closes.
/// GCM loses its margin against forgery with every record, and there is no second handshake that
/// could bring new keys.
pub const RECORDS_PER_KEY_MAX: u64 = 1 << 24;

/// Whether a connection that begins with `start` is one of this protocol: its first record is a
/// handshake's of version 0x0101, where TLS has 0x03 in front. `None` when three bytes are not there
/// yet. With this a server offers TLS and TLCP at one port.
///
/// ```
/// use hefu_tlcp::record::begins_tlcp;
///
/// assert_eq!(begins_tlcp(&[0x16, 0x01, 0x01, 0x00]), Some(true));
/// assert_eq!(begins_tlcp(&[0x16, 0x03, 0x01, 0x02]), Some(false));
/// assert_eq!(begins_tlcp(&[0x16, 0x01]), None);
/// ```
#[must_use]
pub fn begins_tlcp(start: &[u8]) -> Option<bool> {
    let [kind, version @ ..]: &[u8; 3] = start.first_chunk()?;
    Some(*kind == ContentType::Handshake.id() && *version == VERSION.to_be_bytes())
}

/// What a record carries.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum ContentType {
    ChangeCipherSpec,
    Alert,
    Handshake,
    ApplicationData,
}

impl ContentType {
    pub(crate) fn id(self) -> u8 {
        match self {
            Self::ChangeCipherSpec => 20,
            Self::Alert => 21,
            Self::Handshake => 22,
            Self::ApplicationData => 23,
        }
    }

    pub(crate) fn from_id(id: u8) -> Option<Self> {
        match id {
            20 => Some(Self::ChangeCipherSpec),
            21 => Some(Self::Alert),
            22 => Some(Self::Handshake),
            23 => Some(Self::ApplicationData),
            _ => None,
        }
    }
}

/// What protection authenticates beside the text: number, type, version and length of the record.
fn associated_data(sequence: u64, kind: ContentType, text_bytes: usize) -> [u8; 13] {
    let [high, low] = length_field(text_bytes);
    let [major, minor] = VERSION.to_be_bytes();
    let [a, b, c, d, e, f, g, h] = sequence.to_be_bytes();
    [a, b, c, d, e, f, g, h, kind.id(), major, minor, high, low]
}

/// No fragment is longer than its length field can say.
fn length_field(bytes: usize) -> [u8; 2] {
    let [.., high, low] = bytes.to_be_bytes();
    [high, low]
}
