//! One device, and the switch for it.
//!
//! Clauses: JR-6.3.1.g.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::{Path, State},
    response::{IntoResponse, Redirect, Response},
};
use hefu_evidence::{EventFilter, EventPage};
use hefu_store::{DeviceStatus, EventOutcome};
use hefu_tally::ids::DeviceId;

use crate::{
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, Visit, draw},
    guard::Form,
    pages::{devices::DeviceView, events::EventLine},
    pairs::link,
};

/// Events shown on the page; the rest is a link away.
const EVENTS_MAX: u32 = 10;

#[derive(Template)]
#[template(path = "device.html")]
struct DevicePage {
    frame: Frame,
    view: DeviceView,
    events: Vec<EventLine>,
    events_link: String,
    refused_link: String,
}

/// The page.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Path(id): Path<String>,
) -> Result<Response, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::NotFound)?;
    let device = shared.source.device(id).await?.ok_or(Failure::NotFound)?;
    let filter = EventFilter {
        device: Some(id),
        ..EventFilter::default()
    };
    let newest = EventPage::Newest {
        rows_max: EVENTS_MAX,
    };
    let events = shared.source.events(&filter, newest).await?;
    let id = id.to_string();
    let refused = EventOutcome::Refused.as_str();
    draw(&DevicePage {
        frame: visit.frame(Section::Devices),
        view: DeviceView {
            device,
            now: visit.now,
        },
        events: events
            .into_iter()
            .map(|event| EventLine::new(event, 0))
            .collect(),
        events_link: link("/events", &[("device", &id)]),
        refused_link: link("/events", &[("device", &id), ("outcome", refused)]),
    })
}

/// Freezes, thaws or revokes. Revoking is for ever and has to be confirmed.
pub(crate) async fn set_status(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    Path(id): Path<String>,
    Form(form): Form,
) -> Result<Response, Failure> {
    let id: DeviceId = id.parse().map_err(|_| Failure::NotFound)?;
    let status = form.one_of("status", |name| {
        DeviceStatus::ALL
            .into_iter()
            .find(|status| status.as_str() == name)
    })?;
    let status = status.ok_or(Failure::Malformed)?;
    let is_confirmed = form.raw("confirmed").is_some_and(|said| said == "yes");
    if status == DeviceStatus::Revoked && !is_confirmed {
        return Err(Failure::Malformed);
    }
    if !shared
        .source
        .set_device_status(id, status, visit.now)
        .await?
    {
        return Err(Failure::NotFound);
    }
    tracing::info!(device = %id, status = status.as_str(), "an operator set a device's status");
    Ok(Redirect::to(&format!("/devices/{id}")).into_response())
}
