//! The request is what its sender signed: method, target, body, function number, authorization.
//!
//! The key decides the algorithm, and the function decides which keys will do: key business takes
//! the device's own signature key alone, so that its customer cannot disown it. A key that nobody
//! knows costs as much work as one whose signature is wrong.
//!
//! Clauses: AN-10, CJ-4.3.3.e, CJ-6.3.d.3, CJ-6.4.3.b, JR-6.1.5.1, JR-6.1.5.3, JR-6.2.2.a.

use std::sync::Arc;

use hefu_gm::rng::{self, SystemRng};
use hefu_identity::{Identity, devices::Device, sessions::Session};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, KeyId},
    key::{Algorithm, KeyError, PublicKey, SESSION_KEY_BYTES, SessionKey, SigningKey, VerifyWith},
    problem::Code,
    signature::{
        base::Message,
        request::{Claim, RequestRefusal, Verified},
    },
    time::TimeRefusal,
};

use super::{Guard, framing::Head, route::KeyRule};

pub(crate) const GUARD: Guard = Guard {
    name: "signature",
    clauses: hefu_standards::clauses!(),
};

/// Why a signature does not do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// It breaks a rule, or does not hold.
    Refused(RequestRefusal),
    /// No open session and no active device has that key.
    KeyUnknown,
    /// A session's key, where only the device's own will do.
    DeviceKeyNeeded,
    /// An enrolment that is not signed by the key it brings.
    NotItsOwnKey,
    /// The key could not be looked up.
    Store,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Refused(refusal) => refusal_name(refusal),
            Self::KeyUnknown => "key-unknown",
            Self::DeviceKeyNeeded => "device-key-needed",
            Self::NotItsOwnKey => "not-its-own-key",
            Self::Store => "store",
        }
    }

    pub(crate) const fn code(self) -> Code {
        match self {
            Self::Refused(refusal) => refusal.code(),
            Self::KeyUnknown | Self::DeviceKeyNeeded | Self::NotItsOwnKey => Code::Unauthenticated,
            Self::Store => Code::Unavailable,
        }
    }
}

/// The stable inner code of what the wire contract refuses.
pub(crate) const fn refusal_name(refusal: RequestRefusal) -> &'static str {
    match refusal {
        RequestRefusal::Duplicate(_) => "duplicate-field",
        RequestRefusal::Input(_) => "signature-fields",
        RequestRefusal::FieldTooLarge => "field-too-large",
        RequestRefusal::Unsigned => "unsigned",
        RequestRefusal::Tag => "signature-tag",
        RequestRefusal::NotCovered => "not-covered",
        RequestRefusal::Parameter => "signature-parameter",
        RequestRefusal::KeyId => "key-id",
        RequestRefusal::Nonce => "nonce",
        RequestRefusal::Algorithm => "algorithm",
        RequestRefusal::Base(_) => "signature-base",
        RequestRefusal::Signature => "signature",
        RequestRefusal::DigestMissing => "digest-missing",
        RequestRefusal::Digest(_) => "digest",
        RequestRefusal::Time(TimeRefusal::Backwards) => "time-backwards",
        RequestRefusal::Time(TimeRefusal::WindowTooLong) => "window-too-long",
        RequestRefusal::Time(TimeRefusal::Ahead) => "created-ahead",
        RequestRefusal::Time(TimeRefusal::Expired) => "expired",
        _ => "refused",
    }
}

/// A request whose signature holds.
#[derive(Debug)]
pub(crate) struct Signed<'head> {
    pub(crate) verified: Verified<'head>,
    pub(crate) by: SignedBy,
}

/// Whose key it was.
#[derive(Clone, Debug)]
pub(crate) enum SignedBy {
    Session(Arc<Session>),
    Device(Arc<Device>),
    /// A device that is not enrolled yet.
    New(DeviceId),
}

impl SignedBy {
    pub(crate) fn device(&self) -> DeviceId {
        match self {
            Self::Session(session) => session.device,
            Self::Device(device) => device.id,
            Self::New(device) => *device,
        }
    }
}

/// Keys that nobody has: a request under an unknown key is verified under one of them, and so takes
/// the time that any other takes.
pub(crate) struct Decoys {
    session: SessionKey,
    device: PublicKey,
}

impl std::fmt::Debug for Decoys {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Decoys")
    }
}

impl Decoys {
    pub(crate) fn make() -> Result<Self, KeyError> {
        let mut bytes = [0; SESSION_KEY_BYTES];
        rng::fill(&mut SystemRng, &mut bytes).map_err(|_| KeyError::NotMade)?;
        Ok(Self {
            session: SessionKey::from_bytes(&bytes),
            device: SigningKey::make(Algorithm::Sm2Sm3)?.public_key()?,
        })
    }
}

/// What a signature is verified against, beside the message.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Keys<'keys> {
    pub(crate) identity: &'keys Identity,
    pub(crate) decoys: &'keys Decoys,
    /// The key that an enrolment brings.
    pub(crate) enrolling: Option<&'keys PublicKey>,
}

/// # Errors
/// When the request is not signed by a key that will do.
pub(crate) async fn verify<'head>(
    keys: Keys<'_>,
    key_rule: KeyRule,
    head: &'head Head,
    target_uri: &str,
    body: &[u8],
    now: Timestamp,
) -> Result<Signed<'head>, Reason> {
    let claim = Claim::read(head).map_err(Reason::Refused)?;
    let message = Message::request(head.method(), target_uri, head);
    let by = match (key_rule, claim.key_id()) {
        (KeyRule::Enrolling, key_id) => {
            let key = keys.enrolling.ok_or(Reason::NotItsOwnKey)?;
            let device = key.device_id();
            if key_id != KeyId::Device(device) {
                return Err(Reason::NotItsOwnKey);
            }
            let verified = claim.verify(VerifyWith::Public(key), &message, body);
            return Ok(Signed {
                verified: verified.map_err(Reason::Refused)?,
                by: SignedBy::New(device),
            });
        }
        (KeyRule::Device, KeyId::Session(_)) => return Err(Reason::DeviceKeyNeeded),
        (KeyRule::DeviceOrSession, KeyId::Session(id)) => {
            let session = keys.identity.sessions.find(id, now);
            session.map(SignedBy::Session)
        }
        (KeyRule::Device | KeyRule::DeviceOrSession, KeyId::Device(id)) => {
            let device = keys.identity.devices.find(id).await;
            let device = device.map_err(|_| Reason::Store)?;
            device
                .filter(|device| device.is_active())
                .map(SignedBy::Device)
        }
    };
    let key = match (&by, claim.key_id()) {
        (Some(SignedBy::Session(session)), _) => VerifyWith::Session(&session.key),
        (Some(SignedBy::Device(device)), _) => VerifyWith::Public(&device.signature_key),
        (_, KeyId::Session(_)) => VerifyWith::Session(&keys.decoys.session),
        (_, KeyId::Device(_)) => VerifyWith::Public(&keys.decoys.device),
    };
    let verified = claim.verify(key, &message, body);
    match (by, verified) {
        (Some(by), Ok(verified)) => Ok(Signed { verified, by }),
        (Some(_), Err(refusal)) => Err(Reason::Refused(refusal)),
        (None, _) => Err(Reason::KeyUnknown),
    }
}
