//! One verification from beginning to end: which scheme is looked at for which platforms.

mod compare;
mod report;

use std::collections::{BTreeMap, BTreeSet};

use super::algorithm::ContentDigest;
use super::block::{self, SigningBlock};
use super::contents::{Abort, Contents};
use super::hash::sha256;
use super::jar::{self, JarOutcome};
use super::manifest::{self, Platforms};
use super::notes::Notes;
use super::scheme::{FileDigests, Outcome};
use super::stamp::{self, SchemeDigests};
use super::v4::{self, V4Outcome};
use super::{
    Issue, Lineage, SCHEME_JAR, SCHEME_V2, SCHEME_V3, SCHEME_V4, SCHEME_V31, Scheme, SdkRange,
    SourceStamp, StampStatus, v2, v3,
};
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
}

/// The outcome, if it is that of a right signature.
fn verified(outcome: Option<&Outcome>) -> Option<&Outcome> {
    outcome.filter(|outcome| outcome.verified)
}

fn verified_jar(outcome: Option<&JarOutcome>) -> Option<&JarOutcome> {
    outcome.filter(|outcome| outcome.verified)
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
