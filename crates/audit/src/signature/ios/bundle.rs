//! Bundles of an IPA: the program of each with its signature, and the seal over its other files.

use std::collections::{BTreeMap, BTreeSet};

use super::{CodeDirectory, Sealed, SliceSignature, verify_program};
use crate::Limits;
use crate::property_list::{self, Value};
use crate::signature::hash::{Hash, hex};
use crate::zip::{Archive, Entry};

/// Bundles of one app. Stops archives of thousands of tiny frameworks.
const BUNDLES_MAX: usize = 256;
/// Files listed of each kind. Stops reports of millions of lines.
const LISTED_MAX: usize = 256;

/// What verification of an IPA came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct IpaVerification {
    /// There is an app, and it and every bundle inside it are rightly signed.
    pub verified: bool,
    /// The app's bundle and those inside it, in the order of their paths.
    pub bundles: Vec<BundleSignature>,
    /// What is not judged: bundles whose `Info.plist` or program cannot be read or that are more
    /// than anyone needs, and files whose names are not UTF-8.
    pub skipped: Vec<String>,
}

/// The signature of one bundle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BundleSignature {
    /// The bundle's folder in the archive, without a slash at its end.
    pub path: String,
    /// The program's name in the archive.
    pub program: String,
    /// Everything that is verified here is right: all slices, and the seal.
    pub verified: bool,
    /// The program for each architecture; empty if it is not a Mach-O file.
    pub slices: Vec<SliceSignature>,
    /// The other files against the seal; `None` if there is no seal or it cannot be read.
    pub seal: Option<Seal>,
}

/// The files of a bundle against its seal (`_CodeSignature/CodeResources`).
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Seal {
    /// Files that are sealed and right.
    pub matching: usize,
    /// Files that were changed after signing.
    pub changed: Vec<String>,
    /// Files that were removed after signing, and are not optional.
    pub missing: Vec<String>,
    /// Files that are in the bundle and not in the seal. Those of bundles inside it are not
    /// listed, nor those that are never sealed.
    pub unsealed: Vec<String>,
}

impl Seal {
    /// Nothing was changed, removed or added after signing.
    #[must_use]
    pub fn holds(&self) -> bool {
        self.changed.is_empty() && self.missing.is_empty() && self.unsealed.is_empty()
    }
}

/// Files by their names in the archive.
type Files<'f> = BTreeMap<&'f str, &'f Entry<'f>>;

/// Verifies every bundle of an app (`Payload/*.app`) and inside it.
#[must_use]
pub fn verify_ipa(archive: &Archive<'_>) -> IpaVerification {
    let mut verification = IpaVerification::default();
    let mut files = Files::new();
    for entry in archive
        .entries()
        .iter()
        .filter(|entry| !entry.is_directory())
    {
        match str::from_utf8(entry.name) {
            Ok(name) => _ = files.insert(name, entry),
            // Such a name cannot be in a seal: whatever it is, nobody signed it.
            Err(_) if entry.name.starts_with(b"Payload/") => {
                list_file(&mut verification.skipped, &entry.name_lossy());
            }
            Err(_) => {}
        }
    }
    let folders: BTreeSet<&str> = files
        .keys()
        .filter_map(|name| bundle_folder(name))
        .collect();
    // Every file belongs to the innermost bundle around it.
    let mut bundles: BTreeMap<&str, Files<'_>> = BTreeMap::new();
    for (name, entry) in &files {
        if let Some((folder, inside)) = owner(name, &folders) {
            bundles.entry(folder).or_default().insert(inside, entry);
        }
    }
    for (position, (folder, own)) in bundles.iter().enumerate() {
        let verified =
            (position < BUNDLES_MAX).then(|| verify_bundle(archive, folder, own, &folders));
        match verified.flatten() {
            Some(bundle) => verification.bundles.push(bundle),
            None => list_file(&mut verification.skipped, folder),
        }
    }
    verification.verified = verification.skipped.is_empty()
        && verification.bundles.iter().all(|bundle| bundle.verified)
        && verification
            .bundles
            .iter()
            .any(|bundle| bundle.path.ends_with(".app"));
    verification
}

/// The folder of a bundle, by its `Info.plist`.
fn bundle_folder(name: &str) -> Option<&str> {
    const ENDINGS: [&str; 4] = [".app", ".appex", ".framework", ".xctest"];
    let folder = name
        .strip_suffix("/Info.plist")
        .filter(|name| name.starts_with("Payload/"))?;
    ENDINGS
        .iter()
        .any(|ending| folder.ends_with(ending))
        .then_some(folder)
}

/// The innermost bundle that a file belongs to, and its name in that bundle.
fn owner<'n>(name: &'n str, folders: &BTreeSet<&str>) -> Option<(&'n str, &'n str)> {
    name.rmatch_indices('/').find_map(|(slash, _)| {
        let (folder, inside) = name.split_at_checked(slash)?;
        folders
            .contains(folder)
            .then_some((folder, inside.strip_prefix('/')?))
    })
}

fn verify_bundle(
    archive: &Archive<'_>,
    folder: &str,
    files: &Files<'_>,
    folders: &BTreeSet<&str>,
) -> Option<BundleSignature> {
    let read = |name: &str| archive.read(files.get(name)?).ok();
    let info = read("Info.plist")?;
    let parsed = property_list::parse(&info, &Limits::default()).ok()?;
    let program_name = parsed.get("CFBundleExecutable")?.text()?.to_owned();
    let program = read(&program_name)?;
    let resources = read("_CodeSignature/CodeResources");
    let sealed = Sealed {
        info: Some(&info),
        resources: resources.as_deref(),
    };
    let slices = verify_program(&program, &sealed).unwrap_or_default();
    let resources = resources.and_then(|file| property_list::parse(&file, &Limits::default()).ok());
    let seal = resources.map(|resources| {
        let is_inner = |name: &str| {
            owner(&format!("{folder}/{name}"), folders).map(|found| found.0) != Some(folder)
        };
        check_seal(archive, files, &resources, &program_name, &is_inner)
    });
    let verified = !slices.is_empty()
        && slices.iter().all(|slice| slice.verified)
        && seal.as_ref().is_some_and(Seal::holds);
    let program = format!("{folder}/{program_name}");
    Some(BundleSignature {
        path: folder.to_owned(),
        program,
        verified,
        slices,
        seal,
    })
}

/// Compares the files of a bundle with its seal. Files of bundles inside it have seals of their
/// own.
fn check_seal(
    archive: &Archive<'_>,
    files: &Files<'_>,
    resources: &Value,
    program: &str,
    is_inner: &dyn Fn(&str) -> bool,
) -> Seal {
    let list = resources.get("files2").or_else(|| resources.get("files"));
    let list = list.map(Value::entries).unwrap_or_default();
    let mut seal = Seal::default();
    let mut sealed = BTreeSet::new();
    for (name, rule) in list {
        sealed.insert(name.as_str());
        match files.get(name.as_str()).map(|entry| archive.read(entry)) {
            Some(Ok(contents)) if matches(rule, &contents) => seal.matching += 1,
            Some(_) => list_file(&mut seal.changed, name),
            None => {
                let optional = rule.get("optional").and_then(Value::bool) == Some(true);
                // A bundle inside is sealed as a whole, under the name of its folder.
                let is_bundle = rule.get("cdhash").is_some();
                if !optional && !is_bundle && !is_inner(name) {
                    list_file(&mut seal.missing, name);
                }
            }
        }
    }
    for name in files.keys().filter(|name| !sealed.contains(*name)) {
        let never_sealed = *name == program
            || matches!(*name, "Info.plist" | "PkgInfo" | "CodeResources")
            || name.starts_with("_CodeSignature/")
            // What the store adds to a copy it sells.
            || name.starts_with("SC_Info/")
            || name.ends_with(".DS_Store")
            || name.ends_with(".lproj/locversion.plist");
        if !never_sealed {
            list_file(&mut seal.unsealed, name);
        }
    }
    seal
}

/// Whether contents have the digests of a rule: SHA-256 where there is one, otherwise SHA-1. A
/// symbolic link is kept as the path that it leads to, a program by its code directory.
fn matches(rule: &Value, contents: &[u8]) -> bool {
    let digest = |hash: Hash, expected: &Value| match expected {
        Value::Data(expected) => hash.digest(&[contents]) == *expected,
        _ => false,
    };
    if let Some(expected) = rule.get("hash2") {
        digest(Hash::Sha256, expected)
    } else if let Some(expected) = rule.get("hash") {
        digest(Hash::Sha1, expected)
    } else if let Some(path) = rule.get("symlink") {
        path.text().is_some_and(|path| path.as_bytes() == contents)
    } else if let Some(expected) = rule.get("cdhash") {
        is_program(contents, expected)
    } else {
        digest(Hash::Sha1, rule)
    }
}

/// Whether contents are a rightly signed program with that code directory.
fn is_program(contents: &[u8], expected: &Value) -> bool {
    let Value::Data(expected) = expected else {
        return false;
    };
    let expected = hex(expected);
    let slices = verify_program(contents, &Sealed::default()).unwrap_or_default();
    let has_digest = |directory: &CodeDirectory| directory.digest.starts_with(&expected);
    expected.len() >= 40
        && slices.iter().all(|slice| slice.verified)
        && slices
            .iter()
            .any(|slice| slice.directories.iter().any(has_digest))
}

fn list_file(files: &mut Vec<String>, name: &str) {
    if files.len() < LISTED_MAX {
        files.push(name.to_owned());
    }
}
