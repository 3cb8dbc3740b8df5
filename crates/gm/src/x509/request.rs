//! Certificate requests (PKCS#10): a public key, and the proof that the sender has its private half.

use super::REQUEST_BYTES_MAX;
use super::encoding::{self, SealError, Signed, SignedError};
use super::name::Name;
use crate::pem;
use crate::provider::{Provider, SignSm2};
use crate::sm2::{KeyError, PublicKey, VerifyError, VerifyingKey};
use der::asn1::AnyRef;
use der::{Decode, Encode, Sequence};
use x509_cert::attr::Attributes;
use x509_cert::request::Version;

const LABEL: &str = "CERTIFICATE REQUEST";

/// Why there is no request.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// Longer than [`REQUEST_BYTES_MAX`].
    #[error("the certificate request is longer than {REQUEST_BYTES_MAX} bytes")]
    TooLong,
    /// There is no PEM block `CERTIFICATE REQUEST`, or its base64 is bad.
    #[error("the file holds no readable PEM block CERTIFICATE REQUEST")]
    Pem,
    /// The bytes are no DER of a request.
    #[error("the certificate request is not DER of the expected structure")]
    Der,
    /// The signature is not SM2 with SM3.
    #[error("the certificate request is not signed with SM2 and SM3")]
    SignatureAlgorithm,
    /// The key is not an SM2 key.
    #[error("the certificate request's key: {0}")]
    Key(KeyError),
    /// The sender has not shown that it has the private half.
    #[error("the certificate request's signature does not match its key")]
    BadSignature,
    /// The module that verifies or signs did not answer.
    #[error("the module that holds the key failed")]
    Module,
}

/// A request whose own signature was verified: the sender has the private half of its key. Name and
/// attributes are the sender's wishes, and prove nothing.
#[derive(Clone, Debug)]
pub struct Request {
    subject: Name,
    key: VerifyingKey,
}

impl Request {
    /// Reads DER and verifies the request's own signature.
    ///
    /// # Errors
    /// [`RequestError`] says what is wrong.
    pub fn from_der(provider: &dyn Provider, bytes: &[u8]) -> Result<Self, RequestError> {
        if bytes.len() > REQUEST_BYTES_MAX {
            return Err(RequestError::TooLong);
        }
        let signed = Signed::from_der(bytes).map_err(|error| match error {
            SignedError::Der | SignedError::Signature => RequestError::Der,
            SignedError::Algorithm => RequestError::SignatureAlgorithm,
        })?;
        let info = Info::from_der(&signed.content).map_err(|_| RequestError::Der)?;
        let subject = info.subject.to_der().map_err(|_| RequestError::Der)?;
        let subject = Name::from_der(&subject).map_err(|_| RequestError::Der)?;
        let spki = info.public_key.to_der().map_err(|_| RequestError::Der)?;
        let key = PublicKey::from_spki_der(&spki).map_err(RequestError::Key)?;
        let key = VerifyingKey::from(key);
        signed.verify(provider, &key).map_err(|error| match error {
            VerifyError::Mismatch | VerifyError::IdTooLong => RequestError::BadSignature,
            VerifyError::Module => RequestError::Module,
        })?;
        Ok(Self { subject, key })
    }

    /// Reads the first `CERTIFICATE REQUEST` block of PEM and verifies its own signature.
    ///
    /// # Errors
    /// [`RequestError`] says what is wrong.
    pub fn from_pem(provider: &dyn Provider, text: &str) -> Result<Self, RequestError> {
        if text.len() > 2 * REQUEST_BYTES_MAX {
            return Err(RequestError::TooLong);
        }
        let (block, _) = pem::first_block(text, LABEL).ok_or(RequestError::Pem)?;
        Self::from_der(provider, &pem::decode(block).ok_or(RequestError::Pem)?)
    }

    /// Writes a request of `key` in DER.
    ///
    /// # Errors
    /// [`RequestError::Module`] when the key's module fails.
    pub fn make(subject: &Name, key: &dyn SignSm2) -> Result<Vec<u8>, RequestError> {
        let spki = key.verifying_key().public_key().to_spki_der();
        let info = Info {
            version: Version::V1,
            subject: AnyRef::from_der(subject.as_der()).map_err(|_| RequestError::Der)?,
            public_key: AnyRef::from_der(&spki).map_err(|_| RequestError::Der)?,
            attributes: Attributes::default(),
        };
        encoding::sign(&info, key).map_err(|error| match error {
            SealError::Encoding => RequestError::Der,
            SealError::Module => RequestError::Module,
        })
    }

    /// A request in DER as a PEM block.
    #[must_use]
    pub fn to_pem(der: &[u8]) -> String {
        pem::encode(LABEL, der)
    }

    /// The name that the sender wishes for.
    #[must_use]
    pub fn subject(&self) -> &Name {
        &self.subject
    }

    /// The sender's key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        self.key.public_key()
    }
}

/// The signed content of a request (RFC 2986, 4.1).
#[derive(Sequence)]
struct Info<'a> {
    version: Version,
    subject: AnyRef<'a>,
    public_key: AnyRef<'a>,
    #[asn1(context_specific = "0", tag_mode = "IMPLICIT")]
    attributes: Attributes,
}
