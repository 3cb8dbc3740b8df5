//! The routes, as openapi.yaml describes them. Each handler reads, asks one function and answers.

use axum::{
    Json, Router,
    extract::{Path, Query, State},
    http::{HeaderMap, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{get, post, put},
};
use serde::{Deserialize, Serialize};
use serde_json::json;
use sqlx::SqlitePool;

use crate::{
    customers::{self, Contact, Registration},
    database::BankError,
    ids::AccountId,
    leaks, quotes,
    transfers::{self, Order},
};

pub(crate) fn router(pool: SqlitePool) -> Router {
    Router::new()
        .route("/registrations", post(open_account))
        .route("/customers/{customer}", get(show_profile))
        .route("/customers/{customer}/contact", put(change_contact))
        .route("/customers/{customer}/accounts", get(list_accounts))
        .route("/accounts/{account}", get(show_account))
        .route("/accounts/{account}/owner", get(show_account_owner))
        .route("/accounts/{account}/entries", get(list_entries))
        .route("/transfers", post(transfer))
        .route("/transfers/{transfer}", get(show_transfer))
        .route("/transfers/{transfer}/owner", get(show_transfer_owner))
        .route("/quotes", get(quotes::list))
        .route("/quotes/{symbol}", get(quotes::show))
        .route("/echo", post(echo))
        .route("/leaks/{kind}", get(leaks::leak))
        .with_state(pool)
}

impl IntoResponse for BankError {
    /// As many services do: the inner reason for everyone to read. The gateway hides it.
    fn into_response(self) -> Response {
        (StatusCode::INTERNAL_SERVER_ERROR, self.to_string()).into_response()
    }
}

fn found<T: Serialize>(value: Option<T>) -> Response {
    value.map_or_else(
        || StatusCode::NOT_FOUND.into_response(),
        |value| Json(value).into_response(),
    )
}

async fn open_account(
    State(pool): State<SqlitePool>,
    Json(registration): Json<Registration>,
) -> Result<Response, BankError> {
    Ok(match customers::open(&pool, &registration).await? {
        None => StatusCode::CONFLICT.into_response(),
        Some((customer, account)) => {
            let name = registration.name;
            let body = json!({ "customer": customer, "account": account, "name": name });
            (StatusCode::CREATED, Json(body)).into_response()
        }
    })
}

async fn show_profile(
    State(pool): State<SqlitePool>,
    Path(customer): Path<String>,
) -> Result<Response, BankError> {
    Ok(found(customers::profile(&pool, &customer).await?))
}

async fn change_contact(
    State(pool): State<SqlitePool>,
    Path(customer): Path<String>,
    Json(contact): Json<Contact>,
) -> Result<StatusCode, BankError> {
    let changed = customers::change_contact(&pool, &customer, &contact).await?;
    Ok(if changed {
        StatusCode::NO_CONTENT
    } else {
        StatusCode::NOT_FOUND
    })
}

async fn list_accounts(
    State(pool): State<SqlitePool>,
    Path(customer): Path<String>,
) -> Result<Response, BankError> {
    let accounts = customers::accounts(&pool, &customer).await?;
    Ok(Json(json!({ "accounts": accounts })).into_response())
}

async fn show_account(
    State(pool): State<SqlitePool>,
    Path(account): Path<AccountId>,
) -> Result<Response, BankError> {
    Ok(found(customers::account(&pool, account).await?))
}

async fn show_account_owner(
    State(pool): State<SqlitePool>,
    Path(account): Path<AccountId>,
) -> Result<Response, BankError> {
    let owner = customers::owner(&pool, account).await?;
    Ok(found(owner.map(|customer| json!({ "customer": customer }))))
}

#[derive(Deserialize)]
struct Page {
    limit: Option<u8>,
    before: Option<i64>,
}

async fn list_entries(
    State(pool): State<SqlitePool>,
    Path(account): Path<AccountId>,
    Query(page): Query<Page>,
) -> Result<Response, BankError> {
    let limit = page.limit.unwrap_or(20).clamp(1, 100);
    Ok(Json(transfers::entries(&pool, account, limit, page.before).await?).into_response())
}

async fn transfer(
    State(pool): State<SqlitePool>,
    headers: HeaderMap,
    Json(order): Json<Order>,
) -> Result<Response, BankError> {
    let Some(key) = headers
        .get("idempotency-key")
        .and_then(|value| value.to_str().ok())
    else {
        return Ok((StatusCode::BAD_REQUEST, "no Idempotency-Key").into_response());
    };
    let (status, body) = transfers::transfer(&pool, key, &order).await?;
    let json = [(header::CONTENT_TYPE, "application/json")];
    Ok(if body.is_empty() {
        status.into_response()
    } else {
        (status, json, body).into_response()
    })
}

async fn show_transfer(
    State(pool): State<SqlitePool>,
    Path(transfer): Path<String>,
) -> Result<Response, BankError> {
    Ok(found(transfers::show(&pool, &transfer).await?))
}

async fn show_transfer_owner(
    State(pool): State<SqlitePool>,
    Path(transfer): Path<String>,
) -> Result<Response, BankError> {
    let owner = transfers::owner(&pool, &transfer).await?;
    Ok(found(owner.map(|customer| json!({ "customer": customer }))))
}

#[derive(Deserialize, Serialize)]
struct Echo {
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    count: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    phone: Option<String>,
}

async fn echo(Json(echo): Json<Echo>) -> Json<Echo> {
    Json(echo)
}
