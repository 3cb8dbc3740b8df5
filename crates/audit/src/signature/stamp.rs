//! Source stamps: a store's or build service's signature beside the developer's, saying where a
//! file came from. It says nothing about whether the file may be installed.

use std::collections::BTreeMap;

use super::algorithm::{Algorithm, Checker, ContentDigest, to_verify};
use super::block::{Fields, Malformed};
use super::hash::{hex, sha256};
use super::key::Fault;
use super::lineage::{Lineage, LineageError};
use super::notes::{Note, Notes};
use super::scheme::{attribute, numbered};
use super::{Issue, SCHEME_V31};
use crate::certificate::Certificate;

/// The entry that holds the digest of the stamp's certificate.
pub(crate) const CERTIFICATE_DIGEST_ENTRY: &str = "stamp-cert-sha256";
const ATTRIBUTE_PROOF_OF_ROTATION: u32 = 0x9d63_03f7;
const ATTRIBUTE_TIME: u32 = 0xe43c_5946;

/// What became of a source stamp.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum StampStatus {
    /// It is there and right.
    Verified,
    /// It is there and wrong.
    VerificationFailed,
    /// It is by another certificate than expected.
    CertDigestMismatch,
    /// It is not there.
    Missing,
    /// A part of it is missing.
    NotVerified,
    /// The file could not be read or its own signatures are malformed.
    VerificationError,
}

impl StampStatus {
    /// The name that apksig gives it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Verified => "STAMP_VERIFIED",
            Self::VerificationFailed => "STAMP_VERIFICATION_FAILED",
            Self::CertDigestMismatch => "CERT_DIGEST_MISMATCH",
            Self::Missing => "STAMP_MISSING",
            Self::NotVerified => "STAMP_NOT_VERIFIED",
            Self::VerificationError => "VERIFICATION_ERROR",
        }
    }
}

/// A source stamp.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceStamp {
    /// What became of it.
    pub status: StampStatus,
    /// Why it is not verified.
    pub issues: Vec<Note>,
    /// The stamp's certificate.
    pub certificate: Option<Certificate>,
    /// The certificates that stamped before it, the oldest first.
    pub lineage: Option<Lineage>,
    /// When the stamp was made, in Unix seconds, if it says so.
    pub timestamp: Option<u64>,
}

impl SourceStamp {
    /// A stamp that could not be checked.
    pub(crate) fn failed(status: StampStatus, issue: Issue) -> Self {
        Self {
            status,
            issues: vec![Note {
                issue,
                subject: None,
            }],
            certificate: None,
            lineage: None,
            timestamp: None,
        }
    }
}

/// The digests that the signatures of a file sign, by scheme.
pub(crate) type SchemeDigests = BTreeMap<u32, BTreeMap<ContentDigest, Vec<u8>>>;

/// Verifies a stamp's block.
pub(crate) fn verify(
    block: &[u8],
    certificate_digest: &[u8],
    digests: &SchemeDigests,
    min_sdk: i32,
    max_sdk: i32,
) -> SourceStamp {
    let mut stamp = Stamp {
        range: (min_sdk, max_sdk),
        ..Stamp::default()
    };
    let read = Fields::new(block)
        .inside()
        .and_then(|fields| stamp.read(fields, certificate_digest, digests));
    if read.is_err() {
        stamp.notes.warning(Issue::SourceStampMalformedSignature);
    }
    let status = if stamp.notes.is_clean() {
        StampStatus::Verified
    } else {
        StampStatus::VerificationFailed
    };
    SourceStamp {
        status,
        issues: stamp.notes.warnings,
        certificate: stamp.certificate,
        lineage: stamp.lineage,
        timestamp: stamp.timestamp,
    }
}

#[derive(Default)]
struct Stamp {
    range: (i32, i32),
    notes: Notes,
    certificate: Option<Certificate>,
    lineage: Option<Lineage>,
    timestamp: Option<u64>,
}

impl Stamp {
    fn read(
        &mut self,
        mut fields: Fields<'_>,
        certificate_digest: &[u8],
        digests: &SchemeDigests,
    ) -> Result<(), Malformed> {
        let encoded = fields.prefixed()?;
        let Ok(certificate) = Certificate::parse(encoded) else {
            self.notes.warning(Issue::SourceStampMalformedCertificate);
            return Ok(());
        };
        self.certificate = Some(certificate.clone());
        if sha256(&[encoded]) != certificate_digest {
            self.notes.warning_about(
                Issue::SourceStampCertificateMismatch,
                &hex(certificate_digest),
            );
            return Ok(());
        }
        let mut schemes = BTreeMap::new();
        let mut signed_schemes = fields.inside()?;
        while !signed_schemes.is_empty() {
            let (scheme, signatures) = numbered(&mut signed_schemes)?;
            schemes.insert(scheme, Fields::new(signatures));
        }
        for (scheme, digests) in digests {
            // v3.1 is only there together with v3, which is stamped.
            if *scheme == SCHEME_V31 {
                continue;
            }
            let Some(signatures) = schemes.get(scheme) else {
                self.notes.warning(Issue::SourceStampNoSignature);
                return Ok(());
            };
            self.check(&certificate, &encode(digests), *signatures);
            if !self.notes.is_clean() {
                return Ok(());
            }
        }
        if !fields.is_empty() {
            let attributes = fields.prefixed()?;
            let signatures = fields.inside()?;
            self.check(&certificate, attributes, signatures);
            if self.notes.is_clean() {
                self.read_attributes(&certificate, Fields::new(attributes).inside()?);
            }
        }
        Ok(())
    }

    /// Verifies the signatures that the platforms of the range would check.
    fn check(&mut self, certificate: &Certificate, data: &[u8], mut signatures: Fields<'_>) {
        let mut known = Vec::new();
        while !signatures.is_empty() {
            let Ok((id, signature)) = numbered(&mut signatures) else {
                self.notes.warning(Issue::SourceStampMalformedSignature);
                return;
            };
            match Algorithm::from_id(id) {
                Some(algorithm) => known.push((algorithm, signature)),
                None => self.notes.warning(Issue::SourceStampUnknownSigAlgorithm),
            }
        }
        if known.is_empty() {
            self.notes.warning(Issue::SourceStampNoSignature);
            return;
        }
        let (min_sdk, max_sdk) = self.range;
        let Some(chosen) = to_verify(&known, min_sdk, max_sdk, Checker::Library) else {
            self.notes.warning(Issue::SourceStampNoSupportedSignature);
            return;
        };
        for (algorithm, signature) in chosen {
            let issue =
                match certificate
                    .public_key()
                    .verify(algorithm.mechanism, &[data], signature)
                {
                    Ok(()) => continue,
                    Err(Fault::Wrong) => Issue::SourceStampDidNotVerify,
                    Err(Fault::Unusable) => Issue::SourceStampVerifyException,
                };
            self.notes.warning(issue);
            return;
        }
    }

    fn read_attributes(&mut self, certificate: &Certificate, mut attributes: Fields<'_>) {
        while !attributes.is_empty() {
            let read = attribute(&mut attributes).and_then(|(id, value)| {
                match id {
                    ATTRIBUTE_PROOF_OF_ROTATION => self.read_lineage(certificate, value),
                    ATTRIBUTE_TIME => {
                        let seconds = i64::from_le_bytes(Fields::new(value).array()?);
                        match u64::try_from(seconds) {
                            Ok(seconds) if seconds > 0 => self.timestamp = Some(seconds),
                            _ => self.notes.warning(Issue::SourceStampInvalidTimestamp),
                        }
                    }
                    _ => {
                        let about = format!("{id:#010x}");
                        self.notes
                            .warning_about(Issue::SourceStampUnknownAttribute, &about);
                    }
                }
                Ok(())
            });
            if read.is_err() {
                self.notes.warning(Issue::SourceStampMalformedAttribute);
                return;
            }
        }
    }

    fn read_lineage(&mut self, certificate: &Certificate, value: &[u8]) {
        match Lineage::parse(value) {
            Ok(lineage) => {
                match lineage.last() {
                    Some(last) if last == certificate => {}
                    Some(_) => self.notes.warning(Issue::SourceStampPorCertMismatch),
                    None => self.notes.warning(Issue::SourceStampMalformedLineage),
                }
                self.lineage = Some(lineage);
            }
            Err(error) => self.notes.warning(match error {
                LineageError::NotSigned => Issue::SourceStampPorDidNotVerify,
                LineageError::Version => Issue::SourceStampPorCertMismatch,
                LineageError::Empty | LineageError::Malformed => Issue::SourceStampMalformedLineage,
                LineageError::TooLong => Issue::LimitExceeded,
            }),
        }
    }
}

/// The digests of one scheme as the stamp signs them, by ascending number.
fn encode(digests: &BTreeMap<ContentDigest, Vec<u8>>) -> Vec<u8> {
    let mut encoded = Vec::new();
    for (kind, digest) in digests {
        let length = crate::bytes::saturating_u32(digest.len());
        encoded.extend((length.saturating_add(8)).to_le_bytes());
        encoded.extend(kind.id().to_le_bytes());
        encoded.extend(length.to_le_bytes());
        encoded.extend(digest);
    }
    encoded
}
