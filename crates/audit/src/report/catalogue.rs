//! The catalogue of checks, from the checks themselves.

use std::fmt::Write as _;

use serde::Serialize;

use super::json::Tool;
use super::{ClauseCatalogue, Language};
use crate::check::{Check, Words, checks, words};

const PURPOSE: Words = words("Purpose", "目的");
const PROCEDURE: Words = words("Procedure", "流程");
const CRITERION: Words = words("Criterion", "通过要求");

/// A line a check: id, severity, level, title.
#[must_use]
pub fn text(language: Language) -> String {
    let width = checks().iter().map(|check| check.id.len()).max();
    let width = width.unwrap_or_default();
    let mut text = String::new();
    for check in checks() {
        let _ = writeln!(
            text,
            "{:<width$}  {:<8}  {:<8}  {}",
            check.id,
            check.severity.name(),
            check.level.name(),
            language.of(check.title)
        );
    }
    text
}

/// What a check asks, why, how, and for which clauses; `None` if there is none of that id.
#[must_use]
pub fn explain(id: &str, catalogue: &ClauseCatalogue, language: Language) -> Option<String> {
    let check = checks().iter().find(|check| check.id == id)?;
    let mut text = format!(
        "{}\n{} · {} · {}\n",
        language.of(check.title),
        check.id,
        check.severity.name(),
        check.level.name()
    );
    let parts = [
        (PURPOSE, check.purpose),
        (PROCEDURE, check.procedure),
        (CRITERION, check.criterion),
    ];
    for (heading, words) in parts {
        let _ = write!(
            text,
            "\n{}\n  {}\n",
            language.of(heading),
            language.of(words)
        );
    }
    let heading = words("Clauses", "条款");
    let _ = writeln!(text, "\n{}", language.of(heading));
    for clause in check.clauses {
        let _ = writeln!(text, "  {clause}  {}", catalogue.words_of(clause, language));
    }
    let references = references(check);
    if !references.is_empty() {
        let _ = writeln!(text, "\n{}", references.join(" "));
    }
    Some(text)
}

fn references(check: &Check) -> Vec<String> {
    let weaknesses = check.cwe.iter().map(|number| format!("CWE-{number}"));
    let tests = check.maswe.iter().chain(check.mastg);
    weaknesses.chain(tests.map(|id| (*id).to_owned())).collect()
}

#[derive(Serialize)]
struct Document {
    tool: Tool,
    checks: Vec<Entry>,
}

#[derive(Serialize)]
struct Entry {
    id: &'static str,
    title: Bilingual,
    purpose: Bilingual,
    procedure: Bilingual,
    criterion: Bilingual,
    clauses: Vec<ClauseEntry>,
    cwe: Vec<String>,
    maswe: &'static [&'static str],
    mastg: &'static [&'static str],
    severity: &'static str,
    level: &'static str,
    platforms: Vec<&'static str>,
    areas: Vec<String>,
}

#[derive(Serialize)]
struct Bilingual {
    en: String,
    zh: String,
}

#[derive(Serialize)]
struct ClauseEntry {
    id: &'static str,
    #[serde(flatten)]
    words: Bilingual,
}

impl From<Words> for Bilingual {
    fn from(words: Words) -> Self {
        Self {
            en: words.en.to_owned(),
            zh: words.zh.to_owned(),
        }
    }
}

/// Every check with all that it says about itself, in both languages.
///
/// # Errors
/// None that this can have: the catalogue holds nothing that JSON cannot say.
pub fn json(catalogue: &ClauseCatalogue) -> Result<String, serde_json::Error> {
    let clause = |id: &'static str| ClauseEntry {
        id,
        words: Bilingual {
            en: catalogue.words_of(id, Language::En).to_owned(),
            zh: catalogue.words_of(id, Language::Zh).to_owned(),
        },
    };
    let entry = |check: &&'static Check| Entry {
        id: check.id,
        title: check.title.into(),
        purpose: check.purpose.into(),
        procedure: check.procedure.into(),
        criterion: check.criterion.into(),
        clauses: check.clauses.iter().map(|id| clause(id)).collect(),
        cwe: check
            .cwe
            .iter()
            .map(|number| format!("CWE-{number}"))
            .collect(),
        maswe: check.maswe,
        mastg: check.mastg,
        severity: check.severity.name(),
        level: check.level.name(),
        platforms: platforms(check),
        areas: check.areas.iter().map(ToString::to_string).collect(),
    };
    let document = Document {
        tool: Tool::this(),
        checks: checks().iter().map(entry).collect(),
    };
    Ok(serde_json::to_string_pretty(&document)? + "\n")
}

fn platforms(check: &Check) -> Vec<&'static str> {
    use crate::check::Platform;
    let name = |platform: &Platform| match platform {
        Platform::Android => "android",
        Platform::Ios => "ios",
        Platform::Harmony => "harmony",
    };
    check.platforms.iter().map(name).collect()
}

/// `docs/AUDIT-CHECKS.md`: every check, in both languages.
#[must_use]
pub fn markdown() -> String {
    let mut text = String::from(
        "# The checks of the auditor\n\n\
         Made by `hefu audit --list-checks --format markdown`; a test keeps it current. What they \
         have in common, and how to write one, is in [AUDIT.md](AUDIT.md). Each yields evidence \
         for its clauses (`hefu standards show ID`); none declares that anybody complies.\n",
    );
    let _ = writeln!(text, "\n{} checks.\n", checks().len());
    text.push_str("| check | title | severity | level | clauses |\n|---|---|---|---|---|\n");
    for check in checks() {
        let _ = writeln!(
            text,
            "| [{id}](#{id}) | {} | {} | {} | {} |",
            cell(check.title.en),
            check.severity.name(),
            check.level.name(),
            check.clauses.join(", "),
            id = check.id,
        );
    }
    for check in checks() {
        let _ = writeln!(
            text,
            "\n## {}\n\n**{}** {}\n\n{} · {} · {}\n",
            check.id,
            check.title.en,
            check.title.zh,
            check.severity.name(),
            check.level.name(),
            platforms(check).join(", ")
        );
        let parts = [
            (PURPOSE, check.purpose),
            (PROCEDURE, check.procedure),
            (CRITERION, check.criterion),
        ];
        for (heading, words) in parts {
            let _ = writeln!(
                text,
                "- *{} {}*: {} {}",
                heading.en, heading.zh, words.en, words.zh
            );
        }
        let _ = writeln!(text, "- *Clauses 条款*: {}", check.clauses.join(", "));
        let references = references(check);
        if !references.is_empty() {
            let _ = writeln!(text, "- *References*: {}", references.join(", "));
        }
    }
    text
}

/// A text in a cell of a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}
