//! APK Signature Scheme v4: a hash tree over the whole file in a second file (`.idsig`), for
//! installing while the file is still being transferred, since Android 11.

use super::algorithm::Algorithm;
use super::block::{Fields, Malformed};
use super::digest::VerityTree;
use super::key::{Fault, PublicKey};
use super::notes::Notes;
use super::{Issue, SIGNERS_MAX};
use crate::certificate::Certificate;

const VERSION: u32 = 2;

/// The result of verifying a v4 signature file.
#[derive(Debug, Default)]
pub(crate) struct V4Outcome {
    pub(crate) verified: bool,
    pub(crate) notes: Notes,
    pub(crate) signers: Vec<V4Signer>,
}

/// One signer of the tree.
#[derive(Debug)]
pub(crate) struct V4Signer {
    pub(crate) certificate: Certificate,
    /// The v2 or v3 digest that the signature is for.
    pub(crate) apk_digest: Vec<u8>,
    pub(crate) algorithm: Algorithm,
}

/// Verifies a v4 signature file against the file it is for.
pub(crate) fn verify(apk: &[u8], idsig: &[u8]) -> V4Outcome {
    let mut outcome = V4Outcome::default();
    if read(apk, idsig, &mut outcome).is_err() {
        outcome.notes.error(Issue::V4SigMalformedSigners);
    }
    outcome.verified = !outcome.notes.has_errors();
    outcome
}

fn read(apk: &[u8], idsig: &[u8], outcome: &mut V4Outcome) -> Result<(), Malformed> {
    let mut file = Fields::new(idsig);
    if file.u32()? != VERSION {
        outcome.notes.error(Issue::V4SigVersionNotCurrent);
        return Ok(());
    }
    let hashing = file.prefixed()?;
    let mut signing = file.inside()?;
    if signing.is_empty() {
        outcome.notes.error(Issue::V4SigNoSignatures);
        return Ok(());
    }
    let first = Signing::read(&mut signing)?;
    check(apk, hashing, &first, outcome)?;
    // Further signers, for rotated keys, follow as numbered blocks.
    while !signing.is_empty() && !outcome.notes.has_errors() {
        if outcome.signers.len() == SIGNERS_MAX {
            outcome.notes.error(Issue::LimitExceeded);
            return Ok(());
        }
        signing.u32()?;
        let further = Signing::read(&mut signing.inside()?)?;
        check(apk, hashing, &further, outcome)?;
    }
    if outcome.notes.has_errors() {
        return Ok(());
    }
    let (_, root) = hashing_info(hashing)?;
    let actual = VerityTree::new(&[apk], &[]);
    if root != actual.root {
        outcome.notes.error(Issue::V4SigApkRootDidNotVerify);
    } else if !file.is_empty() && file.prefixed()? != actual.tree {
        outcome.notes.error(Issue::V4SigApkTreeDidNotVerify);
    }
    Ok(())
}

/// What is hashed how: the fields before the salt, and the root. Both are signed as they stand.
fn hashing_info(hashing: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let mut fields = Fields::new(hashing);
    let _hash_algorithm_and_block_size: [u8; 5] = fields.array()?;
    let salt = fields.prefixed()?;
    Ok((salt, fields.prefixed()?))
}

/// One signer's fields.
struct Signing<'a> {
    apk_digest: &'a [u8],
    certificate: &'a [u8],
    additional_data: &'a [u8],
    public_key: &'a [u8],
    algorithm: u32,
    signature: &'a [u8],
}

impl<'a> Signing<'a> {
    fn read(fields: &mut Fields<'a>) -> Result<Self, Malformed> {
        Ok(Self {
            apk_digest: fields.prefixed()?,
            certificate: fields.prefixed()?,
            additional_data: fields.prefixed()?,
            public_key: fields.prefixed()?,
            algorithm: fields.u32()?,
            signature: fields.prefixed()?,
        })
    }
}

fn check(
    apk: &[u8],
    hashing: &[u8],
    signing: &Signing<'_>,
    outcome: &mut V4Outcome,
) -> Result<(), Malformed> {
    let Some(algorithm) = Algorithm::from_id(signing.algorithm) else {
        outcome.notes.error(Issue::V4SigUnknownSigAlgorithm);
        return Ok(());
    };
    let key = PublicKey::parse(signing.public_key).ok();
    let Some(key) = key.filter(|key| key.fits(algorithm.mechanism)) else {
        outcome.notes.error(Issue::V4SigMalformedPublicKey);
        return Ok(());
    };
    let signed = signed_data(apk, hashing, signing)?;
    match key.verify(algorithm.mechanism, &[&signed], signing.signature) {
        Ok(()) => {}
        Err(fault) => {
            let wrong = fault == Fault::Wrong;
            outcome.notes.error(if wrong {
                Issue::V4SigDidNotVerify
            } else {
                Issue::V4SigVerifyException
            });
            return Ok(());
        }
    }
    if signing.certificate.is_empty() {
        outcome.notes.error(Issue::V4SigNoCertificate);
        return Ok(());
    }
    let Ok(certificate) = Certificate::parse(signing.certificate) else {
        outcome.notes.error(Issue::V4SigMalformedCertificate);
        return Ok(());
    };
    if certificate.canonical_spki() != signing.public_key {
        outcome.notes.error(Issue::V4SigPublicKeyMismatch);
        return Ok(());
    }
    outcome.signers.push(V4Signer {
        certificate,
        apk_digest: signing.apk_digest.to_vec(),
        algorithm,
    });
    Ok(())
}

/// What a signer signs: its own length, the file's length, how it is hashed, and for whom.
fn signed_data(apk: &[u8], hashing: &[u8], signing: &Signing<'_>) -> Result<Vec<u8>, Malformed> {
    // Only the fields that are known count, not what may follow them.
    let (salt, root) = hashing_info(hashing)?;
    let hashing = hashing
        .get(..5 + 4 + salt.len() + 4 + root.len())
        .ok_or(Malformed)?;
    let mut data = (apk.len() as u64).to_le_bytes().to_vec();
    data.extend(hashing);
    for field in [
        signing.apk_digest,
        signing.certificate,
        signing.additional_data,
    ] {
        data.extend(crate::bytes::saturating_u32(field.len()).to_le_bytes());
        data.extend(field);
    }
    let length = crate::bytes::saturating_u32(data.len().saturating_add(4));
    Ok([length.to_le_bytes().as_slice(), &data].concat())
}
