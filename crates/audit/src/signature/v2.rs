//! APK Signature Scheme v2: the whole file, since Android 7.

use std::collections::BTreeSet;

use super::Issue;
use super::block::{Fields, Malformed};
use super::contents::Abort;
use super::scheme::{
    self, BlockSigner, FileDigests, Outcome, Signatures, V2, attribute, read_certificates,
    read_digests, read_signers, verify_signatures,
};

const ATTRIBUTE_STRIPPING_PROTECTION: u32 = 0xbeef_f00d;

/// The platforms and schemes that the verification is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) min_sdk: i32,
    pub(crate) max_sdk: i32,
    /// Newer schemes that some platform in range knows.
    pub(crate) known_schemes: &'a BTreeSet<u32>,
    /// Newer schemes by which the file is signed.
    pub(crate) found_schemes: &'a BTreeSet<u32>,
}

/// Verifies the signers and the file.
pub(crate) fn verify(
    block: &[u8],
    scope: &Scope<'_>,
    digests: &FileDigests<'_>,
) -> Result<Outcome, Abort> {
    let mut outcome = read(block, scope)?;
    if !outcome.has_errors() {
        digests.compare(&mut outcome, &V2);
        outcome.verified = !outcome.has_errors();
    }
    Ok(outcome)
}

/// Verifies the signers, but not the file.
pub(crate) fn read(block: &[u8], scope: &Scope<'_>) -> Result<Outcome, Abort> {
    let mut outcome = Outcome::default();
    read_signers(block, &V2, &mut outcome, |fields, signer| {
        read_signer(fields, signer, scope)
    })?;
    Ok(outcome)
}

fn read_signer(
    mut fields: Fields<'_>,
    signer: &mut BlockSigner,
    scope: &Scope<'_>,
) -> Result<(), Malformed> {
    let signed_data = fields.prefixed()?;
    let signatures = fields.inside()?;
    let parts = Signatures {
        signed_data,
        signatures,
        public_key: fields.prefixed()?,
    };
    let range = (scope.min_sdk, scope.max_sdk);
    let Some(ids) = verify_signatures(signer, &parts, range, &V2) else {
        return Ok(());
    };

    let mut signed = Fields::new(signed_data);
    let digests = signed.inside()?;
    let certificates = signed.inside()?;
    let attributes = signed.inside()?;
    if read_certificates(signer, certificates, parts.public_key, &V2)?
        && read_digests(signer, digests, &ids, &V2)
    {
        read_attributes(signer, attributes, scope);
    }
    Ok(())
}

fn read_attributes(signer: &mut BlockSigner, mut attributes: Fields<'_>, scope: &Scope<'_>) {
    let mut expected = BTreeSet::new();
    while !attributes.is_empty() {
        let read = attribute(&mut attributes).and_then(|(id, value)| {
            if id == ATTRIBUTE_STRIPPING_PROTECTION {
                let scheme = Fields::new(value).u32()?;
                if scope.known_schemes.contains(&scheme) {
                    expected.insert(scheme);
                } else {
                    let about = scheme.to_string();
                    signer
                        .notes
                        .warning_about(Issue::V2SigUnknownApkSigSchemeId, &about);
                }
            } else {
                signer
                    .notes
                    .warning_about(scheme::V2.unknown_attribute, &format!("{id:#010x}"));
            }
            Ok(())
        });
        if read.is_err() {
            signer.notes.error(scheme::V2.malformed_attribute);
            return;
        }
    }
    // A newer signature that was promised must be there.
    for id in expected.difference(scope.found_schemes) {
        signer
            .notes
            .error_about(Issue::V2SigMissingApkSigReferenced, &format!("v{id}"));
    }
}
