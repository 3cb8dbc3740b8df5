//! What a verification came to.

use super::{ANDROID_7, Run, verified, verified_jar};
use crate::signature::contents::Abort;
use crate::signature::notes::Notes;
use crate::signature::scheme::BlockSigner;
use crate::signature::{
    Issue, Janus, JarFacts, Scheme, Signer, Verification, block, issue_of, jar,
};

impl Run<'_> {
    pub(in crate::signature) fn finish(self, abort: Option<Abort>) -> Verification {
        let mut notes = Notes::default();
        if let Some(abort) = abort {
            notes.error(issue_of(abort));
        }
        notes.merge(&self.notes);
        for (_, outcome) in self.block_outcomes() {
            notes.merge(&outcome.notes);
            outcome
                .signers
                .iter()
                .for_each(|signer| notes.merge(&signer.notes));
        }
        if let Some(v4) = &self.v4 {
            notes.merge(&v4.notes);
        }
        if let Some(v1) = &self.v1 {
            notes.merge(&v1.notes);
            v1.signers
                .iter()
                .for_each(|signer| notes.merge(&signer.notes));
        }
        // Whatever the rules say, nothing is verified that no scheme verified.
        if !notes.has_errors() && self.verified_schemes().is_empty() {
            notes.error(Issue::UnexpectedException);
        }
        let verified = !notes.has_errors();
        Verification {
            verified,
            schemes: if verified {
                self.verified_schemes()
            } else {
                Vec::new()
            },
            present: self.present(),
            reason: notes.errors.first().map(|note| note.issue),
            issues: notes.errors,
            warnings: notes.warnings,
            signers: self.signers(),
            lineage: self.lineage().cloned(),
            janus: self.janus(),
            source_stamp: self.stamp,
        }
    }

    fn present(&self) -> Vec<Scheme> {
        let is_block = |name: &[u8]| {
            let endings: [&[u8]; 3] = [b".RSA", b".DSA", b".EC"];
            name.starts_with(b"META-INF/") && endings.iter().any(|ending| name.ends_with(ending))
        };
        let v1 = self.contents.is_ok_and(|contents| {
            contents.file(jar::MANIFEST).is_some()
                && contents.files().any(|entry| is_block(entry.name))
        });
        let newer = [
            (Scheme::V2, block::ID_V2),
            (Scheme::V3, block::ID_V3),
            (Scheme::V31, block::ID_V31),
        ];
        let newer = newer.into_iter().filter_map(|(scheme, id)| {
            self.block.and_then(|block| block.value(id)).map(|_| scheme)
        });
        let v4 = self.v4.as_ref().map(|_| Scheme::V4);
        v1.then_some(Scheme::V1)
            .into_iter()
            .chain(newer)
            .chain(v4)
            .collect()
    }

    fn signers(&self) -> Vec<Signer> {
        let mut signers: Vec<Signer> = self
            .v1
            .iter()
            .flat_map(|outcome| &outcome.signers)
            .filter_map(jar_signer)
            .collect();
        for (scheme, outcome) in self.block_outcomes() {
            signers.extend(
                outcome
                    .signers
                    .iter()
                    .filter_map(|signer| block_signer(scheme, signer)),
            );
        }
        let v4 = self.v4.iter().flat_map(|outcome| &outcome.signers);
        signers.extend(v4.map(|signer| Signer {
            scheme: Scheme::V4,
            certificate: signer.certificate.clone(),
            chain: Vec::new(),
            algorithms: vec![signer.algorithm.mechanism.to_string()],
            has_weak_digest: false,
            sdk_versions: None,
            jar: None,
        }));
        signers
    }

    fn janus(&self) -> Janus {
        // The flaw came with ART (Android 5) and was closed at the end of 2017, during Android 8.
        const FLAWED: std::ops::RangeInclusive<i32> = 21..=26;
        let first = self.min_sdk.max(*FLAWED.start());
        let last = self.max_sdk.min(*FLAWED.end());
        let signed = verified_jar(self.v1.as_ref()).is_some();
        let newer_protects = verified(self.v2.as_ref()).is_some();
        // Below Android 7 only the JAR signature is looked at, whatever else there is.
        let unprotected_last = if newer_protects {
            last.min(ANDROID_7 - 1)
        } else {
            last
        };
        Janus {
            payload: self.apk.starts_with(b"dex\n"),
            exposed: signed && first <= unprotected_last,
        }
    }
}

fn jar_signer(signer: &jar::JarSigner) -> Option<Signer> {
    let (certificate, chain) = signer.chain.split_first()?;
    let weak_manifest = !signer.manifest_digests.is_empty()
        && signer
            .manifest_digests
            .iter()
            .all(|name| matches!(name.as_str(), "SHA1" | "SHA" | "MD5"));
    Some(Signer {
        scheme: Scheme::V1,
        certificate: certificate.clone(),
        chain: chain.to_vec(),
        algorithms: signer.algorithm.iter().cloned().collect(),
        has_weak_digest: signer.has_weak_digest || weak_manifest,
        sdk_versions: None,
        jar: Some(JarFacts {
            block: signer.name.clone(),
            manifest_digests: signer.manifest_digests.clone(),
            promised_schemes: signer.promised_schemes.clone(),
        }),
    })
}

fn block_signer(scheme: Scheme, signer: &BlockSigner) -> Option<Signer> {
    let (certificate, chain) = signer.certificates.split_first()?;
    Some(Signer {
        scheme,
        certificate: certificate.clone(),
        chain: chain.to_vec(),
        algorithms: signer
            .algorithms
            .iter()
            .map(|algorithm| algorithm.mechanism.to_string())
            .collect(),
        has_weak_digest: false,
        sdk_versions: (scheme != Scheme::V2).then_some((signer.min_sdk, signer.max_sdk)),
        jar: None,
    })
}
