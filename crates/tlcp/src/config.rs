//! What a side of a connection is configured with.

mod client;
mod server;

pub use client::{ClientConfig, ClientConfigBuilder};
pub use server::{ClientAuth, ServerConfig, ServerConfigBuilder};

use crate::suite::CipherSuite;

/// How long a session may be taken up again after its full handshake, in seconds, unless configured:
/// an hour.
pub const SESSION_AGE_S: i64 = 3600;

/// Most bytes of all application protocols of one side: they must fit into a hello message.
const ALPN_BYTES_MAX: usize = 4096;

/// Why a configuration makes no sense.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// No suite is left: none was given, or only ECDHE ones without what they need, which is an
    /// encryption key and a request for the client's certificates.
    #[error("no usable cipher suite")]
    NoSuites,
    /// An application protocol is empty or longer than 255 bytes, or all together are too long.
    #[error("application protocols that do not fit")]
    Alpn,
    /// The authorities that the server would name to clients do not fit into a message.
    #[error("too many authorities for a message")]
    Authorities,
}

fn check_alpn(protocols: &[Vec<u8>]) -> Result<(), ConfigError> {
    let each_fits = protocols
        .iter()
        .all(|protocol| (1..=255).contains(&protocol.len()));
    let bytes: usize = protocols.iter().map(Vec::len).sum();
    if each_fits && bytes <= ALPN_BYTES_MAX {
        Ok(())
    } else {
        Err(ConfigError::Alpn)
    }
}

fn default_suites() -> Vec<CipherSuite> {
    CipherSuite::ALL.to_vec()
}
