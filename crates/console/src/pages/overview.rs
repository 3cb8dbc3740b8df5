//! The four pages in small, and whether everything is well.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hefu_evidence::{ClassLatency, EventFilter, EventPage};
use hefu_standards::coverage::Totals;
use hefu_store::{DeviceStatus, PAGE_ROWS_MAX};

use crate::{
    chart::{self, Bar, Fill},
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, Visit, draw},
    pages::{
        coverage::{DocumentLine, StateCount, documents, state_counts, total_bar},
        devices::DeviceView,
        events::EventLine,
    },
    pairs::{Pairs, link},
    source::Health,
    words::Words,
};

/// Events shown.
const EVENTS_MAX: u32 = 8;

/// The span of the latencies, in seconds.
const LATENCY_S: i64 = 3_600;

#[derive(Template)]
#[template(path = "overview.html")]
struct OverviewPage {
    frame: Frame,
    health: Health,
    totals: Totals,
    states: Vec<StateCount>,
    documents: Vec<DocumentLine>,
    bar: Bar,
    recent: Recent,
    classes: Vec<ClassLine>,
    devices: DeviceCounts,
}

/// The newest events, for htmx.
#[derive(Template)]
#[template(path = "overview_recent.html")]
struct RecentPart {
    frame: Frame,
    recent: Recent,
}

struct Recent {
    events: Vec<EventLine>,
    /// Where the list renews itself from; none when it stands still.
    live: Option<String>,
}

struct ClassLine {
    latency: ClassLatency,
    p95: String,
    bar: Bar,
    within: String,
}

/// A status and how many devices are in it.
struct DeviceCount {
    status: DeviceStatus,
    fill: Fill,
    devices: usize,
}

/// How many devices, as far as one page of the store reaches.
struct DeviceCounts {
    all: usize,
    counts: [DeviceCount; 3],
    ends_soon: usize,
    has_more: bool,
    bar: Bar,
}

impl OverviewPage {
    /// Nothing keeps decisions from being recorded and stored.
    fn is_well(&self) -> bool {
        self.health.store_answers
            && self
                .health
                .spool
                .is_none_or(|spool| spool.is_recording && spool.failed_imports == 0)
    }
}

/// The page.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let is_paused = query
        .one_of("live", |live| (live == "off").then_some(()))?
        .is_some();
    let words = visit.words;
    let rows = shared.source.coverage().await?;
    let totals = Totals::of(rows.iter().map(|row| &row.row));
    let latencies = shared
        .source
        .latency(visit.now.plus_secs(-LATENCY_S))
        .await?;
    let class_line = |latency: ClassLatency| ClassLine {
        p95: chart::percentile(&words, &latency, 950),
        bar: chart::towards_limit(&words, latency.class, &latency),
        within: words.share(latency.within_limit(), latency.requests()),
        latency,
    };
    draw(&OverviewPage {
        frame: visit.frame(Section::Overview),
        health: shared.source.health().await,
        states: state_counts(&totals),
        documents: documents(&words, &rows),
        bar: total_bar(&words, &totals, "totals"),
        totals,
        recent: newest(&shared, 0, !is_paused).await?,
        classes: latencies.map(class_line).into(),
        devices: count_devices(&shared, &visit, &words).await?,
    })
}

/// The newest events, if anything came after the one that the browser saw last.
pub(crate) async fn recent(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let seen = query
        .one_of("after", |seq| seq.parse::<u64>().ok())?
        .unwrap_or(0);
    let recent = newest(&shared, seen, true).await?;
    if recent
        .events
        .first()
        .is_none_or(|line| line.event.seq <= seen)
    {
        return Ok(StatusCode::NO_CONTENT.into_response());
    }
    draw(&RecentPart {
        frame: visit.frame(Section::Overview),
        recent,
    })
}

async fn newest(shared: &Shared, seen: u64, is_live: bool) -> Result<Recent, Failure> {
    let page = EventPage::Newest {
        rows_max: EVENTS_MAX,
    };
    let events = shared.source.events(&EventFilter::default(), page).await?;
    let newest = events.first().map_or(0, |event| event.seq).to_string();
    Ok(Recent {
        events: events
            .into_iter()
            .map(|event| EventLine::new(event, seen))
            .collect(),
        live: is_live.then(|| link("/live/recent", &[("after", &newest)])),
    })
}

async fn count_devices(
    shared: &Shared,
    visit: &Visit,
    words: &Words,
) -> Result<DeviceCounts, Failure> {
    let devices = shared.source.devices(None, PAGE_ROWS_MAX).await?;
    let views: Vec<DeviceView> = devices
        .into_iter()
        .map(|device| DeviceView {
            device,
            now: visit.now,
        })
        .collect();
    let count = |status| {
        views
            .iter()
            .filter(|view| view.device.status == status)
            .count()
    };
    let counts = DeviceStatus::ALL.map(|status| DeviceCount {
        status,
        fill: Fill::Device(status),
        devices: count(status),
    });
    let said = counts.each_ref().map(|count| {
        let status = words.entry("device", count.status.as_str());
        format!("{status} {}", words.number(count.devices))
    });
    let drawn = counts.each_ref().map(|count| (count.fill, count.devices));
    Ok(DeviceCounts {
        all: views.len(),
        ends_soon: views
            .iter()
            .filter(|view| view.is_active() && view.ends_soon())
            .count(),
        has_more: u32::try_from(views.len()).is_ok_and(|rows| rows >= PAGE_ROWS_MAX),
        bar: Bar::of_counts(
            "devices".to_owned(),
            words.t("overview-devices-bar"),
            said.join(words.t("list-comma").as_str()),
            &drawn,
        ),
        counts,
    })
}
