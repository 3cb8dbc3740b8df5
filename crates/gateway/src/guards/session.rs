//! After login every request carries the session's token, on the device that opened the session,
//! over that device's own connection. A token is worth nothing without a key that signs, and is
//! never taken from a URL.
//!
//! Clauses: CJ-6.3.d.2, CJ-6.4.3.a, JR-6.1.6.1.a, JR-6.2.2.a, JR-6.2.2.b, JR-6.2.2.e.

use std::sync::Arc;

use hefu_identity::sessions::{Session, Sessions};
use hefu_tally::{
    clock::Timestamp,
    messages::{AUTHORIZATION_SCHEME, TOKEN_CHARS},
    problem::Code,
};

use super::{Guard, framing::Head, route::Operation, signature::SignedBy};
use crate::exchange::Peer;

pub(crate) const GUARD: Guard = Guard {
    name: "session",
    clauses: hefu_standards::clauses!(),
};

/// Why a signed request has no session here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// The connection belongs to another device than the key.
    AnotherConnection,
    /// A token where none belongs.
    TokenUnwanted,
    /// No `Authorization`.
    TokenMissing,
    /// `Authorization` is not `Hefu` and a token.
    TokenForm,
    /// No open session has that token, or another one than the key has.
    TokenUnknown,
    /// The session was opened on another device.
    AnotherDevice,
    /// The token stands in the URL, where logs and referrers would keep it.
    TokenInUrl,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::AnotherConnection => "connection-of-another-device",
            Self::TokenUnwanted => "token-unwanted",
            Self::TokenMissing => "token-missing",
            Self::TokenForm => "token-form",
            Self::TokenUnknown => "token-unknown",
            Self::AnotherDevice => "session-of-another-device",
            Self::TokenInUrl => "token-in-url",
        }
    }

    pub(crate) const fn code(self) -> Code {
        match self {
            Self::AnotherConnection
            | Self::TokenUnwanted
            | Self::TokenMissing
            | Self::TokenForm
            | Self::TokenUnknown
            | Self::AnotherDevice
            | Self::TokenInUrl => Code::Unauthenticated,
        }
    }
}

/// The session of a request that was verified and is no replay; none where none is needed.
///
/// # Errors
/// When connection, key, device, session and token do not belong together.
pub(crate) fn admit(
    sessions: &Sessions,
    peer: &Peer,
    by: &SignedBy,
    operation: &Operation<'_>,
    head: &Head,
    now: Timestamp,
) -> Result<Option<Arc<Session>>, Reason> {
    let enrols = matches!(by, SignedBy::New(_));
    if !enrols && !peer.is_device(by.device()) {
        return Err(Reason::AnotherConnection);
    }
    let authorization = head.field("authorization");
    if !operation.needs_session() {
        return match authorization {
            None => Ok(None),
            Some(_) => Err(Reason::TokenUnwanted),
        };
    }
    if let SignedBy::Session(session) = by
        && holds_token(head.target(), session)
    {
        return Err(Reason::TokenInUrl);
    }
    let token = token(authorization.ok_or(Reason::TokenMissing)?).ok_or(Reason::TokenForm)?;
    let session = match by {
        SignedBy::Session(session) if session.is_token(token) => session.clone(),
        SignedBy::Session(_) | SignedBy::New(_) => return Err(Reason::TokenUnknown),
        SignedBy::Device(device) => {
            let session = sessions.find_by_token(token, now);
            let session = session.ok_or(Reason::TokenUnknown)?;
            if session.device != device.id {
                return Err(Reason::AnotherDevice);
            }
            if holds_token(head.target(), &session) {
                return Err(Reason::TokenInUrl);
            }
            session
        }
    };
    session.touch(now);
    Ok(Some(session))
}

/// What stands behind the scheme.
fn token(authorization: &[u8]) -> Option<&[u8]> {
    let token = authorization
        .strip_prefix(AUTHORIZATION_SCHEME.as_bytes())?
        .strip_prefix(b" ")?;
    (token.len() == TOKEN_CHARS && token.iter().all(|byte| is_base64url(*byte))).then_some(token)
}

/// Whether the session's token stands in a request target.
fn holds_token(target: &str, session: &Session) -> bool {
    target
        .as_bytes()
        .split(|byte| !is_base64url(*byte))
        .any(|run| run.len() == TOKEN_CHARS && session.is_token(run))
}

const fn is_base64url(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_stands_behind_its_scheme_alone() {
        let good = &"A".repeat(TOKEN_CHARS);
        let short = &"-".repeat(TOKEN_CHARS - 1);
        assert_eq!(
            token(format!("Hefu {good}").as_bytes()),
            Some(good.as_bytes())
        );
        for wrong in [
            good.clone(),
            format!("Bearer {good}"),
            format!("Hefu  {good}"),
            format!("Hefu {good}A"),
            format!("Hefu {short}"),
            format!("Hefu {short}="),
            "Hefu".to_owned(),
        ] {
            assert_eq!(token(wrong.as_bytes()), None, "{wrong}");
        }
    }
}
