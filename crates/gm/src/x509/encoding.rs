//! What certificates, requests, lists and OCSP responses share: something, and SM2 over SM3 over it.

use crate::provider::{Provider, SignSm2};
use crate::sm2::{DEFAULT_ID, SignError, Signature, VerifyError, VerifyingKey};
use core::time::Duration;
use der::asn1::{AnyRef, BitStringRef, GeneralizedTime, UtcTime};
use der::oid::ObjectIdentifier;
use der::{Decode, Encode, Reader, Sequence, SliceReader, Tag, Tagged};
use pkcs8::AlgorithmIdentifierRef;
use x509_cert::ext::Extensions;
use x509_cert::time::Time;

/// SM2 with SM3 (GM/T 0006).
const SM2_WITH_SM3: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.501");

/// How we name the signature algorithm: without parameters, as OpenSSL does.
pub(super) const SIGNATURE_ALGORITHM: AlgorithmIdentifierRef<'static> = AlgorithmIdentifierRef {
    oid: SM2_WITH_SM3,
    parameters: None,
};

/// 9999-12-31T23:59:59Z, the last date with four digits for the year.
pub(super) const LAST_S: i64 = 253_402_300_799;

/// Why bytes are not something signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SignedError {
    Der,
    Algorithm,
    Signature,
}

/// What was signed, as its bytes came, and the signature over it.
#[derive(Clone, Debug)]
pub(super) struct Signed {
    pub(super) content: Vec<u8>,
    signature: Signature,
}

impl Signed {
    /// Reads SEQUENCE of content, algorithm and signature, and nothing after it.
    pub(super) fn from_der(bytes: &[u8]) -> Result<Self, SignedError> {
        let mut reader = SliceReader::new(bytes).map_err(|_| SignedError::Der)?;
        let parts = reader
            .sequence(|inner| {
                Ok::<_, der::Error>((
                    inner.tlv_bytes()?,
                    AlgorithmIdentifierRef::decode(inner)?,
                    BitStringRef::decode(inner)?,
                ))
            })
            .map_err(|_| SignedError::Der)?;
        reader.finish().map_err(|_| SignedError::Der)?;
        Self::from_parts(parts.0, &parts.1, &parts.2)
    }

    pub(super) fn from_parts(
        content: &[u8],
        algorithm: &AlgorithmIdentifierRef<'_>,
        signature: &BitStringRef<'_>,
    ) -> Result<Self, SignedError> {
        if !is_sm2_with_sm3(algorithm) {
            return Err(SignedError::Algorithm);
        }
        let signature = signature.as_bytes().ok_or(SignedError::Signature)?;
        Ok(Self {
            content: content.to_vec(),
            signature: Signature::from_der(signature).map_err(|_| SignedError::Signature)?,
        })
    }

    pub(super) fn verify(
        &self,
        provider: &dyn Provider,
        key: &VerifyingKey,
    ) -> Result<(), VerifyError> {
        provider.verify_sm2(key, DEFAULT_ID, &self.content, &self.signature)
    }
}

/// Why something was not signed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(super) enum SealError {
    Encoding,
    Module,
}

impl From<der::Error> for SealError {
    fn from(_: der::Error) -> Self {
        Self::Encoding
    }
}

impl From<SignError> for SealError {
    fn from(_: SignError) -> Self {
        Self::Module
    }
}

/// Signs `content`, and writes SEQUENCE of it, the algorithm and the signature.
pub(super) fn sign(content: &impl Encode, key: &dyn SignSm2) -> Result<Vec<u8>, SealError> {
    let content = content.to_der()?;
    let signature = key.sign(DEFAULT_ID, &content)?.to_der();
    Ok(SignedRef {
        content: AnyRef::from_der(&content)?,
        algorithm: SIGNATURE_ALGORITHM,
        signature: BitStringRef::from_bytes(&signature)?,
    }
    .to_der()?)
}

#[derive(Sequence)]
struct SignedRef<'a> {
    content: AnyRef<'a>,
    algorithm: AlgorithmIdentifierRef<'a>,
    signature: BitStringRef<'a>,
}

/// Whether it is SM2 with SM3, with parameters absent (GB/T 20518) or NULL (as some write it).
pub(super) fn is_sm2_with_sm3(algorithm: &AlgorithmIdentifierRef<'_>) -> bool {
    let no_parameters = match algorithm.parameters {
        None => true,
        Some(parameters) => parameters.tag() == Tag::Null && parameters.value().is_empty(),
    };
    algorithm.oid == SM2_WITH_SM3 && no_parameters
}

/// Unix seconds of a date.
pub(super) fn seconds(time: &Time) -> i64 {
    i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX)
}

/// The date of Unix seconds as RFC 5280 wants it written: two digits for the year up to 2049.
pub(super) fn date(seconds: i64) -> der::Result<Time> {
    let since_1970 = Duration::from_secs(u64::try_from(seconds).unwrap_or(0));
    UtcTime::from_unix_duration(since_1970)
        .map(Time::UtcTime)
        .or_else(|_| GeneralizedTime::from_unix_duration(since_1970).map(Time::GeneralTime))
}

/// Whether there is an extension that must be understood and that nobody here does; `known` are
/// those that the caller reads.
pub(super) fn has_unknown_critical(extensions: &Extensions, known: &[ObjectIdentifier]) -> bool {
    extensions
        .iter()
        .filter(|extension| extension.critical)
        .any(|extension| !known.contains(&extension.extn_id))
}

/// Whether two extensions have the same kind, which RFC 5280, 4.2 forbids.
pub(super) fn has_duplicates(extensions: &Extensions) -> bool {
    extensions.iter().enumerate().any(|(at, extension)| {
        extensions
            .iter()
            .take(at)
            .any(|earlier| earlier.extn_id == extension.extn_id)
    })
}
