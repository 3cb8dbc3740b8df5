#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

#[cfg(test)]
extern crate self as hefu_tlcp;

mod alert;
mod client;
mod codec;
mod config;
mod connection;
mod error;
mod handshake;
mod identity;
#[cfg(feature = "key-log")]
mod key_log;
pub mod messages;
mod prf;
pub mod record;
mod schedule;
mod server;
pub mod session;
mod suite;
#[cfg(test)]
#[expect(dead_code, reason = "the integration tests use the rest of it")]
#[path = "../tests/tlcp/support/mod.rs"]
mod support;
mod ticket;
#[cfg(feature = "tokio")]
pub mod tokio;
mod transcript;
pub mod verify;

pub use alert::Alert;
pub use client::{Client, ClientConnection};
pub use config::{
    ClientAuth, ClientConfig, ClientConfigBuilder, ConfigError, SESSION_AGE_S, ServerConfig,
    ServerConfigBuilder,
};
pub use connection::{Connection, Event, Progress, Reader, Side, Writer};
pub use error::{CertificateError, Error, InternalError, PeerError, UsageError};
pub use identity::{ChooseIdentity, Identity, IdentityError};
#[cfg(feature = "key-log")]
pub use key_log::KeyLog;
pub use server::{Server, ServerConnection};
pub use suite::{CipherSuite, KeyExchange, Protection};
pub use ticket::{TICKET_BYTES_MAX, TicketKeys};

hefu_standards::registry!();
