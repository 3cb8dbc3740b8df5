//! Bytes in, bytes out: listeners, TLS, HTTP/1.1 framing on both sides.
//!
//! The guards know nothing of this module, so another channel can stand in its place.

pub(crate) mod connection;
pub(crate) mod first_record;
pub(crate) mod listener;
pub(crate) mod service;
mod timer;
pub(crate) mod tlcp;
pub(crate) mod tls;
