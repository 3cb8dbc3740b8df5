//! The command as a stranger meets it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_possible_truncation,
    clippy::too_many_lines,
    clippy::print_stdout,
    clippy::needless_pass_by_value,
    reason = "a test that fails should stop, and its fixtures are its own"
)]
#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test that fails should stop"
)]

mod audit;
mod demo;
mod foreign_client;
mod keys;
mod kill;
mod registry;
mod tlcp;
mod traces;
