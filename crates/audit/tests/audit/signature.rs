//! Signatures against the corpus of apksig and against real apps: the verdicts and the reasons.
//!
//! The corpus is not part of the project. Where it is absent these tests say so and pass; what can
//! be shown without it is in [`super::signing`].

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use hefu_audit::signature::{Issue, Scheme, SdkRange, Verification, verify, verify_source_stamp};
use hefu_audit::zip::{Archive, Entry, Limits};
use rayon::prelude::*;

/// The folder beside the workspace that holds apps for tests.
pub(crate) fn shared_apps() -> Option<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/apps");
    let folder = folder.canonicalize().ok().filter(|folder| folder.is_dir());
    if folder.is_none() {
        eprintln!("skipped: there is no ../shared/apps beside the workspace");
    }
    folder
}

/// A table of tab-separated values with a head.
pub(crate) struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
}

impl Table {
    pub(crate) fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).unwrap();
        let split = |line: &str| line.split('\t').map(str::to_owned).collect::<Vec<_>>();
        let mut lines = text.lines().map(split);
        Self {
            head: lines.next().unwrap(),
            rows: lines.collect(),
        }
    }

    pub(crate) fn rows(&self) -> Vec<Row<'_>> {
        self.rows
            .iter()
            .map(|cells| Row {
                head: &self.head,
                cells,
            })
            .collect()
    }
}

#[derive(Clone, Copy)]
pub(crate) struct Row<'a> {
    head: &'a [String],
    cells: &'a [String],
}

impl<'a> Row<'a> {
    pub(crate) fn get(&self, column: &str) -> &'a str {
        let position = self.head.iter().position(|name| name == column);
        position
            .and_then(|position| self.cells.get(position))
            .map_or("", String::as_str)
    }

    fn range(&self) -> SdkRange {
        let version = |column| self.get(column).parse().ok();
        SdkRange {
            min: version("min_sdk"),
            max: version("max_sdk"),
        }
    }
}

/// Prints how many rows agreed and which did not, and fails if any did not.
fn report(what: &str, rows: usize, misses: &[String]) {
    for miss in misses {
        println!("disagreed: {miss}");
    }
    println!(
        "{what}: {} agreed, {} disagreed",
        rows - misses.len(),
        misses.len()
    );
    assert!(
        misses.is_empty(),
        "{what}: {} of {rows} disagreed",
        misses.len()
    );
}

fn schemes(verification: &Verification) -> String {
    verification
        .schemes
        .iter()
        .map(|scheme| scheme.name())
        .collect::<Vec<_>>()
        .join(",")
}

/// The verdict, the reason and, where the row has them, the schemes.
fn agrees(row: Row<'_>, verification: &Verification) -> bool {
    let verdict = if verification.verified {
        "verified"
    } else {
        "rejected"
    };
    let reason = verification.reason.map_or("", |reason| reason.name());
    verdict == row.get("expected")
        && reason == row.get("issue")
        && row
            .get("schemes")
            .split(',')
            .filter(|name| !name.is_empty())
            .all(|name| {
                verification
                    .schemes
                    .iter()
                    .any(|scheme| scheme.name() == name)
            })
}

#[test]
fn every_expected_verdict_of_the_corpus_is_reached_for_the_expected_reason() {
    let Some(apps) = shared_apps() else { return };
    let table = Table::read(&apps.join("apksig/expected.tsv"));
    let rows = table.rows();
    let misses: Vec<String> = rows
        .par_iter()
        .filter_map(|row| {
            let apk = std::fs::read(apps.join("apksig").join(row.get("file"))).unwrap();
            let verification = verify(&apk, None, row.range());
            (!agrees(*row, &verification)).then(|| {
                let Verification {
                    verified, issues, ..
                } = &verification;
                let (expected, issue) = (row.get("expected"), row.get("issue"));
                let range = row.range();
                format!(
                    "{} {range:?}: expected {expected} {issue} {}, got {verified} {issues:?} {}",
                    row.get("file"),
                    row.get("schemes"),
                    schemes(&verification)
                )
            })
        })
        .collect();
    report("expected.tsv", rows.len(), &misses);
}

#[test]
fn every_expected_source_stamp_of_the_corpus_is_found_in_the_expected_state() {
    let Some(apps) = shared_apps() else { return };
    let table = Table::read(&apps.join("apksig/sourcestamp.tsv"));
    let rows = table.rows();
    let misses: Vec<String> = rows
        .iter()
        .filter_map(|row| {
            let apk = std::fs::read(apps.join("apksig").join(row.get("file"))).unwrap();
            let digest = row.get("expected_cert_sha256");
            let digest = (!digest.is_empty())
                .then(|| <[u8; 32]>::try_from(hex::decode(digest).unwrap()).unwrap());
            let stamp = verify_source_stamp(&apk, row.range(), digest.as_ref());
            let reason = stamp.issues.first().map_or("", |note| note.issue.name());
            let timestamp = row.get("timestamp");
            let same = stamp.status.name() == row.get("stamp_status")
                && reason == row.get("issue")
                && (timestamp.is_empty()
                    || timestamp.parse() == Ok(stamp.timestamp.unwrap_or_default()));
            (!same).then(|| format!("{} {:?}: {stamp:?}", row.get("file"), row.cells))
        })
        .collect();
    report("sourcestamp.tsv", rows.len(), &misses);
}

/// What an oracle says: the verdict, and the schemes or reasons and the warnings in any order.
/// Oracles do not tell the warnings of what they reject.
fn oracle_words(said: &str) -> BTreeSet<&str> {
    // The message of an exception is the oracle's own.
    match said.split_once(": ") {
        Some((kind, _)) if kind.starts_with("exception:") => BTreeSet::from([kind]),
        _ => said.split([' ', ':', ',']).collect(),
    }
}

/// The same for what was found here.
fn words(verification: &Verification) -> BTreeSet<&str> {
    let names = verification.issues.iter().map(|note| note.issue.name());
    if verification
        .issues
        .iter()
        .any(|note| note.issue == Issue::ApkFormatException)
    {
        return BTreeSet::from(["exception:ApkFormatException"]);
    }
    if !verification.verified {
        return names.chain(["rejected"]).collect();
    }
    let schemes = verification.schemes.iter().map(|scheme| scheme.name());
    let warnings = verification.warnings.iter().map(|note| note.issue.name());
    let marker = (!verification.warnings.is_empty()).then_some("warnings");
    schemes
        .chain(warnings)
        .chain(marker)
        .chain(["verified"])
        .collect()
}

/// The rows whose oracle says something else than is found here.
fn oracle_misses(apps: &Path, rows: &[Row<'_>]) -> Vec<String> {
    let misses = rows.par_iter().filter_map(|row| {
        let apk = std::fs::read(apps.join("apksig").join(row.get("file"))).unwrap();
        let verification = verify(&apk, None, row.range());
        let (here, oracle) = (words(&verification), oracle_words(row.get("oracle2_says")));
        (here != oracle).then(|| format!("{}: oracle {oracle:?}, here {here:?}", row.get("file")))
    });
    misses.collect()
}

#[test]
fn files_without_an_asserted_verdict_are_judged_as_the_oracle_judges_them() {
    let Some(apps) = shared_apps() else { return };
    let table = Table::read(&apps.join("apksig/no_assertion.tsv"));
    let rows = table.rows();
    report("no_assertion.tsv", rows.len(), &oracle_misses(&apps, &rows));
}

#[test]
fn all_schemes_reasons_and_warnings_are_those_of_the_oracle() {
    let Some(apps) = shared_apps() else { return };
    let table = Table::read(&apps.join("apksig/expected.tsv"));
    let mut rows = table.rows();
    // Two Java versions name one reason differently; the expected one is held to above.
    rows.retain(|row| !row.get("note").starts_with("disagree: both reject"));
    assert_eq!(rows.len(), 307);
    report(
        "oracle of expected.tsv",
        rows.len(),
        &oracle_misses(&apps, &rows),
    );
}

/// Numbers that look random and are the same in every run (SplitMix64).
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// A place inside what the signatures of a verified file cover.
fn signed_place(apk: &[u8], verification: &Verification, numbers: &mut Numbers) -> Option<usize> {
    let archive = Archive::parse(apk, &Limits::default()).unwrap();
    let block = memchr::memmem::rfind(apk, b"APK Sig Block 42").map(|magic| {
        let size = u64::from_le_bytes(apk[magic - 8..magic].try_into().unwrap());
        magic + 8 - usize::try_from(size).unwrap()..magic + 16
    });
    match block {
        // Everything but the signing block.
        Some(block) if verification.schemes != [Scheme::V1] => {
            let place = numbers.below(apk.len() - block.len());
            Some(if place < block.start {
                place
            } else {
                place + block.len()
            })
        }
        // The packed contents of entries outside META-INF.
        _ => {
            let signed: Vec<&Entry<'_>> = archive
                .entries()
                .iter()
                .filter(|entry| !entry.name.starts_with(b"META-INF/") && entry.stored_size() > 0)
                .collect();
            let entry = signed.get(numbers.below(signed.len().max(1)))?;
            let size = usize::try_from(entry.stored_size()).unwrap();
            let place =
                usize::try_from(entry.data_offset().unwrap()).unwrap() + numbers.below(size);
            // Some bits of a deflate stream mean nothing.
            let mut flipped = apk.to_vec();
            flipped[place] ^= 1;
            let changed = Archive::parse(&flipped, &Limits::default()).unwrap();
            let same =
                changed.read(&changed.entries()[entry.index]).ok() == archive.read(entry).ok();
            (!same).then_some(place)
        }
    }
}

#[test]
fn a_bit_flipped_in_what_is_signed_always_changes_the_verdict() {
    let Some(apps) = shared_apps() else { return };
    let table = Table::read(&apps.join("apksig/expected.tsv"));
    let rows = table.rows();
    let misses: Vec<String> = rows
        .par_iter()
        .enumerate()
        .filter(|(_, row)| row.get("expected") == "verified")
        .flat_map_iter(|(position, row)| {
            let apk = std::fs::read(apps.join("apksig").join(row.get("file"))).unwrap();
            let before = verify(&apk, None, row.range());
            let mut numbers = Numbers(u64::try_from(position).unwrap());
            let mut misses = Vec::new();
            for _ in 0..4 {
                let Some(place) = signed_place(&apk, &before, &mut numbers) else {
                    continue;
                };
                let mut flipped = apk.clone();
                flipped[place] ^= 1;
                let after = verify(&flipped, None, row.range());
                if after.verified && after.schemes == before.schemes {
                    misses.push(format!(
                        "{} {:?}: byte {place}",
                        row.get("file"),
                        row.range()
                    ));
                }
            }
            misses
        })
        .collect();
    report("flipped bits", rows.len(), &misses);
}

#[test]
fn a_corpus_cut_and_changed_at_random_never_panics() {
    let Some(apps) = shared_apps() else { return };
    let mut files: Vec<PathBuf> = std::fs::read_dir(apps.join("apksig"))
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "apk"));
    files.sort();
    assert!(files.len() > 300);
    files.par_iter().enumerate().for_each(|(position, file)| {
        let apk = std::fs::read(file).unwrap();
        let mut numbers = Numbers(u64::try_from(position).unwrap() << 32);
        let block = memchr::memmem::rfind(&apk, b"APK Sig Block 42").unwrap_or(apk.len());
        for round in 0..8 {
            let mut changed = apk.clone();
            for _ in 0..=numbers.below(4) {
                // Mostly near the end, where the structures are.
                let near = changed.len() - changed.len().min(block / 4 + 8_192);
                let start = if round % 3 == 0 { 0 } else { near };
                let place = start + numbers.below(changed.len() - start);
                changed[place] = u8::try_from(numbers.below(256)).unwrap();
            }
            if round % 4 == 3 {
                let length = numbers.below(changed.len());
                changed.drain(length..length + numbers.below(changed.len() - length).min(64));
            }
            let range = SdkRange {
                min: (round % 2 == 0).then_some(24),
                max: None,
            };
            let _ = verify(&changed, Some(&apk[..apk.len().min(4_096)]), range);
            let _ = verify_source_stamp(&changed, range, None);
        }
    });
}

/// Seconds since 1970 of a time as `openssl x509` prints it.
pub(crate) fn printed_time(text: &str) -> i64 {
    const MONTHS: [&str; 12] = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ];
    let words: Vec<&str> = text.split_whitespace().collect();
    let month = MONTHS.iter().position(|month| *month == words[0]).unwrap();
    let days_before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month];
    let (day, year): (i64, i64) = (words[1].parse().unwrap(), words[3].parse().unwrap());
    let leap_days = (year - 1969) / 4 + i64::from(month > 1 && year % 4 == 0);
    let clock: Vec<i64> = words[2]
        .split(':')
        .map(|part| part.parse().unwrap())
        .collect();
    let days = (year - 1970) * 365 + leap_days + days_before + day - 1;
    days * 86_400 + clock[0] * 3_600 + clock[1] * 60 + clock[2]
}

#[test]
fn what_is_known_of_the_signers_of_real_apps_is_found() {
    let Some(apps) = shared_apps() else { return };
    let table = Table::read(&apps.join("real/known.tsv"));
    let rows = table.rows();
    let mut checked = 0;
    let mut misses = Vec::new();
    for row in rows.iter().filter(|row| row.get("file").ends_with(".apk")) {
        let fact = row.get("fact");
        let wanted = ["signature_", "signer_", "v1_sf_", "janus_"];
        if !wanted.iter().any(|prefix| fact.starts_with(prefix)) {
            continue;
        }
        let apk = std::fs::read(apps.join("real").join(row.get("file"))).unwrap();
        let found = verify(&apk, None, SdkRange::default());
        let signer = found.signers.first().unwrap();
        let certificate = &signer.certificate;
        let jar = || signer.jar.clone().unwrap();
        let newest = found.schemes.last().copied();
        let value = row.get("value");
        let holds = match fact {
            "signature_verifies" => found.verified.to_string() == value,
            "signature_schemes_verified" => schemes(&found) == value,
            "signer_count" => {
                let signers = found
                    .signers
                    .iter()
                    .filter(|signer| Some(signer.scheme) == newest);
                signers.count().to_string() == value
            }
            "signer_cert_subject" => certificate.subject.to_string() == value,
            "signer_cert_sha256" => certificate.sha256 == value,
            "signer_cert_sig_alg" => certificate.signature_algorithm == value,
            "signer_key" => {
                format!("{} {} bit", certificate.key_algorithm, certificate.key_bits) == value
            }
            "signer_cert_valid" => {
                let (from, to) = value.split_once(" to ").unwrap();
                (certificate.not_before, certificate.not_after)
                    == (printed_time(from), printed_time(to))
            }
            "signer_is_android_debug_key" => certificate.is_android_debug.to_string() == value,
            "v1_sf_digest" => jar().manifest_digests == [value],
            "v1_sf_stripping_protection" => {
                jar()
                    .promised_schemes
                    .unwrap_or_else(|| "absent".to_owned())
                    == value
            }
            "janus_exposed_v1_only" => found.janus.exposed && schemes(&found) == "v1",
            _ => panic!("a fact that is not looked at: {fact}"),
        };
        checked += 1;
        if !holds {
            misses.push(format!(
                "{} {fact}: known {value}, found {found:?}",
                row.get("file")
            ));
        }
    }
    assert!(checked > 50, "{checked}");
    report("known.tsv, signers of APKs", checked, &misses);
}
