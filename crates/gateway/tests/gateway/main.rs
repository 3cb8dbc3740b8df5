//! The gateway on loopback, attacked guard by guard; each refusal with its honest twin.
#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::too_many_lines,
    reason = "a test that fails should stop"
)]

mod channel;
mod enrolment;
mod evidence;
mod fault;
mod framing;
mod limits;
mod login;
mod mask;
mod ops;
mod permission;
mod replay;
mod route;
mod schema;
mod session;
mod shutdown;
mod signature;
mod support;
mod unseal;
mod upstream;
