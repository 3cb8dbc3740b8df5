//! What the gateway decided, newest first, and as it happens.
//!
//! Clauses: JR-6.2.4.f.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hefu_evidence::{EventFilter, EventPage, EventRecord, Outcome};
use hefu_standards::{ClauseId, catalogue};
use hefu_store::EventOutcome;
use hefu_tally::ids::{DeviceId, RequestId};

use crate::{
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, VARY, Visit, draw},
    pairs::{Pairs, link},
};

/// Events on a page.
const ROWS: u32 = 50;

/// Longest name of a guard or function to look for, in characters.
const NAME_CHARS_MAX: usize = 64;

/// Clauses named in a line; the event's own page names all.
const CLAUSES_SHOWN: usize = 2;

#[derive(Template)]
#[template(path = "events.html")]
struct EventsPage {
    frame: Frame,
    filter: Filter,
    shown: Shown,
}

/// The table alone, for htmx.
#[derive(Template)]
#[template(path = "events_shown.html")]
struct ShownPart {
    frame: Frame,
    shown: Shown,
}

/// The table and what is around it.
struct Shown {
    events: Vec<EventLine>,
    /// Where the table renews itself from; none when it stands still.
    live: Option<String>,
    /// To the newest page, living or standing still.
    newest: String,
    /// To the newest page, standing still.
    paused: String,
    /// To the next page into the past; none at its end.
    older: Option<String>,
    is_newest: bool,
}

/// An event in a table.
pub(crate) struct EventLine {
    pub(crate) event: EventRecord,
    /// It came since the table was last drawn.
    pub(crate) is_fresh: bool,
}

impl EventLine {
    /// Fresh are those numbered above `seen`; with 0, none.
    pub(crate) fn new(event: EventRecord, seen: u64) -> Self {
        let is_fresh = seen > 0 && event.seq > seen;
        Self { event, is_fresh }
    }

    pub(crate) fn is_refused(&self) -> bool {
        self.event.outcome == Outcome::Refused
    }

    /// The end of the request's id: its beginning is the time.
    pub(crate) fn request_short(&self) -> String {
        let id = self.event.request_id.to_string();
        id.rsplit('-').next().unwrap_or_default().to_owned()
    }

    /// The beginning of the device's id.
    pub(crate) fn device_short(&self) -> String {
        let id = self
            .event
            .device
            .map(|device| device.to_string())
            .unwrap_or_default();
        id.chars().take(10).chain(['…']).collect()
    }

    /// The first clauses, by name.
    pub(crate) fn clauses(&self) -> impl Iterator<Item = &str> {
        self.event
            .clauses
            .iter()
            .take(CLAUSES_SHOWN)
            .map(|clause| &**clause)
    }

    pub(crate) fn more_clauses(&self) -> usize {
        self.event.clauses.len().saturating_sub(CLAUSES_SHOWN)
    }
}

/// Which events; as the form shows it and as the store takes it.
#[derive(Default)]
struct Filter {
    outcome: Option<EventOutcome>,
    guard: String,
    function: String,
    request: String,
    clause: Option<ClauseId>,
    device: Option<DeviceId>,
    /// What is asked for in `request`; none when it is no request id.
    request_id: Option<RequestId>,
}

impl Filter {
    fn parse(query: &Pairs) -> Result<Self, Failure> {
        let text = |name| {
            query
                .text(name, NAME_CHARS_MAX)
                .map(Option::unwrap_or_default)
        };
        let request = text("request")?;
        Ok(Self {
            outcome: query.one_of("outcome", |name| {
                EventOutcome::ALL
                    .into_iter()
                    .find(|outcome| outcome.as_str() == name)
            })?,
            guard: text("guard")?.to_owned(),
            function: text("function")?.to_owned(),
            request: request.to_owned(),
            clause: query.one_of("clause", |id| {
                catalogue().clause(id).map(|clause| clause.id.clone())
            })?,
            device: query.one_of("device", |id| id.parse().ok())?,
            request_id: request.to_ascii_lowercase().parse().ok(),
        })
    }

    fn is_any(&self) -> bool {
        !self.pairs().iter().all(|(_, value)| value.is_empty())
    }

    /// A text was typed that is no request id, so that nothing can be found.
    fn is_mistyped(&self) -> bool {
        !self.request.is_empty() && self.request_id.is_none()
    }

    fn has_outcome(&self, outcome: &EventOutcome) -> bool {
        self.outcome == Some(*outcome)
    }

    fn pairs(&self) -> [(&'static str, String); 6] {
        let device = self.device.map(|id| id.to_string());
        let clause = self.clause.as_ref().map(ClauseId::to_string);
        [
            (
                "outcome",
                self.outcome.map_or("", EventOutcome::as_str).to_owned(),
            ),
            ("guard", self.guard.clone()),
            ("function", self.function.clone()),
            ("request", self.request.clone()),
            ("clause", clause.unwrap_or_default()),
            ("device", device.unwrap_or_default()),
        ]
    }

    fn link(&self, path: &str, more: &[(&str, &str)]) -> String {
        let pairs = self.pairs();
        let mut all: Vec<(&str, &str)> = pairs
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        all.extend_from_slice(more);
        link(path, &all)
    }

    fn to_store(&self) -> EventFilter {
        let some = |text: &String| Some(text.clone()).filter(|text| !text.is_empty());
        EventFilter {
            outcome: self.outcome,
            request_id: self.request_id,
            guard: some(&self.guard),
            function: some(&self.function),
            device: self.device,
            clause: self.clause.as_ref().map(ClauseId::to_string),
        }
    }
}

/// The page: the newest events, which renew themselves, or older ones.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let filter = Filter::parse(&query)?;
    let before = query.one_of("before", |seq| seq.parse::<u64>().ok())?;
    let is_paused = query
        .one_of("live", |live| (live == "off").then_some(()))?
        .is_some();
    let page = match before {
        Some(seq) => EventPage::Before {
            seq,
            rows_max: ROWS,
        },
        None => EventPage::Newest { rows_max: ROWS },
    };
    let shown = shown(&shared, &filter, page, 0, !is_paused).await?;
    let frame = visit.frame(Section::Events);
    let page = if visit.wants("events") {
        draw(&ShownPart { frame, shown })?
    } else {
        draw(&EventsPage {
            frame,
            filter,
            shown,
        })?
    };
    Ok(([VARY], page).into_response())
}

/// The table, if anything came after the event that the browser saw last.
pub(crate) async fn live(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let filter = Filter::parse(&query)?;
    let seen = query
        .one_of("after", |seq| seq.parse::<u64>().ok())?
        .unwrap_or(0);
    let since = EventPage::After {
        seq: seen,
        rows_max: 1,
    };
    if filter.is_mistyped()
        || shared
            .source
            .events(&filter.to_store(), since)
            .await?
            .is_empty()
    {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    let page = EventPage::Newest { rows_max: ROWS };
    let shown = shown(&shared, &filter, page, seen, true).await?;
    draw(&ShownPart {
        frame: visit.frame(Section::Events),
        shown,
    })
}

async fn shown(
    shared: &Shared,
    filter: &Filter,
    page: EventPage,
    seen: u64,
    is_live: bool,
) -> Result<Shown, Failure> {
    let events = if filter.is_mistyped() {
        Vec::new()
    } else {
        shared.source.events(&filter.to_store(), page).await?
    };
    let is_newest = matches!(page, EventPage::Newest { .. });
    let newest_seq = events.first().map_or(0, |event| event.seq);
    let is_full = u32::try_from(events.len()).is_ok_and(|rows| rows >= ROWS);
    let oldest = events
        .last()
        .filter(|_| is_full)
        .map(|event| event.seq.to_string());
    Ok(Shown {
        live: (is_live && is_newest)
            .then(|| filter.link("/live/events", &[("after", &newest_seq.to_string())])),
        newest: filter.link("/events", &[]),
        paused: filter.link("/events", &[("live", "off")]),
        older: oldest.map(|seq| filter.link("/events", &[("before", &seq)])),
        is_newest,
        events: events
            .into_iter()
            .map(|event| EventLine::new(event, seen))
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn filter(query: &str) -> Result<Filter, Failure> {
        Filter::parse(&Pairs::parse(query.as_bytes()).unwrap())
    }

    #[test]
    fn a_filter_goes_through_its_own_link() {
        let query = "outcome=refused&guard=replay&function=T2001\
            &request=0199c2b4-5a00-7000-8000-0123456789ab&clause=CJ-6.3.d.4\
            &device=d-AAAAAAAAAAAAAAAAAAAAAA";
        let filter = filter(query).unwrap();
        assert_eq!(filter.link("/events", &[]), format!("/events?{query}"));
        assert!(filter.to_store().request_id.is_some());
        assert!(!filter.is_mistyped());
    }

    #[test]
    fn what_is_no_request_id_finds_nothing_and_what_no_form_sends_is_refused() {
        let mistyped = filter("request=0199").unwrap();
        assert!(mistyped.is_mistyped());
        for query in [
            "outcome=passed",
            "clause=CJ-99",
            "device=d-1",
            &format!("guard={}", "x".repeat(65)),
        ] {
            assert_eq!(filter(query).err(), Some(Failure::Malformed), "{query}");
        }
    }
}
