//! The catalogue and its coverage for people and programs to read.

mod table;

use std::{fmt, fmt::Write as _, str::FromStr};

use serde::Serialize;

use crate::{
    Catalogue, Clause, ClauseId, Document, Home, How, Kind,
    coverage::{Row, State, Totals},
};
use table::{Align, Table, cell, json};

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Aligned columns for a terminal.
    #[default]
    Text,
    /// JSON for programs.
    Json,
    /// Markdown for documents.
    Markdown,
}

impl Format {
    /// Every format, by the name that [`FromStr`] takes.
    pub const NAMES: [&'static str; 3] = ["text", "json", "markdown"];
}

/// There is no such format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the formats are {}", Format::NAMES.join(", "))
    }
}

impl std::error::Error for UnknownFormat {}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(text: &str) -> Result<Self, UnknownFormat> {
        match text {
            "text" => Ok(Self::Text),
            "json" => Ok(Self::Json),
            "markdown" => Ok(Self::Markdown),
            _ => Err(UnknownFormat),
        }
    }
}

/// The catalogue has no clause of that id.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnknownClause {
    id: String,
}

impl fmt::Display for UnknownClause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "there is no clause {:?}; `hefu standards list` prints all",
            self.id
        )
    }
}

impl std::error::Error for UnknownClause {}

/// Every clause with its words in both languages.
#[must_use]
pub fn list(format: Format, catalogue: &Catalogue) -> String {
    let mut text = String::new();
    match format {
        Format::Json => {
            return json(
                &catalogue
                    .clauses()
                    .iter()
                    .map(Listed::of)
                    .collect::<Vec<_>>(),
            );
        }
        Format::Text => {
            for document in catalogue.documents() {
                let _ = writeln!(text, "{}  {}\n", document.prefix, title(document));
                for Clause {
                    id,
                    how,
                    home,
                    en,
                    zh,
                } in clauses_of(catalogue, document)
                {
                    let _ = writeln!(text, "{id:<15} {how:<4} {home:<14} {en}\n{:36}{zh}", "");
                }
                text.push('\n');
            }
            let _ = writeln!(text, "{} clauses", catalogue.clauses().len());
        }
        Format::Markdown => {
            for document in catalogue.documents() {
                let _ = writeln!(text, "## {}\n", cell(&title(document)));
                let mut table = Table::new(&[
                    ("id", Align::Left),
                    ("how", Align::Left),
                    ("home", Align::Left),
                    ("requirement", Align::Left),
                    ("要求", Align::Left),
                ]);
                for Clause {
                    id,
                    how,
                    home,
                    en,
                    zh,
                } in clauses_of(catalogue, document)
                {
                    let words = [en.clone(), zh.clone()];
                    table.row(
                        [id.to_string(), how.to_string(), home.to_string()]
                            .into_iter()
                            .chain(words),
                    );
                }
                let _ = writeln!(text, "{}", table.markdown());
            }
        }
    }
    text
}

/// One clause: its document, its words in both languages, and what serves it.
///
/// `rows` is what [`coverage`](crate::coverage()) says of this catalogue.
///
/// # Errors
/// The catalogue has no such clause.
pub fn show(
    format: Format,
    catalogue: &Catalogue,
    rows: &[Row],
    id: &str,
) -> Result<String, UnknownClause> {
    let unknown = || UnknownClause { id: id.to_owned() };
    let clause = catalogue.clause(id).ok_or_else(unknown)?;
    let document = catalogue.document_of(clause).ok_or_else(unknown)?;
    let row = rows
        .iter()
        .find(|row| row.id == clause.id)
        .ok_or_else(unknown)?;
    if format == Format::Json {
        return Ok(json(&Shown::of(clause, document, row)));
    }
    let Clause { id, en, zh, .. } = clause;
    let mut text = String::new();
    if format == Format::Markdown {
        let _ = writeln!(text, "## {id}\n\n{}\n\n{}\n", cell(en), cell(zh));
        for (name, value) in facts(clause, document, row) {
            let _ = writeln!(text, "- **{name}**: {}", cell(&value));
        }
    } else {
        let _ = writeln!(text, "{id}\n\n  {en}\n  {zh}\n");
        for (name, value) in facts(clause, document, row) {
            // A Chinese character takes two columns.
            let width = name
                .chars()
                .map(|c| if c.is_ascii() { 1 } else { 2 })
                .sum::<usize>();
            let _ = writeln!(
                text,
                "  {name}{:pad$}{value}",
                "",
                pad = 10_usize.saturating_sub(width)
            );
        }
    }
    Ok(text)
}

/// What is known of a clause beside its words.
fn facts(clause: &Clause, document: &Document, row: &Row) -> [(&'static str, String); 9] {
    let files = |kind, files: &[String]| match files {
        [] if row.gap(kind).is_some() => "missing".to_owned(),
        [] => "not asked for".to_owned(),
        files => files.join(", "),
    };
    [
        ("document", title(document)),
        ("文件", document.title.zh.clone()),
        ("how", ways(clause.how)),
        ("home", clause.home.to_string()),
        ("state", state_in_words(row.state()).to_owned()),
        ("code", files(Kind::Code, &row.code)),
        ("probes", files(Kind::Probe, &row.probes)),
        ("checks", files(Kind::Check, &row.checks)),
        (
            "reason",
            row.reason
                .clone()
                .unwrap_or_else(|| "none needed".to_owned()),
        ),
    ]
}

/// What serves each clause, and the totals. As JSON it is the rows alone.
#[must_use]
pub fn coverage(format: Format, catalogue: &Catalogue, rows: &[Row]) -> String {
    let render = match format {
        Format::Json => return json(&rows),
        Format::Text => Table::text,
        Format::Markdown => Table::markdown,
    };
    let tables = [
        coverage_table(rows, format),
        totals_table("document", by_document(catalogue, rows)),
        totals_table("home", by_home(rows)),
        demands_table(rows),
    ];
    let note = "Attested is not passed: people have to show evidence that has not expired.\n";
    tables.map(|table| render(&table)).join("\n") + "\n" + note
}

/// The totals of each document, in the order of the catalogue.
pub fn by_document<'a>(
    catalogue: &'a Catalogue,
    rows: &[Row],
) -> impl Iterator<Item = (&'a str, Totals)> {
    catalogue.documents().iter().map(|document| {
        let of_document = rows.iter().filter(|row| row.id.prefix() == document.prefix);
        (document.prefix.as_str(), Totals::of(of_document))
    })
}

/// The totals of each home that has clauses, by name.
pub fn by_home(rows: &[Row]) -> impl Iterator<Item = (&'static str, Totals)> {
    Home::ALL
        .iter()
        .map(|home| {
            (
                home.as_str(),
                Totals::of(rows.iter().filter(|row| row.home == *home)),
            )
        })
        .filter(|(_, totals)| totals.clauses > 0)
}

fn coverage_table(rows: &[Row], format: Format) -> Table {
    let mut table = Table::new(&[
        ("id", Align::Left),
        ("how", Align::Left),
        ("home", Align::Left),
        ("state", Align::Left),
        ("code", Align::Right),
        ("probes", Align::Right),
        ("checks", Align::Right),
        ("reason", Align::Left),
    ]);
    // A terminal has no room for paths; `show` and the other formats give them.
    let served = |asked: bool, files: &[String]| match (format, files) {
        (_, []) if !asked => "-".to_owned(),
        (Format::Markdown, files) if !files.is_empty() => files.join(", "),
        (_, files) => files.len().to_string(),
    };
    for row in rows {
        table.row([
            row.id.to_string(),
            row.how.to_string(),
            row.home.to_string(),
            row.state().to_string(),
            served(row.how.enforced, &row.code),
            served(row.how.enforced, &row.probes),
            served(row.how.checked, &row.checks),
            row.reason.clone().unwrap_or_default(),
        ]);
    }
    table
}

fn totals_table<'a>(name: &str, lines: impl Iterator<Item = (&'a str, Totals)>) -> Table {
    let states = State::ALL.map(|state| (state.as_str(), Align::Right));
    let columns: Vec<_> = [(name, Align::Left), ("clauses", Align::Right)]
        .into_iter()
        .chain(states)
        .collect();
    let mut table = Table::new(&columns);
    let mut sums = [0; 1 + State::ALL.len()];
    for (name, totals) in lines {
        let counts = State::ALL.into_iter().map(|state| totals.in_state(state));
        let counts: Vec<usize> = std::iter::once(totals.clauses).chain(counts).collect();
        for (sum, count) in sums.iter_mut().zip(&counts) {
            *sum += count;
        }
        table.row(std::iter::once(name.to_owned()).chain(counts.iter().map(usize::to_string)));
    }
    table.row(std::iter::once("all".to_owned()).chain(sums.iter().map(usize::to_string)));
    table
}

/// By how: what the clauses ask for, and how much of it is there.
fn demands_table(rows: &[Row]) -> Table {
    let mut table = Table::new(&[
        ("how", Align::Left),
        ("asks for", Align::Left),
        ("clauses", Align::Right),
        ("there", Align::Right),
        ("excepted", Align::Right),
        ("planned", Align::Right),
    ]);
    let demands = [
        ("E", Kind::Code, (|how| how.enforced) as fn(How) -> bool),
        ("E", Kind::Probe, |how| how.enforced),
        ("C", Kind::Check, |how| how.checked),
    ];
    for (letter, kind, asks) in demands {
        let asked = rows.iter().filter(|row| asks(row.how)).count();
        let gaps: Vec<_> = rows.iter().filter_map(|row| row.gap(kind)).collect();
        let planned = gaps.iter().filter(|gap| gap.is_planned()).count();
        let counts = [asked, asked - gaps.len(), gaps.len() - planned, planned];
        let names = [letter.to_owned(), kind.to_string()];
        table.row(names.into_iter().chain(counts.iter().map(usize::to_string)));
    }
    // Whether evidence is there and has not expired is not known here, so nothing is claimed.
    let attested = rows.iter().filter(|row| row.how.attested).count();
    table.row(["A", "evidence", &attested.to_string(), "?", "-", "-"].map(str::to_owned));
    table
}

fn clauses_of<'a>(
    catalogue: &'a Catalogue,
    document: &'a Document,
) -> impl Iterator<Item = &'a Clause> {
    catalogue
        .clauses()
        .iter()
        .filter(|clause| clause.id.prefix() == document.prefix)
}

/// The number, the title and who issued it when.
fn title(document: &Document) -> String {
    let number = document
        .number
        .as_ref()
        .map(|number| format!("{number}: "))
        .unwrap_or_default();
    let year = document
        .year
        .map(|year| format!(", {year}"))
        .unwrap_or_default();
    format!(
        "{number}{} ({}{year})",
        document.title.en, document.issuer.en
    )
}

fn ways(how: How) -> String {
    let words = [
        (how.enforced, "enforced while running"),
        (how.checked, "checked on the build"),
        (how.attested, "attested by people"),
    ];
    let words: Vec<_> = words
        .into_iter()
        .filter_map(|(asked, word)| asked.then_some(word))
        .collect();
    format!("{how} ({})", words.join(", "))
}

fn state_in_words(state: State) -> &'static str {
    match state {
        State::Enforced => "enforced",
        State::Checked => "checked",
        State::Attested => "attested: needs evidence that has not expired",
        State::Excepted => "excepted: a written reason stands in for what is missing",
        State::PartlyPlanned => "partly planned: something is there, something not built yet",
        State::Planned => "planned: not built yet",
    }
}

/// A clause as `list` gives it in JSON.
#[derive(Serialize)]
struct Listed<'a> {
    id: &'a ClauseId,
    how: How,
    home: Home,
    en: &'a str,
    zh: &'a str,
}

impl<'a> Listed<'a> {
    fn of(clause: &'a Clause) -> Self {
        let Clause {
            id,
            how,
            home,
            en,
            zh,
        } = clause;
        Self {
            id,
            how: *how,
            home: *home,
            en,
            zh,
        }
    }
}

/// A clause as `show` gives it in JSON.
#[derive(Serialize)]
struct Shown<'a> {
    #[serde(flatten)]
    clause: Listed<'a>,
    document: &'a Document,
    state: State,
    code: &'a [String],
    probes: &'a [String],
    checks: &'a [String],
    reason: Option<&'a str>,
}

impl<'a> Shown<'a> {
    fn of(clause: &'a Clause, document: &'a Document, row: &'a Row) -> Self {
        Self {
            clause: Listed::of(clause),
            document,
            state: row.state(),
            code: &row.code,
            probes: &row.probes,
            checks: &row.checks,
            reason: row.reason.as_deref(),
        }
    }
}

#[cfg(test)]
mod tests;
