//! One clause: its words in both languages, what serves it, what is missing, what was seen.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use hefu_evidence::{EventFilter, EventPage, EventRecord, EvidencedRow};
use hefu_standards::{Clause, ClauseId, Document, catalogue};
use hefu_tally::clock::Timestamp;

use crate::{
    chart::Fill,
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, Visit, draw},
    pages::events::EventLine,
    pairs::link,
};

/// Events shown on the page; the rest is a link away.
const EVENTS_MAX: u32 = 20;

#[derive(Template)]
#[template(path = "clause.html")]
struct ClausePage {
    frame: Frame,
    clause: &'static Clause,
    document: &'static Document,
    row: EvidencedRow,
    events: Vec<EventLine>,
    events_link: String,
    before: Option<&'static Clause>,
    after: Option<&'static Clause>,
}

impl ClausePage {
    fn fill(&self) -> Fill {
        Fill::State(self.row.state)
    }

    /// The ways in which it has to be met, as the dictionary `how` names them.
    fn ways(&self) -> Vec<&'static str> {
        let how = self.clause.how;
        let ways = [(how.enforced, "E"), (how.checked, "C"), (how.attested, "A")];
        ways.into_iter()
            .filter_map(|(asked, way)| asked.then_some(way))
            .collect()
    }

    /// What serves it, under its heading.
    fn served(&self) -> [(String, &[String]); 3] {
        let (words, row) = (&self.frame.words, &self.row.row);
        [
            (words.t("served-code"), &row.code),
            (words.t("served-probes"), &row.probes),
            (words.t("served-checks"), &row.checks),
        ]
    }

    fn allowed_at(&self) -> Option<Timestamp> {
        self.row.allowed_at_ms.map(Timestamp::from_millis)
    }

    fn refused_at(&self) -> Option<Timestamp> {
        self.row.refused_at_ms.map(Timestamp::from_millis)
    }
}

/// The page.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: ClauseId = id.parse().map_err(|_| Failure::NotFound)?;
    let clause = catalogue().clause(id.as_str()).ok_or(Failure::NotFound)?;
    let document = catalogue().document_of(clause).ok_or(Failure::NotFound)?;
    let rows = shared.source.coverage().await?;
    let row = rows
        .into_iter()
        .find(|row| row.row.id == id)
        .ok_or(Failure::NotFound)?;
    let filter = EventFilter {
        clause: Some(id.to_string()),
        ..EventFilter::default()
    };
    let page = EventPage::Newest {
        rows_max: EVENTS_MAX,
    };
    let events: Vec<EventRecord> = shared.source.events(&filter, page).await?;
    let (before, after) = neighbours(clause);
    draw(&ClausePage {
        frame: visit.frame(Section::Coverage),
        clause,
        document,
        row,
        events: events
            .into_iter()
            .map(|event| EventLine::new(event, 0))
            .collect(),
        events_link: link("/events", &[("clause", id.as_str())]),
        before,
        after,
    })
}

fn neighbours(clause: &Clause) -> (Option<&'static Clause>, Option<&'static Clause>) {
    let clauses = catalogue().clauses();
    let place = clauses.iter().position(|other| other.id == clause.id);
    let at = |place: Option<usize>| place.and_then(|place| clauses.get(place));
    (
        at(place.and_then(|place| place.checked_sub(1))),
        at(place.map(|place| place + 1)),
    )
}
