//! Misbehaviour on purpose, so that one can see what a gateway lets through.

use std::{backtrace::Backtrace, convert::Infallible, io, time::Duration};

use axum::{
    Json,
    body::Body,
    extract::Path,
    http::{HeaderName, StatusCode, header},
    response::{Html, IntoResponse, Response},
};
use futures_util::stream;
use serde_json::json;

/// Longer than the longest deadline of a gateway.
const SLOW: Duration = Duration::from_millis(1_500);

pub(crate) async fn leak(Path(kind): Path<String>) -> Result<Response, Infallible> {
    let ok = Json(json!({ "leak": kind }));
    Ok(match kind.as_str() {
        "nothing" => ok.into_response(),
        "header" => {
            let leaky = [
                (header::SERVER, "example-bank/1.0 (axum 0.8; SQLite 3)"),
                (HeaderName::from_static("x-powered-by"), "Rust"),
                (header::SET_COOKIE, "session=of-the-service"),
            ];
            (leaky, ok).into_response()
        }
        "stack-trace" => {
            let trace = Backtrace::force_capture();
            let text = format!("thread 'main' panicked at src/leaks.rs:\nno such table\n{trace}");
            (StatusCode::INTERNAL_SERVER_ERROR, text).into_response()
        }
        "field" => {
            Json(json!({ "leak": kind, "internal_note": "phone 13800138000" })).into_response()
        }
        "type" => Json(json!({ "leak": { "of": "another type" } })).into_response(),
        "status" => (StatusCode::IM_A_TEAPOT, ok).into_response(),
        "html" => Html("<h1>axum: something broke</h1>").into_response(),
        "slow" => {
            tokio::time::sleep(SLOW).await;
            ok.into_response()
        }
        "hang-up" => {
            let chunks = [Ok("{\"leak\":"), Err(io::Error::other("hung up"))];
            let json = [(header::CONTENT_TYPE, "application/json")];
            (json, Body::from_stream(stream::iter(chunks))).into_response()
        }
        _ => StatusCode::NOT_FOUND.into_response(),
    })
}
