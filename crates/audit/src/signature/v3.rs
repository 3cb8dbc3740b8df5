//! APK Signature Schemes v3 and v3.1: v2 with SDK ranges and key rotation, since Android 9 and 13.

use std::collections::BTreeMap;

use super::Issue;
use super::block::{Fields, Malformed};
use super::contents::Abort;
use super::lineage::{Lineage, LineageError};
use super::scheme::{
    BlockSigner, FileDigests, Outcome, Signatures, V3, attribute, read_certificates, read_digests,
    read_signers, verify_signatures,
};

const ATTRIBUTE_PROOF_OF_ROTATION: u32 = 0x3ba0_6f8c;
const ATTRIBUTE_ROTATION_MIN_SDK: u32 = 0x559f_8b02;
const ATTRIBUTE_ROTATION_ON_DEVELOPMENT_RELEASE: u32 = 0xc2a6_b3ba;

/// First platform that knows v3.
pub(crate) const ANDROID_9: i32 = 28;
/// First platform that knows v3.1.
pub(crate) const ANDROID_13: i32 = 33;

/// Which of the two schemes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    V3,
    V31,
}

/// What the verification is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope {
    pub(crate) version: Version,
    pub(crate) min_sdk: i32,
    pub(crate) max_sdk: i32,
    /// From which SDK on the signers of a v3.1 block count, when there is one.
    pub(crate) rotation_min_sdk: Option<i32>,
    /// Whether it is known if there is a v3.1 block.
    pub(crate) checks_rotation: bool,
}

/// Verifies the signers, the file, and that the signers cover the SDK range.
pub(crate) fn verify(
    block: &[u8],
    scope: &Scope,
    digests: &FileDigests<'_>,
) -> Result<Outcome, Abort> {
    let mut outcome = read(block, scope)?;
    if outcome.has_errors() {
        return Ok(outcome);
    }
    digests.compare(&mut outcome, &V3);
    check_ranges(&mut outcome, scope);
    outcome.verified = !outcome.has_errors();
    Ok(outcome)
}

/// Verifies the signers, but not the file.
pub(crate) fn read(block: &[u8], scope: &Scope) -> Result<Outcome, Abort> {
    let mut outcome = Outcome::default();
    read_signers(block, &V3, &mut outcome, |fields, signer| {
        read_signer(fields, signer, scope)
    })?;
    Ok(outcome)
}

fn read_signer(
    mut fields: Fields<'_>,
    signer: &mut BlockSigner,
    scope: &Scope,
) -> Result<(), Malformed> {
    let signed_data = fields.prefixed()?;
    signer.min_sdk = fields.i32()?;
    signer.max_sdk = fields.i32()?;
    if signer.min_sdk < 0 || signer.min_sdk > signer.max_sdk {
        signer.notes.error(Issue::V3SigInvalidSdkVersions);
    }
    let signatures = fields.inside()?;
    let parts = Signatures {
        signed_data,
        signatures,
        public_key: fields.prefixed()?,
    };
    let range = (signer.min_sdk, signer.max_sdk);
    let Some(ids) = verify_signatures(signer, &parts, range, &V3) else {
        return Ok(());
    };

    let mut signed = Fields::new(signed_data);
    let digests = signed.inside()?;
    let certificates = signed.inside()?;
    if signed.i32()? != signer.min_sdk {
        signer.notes.error(Issue::V3MinSdkVersionMismatch);
    }
    if signed.i32()? != signer.max_sdk {
        signer.notes.error(Issue::V3MaxSdkVersionMismatch);
    }
    let attributes = signed.inside()?;
    if read_certificates(signer, certificates, parts.public_key, &V3)?
        && read_digests(signer, digests, &ids, &V3)
    {
        read_attributes(signer, attributes, scope);
    }
    Ok(())
}

fn read_attributes(signer: &mut BlockSigner, mut attributes: Fields<'_>, scope: &Scope) {
    let mut has_rotation_attribute = false;
    while !attributes.is_empty() {
        let read = attribute(&mut attributes).and_then(|(id, value)| {
            match id {
                ATTRIBUTE_PROOF_OF_ROTATION => read_lineage(signer, value),
                ATTRIBUTE_ROTATION_MIN_SDK => {
                    has_rotation_attribute = true;
                    // Older platforms do not know the attribute.
                    if scope.max_sdk >= ANDROID_13 && scope.checks_rotation {
                        check_rotation(signer, Fields::new(value).i32()?, scope);
                    }
                }
                ATTRIBUTE_ROTATION_ON_DEVELOPMENT_RELEASE => {
                    if scope.version == Version::V3 {
                        signer
                            .notes
                            .warning(Issue::V31RotationTargetsDevReleaseAttrOnV3Signer);
                    }
                }
                _ => signer
                    .notes
                    .warning_about(V3.unknown_attribute, &format!("{id:#010x}")),
            }
            Ok(())
        });
        if read.is_err() {
            signer.notes.error(V3.malformed_attribute);
            return;
        }
    }
    if scope.checks_rotation && scope.rotation_min_sdk.is_some() && !has_rotation_attribute {
        signer.notes.warning(Issue::V31RotationMinSdkAttrMissing);
    }
}

/// Reads the lineage, which must end with the signer's certificate.
fn read_lineage(signer: &mut BlockSigner, value: &[u8]) {
    match Lineage::parse(value) {
        Ok(lineage) => {
            let certificate = signer
                .certificates
                .first()
                .map(crate::certificate::Certificate::encoded);
            if lineage.last().map(crate::certificate::Certificate::encoded) != certificate {
                signer.notes.error(Issue::V3SigPorCertMismatch);
            }
            signer.lineage = Some(lineage);
        }
        Err(error) => signer.notes.error(match error {
            LineageError::NotSigned => Issue::V3SigPorDidNotVerify,
            LineageError::Version | LineageError::Empty => Issue::V3SigPorCertMismatch,
            LineageError::Malformed => Issue::V3SigMalformedLineage,
            LineageError::TooLong => Issue::LimitExceeded,
        }),
    }
}

/// Compares the SDK from which on v3.1 counts with what this v3 signer signed.
fn check_rotation(signer: &mut BlockSigner, signed: i32, scope: &Scope) {
    match scope.rotation_min_sdk {
        Some(found) if found == signed => {}
        Some(_) => signer.notes.error(Issue::V31RotationMinSdkMismatch),
        None => signer.notes.error(Issue::V31BlockMissing),
    }
}

/// Checks that the signers' SDK ranges follow each other without holes, that they cover the range
/// in question, and that lineages only grow.
fn check_ranges(outcome: &mut Outcome, scope: &Scope) {
    let sorted: BTreeMap<i32, &BlockSigner> = outcome
        .signers
        .iter()
        .map(|signer| (signer.min_sdk, signer))
        .collect();
    let mut first_min = 0;
    let mut last_max = 0_i32;
    let mut lineages: Vec<&Lineage> = Vec::new();
    let mut issues = Vec::new();
    for signer in sorted.values() {
        if first_min == 0 {
            first_min = signer.min_sdk;
        } else if Some(signer.min_sdk) != last_max.checked_add(1) {
            issues.push(Issue::V3InconsistentSdkVersions);
            break;
        }
        last_max = signer.max_sdk;
        if let Some(lineage) = &signer.lineage {
            if lineages
                .last()
                .is_some_and(|last| lineage.len() < last.len())
            {
                issues.push(Issue::V3InconsistentLineages);
                break;
            }
            lineages.push(lineage);
        }
    }
    let min_needed = match scope.version {
        Version::V3 => scope.min_sdk.max(ANDROID_9),
        // v3.1 may begin anywhere, since v3 covers what is before it.
        Version::V31 => scope.max_sdk,
    };
    let max_needed = scope
        .rotation_min_sdk
        .map_or(scope.max_sdk, |min| min.saturating_sub(1));
    if first_min > min_needed || last_max < max_needed {
        issues.push(Issue::V3MissingSdkVersions);
    }
    let longest = Lineage::longest(&lineages);
    if longest.is_none() && !lineages.is_empty() {
        issues.push(Issue::V3InconsistentLineages);
    }
    outcome.lineage = longest;
    for issue in issues {
        outcome.notes.error(issue);
    }
}
