//! Prices, made up from the symbol and the minute.

use axum::{
    Json,
    extract::{Path, RawQuery, State},
    http::StatusCode,
    response::{IntoResponse, Response},
};
use serde::Serialize;
use serde_json::json;
use sqlx::SqlitePool;

use crate::database::BankError;

/// The symbols that are traded here.
const SYMBOLS: &[&str] = &["000001.SZ", "300750.SZ", "600000.SH", "600519.SH"];

#[derive(Serialize)]
struct Quote {
    symbol: &'static str,
    price_cents: i64,
    at_ms: i64,
}

fn quote(symbol: &str, at_ms: i64) -> Option<Quote> {
    let symbol = SYMBOLS.iter().copied().find(|known| *known == symbol)?;
    let base = symbol
        .bytes()
        .fold(7_i64, |sum, byte| (sum * 31 + i64::from(byte)) % 9_973);
    let price_cents = 1_000 + base + (at_ms / 60_000 * 17 + base) % 101;
    Some(Quote {
        symbol,
        price_cents,
        at_ms,
    })
}

async fn now_ms(pool: &SqlitePool) -> Result<i64, BankError> {
    let now = "SELECT CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)";
    Ok(sqlx::query_scalar(now).fetch_one(pool).await?)
}

pub(crate) async fn show(
    State(pool): State<SqlitePool>,
    Path(symbol): Path<String>,
) -> Result<Response, BankError> {
    let quote = quote(&symbol, now_ms(&pool).await?);
    Ok(quote.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |q| Json(q).into_response(),
    ))
}

pub(crate) async fn list(
    State(pool): State<SqlitePool>,
    RawQuery(query): RawQuery,
) -> Result<Response, BankError> {
    let at_ms = now_ms(&pool).await?;
    let query = query.unwrap_or_default();
    let symbols = query
        .split('&')
        .filter_map(|pair| pair.strip_prefix("symbol="));
    let quotes: Vec<Quote> = symbols.filter_map(|symbol| quote(symbol, at_ms)).collect();
    Ok(Json(json!({ "quotes": quotes })).into_response())
}
