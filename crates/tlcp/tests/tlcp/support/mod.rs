//! A small world: authorities, a server, a client, and a wire between them that tests can touch.

pub(crate) mod ocsp;
pub(crate) mod pki;
pub(crate) mod script;
pub(crate) mod wire;

pub(crate) use pki::pki;
pub(crate) use wire::{Pair, Wire};
