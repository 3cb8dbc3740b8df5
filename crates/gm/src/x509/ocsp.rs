//! A stapled OCSP response (RFC 6960): an authority's word about one certificate, at one time.

use super::certificate::Certificate;
use super::encoding::{Signed, SignedError, has_unknown_critical};
use super::name::Name;
use super::serial::SerialNumber;
use super::{CLOCK_SKEW_S, EXTENSIONS_MAX, OCSP_AGE_S_MAX, OCSP_BYTES_MAX};
use crate::provider::Provider;
use crate::sm2::VerifyError;
use crate::sm3;
use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, Null, OctetStringRef, UintRef};
use der::oid::ObjectIdentifier;
use der::{Choice, Decode, Encode, Enumerated, Sequence};
use pkcs8::AlgorithmIdentifierRef;
use sha1::{Digest, Sha1};
use sha2::Sha256;
use x509_cert::Version;
use x509_cert::ext::Extensions;
use x509_cert::ext::pkix::CrlReason;

/// The only kind of response there is.
const BASIC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.48.1.1");
const SHA_1: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.14.3.2.26");
const SHA_256: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.2.1");
const SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.401");

/// Most certificates about which one response speaks. A stapled one speaks about one.
const RESPONSES_MAX: usize = 16;
/// Most certificates in a response, each of which may cost a signature.
const RESPONDERS_MAX: usize = 4;

/// Why a response does not speak for a certificate.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum OcspError {
    /// Longer than [`OCSP_BYTES_MAX`], or with more parts than their limits.
    #[error("the OCSP response is too long")]
    TooLong,
    /// The bytes are no DER of a basic response.
    #[error("the OCSP response is not DER of the expected structure")]
    Der,
    /// The responder answered with an error.
    #[error("the OCSP responder gave no answer")]
    Unsuccessful,
    /// The signature is not SM2 with SM3.
    #[error("the OCSP response is not signed with SM2 and SM3")]
    SignatureAlgorithm,
    /// It has a critical extension that is not supported.
    #[error("the OCSP response has a critical extension that is not supported")]
    CriticalExtension,
    /// It is about another certificate.
    #[error("the OCSP response is about another certificate")]
    OtherCertificate,
    /// Neither the authority nor anybody whom it named for this answered.
    #[error("the OCSP responder does not speak for the authority")]
    Responder,
    /// The signature is not the responder's.
    #[error("the OCSP response's signature does not match")]
    BadSignature,
    /// It is outdated, or dated ahead.
    #[error("the OCSP response is outdated")]
    Stale,
    /// The certificate was withdrawn.
    #[error("the certificate was revoked")]
    Revoked,
    /// The authority does not know the certificate.
    #[error("the authority does not know the certificate")]
    Unknown,
    /// The module that verifies did not answer.
    #[error("the module that verifies failed")]
    Module,
}

/// A response whose signature nobody has verified yet; [`check`](Self::check) does.
#[derive(Clone, Debug)]
pub struct OcspResponse {
    signed: Signed,
    responder: Responder,
    answers: Vec<Answer>,
    certificates: Vec<Vec<u8>>,
}

#[derive(Clone, Debug)]
enum Responder {
    Name(Name),
    KeyHash(Vec<u8>),
}

#[derive(Clone, Debug)]
struct Answer {
    algorithm: ObjectIdentifier,
    name_hash: Vec<u8>,
    key_hash: Vec<u8>,
    serial: SerialNumber,
    status: Status,
    this_update_s: i64,
    next_update_s: Option<i64>,
}

#[derive(Clone, Copy, Debug)]
enum Status {
    Good,
    Revoked,
    Unknown,
}

impl OcspResponse {
    /// Reads DER, with nothing after it.
    ///
    /// # Errors
    /// [`OcspError`] says what is wrong.
    pub fn from_der(bytes: &[u8]) -> Result<Self, OcspError> {
        if bytes.len() > OCSP_BYTES_MAX {
            return Err(OcspError::TooLong);
        }
        let outer = RawResponse::from_der(bytes).map_err(|_| OcspError::Der)?;
        if outer.status != RawOutcome::Successful {
            return Err(OcspError::Unsuccessful);
        }
        let body = outer.body.filter(|body| body.kind == BASIC);
        let basic = RawBasic::from_der(body.ok_or(OcspError::Der)?.response.as_bytes())
            .map_err(|_| OcspError::Der)?;
        let content = basic.content.to_der().map_err(|_| OcspError::Der)?;
        let signed = Signed::from_parts(&content, &basic.algorithm, &basic.signature);
        let signed = signed.map_err(|error| match error {
            SignedError::Der | SignedError::Signature => OcspError::Der,
            SignedError::Algorithm => OcspError::SignatureAlgorithm,
        })?;
        let data = RawData::from_der(&content).map_err(|_| OcspError::Der)?;
        let certificates = basic.certificates.unwrap_or_default();
        if data.answers.len() > RESPONSES_MAX || certificates.len() > RESPONDERS_MAX {
            return Err(OcspError::TooLong);
        }
        refuse_critical(data.extensions.as_ref())?;
        let certificates = certificates.iter().map(Encode::to_der);
        Ok(Self {
            responder: Responder::read(&data.responder)?,
            answers: data
                .answers
                .iter()
                .map(Answer::read)
                .collect::<Result<_, _>>()?,
            certificates: certificates
                .collect::<der::Result<_>>()
                .map_err(|_| OcspError::Der)?,
            signed,
        })
    }

    /// Accepts the response as the word that `certificate` of `authority` is good at `now_s`.
    ///
    /// # Errors
    /// [`OcspError`], of which [`Revoked`](OcspError::Revoked) is one.
    pub fn check(
        &self,
        provider: &dyn Provider,
        certificate: &Certificate,
        authority: &Certificate,
        now_s: i64,
    ) -> Result<(), OcspError> {
        let answer = self
            .answers
            .iter()
            .find(|answer| answer.is_about(certificate, authority))
            .ok_or(OcspError::OtherCertificate)?;
        self.verify(provider, authority, now_s)?;
        match answer.status {
            // Withdrawn stays withdrawn, however old the word.
            Status::Revoked => return Err(OcspError::Revoked),
            Status::Unknown => return Err(OcspError::Unknown),
            Status::Good => {}
        }
        if answer.is_fresh_at(now_s) {
            Ok(())
        } else {
            Err(OcspError::Stale)
        }
    }

    /// Whether it speaks of a certificate with this one's number. That it may be believed is for
    /// [`check`](Self::check) to say.
    #[must_use]
    pub fn names(&self, certificate: &Certificate) -> bool {
        self.answer_with(certificate.serial()).is_some()
    }

    /// Whether what it says of a certificate with this one's number is current at `now_s`: for a
    /// server that is about to staple it, and need not verify what it was given.
    #[must_use]
    pub fn is_fresh_at(&self, certificate: &Certificate, now_s: i64) -> bool {
        self.answer_with(certificate.serial())
            .is_some_and(|answer| answer.is_fresh_at(now_s))
    }

    fn answer_with(&self, serial: &SerialNumber) -> Option<&Answer> {
        self.answers.iter().find(|answer| answer.serial == *serial)
    }

    /// Signed by the authority, or by whom the authority named for it with a certificate of its own
    /// (RFC 6960, 4.2.2.2).
    fn verify(
        &self,
        provider: &dyn Provider,
        authority: &Certificate,
        now_s: i64,
    ) -> Result<(), OcspError> {
        let outcome = |verified: Result<(), VerifyError>| {
            verified.map_err(|error| match error {
                VerifyError::Mismatch | VerifyError::IdTooLong => OcspError::BadSignature,
                VerifyError::Module => OcspError::Module,
            })
        };
        if self.responder.is(authority) {
            return outcome(self.signed.verify(provider, authority.verifying_key()));
        }
        let delegate = self
            .certificates
            .iter()
            .filter_map(|der| Certificate::from_der(der).ok())
            .find(|delegate| self.responder.is(delegate))
            .ok_or(OcspError::Responder)?;
        let named = delegate
            .extended_key_usage()
            .is_some_and(|uses| uses.ocsp_signing)
            && delegate.issuer() == authority.subject()
            && delegate.validity().holds_at(now_s);
        if !named {
            return Err(OcspError::Responder);
        }
        delegate
            .verify_signature(provider, authority.verifying_key())
            .map_err(|error| match error {
                VerifyError::Mismatch | VerifyError::IdTooLong => OcspError::Responder,
                VerifyError::Module => OcspError::Module,
            })?;
        outcome(self.signed.verify(provider, delegate.verifying_key()))
    }
}

impl Responder {
    fn read(raw: &RawResponder<'_>) -> Result<Self, OcspError> {
        Ok(match raw {
            RawResponder::Name(name) => {
                let der = name.to_der().map_err(|_| OcspError::Der)?;
                Self::Name(Name::from_der(&der).map_err(|_| OcspError::Der)?)
            }
            RawResponder::KeyHash(hash) => Self::KeyHash(hash.as_bytes().to_vec()),
        })
    }

    fn is(&self, certificate: &Certificate) -> bool {
        match self {
            Self::Name(name) => name == certificate.subject(),
            // Always SHA-1 (RFC 6960, 4.2.1): it only picks the certificate.
            Self::KeyHash(hash) => {
                hash.as_slice() == Sha1::digest(certificate.public_key().to_sec1()).as_slice()
            }
        }
    }
}

impl Answer {
    fn read(raw: &RawAnswer<'_>) -> Result<Self, OcspError> {
        refuse_critical(raw.extensions.as_ref())?;
        Ok(Self {
            algorithm: raw.id.algorithm.oid,
            name_hash: raw.id.name_hash.as_bytes().to_vec(),
            key_hash: raw.id.key_hash.as_bytes().to_vec(),
            serial: SerialNumber::from_der(&raw.id.serial).ok_or(OcspError::Der)?,
            status: match raw.status {
                RawStatus::Good(Null) => Status::Good,
                RawStatus::Revoked(_) => Status::Revoked,
                RawStatus::Unknown(Null) => Status::Unknown,
            },
            this_update_s: seconds(&raw.this_update),
            next_update_s: raw.next_update.as_ref().map(seconds),
        })
    }

    fn is_fresh_at(&self, now_s: i64) -> bool {
        let until_s = self
            .next_update_s
            .unwrap_or(self.this_update_s.saturating_add(OCSP_AGE_S_MAX));
        let from_s = self.this_update_s.saturating_sub(CLOCK_SKEW_S);
        (from_s..=until_s).contains(&now_s)
    }

    /// By number, and by the authority's name and key under whichever hash the responder took.
    fn is_about(&self, certificate: &Certificate, authority: &Certificate) -> bool {
        let hash: fn(&[u8]) -> Vec<u8> = match self.algorithm {
            SHA_1 => |bytes| Sha1::digest(bytes).to_vec(),
            SHA_256 => |bytes| Sha256::digest(bytes).to_vec(),
            SM3 => |bytes| sm3::digest(&[bytes]).to_vec(),
            _ => return false,
        };
        self.serial == *certificate.serial()
            && self.name_hash == hash(authority.subject().as_der())
            && self.key_hash == hash(&authority.public_key().to_sec1())
    }
}

fn refuse_critical(extensions: Option<&Extensions>) -> Result<(), OcspError> {
    match extensions {
        Some(extensions) if extensions.len() > EXTENSIONS_MAX => Err(OcspError::TooLong),
        Some(extensions) if has_unknown_critical(extensions, &[]) => {
            Err(OcspError::CriticalExtension)
        }
        _ => Ok(()),
    }
}

fn seconds(time: &GeneralizedTime) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

#[derive(Sequence)]
struct RawResponse<'a> {
    status: RawOutcome,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    body: Option<RawBody<'a>>,
}

#[derive(Clone, Copy, Debug, Enumerated, Eq, PartialEq)]
#[repr(u8)]
enum RawOutcome {
    Successful = 0,
    MalformedRequest = 1,
    InternalError = 2,
    TryLater = 3,
    SigRequired = 5,
    Unauthorized = 6,
}

#[derive(Sequence)]
struct RawBody<'a> {
    kind: ObjectIdentifier,
    response: &'a OctetStringRef,
}

#[derive(Sequence)]
struct RawBasic<'a> {
    content: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    certificates: Option<Vec<AnyRef<'a>>>,
}

#[derive(Sequence)]
struct RawData<'a> {
    #[asn1(context_specific = "0", default = "Default::default")]
    version: Version,
    responder: RawResponder<'a>,
    produced_at: GeneralizedTime,
    answers: Vec<RawAnswer<'a>>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

#[derive(Choice)]
enum RawResponder<'a> {
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", constructed = "true")]
    Name(AnyRef<'a>),
    #[asn1(context_specific = "2", tag_mode = "EXPLICIT", constructed = "true")]
    KeyHash(&'a OctetStringRef),
}

#[derive(Sequence)]
struct RawAnswer<'a> {
    id: RawId<'a>,
    status: RawStatus,
    this_update: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    next_update: Option<GeneralizedTime>,
    #[asn1(context_specific = "1", tag_mode = "EXPLICIT", optional = "true")]
    extensions: Option<Extensions>,
}

#[derive(Sequence)]
struct RawId<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    name_hash: &'a OctetStringRef,
    key_hash: &'a OctetStringRef,
    serial: UintRef<'a>,
}

#[derive(Choice)]
enum RawStatus {
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    Good(Null),
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", constructed = "true")]
    Revoked(RawRevoked),
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT")]
    Unknown(Null),
}

#[derive(Sequence)]
struct RawRevoked {
    at: GeneralizedTime,
    #[asn1(context_specific = "0", tag_mode = "EXPLICIT", optional = "true")]
    reason: Option<CrlReason>,
}
