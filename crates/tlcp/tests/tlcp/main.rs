//! Own client against own server, in memory and over tokio.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test that fails should stop"
)]

mod alerts;
mod certificates;
mod data;
mod handshake;
mod hostile;
mod key_log;
#[path = "../../examples/support/mod.rs"]
mod peers;
mod recorded;
mod resumption;
mod stapling;
mod support;
mod tampering;
mod tickets;
mod tokio;
