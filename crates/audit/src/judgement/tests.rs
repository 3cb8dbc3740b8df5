//! Every check on its own fixtures, and the rules that hold for all checks.

use std::collections::BTreeSet;

use super::Verdict;
use crate::check::{Check, checks};

/// Reports every check that `broken` says something about, all at once.
fn none(what: &str, problem: impl Fn(&'static Check) -> Option<String>) {
    let problems: Vec<String> = checks()
        .iter()
        .filter_map(|check| problem(check).map(|problem| format!("{}: {problem}", check.id)))
        .collect();
    assert!(
        problems.is_empty(),
        "{} {what}:\n{}",
        problems.len(),
        problems.join("\n")
    );
}

#[test]
fn the_defect_is_found_and_its_place_named() {
    none("checks miss their defect", |check| {
        let finding = (check.fixtures.bad)().judged_by(check);
        if !matches!(finding.verdict, Verdict::Fail | Verdict::Partial) {
            return Some(format!("{:?}, {:?}", finding.verdict, finding.reason));
        }
        let shown: Vec<String> = finding.evidence.iter().map(ToString::to_string).collect();
        let missing: Vec<_> = check
            .fixtures
            .evidence
            .iter()
            .filter(|wanted| !shown.iter().any(|shown| shown.contains(**wanted)))
            .collect();
        (check.fixtures.evidence.is_empty() || !missing.is_empty())
            .then(|| format!("{missing:?} is not in {shown:#?}"))
    });
}

#[test]
fn the_honest_twin_passes() {
    none("checks do not pass their honest twin", |check| {
        let finding = (check.fixtures.good)().judged_by(check);
        let passes = matches!(finding.verdict, Verdict::Pass | Verdict::NotTestable);
        (!passes).then(|| format!("{:?}: {:?}", finding.verdict, finding.evidence))
    });
}

#[test]
fn what_is_broken_does_not_pass() {
    none("checks are fooled by damage", |check| {
        let finding = (check.fixtures.broken)().judged_by(check);
        let refused = matches!(finding.verdict, Verdict::Incomplete | Verdict::Fail);
        (!refused).then(|| format!("{:?}", finding.verdict))
    });
}

#[test]
fn ids_are_those_of_the_files_and_unique() {
    let mut ids = BTreeSet::new();
    none("ids are wrong", |check| {
        let valid = check
            .id
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        (!valid || check.id.is_empty()).then(|| "not lower case with hyphens".to_owned())
    });
    for check in checks() {
        assert!(ids.insert(check.id), "{} is there twice", check.id);
    }
    let files: BTreeSet<String> =
        std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/checks"))
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .filter(|name| name != "mod.rs")
            .map(|name| name.trim_end_matches(".rs").replace('_', "-"))
            .collect();
    let ids: BTreeSet<String> = ids.into_iter().map(str::to_owned).collect();
    assert_eq!(ids, files);
}

#[test]
fn every_check_explains_itself_in_both_languages() {
    none("checks do not explain themselves", |check| {
        let texts = [check.title, check.purpose, check.procedure, check.criterion];
        let has_han = |text: &str| {
            text.chars()
                .any(|char| ('\u{4e00}'..='\u{9fff}').contains(&char))
        };
        let explained = texts
            .iter()
            .all(|text| text.en.len() > 5 && !has_han(text.en) && has_han(text.zh));
        let mapped = !check.clauses.is_empty()
            && !check.platforms.is_empty()
            && !check.areas.is_empty()
            && check.maswe.iter().all(|id| is_weakness(id))
            && check.mastg.iter().all(|id| id.starts_with("MASTG-"));
        (!explained || !mapped).then(|| "a text, clause, platform or area is missing".to_owned())
    });
}

/// Version 1.0 of OWASP's list has 78.
fn is_weakness(id: &str) -> bool {
    let number = id.strip_prefix("MASWE-").filter(|number| number.len() == 4);
    number.is_some_and(|number| matches!(number.parse(), Ok(1..=78)))
}
