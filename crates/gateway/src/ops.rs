//! Health and metrics, for the operators' own listener; the data plane shows none of it.

use std::sync::Arc;

use axum::{
    Json, Router,
    extract::State,
    http::{StatusCode, header},
    response::{IntoResponse, Response},
    routing::get,
};
use serde::Serialize;

use crate::pipeline::Pipeline;

/// `/health/live`, `/health/ready` and `/metrics`.
pub(crate) fn router(pipeline: Arc<Pipeline>) -> Router {
    Router::new()
        .route("/health/live", get(live))
        .route("/health/ready", get(ready))
        .route("/metrics", get(metrics))
        .with_state(pipeline)
}

/// Whether the gateway can say yes to anybody; each part by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Readiness {
    /// All that follows holds.
    pub ready: bool,
    /// It accepts connections, and is not on its way down.
    pub accepting: bool,
    /// Decisions can be recorded.
    pub events: bool,
    /// Nonces can be remembered.
    pub nonces: bool,
    /// The service takes connections.
    pub service: bool,
}

async fn live() -> &'static str {
    "ok\n"
}

async fn ready(State(pipeline): State<Arc<Pipeline>>) -> Response {
    let readiness = pipeline.readiness().await;
    let status = if readiness.ready {
        StatusCode::OK
    } else {
        StatusCode::SERVICE_UNAVAILABLE
    };
    (status, Json(readiness)).into_response()
}

async fn metrics(State(pipeline): State<Arc<Pipeline>>) -> Response {
    const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";
    match pipeline.metrics_text() {
        Ok(text) => ([(header::CONTENT_TYPE, OPEN_METRICS)], text).into_response(),
        Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
    }
}
