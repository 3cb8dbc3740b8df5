//! The wire contract against published examples, another implementation, and hostile input.

#![expect(
    clippy::unwrap_used,
    clippy::too_many_lines,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test that fails should stop"
)]

mod contract;
mod hostile;
mod httpsig;
mod rfc9421;
