//! Own client against own server, in memory.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::missing_errors_doc,
    missing_docs,
    reason = "a test that fails should stop"
)]

mod handshake;
mod support;
