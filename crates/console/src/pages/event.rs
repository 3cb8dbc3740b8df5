//! One request: everything that was decided about it, with the inner reason.
//!
//! Clauses: JR-6.2.4.f.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::Response,
};
use hefu_evidence::{Class, EventFilter, EventPage, EventRecord, Outcome};
use hefu_standards::{Clause, catalogue};
use hefu_tally::ids::RequestId;

use crate::{
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, Visit, draw},
    words::Words,
};

/// Events of one request; there is one, unless somebody sends the same id again.
const EVENTS_MAX: u32 = 20;

#[derive(Template)]
#[template(path = "event.html")]
struct EventDetail {
    frame: Frame,
    request_id: RequestId,
    decisions: Vec<Decision>,
}

struct Decision {
    event: EventRecord,
    clauses: Vec<Option<&'static Clause>>,
}

impl Decision {
    fn new(event: EventRecord) -> Self {
        let clauses = event
            .clauses
            .iter()
            .map(|id| catalogue().clause(id))
            .collect();
        Self { event, clauses }
    }

    fn is_refused(&self) -> bool {
        self.event.outcome == Outcome::Refused
    }

    /// Class and limit.
    fn class(&self, words: &Words) -> Option<String> {
        let name = self.event.class.as_deref()?;
        let class = Class::ALL
            .into_iter()
            .find(|class| class.as_str() == name)?;
        Some(format!(
            "{} (≤ {} ms)",
            words.class(&class),
            class.limit_ms()
        ))
    }
}

/// The page.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Path(request_id): Path<String>,
) -> Result<Response, Failure> {
    let request_id: RequestId = request_id.parse().map_err(|_| Failure::NotFound)?;
    let filter = EventFilter {
        request_id: Some(request_id),
        ..EventFilter::default()
    };
    let newest = EventPage::Newest {
        rows_max: EVENTS_MAX,
    };
    let events = shared.source.events(&filter, newest).await?;
    if events.is_empty() {
        return Err(Failure::NotFound);
    }
    draw(&EventDetail {
        frame: visit.frame(Section::Events),
        request_id,
        decisions: events.into_iter().map(Decision::new).collect(),
    })
}
