//! What holds of the clauses themselves.

use std::{collections::BTreeMap, fs, path::Path};

use hefu_standards::{
    Clause, Kind, catalogue, coverage,
    coverage::Totals,
    reasons,
    registry::{self, Violation},
};

fn count(holds: impl Fn(&Clause) -> bool) -> usize {
    catalogue()
        .clauses()
        .iter()
        .filter(|clause| holds(clause))
        .count()
}

#[test]
fn the_four_documents_have_359_clauses() {
    let counts: Vec<_> = catalogue()
        .documents()
        .iter()
        .map(|document| {
            (
                document.prefix.as_str(),
                count(|c| c.id.prefix() == document.prefix),
            )
        })
        .collect();
    assert_eq!(counts, [("AP", 50), ("CJ", 160), ("JR", 137), ("AN", 12)]);
    assert_eq!(catalogue().clauses().len(), 359);
}

#[test]
fn the_ways_are_counted() {
    let mut ways = BTreeMap::new();
    for clause in catalogue().clauses() {
        *ways.entry(clause.how.to_string()).or_insert(0) += 1;
    }
    let expected = [
        ("A", 54),
        ("A+C", 3),
        ("C", 52),
        ("E", 238),
        ("E+A", 4),
        ("E+C", 8),
    ];
    assert_eq!(
        ways.iter()
            .map(|(how, n)| (how.as_str(), *n))
            .collect::<Vec<_>>(),
        expected
    );
}

/// Every part of an id as something that compares the way people count.
fn natural(id: &str) -> Vec<(u8, u32, &str)> {
    // Letters after numbers: 4.2.3 is followed by 4.2.3.a.
    let part = |part| match str::parse::<u32>(part) {
        Ok(number) => (0, number, ""),
        Err(_) => (1, 0, part),
    };
    id.split(['-', '.']).skip(1).map(part).collect()
}

#[test]
fn clauses_stand_in_the_order_of_their_documents() {
    for document in catalogue().documents() {
        let ids: Vec<_> = catalogue()
            .clauses()
            .iter()
            .filter(|clause| clause.id.prefix() == document.prefix)
            .map(|clause| clause.id.as_str())
            .collect();
        assert!(ids.is_sorted_by_key(|id| natural(id)), "{ids:?}");
    }
    let prefixes: Vec<_> = catalogue()
        .clauses()
        .iter()
        .map(|clause| clause.id.prefix())
        .collect();
    let runs: Vec<_> = prefixes.chunk_by(|a, b| a == b).map(|run| run[0]).collect();
    assert_eq!(runs, ["AP", "CJ", "JR", "AN"]);
}

fn is_chinese(character: char) -> bool {
    ('\u{4e00}'..='\u{9fff}').contains(&character)
}

#[test]
fn both_languages_have_words() {
    let documents = catalogue().documents().iter().flat_map(|document| {
        [(&document.title.en, &document.title.zh)].map(|words| (document.prefix.as_str(), words))
    });
    let clauses = catalogue()
        .clauses()
        .iter()
        .map(|c| (c.id.as_str(), (&c.en, &c.zh)));
    for (id, (en, zh)) in documents.chain(clauses) {
        assert!(en.len() >= 10 && en.is_ascii(), "{id}: {en}");
        assert!(
            zh.chars().filter(|c| is_chinese(*c)).count() >= 5,
            "{id}: {zh}"
        );
        for words in [en, zh] {
            assert_eq!(words.trim(), words, "{id}");
            assert!(!words.ends_with(['.', '。']), "{id}: {words}");
        }
        assert!(
            !zh.contains([',', ';', '!']),
            "{id}: Chinese text has Chinese punctuation: {zh}"
        );
    }
}

#[test]
fn the_clauses_are_those_of_the_requirements() {
    let path =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/requirements/clauses.tsv");
    let Ok(text) = fs::read_to_string(&path) else {
        eprintln!("skipped: the requirements' own list of clauses is not beside this repository");
        return;
    };
    let required: Vec<Vec<&str>> = text
        .lines()
        .skip(1)
        .map(|line| line.split('\t').take(3).collect())
        .collect();
    let ours: Vec<Vec<String>> = catalogue()
        .clauses()
        .iter()
        .map(|c| vec![c.id.to_string(), c.how.to_string(), c.home.to_string()])
        .collect();
    assert_eq!(ours, required);
}

#[test]
fn every_reason_is_for_a_clause_that_asks_for_it_and_every_gap_has_one() {
    // Whether reasons are stale only the crates' registries can tell; this holds without them.
    let violations = registry::verify(catalogue(), &[], reasons());
    let wrong: Vec<_> = violations
        .iter()
        .filter(|violation| !matches!(violation, Violation::Unexplained { .. }))
        .collect();
    assert!(wrong.is_empty(), "{wrong:#?}");
}

#[test]
fn the_totals_of_all_clauses_add_up() {
    let rows = coverage(catalogue(), &[], reasons());
    let totals = Totals::of(&rows);
    assert_eq!(totals.clauses, 359);
    assert_eq!(
        totals.attested, 54,
        "only clauses that ask for nothing else"
    );
    assert_eq!(
        totals.enforced + totals.checked,
        0,
        "nothing is registered here"
    );
    let gaps = |kind| rows.iter().filter(|row| row.gap(kind).is_some()).count();
    assert_eq!(
        [Kind::Code, Kind::Probe, Kind::Check].map(gaps),
        [250, 250, 63]
    );
}
