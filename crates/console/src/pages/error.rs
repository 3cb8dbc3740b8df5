//! The one page for everything that goes wrong: a sentence by status, never a reason.
//!
//! Clauses: JR-6.2.4.a.

use askama::Template;
use axum::http::StatusCode;

use crate::{
    failure::Failure,
    frame::{Frame, Section, Visit},
};

#[derive(Template)]
#[template(path = "error.html")]
struct ErrorPage {
    frame: Frame,
    status: u16,
    sentence: String,
}

/// Where no page is.
pub(crate) async fn nothing_here() -> Failure {
    Failure::NotFound
}

/// The page's text. Should even that fail, an empty one: the status says enough.
pub(crate) fn draw(status: StatusCode, visit: &Visit) -> String {
    let frame = visit.frame(Section::Apart);
    let sentence = sentence(&frame, status);
    let page = ErrorPage {
        frame,
        status: status.as_u16(),
        sentence,
    };
    page.render().unwrap_or_default()
}

fn sentence(frame: &Frame, status: StatusCode) -> String {
    let status = status.as_str();
    let known = frame.words.entry("error", status);
    if known == status {
        frame.words.t("error-other")
    } else {
        known
    }
}
