//! One verification from beginning to end: which scheme is looked at for which platforms, and how
//! the schemes must agree with each other.

use std::collections::{BTreeMap, BTreeSet};

use super::algorithm::ContentDigest;
use super::block::{self, SigningBlock};
use super::contents::{Abort, Contents};
use super::hash::sha256;
use super::jar::{self, JarOutcome};
use super::manifest::{self, Platforms};
use super::notes::Notes;
use super::scheme::{BlockSigner, FileDigests, Outcome};
use super::stamp::{self, SchemeDigests};
use super::v4::{self, V4Outcome};
use super::{
    Issue, Janus, JarFacts, Lineage, SCHEME_JAR, SCHEME_V2, SCHEME_V3, SCHEME_V4, SCHEME_V31,
    Scheme, SdkRange, Signer, SourceStamp, StampStatus, Verification, issue_of, v2, v3,
};
use crate::certificate::Certificate;
use crate::zip::{Archive, EndRecord};

const ANDROID_7: i32 = 24;
const ANDROID_8: i32 = 26;
const ANDROID_11: i32 = 30;

/// One verification on its way.
pub(super) struct Run<'a> {
    apk: &'a [u8],
    /// The entries, unless the central directory is malformed: the newer schemes do not read it.
    contents: Result<Contents<'a>, Abort>,
    block: Option<SigningBlock<'a>>,
    digests: Option<FileDigests<'a>>,
    platforms: Option<Platforms>,
    min_sdk: i32,
    max_sdk: i32,
    /// Newer schemes than v1 by which the file is signed.
    found: BTreeSet<u32>,
    scheme_digests: SchemeDigests,
    notes: Notes,
    v1: Option<JarOutcome>,
    v2: Option<Outcome>,
    v3: Option<Outcome>,
    v31: Option<Outcome>,
    v4: Option<V4Outcome>,
    stamp: Option<SourceStamp>,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        apk: &'a [u8],
        end: &EndRecord<'_>,
        archive: Result<&'a Archive<'a>, Abort>,
    ) -> Self {
        let block = SigningBlock::find(apk, end);
        Self {
            apk,
            contents: archive.map(Contents::new),
            block,
            digests: block.map(FileDigests::new),
            platforms: None,
            min_sdk: 0,
            max_sdk: i32::MAX,
            found: BTreeSet::new(),
            scheme_digests: SchemeDigests::new(),
            notes: Notes::default(),
            v1: None,
            v2: None,
            v3: None,
            v31: None,
            v4: None,
            stamp: None,
        }
    }

    pub(super) fn verify(&mut self, idsig: Option<&[u8]>, range: SdkRange) -> Result<(), Abort> {
        self.set_range(range)?;
        if self.max_sdk >= ANDROID_7 {
            self.verify_newer_schemes(idsig)?;
            if self.has_errors() {
                return Ok(());
            }
        }
        self.check_sandbox()?;
        // Android 7 and newer look at JAR signatures only if there is nothing newer.
        if self.min_sdk < ANDROID_7 || self.found.is_empty() {
            self.verify_jar()?;
        }
        if self.has_errors() {
            return Ok(());
        }
        self.verify_stamp()?;
        self.compare_v1_with_v2();
        self.compare_v3_with_older();
        self.compare_v4();
        self.check_target_sdk();
        Ok(())
    }

    fn set_range(&mut self, range: SdkRange) -> Result<(), Abort> {
        let version = |version: u32| i32::try_from(version).unwrap_or(i32::MAX);
        self.max_sdk = range.max.map_or(i32::MAX, version);
        self.min_sdk = match range.min {
            Some(min) => version(min),
            None => self.platforms()?.min_sdk()?,
        };
        if self.min_sdk > self.max_sdk {
            Err(Abort::EmptyRange)
        } else {
            Ok(())
        }
    }

    fn platforms(&mut self) -> Result<&Platforms, Abort> {
        if self.platforms.is_none() {
            let contents = self.contents?;
            let entry = contents.file(manifest::MANIFEST).ok_or(Abort::Format)?;
            self.platforms = Some(Platforms::parse(&contents.read(entry)?));
        }
        self.platforms.as_ref().ok_or(Abort::Format)
    }

    fn verify_newer_schemes(&mut self, idsig: Option<&[u8]>) -> Result<(), Abort> {
        let mut rotation_min_sdk = None;
        if self.max_sdk >= v3::ANDROID_13
            && let Some(outcome) = self.run_v3(v3::Version::V31, None)?
        {
            let first = outcome.signers.iter().map(|signer| signer.min_sdk).min();
            rotation_min_sdk = first.filter(|&first| first > 0);
            self.v31 = Some(outcome);
        }
        // Since Android 9, and for what came before the rotation.
        if self.min_sdk < v3::ANDROID_13 || self.found.is_empty() {
            self.v3 = self.run_v3(v3::Version::V3, rotation_min_sdk)?;
            if self.v3.is_none() && self.found.contains(&SCHEME_V31) {
                self.notes.error(Issue::V31BlockFoundWithoutV3Block);
            }
            if self.has_errors() {
                return Ok(());
            }
        }
        // Since Android 7; from Android 9 on only if there is nothing newer.
        if self.min_sdk < v3::ANDROID_9 || self.found.is_empty() {
            self.v2 = self.run_v2()?;
            if self.has_errors() {
                return Ok(());
            }
        }
        if let Some(idsig) = idsig {
            self.v4 = Some(v4::verify(self.apk, idsig));
            self.found.insert(SCHEME_V4);
        }
        Ok(())
    }

    fn run_v3(
        &mut self,
        version: v3::Version,
        rotation_min_sdk: Option<i32>,
    ) -> Result<Option<Outcome>, Abort> {
        let (id, scheme) = match version {
            v3::Version::V3 => (block::ID_V3, SCHEME_V3),
            v3::Version::V31 => (block::ID_V31, SCHEME_V31),
        };
        let Some(value) = self.block.and_then(|block| block.value(id)) else {
            return Ok(None);
        };
        let Some(digests) = &self.digests else {
            return Ok(None);
        };
        let scope = v3::Scope {
            version,
            min_sdk: self.min_sdk,
            max_sdk: self.max_sdk,
            rotation_min_sdk,
            checks_rotation: true,
        };
        let outcome = v3::verify(value, &scope, digests)?;
        self.found.insert(scheme);
        self.scheme_digests.insert(scheme, outcome.signed_digests());
        Ok(Some(outcome))
    }

    fn run_v2(&mut self) -> Result<Option<Outcome>, Abort> {
        let value = self.block.and_then(|block| block.value(block::ID_V2));
        let Some((value, digests)) = value.zip(self.digests.as_ref()) else {
            return Ok(None);
        };
        let known = self.known_schemes();
        let scope = self.v2_scope(&known);
        let outcome = v2::verify(value, &scope, digests)?;
        self.found.insert(SCHEME_V2);
        self.scheme_digests
            .insert(SCHEME_V2, outcome.signed_digests());
        Ok(Some(outcome))
    }

    fn v2_scope<'s>(&'s self, known_schemes: &'s BTreeSet<u32>) -> v2::Scope<'s> {
        v2::Scope {
            min_sdk: self.min_sdk.max(ANDROID_7),
            max_sdk: self.max_sdk,
            known_schemes,
            found_schemes: &self.found,
        }
    }

    /// Schemes newer than v1 that some platform in range knows and whose absence it would notice.
    fn known_schemes(&self) -> BTreeSet<u32> {
        [(SCHEME_V2, ANDROID_7), (SCHEME_V3, v3::ANDROID_9)]
            .into_iter()
            .filter_map(|(scheme, since)| (self.max_sdk >= since).then_some(scheme))
            .collect()
    }

    /// Android 8 and newer demand a newer signature of apps made for the newer sandbox.
    fn check_sandbox(&mut self) -> Result<(), Abort> {
        if self.max_sdk >= ANDROID_8
            && self.platforms()?.target_sandbox() > 1
            && self.found.is_empty()
        {
            self.notes.error(Issue::NoSigForTargetSandboxVersion);
        }
        Ok(())
    }

    fn verify_jar(&mut self) -> Result<(), Abort> {
        let known = self.known_schemes();
        let scope = jar::Scope {
            min_sdk: self.min_sdk,
            max_sdk: self.max_sdk,
            known_schemes: &known,
            found_schemes: &self.found,
        };
        self.v1 = Some(jar::verify(&self.contents?, &scope)?);
        self.scheme_digests
            .insert(SCHEME_JAR, self.jar_manifest_digest()?);
        Ok(())
    }

    /// What source stamps sign of a JAR signature.
    fn jar_manifest_digest(&self) -> Result<BTreeMap<ContentDigest, Vec<u8>>, Abort> {
        let contents = self.contents?;
        let Some(entry) = contents.file(jar::MANIFEST) else {
            return Ok(BTreeMap::new());
        };
        let digest = sha256(&[&contents.read(entry)?]).to_vec();
        Ok([(ContentDigest::Sha256, digest)].into())
    }

    fn verify_stamp(&mut self) -> Result<(), Abort> {
        let contents = self.contents?;
        let Some(entry) = contents.file(stamp::CERTIFICATE_DIGEST_ENTRY) else {
            return Ok(());
        };
        let certificate_digest = contents.read(entry)?;
        let Some(value) = self
            .block
            .and_then(|block| block.value(block::ID_SOURCE_STAMP))
        else {
            self.notes.warning(Issue::SourceStampSigMissing);
            let status = StampStatus::NotVerified;
            self.stamp = Some(SourceStamp::failed(status, Issue::SourceStampSigMissing));
            return Ok(());
        };
        let min_sdk = self.min_sdk.max(ANDROID_11);
        let digests = &self.scheme_digests;
        self.stamp = Some(stamp::verify(
            value,
            &certificate_digest,
            digests,
            min_sdk,
            self.max_sdk,
        ));
        Ok(())
    }

    pub(super) fn verify_stamp_alone(
        mut self,
        range: SdkRange,
        expected: Option<&[u8; 32]>,
    ) -> Result<SourceStamp, Abort> {
        self.set_range(range)?;
        let value = self
            .block
            .and_then(|block| block.value(block::ID_SOURCE_STAMP));
        let contents = self.contents?;
        let Some(entry) = contents.file(stamp::CERTIFICATE_DIGEST_ENTRY) else {
            return Ok(match value {
                Some(_) => SourceStamp::failed(
                    StampStatus::NotVerified,
                    Issue::SourceStampSignatureBlockWithoutCertDigest,
                ),
                None => SourceStamp::failed(
                    StampStatus::Missing,
                    Issue::SourceStampCertDigestAndSigBlockMissing,
                ),
            });
        };
        let certificate_digest = contents.read(entry)?;
        if expected.is_some_and(|expected| *certificate_digest != expected[..]) {
            let status = StampStatus::CertDigestMismatch;
            return Ok(SourceStamp::failed(
                status,
                Issue::SourceStampExpectedDigestMismatch,
            ));
        }
        if let Some(issue) = self.read_signed_digests()? {
            return Ok(SourceStamp::failed(StampStatus::VerificationError, issue));
        }
        if self.min_sdk < ANDROID_7 || self.found.is_empty() {
            let digest = self.jar_manifest_digest()?;
            self.scheme_digests.insert(SCHEME_JAR, digest);
        }
        let Some(value) = value else {
            let status = StampStatus::NotVerified;
            return Ok(SourceStamp::failed(status, Issue::SourceStampSigMissing));
        };
        let digests = &self.scheme_digests;
        Ok(stamp::verify(
            value,
            &certificate_digest,
            digests,
            self.min_sdk,
            self.max_sdk,
        ))
    }

    /// Reads what the signers of v3 and v2 signed, without comparing it with the file; returns
    /// the first thing that is wrong with them.
    fn read_signed_digests(&mut self) -> Result<Option<Issue>, Abort> {
        let v3 = self.block.and_then(|block| block.value(block::ID_V3));
        if self.max_sdk >= v3::ANDROID_9
            && let Some(value) = v3
        {
            self.found.insert(SCHEME_V3);
            let scope = v3::Scope {
                version: v3::Version::V3,
                min_sdk: self.min_sdk.max(v3::ANDROID_9),
                max_sdk: self.max_sdk,
                rotation_min_sdk: None,
                checks_rotation: false,
            };
            let outcome = v3::read(value, &scope)?;
            self.scheme_digests
                .insert(SCHEME_V3, outcome.signed_digests());
            if outcome.has_errors() {
                return Ok(first_issue(&outcome));
            }
        }
        let v2 = self.block.and_then(|block| block.value(block::ID_V2));
        let wanted =
            self.max_sdk >= ANDROID_7 && (self.min_sdk < v3::ANDROID_9 || self.found.is_empty());
        if wanted && let Some(value) = v2 {
            self.found.insert(SCHEME_V2);
            let known = self.known_schemes();
            let outcome = v2::read(value, &self.v2_scope(&known))?;
            self.scheme_digests
                .insert(SCHEME_V2, outcome.signed_digests());
            if outcome.has_errors() {
                return Ok(first_issue(&outcome));
            }
        }
        Ok(None)
    }

    /// The same certificates must have signed by v1 and by v2.
    fn compare_v1_with_v2(&mut self) {
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
    fn compare_v3_with_older(&mut self) {
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
    fn compare_v4(&mut self) {
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
    fn check_target_sdk(&mut self) {
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

    /// Whether verification ends here. Errors of v3.1 count in the end, but do not keep v3 from
    /// being looked at: it may tell more.
    fn has_errors(&self) -> bool {
        let older = [&self.v2, &self.v3];
        self.notes.has_errors()
            || older.into_iter().flatten().any(Outcome::has_errors)
            || self
                .v4
                .as_ref()
                .is_some_and(|outcome| outcome.notes.has_errors())
            || self.v1.as_ref().is_some_and(JarOutcome::has_errors)
    }

    fn block_outcomes(&self) -> impl Iterator<Item = (Scheme, &Outcome)> {
        let outcomes = [
            (Scheme::V2, &self.v2),
            (Scheme::V3, &self.v3),
            (Scheme::V31, &self.v31),
        ];
        outcomes
            .into_iter()
            .filter_map(|(scheme, outcome)| Some((scheme, outcome.as_ref()?)))
    }

    fn verified_schemes(&self) -> Vec<Scheme> {
        let v1 = verified_jar(self.v1.as_ref()).map(|_| Scheme::V1);
        let newer = self
            .block_outcomes()
            .filter_map(|(scheme, outcome)| outcome.verified.then_some(scheme));
        let v4 = self
            .v4
            .as_ref()
            .filter(|outcome| outcome.verified)
            .map(|_| Scheme::V4);
        v1.into_iter().chain(newer).chain(v4).collect()
    }

    /// The lineage of v3.1, otherwise that of v3.
    fn lineage(&self) -> Option<&Lineage> {
        [&self.v31, &self.v3]
            .into_iter()
            .find_map(|outcome| outcome.as_ref()?.lineage.as_ref())
    }

    pub(super) fn finish(self, abort: Option<Abort>) -> Verification {
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

/// The outcome, if it is that of a right signature.
fn verified(outcome: Option<&Outcome>) -> Option<&Outcome> {
    outcome.filter(|outcome| outcome.verified)
}

fn verified_jar(outcome: Option<&JarOutcome>) -> Option<&JarOutcome> {
    outcome.filter(|outcome| outcome.verified)
}

fn main_certificates(outcome: &Outcome) -> Vec<&Certificate> {
    outcome
        .signers
        .iter()
        .filter_map(|signer| signer.certificates.first())
        .collect()
}

fn first_issue(outcome: &Outcome) -> Option<Issue> {
    let signers = outcome
        .signers
        .iter()
        .flat_map(|signer| &signer.notes.errors);
    outcome
        .notes
        .errors
        .iter()
        .chain(signers)
        .next()
        .map(|note| note.issue)
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
