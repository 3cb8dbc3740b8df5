//! A request's signature: what a client makes and a gateway checks (docs/PROTOCOL.md, section 3).
//!
//! The gateway reads the [`Claim`] first, looks up the key that it names, and then lets the claim
//! [`verify`](Claim::verify) the message under that key. Time comes after the signature: the time in
//! an unverified message means nothing.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.3.d.4, CJ-6.4.3.b, CJ-6.4.3.c, CJ-4.2.2.e, JR-6.1.5.1, JR-6.2.2.a, AN-1, AN-10.

use std::borrow::Cow;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::base::{self, BaseError, Message};
use super::input::{Component, InputError, Item, SignatureInput, parse_input, parse_signature};
use crate::clock::Timestamp;
use crate::digest::{self, DigestAlgorithm, DigestRefusal};
use crate::fields::{Duplicate, Fields, single};
use crate::ids::KeyId;
use crate::key::{SignFailed, Signer, VerifyWith};
use crate::nonce::Nonce;
use crate::problem::Code;
use crate::time::{self, TimeRefusal, Window};

/// The `tag` of requests of this contract.
pub const TAG: &str = "hefu";
/// The label that our client writes; a gateway takes any.
pub const LABEL: &str = "hefu";

/// What every request covers.
pub const COVERED: [&str; 4] = ["@method", "@target-uri", "content-digest", "x-function-no"];

/// Longest `Authorization`, in bytes. Stops: tokens of a megabyte to be hashed.
pub const AUTHORIZATION_BYTES_MAX: usize = 256;

/// Field lines that may occur once: two readers of a request must not each see another value.
pub const SINGLE_FIELDS: [&str; 8] = [
    "signature-input",
    "signature",
    "content-digest",
    "authorization",
    "x-function-no",
    "host",
    "content-type",
    "content-length",
];

/// Why a request's signature is refused. Outside, all of them but the malformed are one answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestRefusal {
    /// A field of [`SINGLE_FIELDS`] occurs twice.
    #[error("{0}")]
    Duplicate(#[from] Duplicate),
    /// `Signature-Input` or `Signature` cannot be read.
    #[error("{0}")]
    Input(#[from] InputError),
    /// `Authorization` or another field is over its limit.
    #[error("a header field is larger than its limit")]
    FieldTooLarge,
    /// No signature at all.
    #[error("the request is not signed")]
    Unsigned,
    /// No signature, or more than one, has the tag.
    #[error("not exactly one signature has the tag hefu")]
    Tag,
    /// Something that must be covered is not, or only with parameters.
    #[error("the signature does not cover all that it must")]
    NotCovered,
    /// A parameter is missing, of the wrong type, or not one of this contract's.
    #[error("a signature parameter is missing, malformed or unknown")]
    Parameter,
    /// `keyid` names no kind of key.
    #[error("keyid names no device and no session")]
    KeyId,
    /// The nonce is malformed.
    #[error("the nonce is malformed")]
    Nonce,
    /// `alg` is not the key's algorithm.
    #[error("alg is not the algorithm of the key")]
    Algorithm,
    /// The base cannot be built.
    #[error("{0}")]
    Base(#[from] BaseError),
    /// The signature does not hold.
    #[error("the signature does not hold")]
    Signature,
    /// `Content-Digest` is missing.
    #[error("content-digest is missing")]
    DigestMissing,
    /// `Content-Digest` is refused.
    #[error("{0}")]
    Digest(#[from] DigestRefusal),
    /// A time rule is broken.
    #[error("{0}")]
    Time(#[from] TimeRefusal),
}

impl RequestRefusal {
    /// The public code: `malformed` for what cannot be read, `unauthenticated` for all else.
    #[must_use]
    pub const fn code(self) -> Code {
        match self {
            Self::Duplicate(_) | Self::Input(_) | Self::FieldTooLarge => Code::Malformed,
            Self::Unsigned
            | Self::Tag
            | Self::NotCovered
            | Self::Parameter
            | Self::KeyId
            | Self::Nonce
            | Self::Algorithm
            | Self::Base(_)
            | Self::Signature
            | Self::DigestMissing
            | Self::Digest(_)
            | Self::Time(_) => Code::Unauthenticated,
        }
    }
}

/// What a request claims about its signature, read but not verified.
#[derive(Debug)]
pub struct Claim<'message> {
    input: SignatureInput<'message>,
    signature: Vec<u8>,
    key_id: KeyId,
    created: i64,
    expires: i64,
}

/// A request whose signature holds.
#[derive(Debug)]
pub struct Verified<'message> {
    claim: Claim<'message>,
}

impl<'message> Claim<'message> {
    /// Reads the one signature with our tag, and checks all that needs no key.
    ///
    /// # Errors
    /// When there is no such signature or it breaks a rule of form.
    pub fn read<F: Fields + ?Sized>(fields: &'message F) -> Result<Self, RequestRefusal> {
        for name in SINGLE_FIELDS {
            single(fields, name)?;
        }
        let input_field = single(fields, "signature-input")?.ok_or(RequestRefusal::Unsigned)?;
        let signature_field = single(fields, "signature")?.ok_or(RequestRefusal::Unsigned)?;
        let authorization = single(fields, "authorization")?;
        if authorization.is_some_and(|value| value.len() > AUTHORIZATION_BYTES_MAX) {
            return Err(RequestRefusal::FieldTooLarge);
        }
        let ours =
            |input: &SignatureInput<'_>| input.parameter("tag").and_then(Item::as_str) == Some(TAG);
        let mut inputs = parse_input(input_field)?.into_iter().filter(ours);
        let input = inputs.next().ok_or(RequestRefusal::Tag)?;
        if inputs.next().is_some() {
            return Err(RequestRefusal::Tag);
        }
        let covers_all = COVERED.iter().all(|name| input.covers(name))
            && (authorization.is_none() || input.covers("authorization"));
        if !covers_all
            || input
                .components
                .iter()
                .any(|component| component.has("req"))
        {
            return Err(RequestRefusal::NotCovered);
        }
        let signature = parse_signature(signature_field, input.label)?;
        let (key_id, created, expires) = parameters(&input)?;
        Ok(Self {
            input,
            signature,
            key_id,
            created,
            expires,
        })
    }

    /// The key that is said to have signed.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.key_id
    }

    /// The label, for a response that covers this signature.
    #[must_use]
    pub const fn label(&self) -> &'message str {
        self.input.label
    }

    /// Checks the signature over the message under `key`, then the digest of the body.
    ///
    /// # Errors
    /// When the algorithm is another one, something covered is missing, the signature does not
    /// hold, or the body is another one.
    pub fn verify<F: Fields + ?Sized>(
        self,
        key: VerifyWith<'_>,
        message: &Message<'_, F>,
        body: &[u8],
    ) -> Result<Verified<'message>, RequestRefusal> {
        let stated = self.input.parameter("alg").and_then(Item::as_str);
        if stated.is_some_and(|stated| stated != key.algorithm().as_str()) {
            return Err(RequestRefusal::Algorithm);
        }
        let base = base::build::<F, F>(&self.input, message, None)?;
        key.verify(base.as_bytes(), &self.signature)
            .map_err(|_| RequestRefusal::Signature)?;
        let digest =
            single(message.fields, "content-digest")?.ok_or(RequestRefusal::DigestMissing)?;
        digest::verify(digest, body)?;
        Ok(Verified { claim: self })
    }
}

impl<'message> Verified<'message> {
    /// The key that signed.
    #[must_use]
    pub const fn key_id(&self) -> KeyId {
        self.claim.key_id
    }

    /// The label, for a response that covers this signature.
    #[must_use]
    pub const fn label(&self) -> &'message str {
        self.claim.input.label
    }

    /// The nonce.
    #[must_use]
    pub fn nonce(&self) -> &str {
        self.claim
            .input
            .parameter("nonce")
            .and_then(Item::as_str)
            .unwrap_or_default()
    }

    /// When it was signed, in Unix seconds.
    #[must_use]
    pub const fn created(&self) -> i64 {
        self.claim.created
    }

    /// Until when it may be believed, in Unix seconds.
    #[must_use]
    pub const fn expires(&self) -> i64 {
        self.claim.expires
    }

    /// Checks the time rules.
    ///
    /// # Errors
    /// With the first rule that is broken.
    pub fn check_time(&self, now: Timestamp, window: Window) -> Result<(), RequestRefusal> {
        Ok(time::check(
            self.claim.created,
            self.claim.expires,
            now,
            window,
        )?)
    }
}

fn parameters(input: &SignatureInput<'_>) -> Result<(KeyId, i64, i64), RequestRefusal> {
    let (mut created, mut expires, mut key_id, mut nonce) = (None, None, None, None);
    for (key, item) in &input.parameters {
        match (*key, item) {
            ("created", Item::Integer(at)) => created = Some(*at),
            ("expires", Item::Integer(at)) => expires = Some(*at),
            ("keyid", Item::String(id)) => {
                key_id = Some(id.parse::<KeyId>().map_err(|_| RequestRefusal::KeyId)?);
            }
            ("nonce", Item::String(text)) => {
                Nonce::parse(text).map_err(|_| RequestRefusal::Nonce)?;
                nonce = Some(());
            }
            ("alg" | "tag", Item::String(_)) => {}
            _ => return Err(RequestRefusal::Parameter),
        }
    }
    match (key_id, created, expires, nonce) {
        (Some(key_id), Some(created), Some(expires), Some(())) => Ok((key_id, created, expires)),
        _ => Err(RequestRefusal::Parameter),
    }
}

/// What a client says when it signs.
#[derive(Clone, Debug)]
pub struct RequestSignature<'request> {
    /// The key's id.
    pub key_id: KeyId,
    /// Now, by the client's corrected clock, in Unix seconds.
    pub created: i64,
    /// For how long the request holds.
    pub window: Window,
    /// A fresh nonce.
    pub nonce: &'request str,
    /// With what the body is digested.
    pub digest: DigestAlgorithm,
}

/// The three header fields that signing adds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignedFields {
    /// `Content-Digest`.
    pub content_digest: String,
    /// `Signature-Input`.
    pub signature_input: String,
    /// `Signature`.
    pub signature: String,
    /// The text that was signed, for those who want to see it.
    pub base: String,
}

/// Why a request cannot be signed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignRequestError {
    /// The caller's request lacks something, or its target is no absolute URI.
    #[error("{0}")]
    Base(#[from] BaseError),
    /// The key store refused.
    #[error("{0}")]
    Sign(#[from] SignFailed),
}

/// Signs a request. `fields` hold at least `x-function-no`, and `authorization` where there is one;
/// the three fields that come back are added to them.
///
/// # Errors
/// When a field to be covered is missing, or the key store refuses.
pub fn sign<F: Fields + ?Sized>(
    signer: &dyn Signer,
    signature: &RequestSignature<'_>,
    message: &Message<'_, F>,
    body: &[u8],
) -> Result<SignedFields, SignRequestError> {
    let content_digest = digest::content_digest(signature.digest, body);
    let with_digest = WithField {
        fields: message.fields,
        name: "content-digest",
        value: &content_digest,
    };
    let authorized = message.fields.values("authorization").next().is_some();
    let key_id = signature.key_id.to_string();
    let input = SignatureInput {
        label: LABEL,
        components: ["@method", "@target-uri", "content-digest"]
            .into_iter()
            .chain(authorized.then_some("authorization"))
            .chain(["x-function-no"])
            .map(|name| Component {
                name: Cow::Borrowed(name),
                parameters: Vec::new(),
            })
            .collect(),
        // In the order of RFC 9421 §2.3: some readers write parameters again in that order.
        parameters: vec![
            ("created", Item::Integer(signature.created)),
            (
                "expires",
                Item::Integer(
                    signature
                        .created
                        .saturating_add(i64::from(signature.window.secs())),
                ),
            ),
            ("nonce", Item::String(Cow::Borrowed(signature.nonce))),
            (
                "alg",
                Item::String(Cow::Borrowed(signer.algorithm().as_str())),
            ),
            ("keyid", Item::String(Cow::Borrowed(&key_id))),
            ("tag", Item::String(Cow::Borrowed(TAG))),
        ],
    };
    let message = Message {
        line: message.line,
        fields: &with_digest,
        trailers: None,
    };
    let base = base::build::<_, F>(&input, &message, None)?;
    let signed = signer.sign(base.as_bytes())?;
    Ok(SignedFields {
        content_digest,
        signature_input: signature_input_field(&input),
        signature: signature_field(LABEL, &signed),
        base,
    })
}

/// A `Signature-Input` of one signature.
pub(super) fn signature_input_field(input: &SignatureInput<'_>) -> String {
    let mut field = String::with_capacity(256);
    field.push_str(input.label);
    field.push('=');
    input.write_signature_params(&mut field);
    field
}

/// A `Signature` of one signature.
pub(super) fn signature_field(label: &str, signature: &[u8]) -> String {
    let mut field = String::with_capacity(label.len() + 96);
    field.push_str(label);
    field.push_str("=:");
    STANDARD.encode_string(signature, &mut field);
    field.push(':');
    field
}

/// Fields, and one more in front of those with its name.
pub(super) struct WithField<'fields, F: ?Sized> {
    pub(super) fields: &'fields F,
    pub(super) name: &'static str,
    pub(super) value: &'fields str,
}

impl<F: Fields + ?Sized> Fields for WithField<'_, F> {
    fn values<'fields>(&'fields self, name: &str) -> impl Iterator<Item = &'fields [u8]> {
        let added = (name == self.name).then_some(self.value.as_bytes());
        added.into_iter().chain(self.fields.values(name))
    }
}
