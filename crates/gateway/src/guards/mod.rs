//! The guards, one file each, in the order of a request's life.
//!
//! A guard is a function from what is known to what is then known more, or to its own typed
//! reason. None of them knows the transport: they read a head, bytes and a peer.

pub(crate) mod channel;
pub(crate) mod framing;
pub(crate) mod limits;
pub(crate) mod mask;
pub(crate) mod permission;
pub(crate) mod replay;
pub(crate) mod route;
pub(crate) mod schema;
pub(crate) mod session;
pub(crate) mod signature;
pub(crate) mod unseal;
pub(crate) mod upstream;

/// What an event says of the guard that decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Guard {
    pub(crate) name: &'static str,
    /// From the header of the guard's own file.
    pub(crate) clauses: &'static [&'static str],
}
