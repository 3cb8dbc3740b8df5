//! One certificate: its bytes, parsed once into what the rest of the program asks for.

use super::encoding::{LAST_S, Signed, SignedError, date, is_sm2_with_sm3, seconds};
use super::extensions::{BasicConstraints, ExtendedKeyUsage, Extensions, KeyUsage, SubjectName};
use super::name::Name;
use super::serial::SerialNumber;
use super::{CERTIFICATE_BYTES_MAX, CERTIFICATES_FILE_BYTES_MAX, CERTIFICATES_MAX};
use crate::pem;
use crate::provider::Provider;
use crate::sm2::{KeyError, PublicKey, VerifyError, VerifyingKey};
use crate::sm3;
use core::fmt;
use der::asn1::{AnyRef, BitStringRef, UintRef};
use der::{Decode, Encode, Sequence};
use pkcs8::AlgorithmIdentifierRef;
use std::sync::Arc;
use x509_cert::Version;
use x509_cert::ext::Extensions as RawExtensions;
use x509_cert::time::Validity as RawValidity;

const LABEL: &str = "CERTIFICATE";

/// Why bytes are no certificate that is understood here.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// Longer than [`CERTIFICATE_BYTES_MAX`], or a file longer than [`CERTIFICATES_FILE_BYTES_MAX`].
    #[error("the certificate is too long")]
    TooLong,
    /// More certificates, extensions or names than their limits.
    #[error("there are more certificates, extensions or names than the limit")]
    TooMany,
    /// There is no PEM block `CERTIFICATE`, or its base64 is bad.
    #[error("the file holds no readable PEM block CERTIFICATE")]
    Pem,
    /// The bytes are no DER of a certificate.
    #[error("the certificate is not DER of the expected structure")]
    Der,
    /// It is not of version 3, the only one with constraints.
    #[error("the certificate is not of version 3")]
    Version,
    /// The serial number is negative or longer than 20 bytes.
    #[error("the serial number is negative or too long")]
    Serial,
    /// The signature is not SM2 with SM3, or the inner and the outer name of its algorithm differ.
    #[error("the certificate is not signed with SM2 and SM3")]
    SignatureAlgorithm,
    /// The signature is not DER of two numbers in range.
    #[error("the certificate's signature is malformed")]
    Signature,
    /// The subject's key is not an SM2 key.
    #[error("the certificate's key: {0}")]
    Key(KeyError),
    /// A distinguished name is malformed or too long.
    #[error("a distinguished name in the certificate is malformed or too long")]
    Name,
    /// It ends before it begins.
    #[error("the certificate ends before it begins")]
    Validity,
    /// An extension that is understood is malformed.
    #[error("an extension of the certificate is malformed")]
    Extension,
    /// An extension stands there twice.
    #[error("the certificate has an extension twice")]
    DuplicateExtension,
    /// An extension that must be understood is not: unknown and critical, or name constraints.
    #[error("the certificate has a critical extension that is not supported")]
    CriticalExtension,
}

/// The dates of a validity are out of order or out of range.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("a validity begins in 1970 or later, ends after it begins and before the year 10000")]
pub struct ValidityError;

/// From when to when a certificate holds, in Unix seconds, both included.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Validity {
    not_before_s: i64,
    not_after_s: i64,
}

impl Validity {
    /// From `not_before_s` to `not_after_s`.
    ///
    /// # Errors
    /// [`ValidityError`].
    pub fn new(not_before_s: i64, not_after_s: i64) -> Result<Self, ValidityError> {
        if (0..=LAST_S).contains(&not_before_s) && (not_before_s..=LAST_S).contains(&not_after_s) {
            Ok(Self {
                not_before_s,
                not_after_s,
            })
        } else {
            Err(ValidityError)
        }
    }

    /// The first second.
    #[must_use]
    pub fn not_before_s(self) -> i64 {
        self.not_before_s
    }

    /// The last second.
    #[must_use]
    pub fn not_after_s(self) -> i64 {
        self.not_after_s
    }

    /// Whether it holds at `now_s`.
    #[must_use]
    pub fn holds_at(self, now_s: i64) -> bool {
        (self.not_before_s..=self.not_after_s).contains(&now_s)
    }

    pub(super) fn to_raw(self) -> der::Result<RawValidity> {
        Ok(RawValidity::new(
            date(self.not_before_s)?,
            date(self.not_after_s)?,
        ))
    }
}

/// A certificate of version 3 with an SM2 key and a signature of SM2 over SM3. That it was read says
/// nothing about whom it came from: [`Trust`](super::Trust) does. Cheap to clone.
#[derive(Clone)]
pub struct Certificate {
    parsed: Arc<Parsed>,
}

struct Parsed {
    der: Vec<u8>,
    signed: Signed,
    serial: SerialNumber,
    issuer: Name,
    subject: Name,
    validity: Validity,
    key: VerifyingKey,
    extensions: Extensions,
}

impl Certificate {
    /// Reads DER, with nothing after it.
    ///
    /// # Errors
    /// [`CertificateError`] says what is wrong.
    pub fn from_der(bytes: &[u8]) -> Result<Self, CertificateError> {
        if bytes.len() > CERTIFICATE_BYTES_MAX {
            return Err(CertificateError::TooLong);
        }
        let signed = Signed::from_der(bytes).map_err(|error| match error {
            SignedError::Der => CertificateError::Der,
            SignedError::Algorithm => CertificateError::SignatureAlgorithm,
            SignedError::Signature => CertificateError::Signature,
        })?;
        Ok(Self {
            parsed: Arc::new(Parsed::read(bytes.to_vec(), signed)?),
        })
    }

    /// Reads the first `CERTIFICATE` block of PEM.
    ///
    /// # Errors
    /// [`CertificateError`] says what is wrong.
    pub fn from_pem(text: &str) -> Result<Self, CertificateError> {
        let first = Self::pem_blocks(text)?.next();
        first.ok_or(CertificateError::Pem)?
    }

    /// Reads all `CERTIFICATE` blocks of PEM, at least one and at most [`CERTIFICATES_MAX`].
    ///
    /// # Errors
    /// [`CertificateError`] says what is wrong with the first that is wrong.
    pub fn list_from_pem(text: &str) -> Result<Vec<Self>, CertificateError> {
        let mut certificates = Vec::new();
        for certificate in Self::pem_blocks(text)? {
            if certificates.len() == CERTIFICATES_MAX {
                return Err(CertificateError::TooMany);
            }
            certificates.push(certificate?);
        }
        if certificates.is_empty() {
            return Err(CertificateError::Pem);
        }
        Ok(certificates)
    }

    /// The bytes, as they came.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.parsed.der
    }

    /// As a PEM block.
    #[must_use]
    pub fn to_pem(&self) -> String {
        pem::encode(LABEL, &self.parsed.der)
    }

    /// Its number with its issuer.
    #[must_use]
    pub fn serial(&self) -> &SerialNumber {
        &self.parsed.serial
    }

    /// Who signed it.
    #[must_use]
    pub fn issuer(&self) -> &Name {
        &self.parsed.issuer
    }

    /// Whom it names.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.parsed.subject
    }

    /// When it holds.
    #[must_use]
    pub fn validity(&self) -> Validity {
        self.parsed.validity
    }

    /// The subject's key, without a purpose: check [`key_usage`](Self::key_usage) first, or verify a
    /// chain for a purpose.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.parsed.key.public_key()
    }

    /// The subject's key to verify signatures with, prepared once.
    #[must_use]
    pub fn verifying_key(&self) -> &VerifyingKey {
        &self.parsed.key
    }

    /// What the key may be used for; none when the certificate does not say.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsage> {
        self.parsed.extensions.key_usage
    }

    /// In which protocols the key may be used; none when the certificate does not say.
    #[must_use]
    pub fn extended_key_usage(&self) -> Option<ExtendedKeyUsage> {
        self.parsed.extensions.extended_key_usage
    }

    /// Whether it is an authority's; none when the certificate does not say, and then it is not.
    #[must_use]
    pub fn basic_constraints(&self) -> Option<BasicConstraints> {
        self.parsed.extensions.basic_constraints
    }

    /// The subject's alternative names.
    #[must_use]
    pub fn subject_names(&self) -> &[SubjectName] {
        &self.parsed.extensions.names
    }

    /// The identifier of the subject's key.
    #[must_use]
    pub fn subject_key_id(&self) -> Option<&[u8]> {
        self.parsed.extensions.subject_key_id.as_deref()
    }

    /// The identifier of the issuer's key.
    #[must_use]
    pub fn authority_key_id(&self) -> Option<&[u8]> {
        self.parsed.extensions.authority_key_id.as_deref()
    }

    /// Whether it is an authority's.
    #[must_use]
    pub fn is_authority(&self) -> bool {
        self.basic_constraints()
            .is_some_and(|constraints| constraints.authority)
    }

    /// Whether subject and issuer have the same name.
    #[must_use]
    pub fn is_self_issued(&self) -> bool {
        self.issuer() == self.subject()
    }

    /// SM3 of the bytes, by which one certificate is told from another.
    #[must_use]
    pub fn fingerprint(&self) -> [u8; sm3::DIGEST_BYTES] {
        sm3::digest(&[&self.parsed.der])
    }

    /// Whether `key` signed it.
    ///
    /// # Errors
    /// [`VerifyError`].
    pub fn verify_signature(
        &self,
        provider: &dyn Provider,
        key: &VerifyingKey,
    ) -> Result<(), VerifyError> {
        self.parsed.signed.verify(provider, key)
    }

    fn pem_blocks(
        text: &str,
    ) -> Result<impl Iterator<Item = Result<Self, CertificateError>>, CertificateError> {
        if text.len() > CERTIFICATES_FILE_BYTES_MAX {
            return Err(CertificateError::TooLong);
        }
        let mut rest = text;
        Ok(std::iter::from_fn(move || {
            let (block, after) = pem::first_block(rest, LABEL)?;
            rest = after;
            let der = pem::decode(block).ok_or(CertificateError::Pem);
            Some(der.and_then(|der| Self::from_der(&der)))
        }))
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.parsed.der == other.parsed.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("serial", &self.parsed.serial)
            .field("issuer", &self.parsed.issuer)
            .finish_non_exhaustive()
    }
}

impl Parsed {
    fn read(der: Vec<u8>, signed: Signed) -> Result<Self, CertificateError> {
        let tbs = TbsCertificate::from_der(&signed.content).map_err(|_| CertificateError::Der)?;
        if tbs.version != Version::V3 {
            return Err(CertificateError::Version);
        }
        // Otherwise the signed content would not protect the choice of algorithm.
        if !is_sm2_with_sm3(&tbs.signature) {
            return Err(CertificateError::SignatureAlgorithm);
        }
        let serial = SerialNumber::from_der(&tbs.serial).ok_or(CertificateError::Serial)?;
        let name = |name: AnyRef<'_>| {
            let der = name.to_der().map_err(|_| CertificateError::Der)?;
            Name::from_der(&der).map_err(|_| CertificateError::Name)
        };
        let (issuer, subject) = (name(tbs.issuer)?, name(tbs.subject)?);
        let validity = Validity::new(
            seconds(&tbs.validity.not_before),
            seconds(&tbs.validity.not_after),
        )
        .map_err(|_| CertificateError::Validity)?;
        let spki = tbs.public_key.to_der().map_err(|_| CertificateError::Der)?;
        let key = PublicKey::from_spki_der(&spki).map_err(CertificateError::Key)?;
        let extensions = match &tbs.extensions {
            Some(extensions) => Extensions::read(extensions)?,
            None => Extensions::default(),
        };
        Ok(Self {
            der,
            signed,
            serial,
            issuer,
            subject,
            validity,
            key: VerifyingKey::from(key),
            extensions,
        })
    }
}

/// The signed content of a certificate (RFC 5280, 4.1). Names and key stay as their bytes came.
#[derive(Sequence)]
pub(super) struct TbsCertificate<'a> {
    #[asn1(context_specific = "0", default = "Default::default")]
    pub(super) version: Version,
    pub(super) serial: UintRef<'a>,
    pub(super) signature: AlgorithmIdentifierRef<'a>,
    pub(super) issuer: AnyRef<'a>,
    pub(super) validity: RawValidity,
    pub(super) subject: AnyRef<'a>,
    pub(super) public_key: AnyRef<'a>,
    #[asn1(context_specific = "1", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) issuer_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "2", tag_mode = "IMPLICIT", optional = "true")]
    pub(super) subject_unique_id: Option<BitStringRef<'a>>,
    #[asn1(context_specific = "3", tag_mode = "EXPLICIT", optional = "true")]
    pub(super) extensions: Option<RawExtensions>,
}
