//! What every page is drawn in.

use axum::{
    extract::FromRequestParts,
    http::{HeaderMap, header, request::Parts},
    response::{Html, IntoResponse, Response},
};
use hefu_tally::clock::Timestamp;

use crate::{cookies::Token, failure::Failure, language::Language, words::Words};

/// One request: who asks, in which language, and what they get to see around the page.
#[derive(Clone, Debug)]
pub(crate) struct Visit {
    pub(crate) words: Words,
    pub(crate) now: Timestamp,
    /// Whether the console is addressed by HTTPS.
    pub(crate) is_secure: bool,
    /// The session, if it is open.
    pub(crate) session: Option<Token>,
    /// What the login form belongs to.
    pub(crate) login_form: Option<Token>,
    /// What forms on the page bring along; none where there is nothing to bind it to.
    pub(crate) form_token: Option<String>,
    /// Path and query.
    pub(crate) here: String,
    /// The element that htmx asks for, when it does.
    pub(crate) part: Option<String>,
}

impl Visit {
    /// Whether only the element of that id is asked for.
    pub(crate) fn wants(&self, id: &str) -> bool {
        self.part.as_deref() == Some(id)
    }

    /// The frame of a page in that section.
    pub(crate) fn frame(&self, section: Section) -> Frame {
        Frame {
            words: self.words,
            now: self.now,
            section,
            is_in: self.session.is_some(),
            form_token: self.form_token.clone(),
            here: self.here.clone(),
        }
    }
}

impl<S: Sync> FromRequestParts<S> for Visit {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Failure> {
        // The guard put it there.
        parts
            .extensions
            .get::<Self>()
            .cloned()
            .ok_or(Failure::Internal)
    }
}

/// The element that htmx asks for. When it restores the history, it asks for a page.
pub(crate) fn part_of(headers: &HeaderMap) -> Option<String> {
    let is_part =
        headers.contains_key("hx-request") && !headers.contains_key("hx-history-restore-request");
    let target = headers.get("hx-target").filter(|_| is_part)?;
    target.to_str().ok().map(str::to_owned)
}

/// Where the navigation stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Section {
    Overview,
    Coverage,
    Events,
    Latency,
    Devices,
    /// None of them.
    Apart,
}

impl Section {
    /// Those of the navigation.
    pub(crate) const ALL: [Self; 5] = [
        Self::Overview,
        Self::Coverage,
        Self::Events,
        Self::Latency,
        Self::Devices,
    ];

    pub(crate) fn path(&self) -> &'static str {
        match self {
            Self::Overview | Self::Apart => "/",
            Self::Coverage => "/coverage",
            Self::Events => "/events",
            Self::Latency => "/latency",
            Self::Devices => "/devices",
        }
    }

    pub(crate) fn name(&self, words: &Words) -> String {
        match self {
            Self::Overview | Self::Apart => words.t("nav-overview"),
            Self::Coverage => words.t("nav-coverage"),
            Self::Events => words.t("nav-events"),
            Self::Latency => words.t("nav-latency"),
            Self::Devices => words.t("nav-devices"),
        }
    }
}

/// What is drawn around a page.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    pub(crate) words: Words,
    pub(crate) now: Timestamp,
    pub(crate) section: Section,
    pub(crate) is_in: bool,
    pub(crate) form_token: Option<String>,
    pub(crate) here: String,
}

impl Frame {
    pub(crate) fn sections(&self) -> [Section; 5] {
        Section::ALL
    }

    pub(crate) fn languages(&self) -> [Language; 2] {
        Language::ALL
    }
}

/// Draws a page.
pub(crate) fn draw(page: &impl askama::Template) -> Result<Response, Failure> {
    Ok(Html(page.render()?).into_response())
}

/// A page that depends on the language and on what htmx asks for.
pub(crate) const VARY: (header::HeaderName, &str) = (
    header::VARY,
    "Cookie, Accept-Language, HX-Request, HX-Target",
);
