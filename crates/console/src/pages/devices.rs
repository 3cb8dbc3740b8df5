//! The enrolled devices.

use std::sync::Arc;

use askama::Template;
use axum::{
    extract::State,
    response::{IntoResponse, Redirect, Response},
};
use hefu_store::{DeviceRecord, DeviceStatus};
use hefu_tally::{clock::Timestamp, ids::DeviceId};

use crate::{
    console::Shared,
    failure::Failure,
    frame::{Frame, Section, Visit, draw},
    pairs::{Pairs, link},
    words::Words,
};

/// Devices on a page.
const ROWS: u32 = 50;

/// A certificate that ends sooner is pointed out.
const ENDS_SOON_S: i64 = 14 * 86_400;

/// Longest text that is looked at as a device id, in characters.
const ID_CHARS_MAX: usize = 64;

#[derive(Template)]
#[template(path = "devices.html")]
struct DevicesPage {
    frame: Frame,
    devices: Vec<DeviceView>,
    /// To the next page; none on the last.
    next: Option<String>,
    is_first: bool,
    /// What was looked for and not found.
    missed: String,
}

/// A device as pages show it.
pub(crate) struct DeviceView {
    pub(crate) device: DeviceRecord,
    pub(crate) now: Timestamp,
}

impl DeviceView {
    pub(crate) fn platform(&self, words: &Words) -> String {
        words.entry("platform", &self.device.platform)
    }

    pub(crate) fn status(&self, words: &Words) -> String {
        words.entry("device", self.device.status.as_str())
    }

    pub(crate) fn has_ended(&self) -> bool {
        self.device.certificate.not_after <= self.now
    }

    pub(crate) fn ends_soon(&self) -> bool {
        !self.has_ended() && self.device.certificate.not_after < self.now.plus_secs(ENDS_SOON_S)
    }

    pub(crate) fn is_active(&self) -> bool {
        self.device.status == DeviceStatus::Active
    }

    pub(crate) fn is_revoked(&self) -> bool {
        self.device.status == DeviceStatus::Revoked
    }
}

/// The page.
pub(crate) async fn page(
    State(shared): State<Arc<Shared>>,
    visit: Visit,
    query: Pairs,
) -> Result<Response, Failure> {
    let after = query.one_of("after", |id| id.parse::<DeviceId>().ok())?;
    let looked_for = query.text("id", ID_CHARS_MAX)?.unwrap_or_default();
    if let Ok(id) = looked_for.parse::<DeviceId>()
        && shared.source.device(id).await?.is_some()
    {
        return Ok(Redirect::to(&format!("/devices/{id}")).into_response());
    }
    let mut devices = shared.source.devices(after, ROWS + 1).await?;
    let has_more = u32::try_from(devices.len()).is_ok_and(|rows| rows > ROWS);
    if has_more {
        devices.pop();
    }
    let last = devices
        .last()
        .filter(|_| has_more)
        .map(|device| device.id.to_string());
    draw(&DevicesPage {
        frame: visit.frame(Section::Devices),
        next: last.map(|id| link("/devices", &[("after", &id)])),
        is_first: after.is_none(),
        missed: looked_for.to_owned(),
        devices: devices
            .into_iter()
            .map(|device| DeviceView {
                device,
                now: visit.now,
            })
            .collect(),
    })
}
