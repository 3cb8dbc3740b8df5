//! How the schemes of one file must agree with each other and with what the app was made for.

use super::{ANDROID_11, Run, verified, verified_jar};
use crate::certificate::Certificate;
use crate::signature::Issue;
use crate::signature::algorithm::ContentDigest;
use crate::signature::scheme::{BlockSigner, Outcome};

impl Run<'_> {
    /// The same certificates must have signed by v1 and by v2.
    pub(super) fn compare_v1_with_v2(&mut self) {
        let (Some(v1), Some(v2)) = (verified_jar(self.v1.as_ref()), verified(self.v2.as_ref()))
        else {
            return;
        };
        let v1: Vec<_> = v1
            .signers
            .iter()
            .filter_map(|signer| signer.chain.first())
            .collect();
        let v2: Vec<_> = main_certificates(v2);
        let lacks = |some: &[&Certificate], others: &[&Certificate]| {
            some.iter().any(|certificate| !others.contains(certificate))
        };
        let (v2_missing, v1_missing) = (lacks(&v1, &v2), lacks(&v2, &v1));
        if v2_missing {
            self.notes.error(Issue::V2SigMissing);
        }
        if v1_missing {
            self.notes.error(Issue::JarSigMissing);
        }
    }

    /// The v3 signer must be the older signer, or its lineage must begin with it.
    pub(super) fn compare_v3_with_older(&mut self) {
        let Some(v3) = verified(self.v3.as_ref()) else {
            return;
        };
        let older: Vec<&Certificate> =
            match (verified_jar(self.v1.as_ref()), verified(self.v2.as_ref())) {
                (Some(v1), _) => v1
                    .signers
                    .iter()
                    .filter_map(|signer| signer.chain.first())
                    .collect(),
                (None, Some(v2)) => main_certificates(v2),
                (None, None) => return,
            };
        let mut issues = Vec::new();
        if older.len() != 1 {
            issues.push(Issue::V3SigMultiplePastSigners);
        }
        let expected = match self.lineage() {
            Some(lineage) => lineage.first(),
            None => {
                if v3.signers.len() != 1 {
                    issues.push(Issue::V3SigMultipleSigners);
                }
                main_certificates(v3).first().copied()
            }
        };
        if older.first().copied() != expected {
            issues.push(Issue::V3SigPastSignersMismatch);
        }
        for issue in issues {
            self.notes.error(issue);
        }
    }

    /// The v4 signers must be the v3.1 and v3 signers, or the v2 signer, and for the same digest.
    pub(super) fn compare_v4(&mut self) {
        let Some(v4) = self.v4.as_ref().filter(|v4| v4.verified) else {
            return;
        };
        let schemes: Vec<&Outcome> = match (verified(self.v3.as_ref()), verified(self.v31.as_ref()))
        {
            (None, None) => verified(self.v2.as_ref()).into_iter().collect(),
            (v3, v31) => [v3, v31].into_iter().flatten().collect(),
        };
        let mut issues = Vec::new();
        if v4.signers.len() != schemes.len() {
            issues.push(Issue::V4SigMultipleSigners);
        }
        let digest = v4
            .signers
            .first()
            .map(|signer| signer.apk_digest.as_slice());
        for (scheme, signer) in schemes.iter().zip(&v4.signers) {
            let [only] = scheme.signers.as_slice() else {
                issues.push(Issue::V4SigMultipleSigners);
                continue;
            };
            if only.certificates.first() != Some(&signer.certificate) {
                issues.push(Issue::V4SigV2V3SignersMismatch);
            }
            if strongest_digest(only).as_deref() != digest {
                issues.push(Issue::V4SigV2V3DigestsMismatch);
            }
        }
        for issue in issues {
            self.notes.error(issue);
        }
    }

    /// Apps made for Android 11 and newer need a newer signature than v1 there.
    pub(super) fn check_target_sdk(&mut self) {
        let newer = [&self.v2, &self.v3, &self.v31];
        let has_newer = newer
            .into_iter()
            .any(|outcome| verified(outcome.as_ref()).is_some());
        let max_sdk = self.max_sdk;
        // App bundles have no manifest here.
        let Ok(platforms) = self.platforms() else {
            return;
        };
        let target = platforms.target_sdk();
        if target >= ANDROID_11 && max_sdk >= target && !has_newer {
            self.notes
                .error_about(Issue::MinSigSchemeForTargetSdkNotMet, &target.to_string());
        }
    }
}

fn main_certificates(outcome: &Outcome) -> Vec<&Certificate> {
    outcome
        .signers
        .iter()
        .filter_map(|signer| signer.certificates.first())
        .collect()
}

/// The digest that a v4 signature has to be for.
fn strongest_digest(signer: &BlockSigner) -> Option<Vec<u8>> {
    let digests = signer.signed_digests();
    let order = [
        ContentDigest::ChunkedSha512,
        ContentDigest::VeritySha256,
        ContentDigest::ChunkedSha256,
    ];
    order.iter().find_map(|kind| digests.get(kind).cloned())
}
