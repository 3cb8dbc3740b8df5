//! What goes wrong with a request, and the one page that says so.

use axum::{
    http::StatusCode,
    response::{IntoResponse, Response},
};
use hefu_gm::rng::RngError;
use hefu_store::StoreError;

use crate::operator::HashError;

/// Why there is no page. The operator reads a sentence by status; the reason goes to the log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// No form or link of ours asks for that.
    Malformed,
    /// A form that did not come from one of our pages.
    Forged,
    /// There is no such thing.
    NotFound,
    /// The form is too long.
    TooLarge,
    /// The target is too long.
    TargetTooLong,
    /// A name that the console does not answer under.
    Misdirected,
    /// The store, the generator or the hasher does not work.
    Unavailable,
    /// A page could not be drawn: our own mistake.
    Internal,
}

impl Failure {
    fn status(self) -> StatusCode {
        match self {
            Self::Malformed => StatusCode::BAD_REQUEST,
            Self::Forged => StatusCode::FORBIDDEN,
            Self::NotFound => StatusCode::NOT_FOUND,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::TargetTooLong => StatusCode::URI_TOO_LONG,
            Self::Misdirected => StatusCode::MISDIRECTED_REQUEST,
            Self::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
            Self::Internal => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// The status alone: the guard draws the page, since it knows the language.
impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        self.status().into_response()
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(
            error = &error as &dyn std::error::Error,
            "the console cannot read the store"
        );
        Self::Unavailable
    }
}

impl From<RngError> for Failure {
    fn from(error: RngError) -> Self {
        tracing::error!(%error, "the console has no randomness");
        Self::Unavailable
    }
}

impl From<HashError> for Failure {
    fn from(error: HashError) -> Self {
        tracing::error!(%error, "the console cannot compare passwords");
        Self::Unavailable
    }
}

impl From<askama::Error> for Failure {
    fn from(error: askama::Error) -> Self {
        tracing::error!(%error, "a page could not be drawn");
        Self::Internal
    }
}
