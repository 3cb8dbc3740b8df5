//! The corpus of apksig and the real apps, cut and changed at random: everything comes back, in
//! time, and no signature passes for contents that are not those that were signed.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use hefu_audit::check::Subject;
use hefu_audit::configuration::Configuration;
use hefu_audit::judgement::{Verdict, judge};
use hefu_audit::signature::{PackageSignature, SdkRange};
use hefu_audit::zip::{Archive, Limits as ZipLimits};
use hefu_audit::{Facts, Limits, Package};
use rayon::prelude::*;

use super::signature::shared_apps;

/// Changes made to each file.
const CHANGES: u64 = 3;
/// Longest time for one file of some 10 KB to 3 MB in a build without optimisation, shared
/// with other tests. A loop that does not end takes longer.
const TIME_MAX: Duration = Duration::from_secs(60);

/// Marsaglia's xorshift: the same changes on every run, so that a failure can be repeated.
struct XorShift(u64);

impl XorShift {
    fn seeded(name: &str, number: u64) -> Self {
        Self(
            name.bytes()
                .fold(0x9e37_79b9_7f4a_7c15 ^ number, |state, byte| {
                    (state ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
                }),
        )
    }

    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound.max(1) as u64) as usize
    }

    fn changed(&mut self, original: &[u8]) -> Vec<u8> {
        let mut bytes = original.to_vec();
        match self.below(4) {
            0 => bytes.truncate(self.below(original.len())),
            1 => {
                for _ in 0..=self.below(8) {
                    let at = self.below(bytes.len());
                    bytes[at] ^= 1 << self.below(8);
                }
            }
            2 => {
                let (from, to) = (self.below(bytes.len()), self.below(bytes.len()));
                let length = self.below(64).min(bytes.len() - from.max(to));
                let piece = bytes[from..from + length].to_vec();
                bytes[to..to + length].copy_from_slice(&piece);
            }
            _ => {
                // The tables at the end decide most.
                let from = bytes.len() - bytes.len().min(512);
                let at = from + self.below(bytes.len() - from);
                bytes[at] = bytes[at].wrapping_add(1 + self.below(254) as u8);
            }
        }
        bytes
    }
}

/// The contents by name, as they are installed; those that cannot be unpacked are `None`.
fn contents(apk: &[u8]) -> Option<BTreeMap<Vec<u8>, Option<Vec<u8>>>> {
    let archive = Archive::parse(apk, &ZipLimits::default()).ok()?;
    let entries = archive
        .entries()
        .iter()
        .filter(|entry| !entry.is_directory() && !entry.name_lossy().starts_with("META-INF/"));
    let read = entries.map(|entry| {
        let content = archive.read(entry).ok().map(std::borrow::Cow::into_owned);
        (entry.name_lossy().into_owned().into_bytes(), content)
    });
    Some(read.collect())
}

fn files(folder: &str, endings: &[&str]) -> Vec<PathBuf> {
    let Some(apps) = shared_apps() else {
        return Vec::new();
    };
    let mut files: Vec<PathBuf> = std::fs::read_dir(apps.join(folder))
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| {
            let extension = path.extension().unwrap_or_default().to_string_lossy();
            endings.contains(&extension.as_ref())
        })
        .collect();
    files.sort();
    files
}

/// Judges a changed file in full. Returns what is wrong with the judgement.
fn judged(name: &str, original: &[u8], changed: Vec<u8>) -> Option<String> {
    let limits = Limits::default();
    let Ok(package) = Package::from_bytes(name, changed.clone(), &limits) else {
        return None;
    };
    let started = std::time::Instant::now();
    let facts = Facts::read(&package, &limits);
    let signature = PackageSignature::of(&package, None, SdkRange::default(), &limits);
    let configuration = Configuration::default();
    let judgement = judge(&Subject {
        facts: &facts,
        signature: &signature,
        configuration: &configuration,
        advisories: None,
        now: 1_767_225_600,
    });
    if started.elapsed() > TIME_MAX {
        return Some(format!("took {:?}", started.elapsed()));
    }
    if signature.verified() == Some(true) && contents(&changed) != contents(original) {
        return Some("a signature verifies over contents that were not signed".to_owned());
    }
    // What was skipped is never a pass of a check that depends on it.
    judgement
        .findings
        .iter()
        .find(|finding| finding.verdict == Verdict::Pass && !finding.missing.is_empty())
        .map(|finding| format!("{} passes without {:?}", finding.check.id, finding.missing))
}

fn try_all(files: &[PathBuf], changes: u64) {
    let problems: Vec<String> = files
        .par_iter()
        .flat_map(|path| {
            (0..changes)
                .into_par_iter()
                .map(move |number| (path, number))
        })
        .filter_map(|(path, number)| {
            let name = path.file_name().unwrap().to_string_lossy();
            let original = std::fs::read(path).unwrap();
            let changed = XorShift::seeded(&name, number).changed(&original);
            judged(&name, &original, changed).map(|problem| format!("{name} {number}: {problem}"))
        })
        .collect();
    println!("{} files, {changes} changes each", files.len());
    assert!(problems.is_empty(), "{problems:#?}");
}

#[test]
fn the_corpus_cut_and_changed_never_passes_for_what_was_signed() {
    try_all(&files("apksig", &["apk"]), CHANGES);
}

#[test]
fn real_packages_cut_and_changed_come_back() {
    // Large apps take seconds each without optimisation; the small ones have the same formats.
    let small = |path: &PathBuf| std::fs::metadata(path).unwrap().len() < 400_000;
    let mut files = files("real", &["apk", "ipa", "hap"]);
    files.retain(small);
    try_all(&files, 20);
}
