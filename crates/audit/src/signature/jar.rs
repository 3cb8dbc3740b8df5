//! JAR signatures (scheme v1): digests of entries in `MANIFEST.MF`, digests of its sections in
//! `.SF` files, signatures over those in `.RSA`, `.DSA` and `.EC` files.
//!
//! The scheme covers the contents of entries, not the file: what lies between entries, before
//! them (Janus), or in `META-INF/` is not protected.

mod check;
mod digests;
mod manifest;
mod support;

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap, HashSet};

use rayon::prelude::*;

use self::check::{SignerCheck, check};
use self::digests::expected_digests;
use self::manifest::{Section, Sections};
use super::contents::{Abort, Contents};
use super::notes::Notes;
use super::pkcs7::{SignedData, chain};
use super::{CERTIFICATES_MAX, Issue, SIGNERS_MAX};
use crate::certificate::Certificate;
use crate::zip::Entry;

const META_INF: &str = "META-INF/";
pub(crate) const MANIFEST: &str = "META-INF/MANIFEST.MF";
const ANDROID_7: i32 = 24;

/// The platforms and the newer schemes that the verification is about.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scope<'a> {
    pub(crate) min_sdk: i32,
    pub(crate) max_sdk: i32,
    /// Newer schemes that some platform in range knows.
    pub(crate) known_schemes: &'a BTreeSet<u32>,
    /// Newer schemes by which the file is signed.
    pub(crate) found_schemes: &'a BTreeSet<u32>,
}

/// The result of verifying JAR signatures.
#[derive(Debug, Default)]
pub(crate) struct JarOutcome {
    pub(crate) verified: bool,
    pub(crate) notes: Notes,
    pub(crate) signers: Vec<JarSigner>,
}

impl JarOutcome {
    pub(crate) fn has_errors(&self) -> bool {
        self.notes.has_errors() || self.signers.iter().any(|signer| signer.notes.has_errors())
    }
}

/// One signer: a signature block and its signature file.
#[derive(Debug)]
pub(crate) struct JarSigner {
    /// The signature block without `META-INF/`.
    pub(crate) name: String,
    block_name: String,
    file_name: String,
    pub(crate) notes: Notes,
    /// The signer's certificate, then as many of its issuers as the block contains.
    pub(crate) chain: Vec<Certificate>,
    /// How the signature file is signed.
    pub(crate) algorithm: Option<String>,
    pub(crate) has_weak_digest: bool,
    /// Hash functions of the digests of the manifest.
    pub(crate) manifest_digests: Vec<String>,
    /// The newer schemes that the signature file promises.
    pub(crate) promised_schemes: Option<String>,
    /// Android leaves the signer out of account.
    ignored: bool,
    /// Entries that the signature file covers.
    covered: HashSet<String>,
}

/// Verifies the JAR signatures of an archive.
pub(crate) fn verify(contents: &Contents<'_>, scope: &Scope<'_>) -> Result<JarOutcome, Abort> {
    let mut outcome = JarOutcome::default();
    let files = Files::find(contents, &mut outcome.notes);
    if outcome.notes.has_errors() {
        return Ok(outcome);
    }
    let Some(manifest_entry) = files.manifest else {
        outcome.notes.error(Issue::JarSigNoManifest);
        return Ok(outcome);
    };
    let manifest_bytes = contents.read(manifest_entry)?;
    let manifest = Manifest::parse(&manifest_bytes, &files.names, &mut outcome.notes);
    if outcome.notes.has_errors() {
        return Ok(outcome);
    }
    let mut signers = files.signers(&mut outcome.notes)?;
    if signers.is_empty() {
        outcome.notes.error(Issue::JarSigNoSignatures);
        return Ok(outcome);
    }

    // Every signature file must verify against its block, to begin with.
    let mut signature_files = Vec::new();
    for signer in &mut signers {
        signature_files.push(signer.verify_block(contents, &files, scope)?);
    }
    if signers.iter().any(|signer| signer.notes.has_errors()) {
        outcome.signers = with_errors(signers);
        return Ok(outcome);
    }
    // Then the manifest must verify against every signature file that counts.
    for (signer, file) in signers.iter_mut().zip(&signature_files) {
        signer.verify_file(file, &manifest, scope);
    }
    signers.retain(|signer| !signer.ignored);
    if signers.iter().any(|signer| signer.notes.has_errors()) {
        outcome.signers = with_errors(signers);
        return Ok(outcome);
    }
    if signers.is_empty() {
        outcome.notes.error(Issue::JarSigNoSignatures);
        return Ok(outcome);
    }
    // Then the entries must verify against the manifest, all of them by the same signers.
    let used = verify_entries(
        contents,
        &files,
        &manifest,
        &signers,
        scope,
        &mut outcome.notes,
    )?;
    if outcome.notes.has_errors() {
        return Ok(outcome);
    }
    let mut position = 0;
    signers.retain(|_| {
        position += 1;
        used.contains(&(position - 1))
    });
    warn_of_unprotected(&files, &signers, &mut outcome.notes);
    outcome.signers = signers;
    outcome.verified = true;
    Ok(outcome)
}

fn with_errors(mut signers: Vec<JarSigner>) -> Vec<JarSigner> {
    signers.retain(|signer| signer.notes.has_errors());
    signers
}

/// The entries of the archive by the part they play.
struct Files<'a> {
    manifest: Option<&'a Entry<'a>>,
    signature_files: HashMap<Cow<'a, str>, &'a Entry<'a>>,
    signature_blocks: Vec<&'a Entry<'a>>,
    /// Names of all entries.
    names: HashSet<Cow<'a, str>>,
    entries: Vec<&'a Entry<'a>>,
}

impl<'a> Files<'a> {
    fn find(contents: &Contents<'a>, notes: &mut Notes) -> Self {
        let mut files = Self {
            manifest: None,
            signature_files: HashMap::new(),
            signature_blocks: Vec::new(),
            names: HashSet::new(),
            entries: contents.files().collect(),
        };
        let mut duplicates = HashSet::new();
        for &entry in &files.entries {
            let name = entry.name_lossy();
            if !files.names.insert(name.clone()) && duplicates.insert(name.clone()) {
                notes.error_about(Issue::JarSigDuplicateZipEntry, &name);
            }
            if !name.starts_with(META_INF) {
                continue;
            }
            if files.manifest.is_none() && name == MANIFEST {
                files.manifest = Some(entry);
            } else if name.ends_with(".SF") {
                files.signature_files.insert(name, entry);
            } else if [".RSA", ".DSA", ".EC"]
                .iter()
                .any(|ending| name.ends_with(ending))
            {
                files.signature_blocks.push(entry);
            }
        }
        files
    }

    /// Pairs every signature block with the signature file of the same name.
    fn signers(&self, notes: &mut Notes) -> Result<Vec<JarSigner>, Abort> {
        let mut signers = Vec::new();
        for block in &self.signature_blocks {
            let block_name = block.name_lossy();
            let stem = block_name
                .rsplit_once('.')
                .map_or(&*block_name, |(stem, _)| stem);
            let file_name = format!("{stem}.SF");
            if !self.signature_files.contains_key(file_name.as_str()) {
                notes.warning_about(Issue::JarSigMissingFile, &block_name);
                continue;
            }
            if signers.len() == SIGNERS_MAX {
                return Err(Abort::Limit);
            }
            signers.push(JarSigner {
                name: block_name
                    .strip_prefix(META_INF)
                    .unwrap_or(&block_name)
                    .to_owned(),
                block_name: block_name.into_owned(),
                file_name,
                notes: Notes::default(),
                chain: Vec::new(),
                algorithm: None,
                has_weak_digest: false,
                manifest_digests: Vec::new(),
                promised_schemes: None,
                ignored: false,
                covered: HashSet::new(),
            });
        }
        Ok(signers)
    }

    fn entry(&self, name: &str) -> Option<&'a Entry<'a>> {
        self.signature_files.get(name).copied().or_else(|| {
            self.signature_blocks
                .iter()
                .copied()
                .find(|entry| entry.name_lossy() == name)
        })
    }
}

/// The JAR manifest.
struct Manifest<'a> {
    bytes: &'a [u8],
    main: Option<Section<'a>>,
    sections: HashMap<String, Section<'a>>,
}

impl<'a> Manifest<'a> {
    fn parse(bytes: &'a [u8], entry_names: &HashSet<Cow<'_, str>>, notes: &mut Notes) -> Self {
        let mut rest = Sections::new(bytes);
        let main = rest.next();
        let mut sections = HashMap::new();
        let mut missing = Vec::new();
        for (position, section) in rest.enumerate() {
            let Some(name) = section.name().map(str::to_owned) else {
                let number = (position + 1).to_string();
                notes.error_about(Issue::JarSigUnnamedManifestSection, &number);
                continue;
            };
            if !entry_names.contains(name.as_str()) {
                missing.push(name.clone());
            }
            if sections.insert(name.clone(), section).is_some() {
                notes.error_about(Issue::JarSigDuplicateManifestSection, &name);
            }
        }
        // After the malformed sections: a name that was cut is often why its entry is missing.
        for name in missing {
            notes.error_about(Issue::JarSigMissingZipEntryReferencedInManifest, &name);
        }
        Self {
            bytes,
            main,
            sections,
        }
    }
}

impl JarSigner {
    /// Verifies the signature file against the signature block; returns the signature file.
    fn verify_block<'a>(
        &mut self,
        contents: &Contents<'a>,
        files: &Files<'a>,
        scope: &Scope<'_>,
    ) -> Result<Cow<'a, [u8]>, Abort> {
        let read = |name: &str| contents.read(files.entry(name).ok_or(Abort::Format)?);
        let block = read(&self.block_name)?;
        let file = read(&self.file_name)?;
        let Ok(data) = SignedData::parse(&block) else {
            self.notes
                .error_about(Issue::JarSigParseException, &self.block_name);
            return Ok(file);
        };
        if data.signers.is_empty() {
            self.notes
                .error_about(Issue::JarSigNoSigners, &self.block_name);
            return Ok(file);
        }
        if data.signers.len() > SIGNERS_MAX || data.certificates.len() > CERTIFICATES_MAX {
            return Err(Abort::Limit);
        }
        let certificates = data
            .certificates
            .iter()
            .map(|encoded| Certificate::parse(encoded));
        let Ok(certificates) = certificates.collect::<Result<Vec<_>, _>>() else {
            self.notes
                .error_about(Issue::JarSigParseException, &self.block_name);
            return Ok(file);
        };
        // Before Android 7 only the first signature of a block was looked at.
        let looked_at = if scope.min_sdk < ANDROID_7 {
            1
        } else {
            data.signers.len()
        };
        let mut verified = None;
        for signature in data.signers.iter().take(looked_at) {
            match check(signature, &data, &certificates, &file, scope) {
                SignerCheck::Verified => verified = verified.or(Some(signature)),
                SignerCheck::Wrong => {}
                SignerCheck::Refused(issue) => {
                    self.notes.error_about(issue, &self.block_name);
                    return Ok(file);
                }
            }
        }
        let certificate = verified.and_then(|signature| signature.certificate(&certificates));
        let (Some(signature), Some(certificate)) = (verified, certificate) else {
            self.notes
                .error_about(Issue::JarSigDidNotVerify, &self.block_name);
            return Ok(file);
        };
        let mechanism = signature.mechanism();
        self.algorithm = mechanism.map(|mechanism| mechanism.to_string());
        self.has_weak_digest = mechanism.is_some_and(|mechanism| mechanism.hash().is_weak());
        self.chain = chain(certificate, &certificates);
        Ok(file)
    }

    /// Verifies the manifest against the signature file.
    fn verify_file(&mut self, file: &[u8], manifest: &Manifest<'_>, scope: &Scope<'_>) {
        let mut sections = Sections::new(file);
        let main = sections.next();
        let Some(main) = main.filter(|main| main.value("Signature-Version").is_some()) else {
            self.notes
                .error_about(Issue::JarSigMissingVersionAttrInSigFile, &self.file_name);
            self.ignored = true;
            return;
        };
        self.manifest_digests = main
            .names()
            .filter_map(|name| name.strip_suffix("-Digest-Manifest").map(str::to_owned))
            .collect();
        self.promised_schemes = main.value("X-Android-APK-Signed").map(str::to_owned);
        if scope.max_sdk >= ANDROID_7 {
            self.check_stripping(scope);
            if self.notes.has_errors() {
                return;
            }
        }
        let signtool = main
            .value("Created-By")
            .is_some_and(|tool| tool.contains("signtool"));
        let whole_verified = self.verify_whole_manifest(&main, manifest, signtool, scope);
        if !signtool {
            self.verify_main_section(&main, manifest, scope);
        }
        if self.notes.has_errors() {
            return;
        }
        for (position, section) in sections.enumerate() {
            let Some(name) = section.name() else {
                let number = (position + 1).to_string();
                self.notes
                    .error_about(Issue::JarSigUnnamedSigFileSection, &number);
                self.ignored = true;
                return;
            };
            if !self.covered.insert(name.to_owned()) {
                self.notes
                    .error_about(Issue::JarSigDuplicateSigFileSection, name);
                self.ignored = true;
                return;
            }
            if !whole_verified {
                self.verify_section(name, &section, manifest, signtool, scope);
            }
        }
    }

    /// Refuses a file whose newer signatures, which the signature file promises, are gone.
    fn check_stripping(&mut self, scope: &Scope<'_>) {
        let Some(promised) = self.promised_schemes.clone() else {
            if !scope.found_schemes.is_empty() {
                self.notes
                    .warning_about(Issue::JarSigNoApkSigStripProtection, &self.file_name);
            }
            return;
        };
        if scope.known_schemes.is_empty() {
            return;
        }
        let mut expected = BTreeSet::new();
        for id in promised
            .split(',')
            .filter_map(|id| id.trim().parse::<i32>().ok())
        {
            match u32::try_from(id) {
                Ok(id) if scope.known_schemes.contains(&id) => _ = expected.insert(id),
                _ => self
                    .notes
                    .warning_about(Issue::JarSigUnknownApkSigSchemeId, &id.to_string()),
            }
        }
        for id in expected.difference(scope.found_schemes) {
            self.notes
                .error_about(Issue::JarSigMissingApkSigReferenced, &id.to_string());
        }
    }

    fn verify_whole_manifest(
        &mut self,
        main: &Section<'_>,
        manifest: &Manifest<'_>,
        signtool: bool,
        scope: &Scope<'_>,
    ) -> bool {
        let suffix = if signtool {
            "-Digest"
        } else {
            "-Digest-Manifest"
        };
        let expected = expected_digests(main, suffix, scope);
        if expected.is_empty() {
            self.notes
                .warning_about(Issue::JarSigNoManifestDigestInSigFile, &self.file_name);
            return false;
        }
        let mut verified = true;
        for digest in expected {
            if !digest.matches(manifest.bytes) {
                self.notes
                    .warning_about(Issue::JarSigZipEntryDigestDidNotVerify, MANIFEST);
                verified = false;
            }
        }
        verified
    }

    fn verify_main_section(
        &mut self,
        main: &Section<'_>,
        manifest: &Manifest<'_>,
        scope: &Scope<'_>,
    ) {
        let actual = manifest
            .main
            .as_ref()
            .map_or(&[][..], |section| section.bytes);
        for digest in expected_digests(main, "-Digest-Manifest-Main-Attributes", scope) {
            if !digest.matches(actual) {
                self.notes.error_about(
                    Issue::JarSigManifestMainSectionDigestDidNotVerify,
                    &self.file_name,
                );
            }
        }
    }

    fn verify_section(
        &mut self,
        name: &str,
        section: &Section<'_>,
        manifest: &Manifest<'_>,
        signtool: bool,
        scope: &Scope<'_>,
    ) {
        let Some(described) = manifest.sections.get(name) else {
            self.notes
                .error_about(Issue::JarSigNoZipEntryDigestInSigFile, name);
            self.ignored = true;
            return;
        };
        let expected = expected_digests(section, "-Digest", scope);
        if expected.is_empty() {
            self.notes
                .error_about(Issue::JarSigNoZipEntryDigestInSigFile, name);
            return;
        }
        // That tool left the empty line out of its digests.
        let shorter = described
            .bytes
            .strip_suffix(b"\n")
            .filter(|bytes| bytes.ends_with(b"\n"));
        let actual = shorter.filter(|_| signtool).unwrap_or(described.bytes);
        for digest in expected {
            if !digest.matches(actual) {
                self.notes
                    .error_about(Issue::JarSigManifestSectionDigestDidNotVerify, name);
            }
        }
    }
}

/// Verifies the entries against the manifest; returns the positions of the signers that sign them.
fn verify_entries<'a>(
    contents: &Contents<'a>,
    files: &Files<'a>,
    manifest: &Manifest<'_>,
    signers: &[JarSigner],
    scope: &Scope<'_>,
    notes: &mut Notes,
) -> Result<Vec<usize>, Abort> {
    let mut entries: Vec<&Entry<'_>> = files
        .entries
        .iter()
        .copied()
        .filter(|entry| !entry.name.starts_with(META_INF.as_bytes()))
        .collect();
    entries.sort_by_key(|entry| entry.local_header_offset);
    let mut common: Option<Vec<usize>> = None;
    let mut work = Vec::new();
    for entry in entries {
        let name = entry.name_lossy();
        let Some(section) = manifest.sections.get(&*name) else {
            notes.error_about(Issue::JarSigNoZipEntryDigestInManifest, &name);
            continue;
        };
        let signed_by: Vec<usize> = signers
            .iter()
            .enumerate()
            .filter_map(|(position, signer)| signer.covered.contains(&*name).then_some(position))
            .collect();
        if signed_by.is_empty() {
            notes.error_about(Issue::JarSigZipEntryNotSigned, &name);
            continue;
        }
        if *common.get_or_insert_with(|| signed_by.clone()) != signed_by {
            notes.error_about(Issue::JarSigZipEntrySignersMismatch, &name);
            continue;
        }
        let expected = expected_digests(section, "-Digest", scope);
        if expected.is_empty() {
            notes.error_about(Issue::JarSigNoZipEntryDigestInManifest, &name);
            continue;
        }
        work.push((entry, expected));
    }
    let results: Vec<bool> = work
        .par_iter()
        .map(|(entry, expected)| {
            let mut hashers: Vec<_> = expected.iter().map(|digest| digest.hash.hasher()).collect();
            contents.stream(entry, &mut |piece| {
                hashers.iter_mut().for_each(|hasher| hasher.update(piece));
            })?;
            let actual = hashers.into_iter().map(|hasher| hasher.finalize());
            Ok(actual
                .zip(expected)
                .all(|(actual, expected)| *actual == *expected.digest))
        })
        .collect::<Result<_, Abort>>()?;
    for ((entry, _), matches) in work.iter().zip(results) {
        if !matches {
            notes.error_about(Issue::JarSigZipEntryDigestDidNotVerify, &entry.name_lossy());
        }
    }
    if common.is_none() {
        notes.error(Issue::JarSigNoSignedZipEntries);
    }
    Ok(common.unwrap_or_default())
}

/// Entries in `META-INF/` that no signature covers can be added and changed at will.
fn warn_of_unprotected(files: &Files<'_>, signers: &[JarSigner], notes: &mut Notes) {
    for entry in &files.entries {
        let name = entry.name_lossy();
        let is_signature = name == MANIFEST
            || signers
                .iter()
                .any(|signer| name == signer.block_name || name == signer.file_name);
        if name.starts_with(META_INF) && !is_signature {
            notes.warning_about(Issue::JarSigUnprotectedZipEntry, &name);
        }
    }
}
