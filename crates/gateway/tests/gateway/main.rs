//! The gateway on loopback, attacked guard by guard; each refusal with its honest twin.
#![allow(missing_docs, reason = "tests")]

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
