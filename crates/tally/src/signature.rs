//! HTTP message signatures (RFC 9421).
//!
//! [`input`] reads what a message claims to have signed, [`base`](mod@base) builds the text that was
//! signed, and [`request`] and [`response`] hold the rules of this contract over both.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b, CJ-4.2.2.a, JR-6.1.5.1, AN-10.

pub mod base;
pub mod input;
pub mod request;
pub mod response;
