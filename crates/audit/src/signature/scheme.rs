//! What the v2, v3 and v3.1 schemes have in common: signers that sign digests of the whole file,
//! and the comparison of those digests with the file.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use super::algorithm::{Algorithm, Checker, ContentDigest, to_verify};
use super::block::{Fields, Malformed, SigningBlock};
use super::contents::Abort;
use super::digest::content_digest;
use super::key::{Fault, PublicKey};
use super::lineage::Lineage;
use super::notes::Notes;
use super::{CERTIFICATES_MAX, Issue, SIGNERS_MAX};
use crate::certificate::Certificate;

/// The names under which a scheme reports what they all can report.
#[derive(Debug)]
pub(crate) struct Vocabulary {
    malformed_signers: Issue,
    malformed_signer: Issue,
    malformed_public_key: Issue,
    malformed_certificate: Issue,
    malformed_signature: Issue,
    malformed_digest: Issue,
    pub(crate) malformed_attribute: Issue,
    no_signers: Issue,
    no_signatures: Issue,
    no_supported_signatures: Issue,
    no_certificates: Issue,
    unknown_algorithm: Issue,
    pub(crate) unknown_attribute: Issue,
    unusable: Issue,
    wrong: Issue,
    public_key_mismatch: Issue,
    algorithm_mismatch: Issue,
    content_mismatch: Issue,
}

pub(crate) const V2: Vocabulary = Vocabulary {
    malformed_signers: Issue::V2SigMalformedSigners,
    malformed_signer: Issue::V2SigMalformedSigner,
    malformed_public_key: Issue::V2SigMalformedPublicKey,
    malformed_certificate: Issue::V2SigMalformedCertificate,
    malformed_signature: Issue::V2SigMalformedSignature,
    malformed_digest: Issue::V2SigMalformedDigest,
    malformed_attribute: Issue::V2SigMalformedAdditionalAttribute,
    no_signers: Issue::V2SigNoSigners,
    no_signatures: Issue::V2SigNoSignatures,
    no_supported_signatures: Issue::V2SigNoSupportedSignatures,
    no_certificates: Issue::V2SigNoCertificates,
    unknown_algorithm: Issue::V2SigUnknownSigAlgorithm,
    unknown_attribute: Issue::V2SigUnknownAdditionalAttribute,
    unusable: Issue::V2SigVerifyException,
    wrong: Issue::V2SigDidNotVerify,
    public_key_mismatch: Issue::V2SigPublicKeyMismatch,
    algorithm_mismatch: Issue::V2SigSigAlgMismatch,
    content_mismatch: Issue::V2SigApkDigestDidNotVerify,
};

pub(crate) const V3: Vocabulary = Vocabulary {
    malformed_signers: Issue::V3SigMalformedSigners,
    malformed_signer: Issue::V3SigMalformedSigner,
    malformed_public_key: Issue::V3SigMalformedPublicKey,
    malformed_certificate: Issue::V3SigMalformedCertificate,
    malformed_signature: Issue::V3SigMalformedSignature,
    malformed_digest: Issue::V3SigMalformedDigest,
    malformed_attribute: Issue::V3SigMalformedAdditionalAttribute,
    no_signers: Issue::V3SigNoSigners,
    no_signatures: Issue::V3SigNoSignatures,
    no_supported_signatures: Issue::V3SigNoSupportedSignatures,
    no_certificates: Issue::V3SigNoCertificates,
    unknown_algorithm: Issue::V3SigUnknownSigAlgorithm,
    unknown_attribute: Issue::V3SigUnknownAdditionalAttribute,
    unusable: Issue::V3SigVerifyException,
    wrong: Issue::V3SigDidNotVerify,
    public_key_mismatch: Issue::V3SigPublicKeyMismatch,
    algorithm_mismatch: Issue::V3SigSigAlgMismatch,
    content_mismatch: Issue::V3SigApkDigestDidNotVerify,
};

/// The result of verifying one scheme.
#[derive(Debug, Default)]
pub(crate) struct Outcome {
    pub(crate) verified: bool,
    pub(crate) notes: Notes,
    pub(crate) signers: Vec<BlockSigner>,
    pub(crate) lineage: Option<Lineage>,
}

impl Outcome {
    pub(crate) fn has_errors(&self) -> bool {
        self.notes.has_errors() || self.signers.iter().any(|signer| signer.notes.has_errors())
    }

    /// The digests that the signers signed, by algorithm.
    pub(crate) fn signed_digests(&self) -> BTreeMap<ContentDigest, Vec<u8>> {
        self.signers
            .iter()
            .flat_map(BlockSigner::signed_digests)
            .collect()
    }
}

/// One signer of a scheme.
#[derive(Debug, Default)]
pub(crate) struct BlockSigner {
    pub(crate) notes: Notes,
    pub(crate) certificates: Vec<Certificate>,
    /// Signed digests with the number of the signature algorithm each belongs to.
    pub(crate) digests: Vec<(u32, Vec<u8>)>,
    /// The algorithms of the signatures that were verified.
    pub(crate) algorithms: Vec<Algorithm>,
    /// SDK range, for v3 and v3.1.
    pub(crate) min_sdk: i32,
    pub(crate) max_sdk: i32,
    pub(crate) lineage: Option<Lineage>,
}

impl BlockSigner {
    /// The digests of known algorithms; of several for one algorithm the last.
    pub(crate) fn signed_digests(&self) -> BTreeMap<ContentDigest, Vec<u8>> {
        let known = self.digests.iter().filter_map(|(id, digest)| {
            Some((Algorithm::from_id(*id)?.content_digest, digest.clone()))
        });
        known.collect()
    }
}

/// Splits a scheme's block into signers and reads each. A signer that `read` finds malformed ends
/// the reading.
pub(crate) fn read_signers(
    block: &[u8],
    words: &Vocabulary,
    outcome: &mut Outcome,
    mut read: impl FnMut(Fields<'_>, &mut BlockSigner) -> Result<(), Malformed>,
) -> Result<(), Abort> {
    let Ok(mut signers) = Fields::new(block).inside() else {
        outcome.notes.error(words.malformed_signers);
        return Ok(());
    };
    if signers.is_empty() {
        outcome.notes.error(words.no_signers);
    }
    while !signers.is_empty() {
        if outcome.signers.len() == SIGNERS_MAX {
            return Err(Abort::Limit);
        }
        let mut signer = BlockSigner::default();
        let result = signers
            .inside()
            .and_then(|fields| read(fields, &mut signer));
        if result.is_err() {
            signer.notes.error(words.malformed_signer);
        }
        outcome.signers.push(signer);
        if result.is_err() {
            return Ok(());
        }
    }
    Ok(())
}

/// The parts of a signer whose signatures and public key follow the signed data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Signatures<'a> {
    pub(crate) signed_data: &'a [u8],
    pub(crate) signatures: Fields<'a>,
    pub(crate) public_key: &'a [u8],
}

/// Verifies the signatures that the platforms of the range would check. `false` means that an
/// error was noted.
pub(crate) fn verify_signatures(
    signer: &mut BlockSigner,
    parts: &Signatures<'_>,
    range: (i32, i32),
    words: &Vocabulary,
) -> Option<Vec<u32>> {
    let mut ids = Vec::new();
    let mut known = Vec::new();
    let mut signatures = parts.signatures;
    while !signatures.is_empty() {
        let Ok((id, signature)) = numbered(&mut signatures) else {
            signer.notes.error(words.malformed_signature);
            return None;
        };
        ids.push(id);
        match Algorithm::from_id(id) {
            Some(algorithm) => known.push((algorithm, signature)),
            None => signer
                .notes
                .warning_about(words.unknown_algorithm, &format!("{id:#06x}")),
        }
    }
    if ids.is_empty() {
        signer.notes.error(words.no_signatures);
        return None;
    }
    let Some(chosen) = to_verify(&known, range.0, range.1, Checker::Installer) else {
        signer.notes.error(words.no_supported_signatures);
        return None;
    };
    let key = PublicKey::parse(parts.public_key).ok();
    for (algorithm, signature) in chosen {
        let Some(key) = key.as_ref().filter(|key| key.fits(algorithm.mechanism)) else {
            signer.notes.error(words.malformed_public_key);
            return None;
        };
        let about = algorithm.mechanism.to_string();
        match key.verify(algorithm.mechanism, &[parts.signed_data], signature) {
            Ok(()) => signer.algorithms.push(algorithm),
            Err(fault) => {
                let issue = if fault == Fault::Wrong {
                    words.wrong
                } else {
                    words.unusable
                };
                signer.notes.error_about(issue, &about);
                return None;
            }
        }
    }
    Some(ids)
}

/// Reads the certificates and checks that the first is for the public key.
pub(crate) fn read_certificates(
    signer: &mut BlockSigner,
    mut certificates: Fields<'_>,
    public_key: &[u8],
    words: &Vocabulary,
) -> Result<bool, Malformed> {
    while !certificates.is_empty() {
        let parsed = Certificate::parse(certificates.prefixed()?);
        let Some(certificate) = parsed
            .ok()
            .filter(|_| signer.certificates.len() < CERTIFICATES_MAX)
        else {
            signer.notes.error(words.malformed_certificate);
            return Ok(false);
        };
        signer.certificates.push(certificate);
    }
    let Some(main) = signer.certificates.first() else {
        signer.notes.error(words.no_certificates);
        return Ok(false);
    };
    if main.canonical_spki() != public_key {
        signer.notes.error(words.public_key_mismatch);
        return Ok(false);
    }
    Ok(true)
}

/// Reads the signed digests and checks that they are for the algorithms of the signatures.
pub(crate) fn read_digests(
    signer: &mut BlockSigner,
    mut digests: Fields<'_>,
    signature_ids: &[u32],
    words: &Vocabulary,
) -> bool {
    while !digests.is_empty() {
        let Ok((id, digest)) = numbered(&mut digests) else {
            signer.notes.error(words.malformed_digest);
            return false;
        };
        signer.digests.push((id, digest.to_vec()));
    }
    let ids = signer.digests.iter().map(|(id, _)| id);
    if !ids.eq(signature_ids) {
        signer.notes.error(words.algorithm_mismatch);
        return false;
    }
    true
}

/// A number and length-prefixed bytes, inside a length-prefixed field.
pub(crate) fn numbered<'a>(fields: &mut Fields<'a>) -> Result<(u32, &'a [u8]), Malformed> {
    let mut inside = fields.inside()?;
    Ok((inside.u32()?, inside.prefixed()?))
}

/// A number and the bytes after it, inside a length-prefixed field.
pub(crate) fn attribute<'a>(fields: &mut Fields<'a>) -> Result<(u32, &'a [u8]), Malformed> {
    let mut inside = fields.inside()?;
    Ok((inside.u32()?, inside.rest()))
}

/// The digests of the file, computed when they are first needed.
#[derive(Debug)]
pub(crate) struct FileDigests<'a> {
    block: SigningBlock<'a>,
    computed: RefCell<BTreeMap<ContentDigest, Option<Vec<u8>>>>,
}

impl<'a> FileDigests<'a> {
    pub(crate) fn new(block: SigningBlock<'a>) -> Self {
        Self {
            block,
            computed: RefCell::default(),
        }
    }

    fn matches(&self, kind: ContentDigest, expected: &[u8]) -> bool {
        let mut computed = self.computed.borrow_mut();
        let actual = computed
            .entry(kind)
            .or_insert_with(|| content_digest(kind, &self.block));
        actual.as_deref() == Some(expected)
    }

    /// Compares the file with the digests that belong to verified signatures of any signer.
    pub(crate) fn compare(&self, outcome: &mut Outcome, words: &Vocabulary) {
        let wanted: BTreeSet<ContentDigest> = outcome
            .signers
            .iter()
            .flat_map(|signer| {
                signer
                    .algorithms
                    .iter()
                    .map(|algorithm| algorithm.content_digest)
            })
            .collect();
        for signer in &mut outcome.signers {
            for (id, expected) in &signer.digests {
                let kind = Algorithm::from_id(*id).map(|algorithm| algorithm.content_digest);
                let kind = kind.filter(|kind| wanted.contains(kind));
                if kind.is_some_and(|kind| !self.matches(kind, expected)) {
                    signer.notes.error(words.content_mismatch);
                }
            }
        }
    }
}
