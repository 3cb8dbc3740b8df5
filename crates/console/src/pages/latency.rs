//! How long the service took, by class, held against the class's limit.
//!
//! Clauses: CJ-5.3.f.

use std::sync::Arc;

use askama::Template;
use axum::{extract::State, response::Response};
use hefu_evidence::ClassLatency;

use crate::{
    chart::{self, Histogram, PERCENTILES},
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, Visit, draw},
    pairs::Pairs,
    words::Words,
};

/// The spans of time to choose from, in minutes.
const SPANS: [Span; 4] = [
    Span {
        name: "15m",
        minutes: 15,
    },
    Span {
        name: "1h",
        minutes: 60,
    },
    Span {
        name: "6h",
        minutes: 6 * 60,
    },
    Span {
        name: "24h",
        minutes: 24 * 60,
    },
];

#[derive(Clone, Copy, PartialEq, Eq)]
struct Span {
    name: &'static str,
    minutes: u32,
}

impl Span {
    fn words(&self, words: &Words) -> String {
        match self.minutes {
            ..=60 => words.tn("latency-span-minutes", self.minutes),
            _ => words.tn("latency-span-hours", self.minutes / 60),
        }
    }
}

#[derive(Template)]
#[template(path = "latency.html")]
struct LatencyPage {
    frame: Frame,
    span: Span,
    classes: Vec<ClassView>,
}

struct ClassView {
    latency: ClassLatency,
    histogram: Histogram,
    /// Name and bound.
    percentiles: [(&'static str, String); 3],
}

impl ClassView {
    fn over(&self) -> u64 {
        self.latency.requests() - self.latency.within_limit()
    }
}

/// The page.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let [_, hour, ..] = SPANS;
    let span = query
        .one_of("span", |name| {
            SPANS.into_iter().find(|span| span.name == name)
        })?
        .unwrap_or(hour);
    let since = visit.now.plus_secs(-60 * i64::from(span.minutes));
    let latencies = shared.source.latency(since).await?;
    let words = visit.words;
    let classes = latencies.map(|latency| ClassView {
        histogram: Histogram::of(&words, &latency),
        percentiles: PERCENTILES
            .map(|(name, per_mille)| (name, chart::percentile(&words, &latency, per_mille))),
        latency,
    });
    draw(&LatencyPage {
        frame: visit.frame(Section::Latency),
        span,
        classes: classes.into(),
    })
}
