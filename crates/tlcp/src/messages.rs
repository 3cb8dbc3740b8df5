//! Handshake messages (GB/T 38636, 6.4.5) as types: parsed from bytes, and written to them.
//!
//! A connection uses these by itself. They are public for tools that look at recorded handshakes and
//! for tests; parsing takes bytes from anywhere, and gives [`Malformed`] instead of a value that does
//! not make sense.

mod certificate;
mod client_hello;
mod extensions;
mod key_exchange;
mod server_hello;
mod session_id;
mod status;
mod ticket;

pub use crate::codec::Malformed;
pub use certificate::{CERTIFICATES_MAX, CertificateList, CertificateRequest, ECDSA_SIGN};
pub use client_hello::ClientHello;
pub use extensions::{ClientExtensions, EXTENSIONS_MAX, ServerExtensions};
pub use key_exchange::{
    CertificateVerify, ClientKeyExchange, EcdheParams, Finished, ServerKeyExchange,
    VERIFY_DATA_BYTES,
};
pub use server_hello::ServerHello;
pub use session_id::SessionId;
pub use status::CertificateStatus;
pub use ticket::NewSessionTicket;

use hefu_gm::x509::OCSP_BYTES_MAX;

use crate::codec::put_vec24;

/// The version of the standard, in records and in hello messages.
pub const VERSION: u16 = 0x0101;

/// Length of the header of a handshake message in bytes: its type and the length of its body.
pub const HEADER_BYTES: usize = 4;

/// Length of the random values of hello messages in bytes.
pub const RANDOM_BYTES: usize = 32;

/// The kinds of handshake messages.
#[derive(Clone, Copy, Debug, Eq, Hash, PartialEq)]
#[non_exhaustive]
pub enum HandshakeType {
    /// A server that wants to negotiate again; only known to be refused.
    HelloRequest,
    /// See [`ClientHello`].
    ClientHello,
    /// See [`ServerHello`].
    ServerHello,
    /// See [`NewSessionTicket`].
    NewSessionTicket,
    /// See [`CertificateList`].
    Certificate,
    /// See [`CertificateStatus`].
    CertificateStatus,
    /// See [`ServerKeyExchange`].
    ServerKeyExchange,
    /// See [`CertificateRequest`].
    CertificateRequest,
    /// The end of the server's flight; its body is empty.
    ServerHelloDone,
    /// See [`CertificateVerify`].
    CertificateVerify,
    /// See [`ClientKeyExchange`].
    ClientKeyExchange,
    /// See [`Finished`].
    Finished,
}

impl HandshakeType {
    /// Every kind.
    pub const ALL: [Self; 12] = [
        Self::HelloRequest,
        Self::ClientHello,
        Self::ServerHello,
        Self::NewSessionTicket,
        Self::Certificate,
        Self::CertificateStatus,
        Self::ServerKeyExchange,
        Self::CertificateRequest,
        Self::ServerHelloDone,
        Self::CertificateVerify,
        Self::ClientKeyExchange,
        Self::Finished,
    ];

    /// The number on the wire.
    #[must_use]
    pub fn id(self) -> u8 {
        match self {
            Self::HelloRequest => 0,
            Self::ClientHello => 1,
            Self::ServerHello => 2,
            Self::NewSessionTicket => 4,
            Self::Certificate => 11,
            Self::ServerKeyExchange => 12,
            Self::CertificateRequest => 13,
            Self::ServerHelloDone => 14,
            Self::CertificateVerify => 15,
            Self::ClientKeyExchange => 16,
            Self::Finished => 20,
            Self::CertificateStatus => 22,
        }
    }

    /// The kind with this number.
    #[must_use]
    pub fn from_id(id: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.id() == id)
    }

    /// Longest body in bytes. A stranger has nothing to prove before it sends its first messages, so
    /// that what one connection holds of them is bounded: lists of certificates and of authorities
    /// to 64 KiB, a status to the longest OCSP response, a hello with its extensions and a ticket to
    /// 16 KiB, and what has signatures, points and digests to 1 KiB.
    #[must_use]
    pub fn body_bytes_max(self) -> usize {
        match self {
            Self::HelloRequest | Self::ServerHelloDone => 0,
            Self::Finished => VERIFY_DATA_BYTES,
            Self::ClientHello | Self::ServerHello | Self::NewSessionTicket => 16 * 1024,
            Self::Certificate | Self::CertificateRequest => 64 * 1024,
            Self::CertificateStatus => status::HEADER_BYTES + OCSP_BYTES_MAX,
            Self::ServerKeyExchange | Self::CertificateVerify | Self::ClientKeyExchange => 1024,
        }
    }
}

/// A message with its header.
pub(crate) fn write(kind: HandshakeType, body: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(HEADER_BYTES + body.len());
    out.push(kind.id());
    put_vec24(&mut out, body);
    out
}

#[cfg(test)]
mod tests {
    use super::HandshakeType;

    #[test]
    fn numbers_lead_back() {
        for kind in HandshakeType::ALL {
            assert_eq!(HandshakeType::from_id(kind.id()), Some(kind));
        }
        assert_eq!(HandshakeType::from_id(3), None);
    }
}
