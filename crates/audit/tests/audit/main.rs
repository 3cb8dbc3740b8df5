//! Integration tests of the auditor.
#![allow(
    clippy::disallowed_methods,
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

mod corpus;
mod facts;
mod known;
mod platforms;
mod reports;
mod signature;
mod signing;
mod zip;

use hefu_audit::fixture::{self, archive, signer};
