//! Where every clause stands: totals, documents, homes, and the clauses themselves.
//!
//! What people attest is a state of its own, beside those that the product proves: it is drawn
//! differently, counted apart, and never called passed.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract,
    response::{IntoResponse, Response},
};
use hefu_evidence::EvidencedRow;
use hefu_standards::{
    Bilingual, Catalogue, Clause, Document, Home, catalogue,
    coverage::{State, Totals},
};
use hefu_tally::clock::Timestamp;

use crate::{
    chart::{Bar, Fill},
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, VARY, Visit, draw},
    pairs::{Pairs, link},
    words::Words,
};

/// Longest text to look for, in characters.
const TEXT_CHARS_MAX: usize = 100;

#[derive(Template)]
#[template(path = "coverage.html")]
struct CoveragePage<'a> {
    frame: Frame,
    totals: Totals,
    bar: Bar,
    documents: Vec<DocumentLine>,
    homes: Vec<HomeLine>,
    filter: Filter,
    clauses: Vec<ClauseLine<'a>>,
}

/// The table alone, for htmx.
#[derive(Template)]
#[template(path = "coverage_clauses.html")]
struct ClausesPart<'a> {
    frame: Frame,
    totals: Totals,
    clauses: Vec<ClauseLine<'a>>,
}

impl CoveragePage<'_> {
    fn states(&self) -> Vec<StateCount> {
        state_counts(&self.totals)
    }

    fn count(&self) -> String {
        found(&self.frame.words, self.clauses.len(), &self.totals)
    }
}

impl ClausesPart<'_> {
    fn count(&self) -> String {
        found(&self.frame.words, self.clauses.len(), &self.totals)
    }
}

fn found(words: &Words, clauses: usize, totals: &Totals) -> String {
    if clauses == totals.clauses {
        words.tn("coverage-all-shown", clauses)
    } else {
        words.tn("coverage-found", clauses)
    }
}

/// A state and how many clauses are in it.
pub(crate) struct StateCount {
    pub(crate) state: State,
    pub(crate) fill: Fill,
    pub(crate) clauses: usize,
}

/// The counts of `totals`, the best state first.
pub(crate) fn state_counts(totals: &Totals) -> Vec<StateCount> {
    let count = |state| StateCount {
        state,
        fill: Fill::State(state),
        clauses: totals.in_state(state),
    };
    State::ALL.map(count).into()
}

/// A document and where its clauses stand.
pub(crate) struct DocumentLine {
    pub(crate) document: &'static Document,
    pub(crate) link: String,
    pub(crate) totals: Totals,
    pub(crate) bar: Bar,
}

impl DocumentLine {
    fn counts(&self) -> [usize; 6] {
        State::ALL.map(|state| self.totals.in_state(state))
    }
}

struct HomeLine {
    name: String,
    link: String,
    clauses: usize,
    bar: Bar,
}

/// A clause in the table.
pub(crate) struct ClauseLine<'a> {
    clause: &'static Clause,
    row: &'a EvidencedRow,
}

impl ClauseLine<'_> {
    fn fill(&self) -> Fill {
        Fill::State(self.row.state)
    }

    /// The reason, unless the state says it already.
    fn reason(&self) -> Option<&str> {
        let reason = self.row.row.reason.as_deref()?;
        (reason != hefu_standards::PLANNED).then_some(reason)
    }

    fn files(&self) -> usize {
        let row = &self.row.row;
        row.code.len() + row.probes.len() + row.checks.len()
    }

    fn last_seen(&self) -> Option<Timestamp> {
        last_seen(self.row)
    }
}

/// When a clause was last seen at work.
pub(crate) fn last_seen(row: &EvidencedRow) -> Option<Timestamp> {
    row.allowed_at_ms
        .max(row.refused_at_ms)
        .map(Timestamp::from_millis)
}

/// Which clauses.
#[derive(Clone, Default)]
pub(crate) struct Filter {
    document: Option<&'static Document>,
    home: Option<Home>,
    state: Option<State>,
    text: String,
}

impl Filter {
    fn parse(query: &Pairs) -> Result<Self, Failure> {
        let documents = catalogue().documents();
        Ok(Self {
            document: query.one_of("document", |prefix| {
                documents.iter().find(|document| document.prefix == prefix)
            })?,
            home: query.one_of("home", |name| {
                Home::ALL.iter().copied().find(|home| home.as_str() == name)
            })?,
            state: query.one_of("state", |name| {
                State::ALL
                    .into_iter()
                    .find(|state| Fill::State(*state).to_string() == name)
            })?,
            text: query
                .text("q", TEXT_CHARS_MAX)?
                .unwrap_or_default()
                .to_owned(),
        })
    }

    fn is_any(&self) -> bool {
        self.document.is_some()
            || self.home.is_some()
            || self.state.is_some()
            || !self.text.is_empty()
    }

    fn has_document(&self, document: &Document) -> bool {
        self.document
            .is_some_and(|chosen| chosen.prefix == document.prefix)
    }

    fn has_home(&self, home: &Home) -> bool {
        self.home == Some(*home)
    }

    fn has_state(&self, state: &State) -> bool {
        self.state == Some(*state)
    }

    /// Whether a clause is among those; `needle` is the text in lower case.
    fn admits(&self, clause: &Clause, row: &EvidencedRow, needle: &str) -> bool {
        let says = |text: &str| text.to_lowercase().contains(needle);
        let files = [&row.row.code, &row.row.probes, &row.row.checks];
        self.document
            .is_none_or(|document| document.prefix == clause.id.prefix())
            && self.home.is_none_or(|home| home == clause.home)
            && self.state.is_none_or(|state| state == row.state)
            && (needle.is_empty()
                || says(clause.id.as_str())
                || says(&clause.en)
                || says(&clause.zh)
                || row.row.reason.as_deref().is_some_and(says)
                || files.into_iter().flatten().any(|file| says(file)))
    }
}

/// The page, or the table alone when htmx asks for it.
pub(crate) async fn page(
    extract::State(shared): extract::State<Arc<Shared>>,
    visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let filter = Filter::parse(&query)?;
    let rows = shared.source.coverage().await?;
    let totals = Totals::of(rows.iter().map(|row| &row.row));
    let clauses = lines(catalogue(), &rows, &filter);
    let frame = visit.frame(Section::Coverage);
    if visit.wants("clauses") {
        let part = draw(&ClausesPart {
            frame,
            totals,
            clauses,
        })?;
        return Ok(([VARY], part).into_response());
    }
    let words = visit.words;
    let page = draw(&CoveragePage {
        bar: total_bar(&words, &totals, "totals"),
        documents: documents(&words, &rows),
        homes: homes(&words, &rows),
        totals,
        filter,
        clauses,
        frame,
    })?;
    Ok(([VARY], page).into_response())
}

/// All clauses in one bar.
pub(crate) fn total_bar(words: &Words, totals: &Totals, id: &str) -> Bar {
    let title = words.tn("coverage-bar", totals.clauses);
    Bar::of_totals(words, id.to_owned(), title, totals, totals.clauses)
}

fn lines<'a>(
    catalogue: &'static Catalogue,
    rows: &'a [EvidencedRow],
    filter: &Filter,
) -> Vec<ClauseLine<'a>> {
    let needle = filter.text.to_lowercase();
    rows.iter()
        .filter_map(|row| Some((catalogue.clause(row.row.id.as_str())?, row)))
        .filter(|(clause, row)| filter.admits(clause, row, &needle))
        .map(|(clause, row)| ClauseLine { clause, row })
        .collect()
}

/// Every document.
pub(crate) fn documents(words: &Words, rows: &[EvidencedRow]) -> Vec<DocumentLine> {
    let line = |document: &'static Document| {
        let of_it = rows.iter().map(|row| &row.row);
        let totals = Totals::of(of_it.filter(|row| row.id.prefix() == document.prefix));
        let id = format!("document-{}", document.prefix);
        let title = title(words, document).to_owned();
        DocumentLine {
            document,
            link: link("/coverage", &[("document", &document.prefix)]),
            totals,
            bar: Bar::of_totals(words, id, title, &totals, totals.clauses),
        }
    };
    catalogue().documents().iter().map(line).collect()
}

/// The homes that have clauses, the largest first, on the scale of the largest.
fn homes(words: &Words, rows: &[EvidencedRow]) -> Vec<HomeLine> {
    let mut counted: Vec<(Home, Totals)> = Home::ALL
        .iter()
        .map(|home| {
            let of_it = rows.iter().map(|row| &row.row);
            (*home, Totals::of(of_it.filter(|row| row.home == *home)))
        })
        .filter(|(_, totals)| totals.clauses > 0)
        .collect();
    counted.sort_by_key(|(_, totals)| std::cmp::Reverse(totals.clauses));
    let whole = counted.first().map_or(0, |(_, totals)| totals.clauses);
    let line = |(home, totals): (Home, Totals)| HomeLine {
        name: words.home(&home),
        link: link("/coverage", &[("home", home.as_str())]),
        clauses: totals.clauses,
        bar: Bar::of_totals(
            words,
            format!("home-{home}"),
            words.home(&home),
            &totals,
            whole,
        ),
    };
    counted.into_iter().map(line).collect()
}

fn title<'a>(words: &Words, document: &'a Document) -> &'a str {
    let title: &Bilingual = &document.title;
    words.of(title)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_evidence::evidenced;
    use hefu_standards::{Kind, Served, coverage, reasons};

    fn rows() -> Vec<EvidencedRow> {
        let registry = [Served {
            krate: "hefu-gateway",
            module: "guards::replay",
            file: "crates/gateway/src/guards/replay.rs",
            kind: Kind::Code,
            clauses: &["AN-1"],
        }];
        evidenced(coverage(catalogue(), &[&registry], reasons()), Vec::new())
    }

    fn ids(query: &str) -> Vec<String> {
        let filter = Filter::parse(&Pairs::parse(query.as_bytes()).unwrap()).unwrap();
        let rows = rows();
        let lines = lines(catalogue(), &rows, &filter);
        lines
            .iter()
            .map(|line| line.clause.id.to_string())
            .collect()
    }

    #[test]
    fn every_filter_narrows() {
        assert_eq!(ids("").len(), 359);
        assert_eq!(ids("document=AN").len(), 12);
        assert!(ids("document=AN&home=signing").len() < 12);
        assert!(ids("home=signing").iter().any(|id| id.starts_with("CJ")));
        assert_eq!(ids("q=cj-6.3.D.4"), ["CJ-6.3.d.4"]);
        assert_eq!(ids("q=guards%2Freplay.rs"), ["AN-1"]);
        assert!(
            ids("q=%E9%87%8D%E6%94%BE").contains(&"CJ-6.3.d.4".to_owned()),
            "in Chinese"
        );
        assert!(ids("q=nothing+says+this").is_empty());
        assert!(ids("state=attested").len() > 10);
    }

    #[test]
    fn what_no_form_offers_is_refused() {
        for query in [
            "document=XX",
            "home=nowhere",
            "state=passed",
            &format!("q={}", "x".repeat(101)),
        ] {
            let query = Pairs::parse(query.as_bytes()).unwrap();
            assert_eq!(Filter::parse(&query).err(), Some(Failure::Malformed));
        }
    }

    #[test]
    fn the_bars_of_documents_and_homes_hold_every_clause() {
        let (words, rows) = (
            Words::new(crate::language::Language::En, jiff::tz::Offset::UTC),
            rows(),
        );
        let of_documents: usize = documents(&words, &rows)
            .iter()
            .map(|line| line.totals.clauses)
            .sum();
        let of_homes: usize = homes(&words, &rows).iter().map(|line| line.clauses).sum();
        assert_eq!((of_documents, of_homes), (359, 359));
    }
}
