//! A request passes once, and only while it is fresh.
//!
//! Comes behind the signature: the times and the nonce of a message that nobody signed mean
//! nothing, and remembering them would let a stranger fill the memory.
//!
//! Clauses: AN-1, CJ-6.3.d.4, CJ-6.4.3.c, JR-6.2.2.a.

use hefu_store::nonces::{Insertion, Nonces, Seen};
use hefu_tally::{
    clock::Timestamp,
    nonce::Nonce,
    signature::request::{RequestRefusal, Verified},
    time::Window,
};

use super::Guard;

pub(crate) const GUARD: Guard = Guard {
    name: "replay",
    clauses: hefu_standards::clauses!(),
};

/// Why a signed request does not pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// It is too old, too far ahead, or claims to hold for too long.
    Time(RequestRefusal),
    /// It was seen before, or may have been before a restart.
    Replayed,
    /// It cannot be remembered, so it cannot pass.
    MemoryFull,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Time(refusal) => super::signature::refusal_name(refusal),
            Self::Replayed => "replayed",
            Self::MemoryFull => "nonce-memory-full",
        }
    }
}

/// # Errors
/// When the request is not fresh, was seen, or cannot be remembered.
pub(crate) fn check(
    nonces: &dyn Nonces,
    verified: &Verified<'_>,
    now: Timestamp,
    window: Window,
) -> Result<(), Reason> {
    verified.check_time(now, window).map_err(Reason::Time)?;
    let nonce = Nonce::parse(verified.nonce()).map_err(|_| Reason::Time(RequestRefusal::Nonce))?;
    let seen = Seen {
        key: verified.key_id(),
        nonce,
        created_s: verified.created(),
        expires_s: verified.expires(),
    };
    match nonces.insert(seen, now) {
        Insertion::Inserted => Ok(()),
        Insertion::Replayed => Err(Reason::Replayed),
        Insertion::Full => Err(Reason::MemoryFull),
    }
}
