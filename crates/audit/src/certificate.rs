//! What a certificate says: the facts, without any judgement about who issued it.
//!
//! Packages for phones are mostly signed with certificates that nobody vouches for, so there is
//! no chain to check. What counts is which key signed, whether it is strong enough, whether it is
//! the debug key that every development kit hands out, and until when it is valid.
//!
//! ```
//! use hefu_audit::certificate::{Certificate, CertificateError};
//!
//! assert_eq!(Certificate::parse(b"not a certificate"), Err(CertificateError::Malformed));
//! ```
//!
//! Clauses: JR-6.1.1.1.a.

mod name;
mod time;

pub use name::Name;

use crate::signature::ber::{Malformed, Reader, Tag, Value, dotted, magnitude};
use crate::signature::hash::{hex, sha256};
use crate::signature::key::PublicKey;
use crate::signature::pkcs7::SignatureOid;

/// Bytes of one certificate. Stops names and extensions made to be compared again and again; the
/// certificates of signers have one or two thousand.
pub const CERTIFICATE_BYTES_MAX: usize = 1 << 16;

const KEY_USAGE: &str = "2.5.29.15";

/// Why bytes are no certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Not an X.509 certificate.
    #[error("malformed certificate")]
    Malformed,
    /// Longer than [`CERTIFICATE_BYTES_MAX`].
    #[error("certificate over the size limit")]
    TooLarge,
}

impl From<Malformed> for CertificateError {
    fn from(_: Malformed) -> Self {
        Self::Malformed
    }
}

/// The facts of one X.509 certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certificate {
    /// Whose key it is.
    pub subject: Name,
    /// Who says so; the same as the subject for most app signers.
    pub issuer: Name,
    /// Serial number, hexadecimal.
    pub serial: String,
    /// SHA-256 of the certificate as it stands, hexadecimal.
    pub sha256: String,
    /// `RSA`, `DSA`, `EC`, or the dotted identifier of another kind of key.
    pub key_algorithm: String,
    /// Bits of the key's modulus or field; 0 for a kind that is not known here.
    pub key_bits: u32,
    /// Unix time in seconds from which on it is valid.
    pub not_before: i64,
    /// Unix time in seconds until which it is valid.
    pub not_after: i64,
    /// How the certificate itself is signed, for instance `sha256WithRSAEncryption`.
    pub signature_algorithm: String,
    /// The certificate itself is signed over a digest for which collisions can be made.
    pub has_weak_digest: bool,
    /// The key that Android development kits generate for test builds.
    pub is_android_debug: bool,

    encoded: Vec<u8>,
    signed: Vec<u8>,
    signature_oid: String,
    signature: Vec<u8>,
    public_key: PublicKey,
    canonical_spki: Vec<u8>,
    issuer_encoded: Vec<u8>,
    subject_encoded: Vec<u8>,
    serial_bytes: Vec<u8>,
    key_usage: Option<u8>,
    has_unknown_critical_extension: bool,
}

impl Certificate {
    /// Reads a certificate in DER, or in the looser BER that shipped apps contain. Bytes after it
    /// are not looked at, but count in [`sha256`](Self::sha256).
    ///
    /// # Errors
    /// [`CertificateError`].
    pub fn parse(encoded: &[u8]) -> Result<Self, CertificateError> {
        if encoded.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLarge);
        }
        let mut outer = Reader::new(encoded).required(Tag::SEQUENCE)?.inside();
        let signed = outer.required(Tag::SEQUENCE)?;
        let mut algorithm = outer.required(Tag::SEQUENCE)?.inside();
        let signature_oid = dotted(algorithm.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
        let signature = outer.required(Tag::BIT_STRING)?.contents;
        let mut body = signed.inside();

        if let Some(version) = body.optional(Tag::context(0))? {
            version.inside().required(Tag::INTEGER)?;
        }
        let serial = body.required(Tag::INTEGER)?.contents;
        body.required(Tag::SEQUENCE)?
            .inside()
            .required(Tag::OBJECT_IDENTIFIER)?;
        let issuer = body.required(Tag::SEQUENCE)?;
        let mut validity = body.required(Tag::SEQUENCE)?.inside();
        let subject = body.required(Tag::SEQUENCE)?;
        let spki = body.required(Tag::SEQUENCE)?;
        body.optional(Tag::context(1))?;
        body.optional(Tag::context(2))?;
        let extensions = body
            .optional(Tag::context(3))?
            .map(extensions)
            .transpose()?;
        let extensions = extensions.unwrap_or_default();
        if body.next()?.is_some() || outer.next()?.is_some() {
            return Err(CertificateError::Malformed);
        }

        let public_key = PublicKey::parse(spki.encoded)?;
        let subject_name = Name::parse(subject)?;
        let (signature_algorithm, has_weak_digest) = signature_algorithm(&signature_oid);
        Ok(Self {
            is_android_debug: subject_name.is_android_debug(),
            subject: subject_name,
            issuer: Name::parse(issuer)?,
            serial: hex(magnitude(serial)),
            sha256: hex(&sha256(&[encoded])),
            key_algorithm: public_key.algorithm().to_owned(),
            key_bits: public_key.bits(),
            not_before: time::unix_seconds(validity.any()?)?,
            not_after: time::unix_seconds(validity.any()?)?,
            signature_algorithm,
            has_weak_digest,
            encoded: encoded.to_vec(),
            signed: signed.encoded.to_vec(),
            signature_oid,
            // The first byte counts unused bits; signatures are whole bytes.
            signature: signature.get(1..).unwrap_or_default().to_vec(),
            canonical_spki: public_key.canonical_spki(spki.encoded),
            public_key,
            issuer_encoded: issuer.encoded.to_vec(),
            subject_encoded: subject.encoded.to_vec(),
            serial_bytes: serial.to_vec(),
            key_usage: extensions.key_usage,
            has_unknown_critical_extension: extensions.has_unknown_critical,
        })
    }

    /// The certificate as it stands.
    #[must_use]
    pub fn encoded(&self) -> &[u8] {
        &self.encoded
    }

    /// Issuer and subject are the same.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        name::same(&self.subject_encoded, &self.issuer_encoded)
    }

    /// Whether it is valid at that Unix time in seconds.
    #[must_use]
    pub fn is_valid_at(&self, unix_seconds: i64) -> bool {
        (self.not_before..=self.not_after).contains(&unix_seconds)
    }

    pub(crate) fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The key as a well-behaved writer would have encoded it.
    pub(crate) fn canonical_spki(&self) -> &[u8] {
        &self.canonical_spki
    }

    /// Whether a signature that names its certificate like this means this certificate.
    pub(crate) fn is_named(&self, issuer_encoded: &[u8], serial: &[u8]) -> bool {
        // Signed numbers: a leading zero byte makes a difference only where it is superfluous.
        fn shortest(mut number: &[u8]) -> &[u8] {
            while let [0x00, next @ ..] = number
                && next.first().is_some_and(|first| first & 0x80 == 0)
            {
                number = next;
            }
            number
        }
        shortest(serial) == shortest(&self.serial_bytes)
            && name::same(issuer_encoded, &self.issuer_encoded)
    }

    /// Whether this certificate's subject is the other's issuer.
    pub(crate) fn issued(&self, other: &Self) -> bool {
        name::same(&self.subject_encoded, &other.issuer_encoded)
    }

    /// Whether the issuer's key signed this certificate, and the issuer is who it names.
    #[must_use]
    pub fn is_signed_by(&self, issuer: &Self) -> bool {
        let mechanism = SignatureOid::parse(&self.signature_oid).and_then(SignatureOid::mechanism);
        issuer.issued(self)
            && mechanism.is_some_and(|mechanism| {
                issuer
                    .public_key
                    .verify(mechanism, &[&self.signed], &self.signature)
                    .is_ok()
            })
    }

    /// Whether the extensions allow the key to sign content.
    pub(crate) fn may_sign_content(&self) -> bool {
        const DIGITAL_SIGNATURE_OR_NON_REPUDIATION: u8 = 0x80 | 0x40;
        !self.has_unknown_critical_extension
            && self
                .key_usage
                .is_none_or(|bits| bits & DIGITAL_SIGNATURE_OR_NON_REPUDIATION != 0)
    }
}

#[derive(Default)]
struct Extensions {
    /// The first eight bits of the key usage.
    key_usage: Option<u8>,
    has_unknown_critical: bool,
}

fn extensions(wrapped: Value<'_>) -> Result<Extensions, Malformed> {
    let mut found = Extensions::default();
    for extension in wrapped.inside().required(Tag::SEQUENCE)?.inside().all()? {
        let mut fields = extension.expect(Tag::SEQUENCE)?.inside();
        let oid = dotted(fields.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
        let critical = fields.optional(Tag::BOOLEAN)?;
        let critical = critical.is_some_and(|value| value.contents.iter().any(|&byte| byte != 0));
        let value = fields.required(Tag::OCTET_STRING)?.contents;
        if oid == KEY_USAGE {
            let bits = Reader::new(value).required(Tag::BIT_STRING)?.contents;
            // The first byte counts unused bits; no further byte means that no bit is set.
            found.key_usage = Some(bits.get(1).copied().unwrap_or(0));
        }
        found.has_unknown_critical |= critical && !is_known_extension(&oid);
    }
    Ok(found)
}

/// Extensions that platforms understand and so accept when marked critical.
fn is_known_extension(oid: &str) -> bool {
    const KNOWN: [&str; 17] = [
        "2.5.29.9",
        "2.5.29.14",
        KEY_USAGE,
        "2.5.29.16",
        "2.5.29.17",
        "2.5.29.18",
        "2.5.29.19",
        "2.5.29.30",
        "2.5.29.31",
        "2.5.29.32",
        "2.5.29.33",
        "2.5.29.35",
        "2.5.29.36",
        "2.5.29.37",
        "2.5.29.54",
        "1.3.6.1.5.5.7.1.1",
        "2.16.840.1.113730.1.1",
    ];
    KNOWN.contains(&oid)
}

/// The usual name of a certificate's signature algorithm, and whether its digest is weak.
fn signature_algorithm(oid: &str) -> (String, bool) {
    let (name, weak) = match oid {
        "1.2.840.113549.1.1.2" => ("md2WithRSAEncryption", true),
        "1.2.840.113549.1.1.4" => ("md5WithRSAEncryption", true),
        "1.2.840.113549.1.1.5" => ("sha1WithRSAEncryption", true),
        "1.2.840.113549.1.1.10" => ("rsassaPss", false),
        "1.2.840.113549.1.1.11" => ("sha256WithRSAEncryption", false),
        "1.2.840.113549.1.1.12" => ("sha384WithRSAEncryption", false),
        "1.2.840.113549.1.1.13" => ("sha512WithRSAEncryption", false),
        "1.2.840.113549.1.1.14" => ("sha224WithRSAEncryption", false),
        "1.2.840.10040.4.3" => ("dsaWithSHA1", true),
        "2.16.840.1.101.3.4.3.1" => ("dsa_with_SHA224", false),
        "2.16.840.1.101.3.4.3.2" => ("dsa_with_SHA256", false),
        "1.2.840.10045.4.1" => ("ecdsa-with-SHA1", true),
        "1.2.840.10045.4.3.1" => ("ecdsa-with-SHA224", false),
        "1.2.840.10045.4.3.2" => ("ecdsa-with-SHA256", false),
        "1.2.840.10045.4.3.3" => ("ecdsa-with-SHA384", false),
        "1.2.840.10045.4.3.4" => ("ecdsa-with-SHA512", false),
        "1.2.156.10197.1.501" => ("SM2-with-SM3", false),
        "1.3.101.112" => ("ED25519", false),
        _ => return (oid.to_owned(), false),
    };
    (name.to_owned(), weak)
}
