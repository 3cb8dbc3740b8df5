//! The command as a stranger meets it.
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should stop"
)]

mod demo;
mod foreign_client;
mod kill;
mod registry;
