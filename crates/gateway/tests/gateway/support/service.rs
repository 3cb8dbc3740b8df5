//! The service behind the gateway: it answers as told by its path, and remembers what it was asked.

use std::{
    future::pending,
    net::SocketAddr,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, State},
    http::{HeaderMap, StatusCode, Uri, header},
    response::{Html, IntoResponse, Response},
    routing::{get, post},
};
use tokio::{net::TcpListener, sync::Semaphore};

/// What the service was asked.
#[derive(Clone, Debug)]
pub(crate) struct Asked {
    pub(crate) path: String,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Bytes,
}

#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) address: SocketAddr,
    asked: Mutex<Vec<Asked>>,
    /// How many held requests may end.
    pub(crate) release: Semaphore,
    /// How many held requests have arrived.
    pub(crate) arrived: Semaphore,
}

impl Service {
    pub(crate) async fn start() -> Arc<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Arc::new(Self {
            address: listener.local_addr().unwrap(),
            asked: Mutex::default(),
            release: Semaphore::new(0),
            arrived: Semaphore::new(0),
        });
        let router = Router::new()
            .route("/accounts/{account}", get(account))
            .route("/accounts/{account}/owner", get(owner))
            .route("/customers/{customer}", get(done))
            .route("/transfers", post(transfer))
            .route("/notes", post(done))
            .route(
                "/registrations",
                post(async |asked: Noted| asked.with(StatusCode::NO_CONTENT)),
            )
            .route("/limited", get(done))
            .route("/quotes", get(async || pending::<Response>().await))
            .route("/held", get(held))
            .route("/faults/{fault}", get(fault))
            .with_state(service.clone());
        tokio::spawn(async move { axum::serve(listener, router).await });
        service
    }

    /// What was asked at that path, in order.
    pub(crate) fn asked(&self, path: &str) -> Vec<Asked> {
        let asked = self.asked.lock().unwrap();
        asked
            .iter()
            .filter(|asked| asked.path == path)
            .cloned()
            .collect()
    }
}

/// Notes what is asked, whatever is answered.
struct Noted;

impl Noted {
    fn with(self, response: impl IntoResponse) -> Response {
        response.into_response()
    }
}

impl axum::extract::FromRequest<Arc<Service>> for Noted {
    type Rejection = StatusCode;

    async fn from_request(
        request: axum::extract::Request,
        service: &Arc<Service>,
    ) -> Result<Self, StatusCode> {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1 << 20).await;
        service.asked.lock().unwrap().push(Asked {
            path: Uri::path(&parts.uri).to_owned(),
            fields: parts.headers,
            body: body.map_err(|_| StatusCode::BAD_REQUEST)?,
        });
        Ok(Self)
    }
}

fn json(body: impl Into<String>) -> Response {
    ([(header::CONTENT_TYPE, "application/json")], body.into()).into_response()
}

async fn done(asked: Noted) -> Response {
    asked.with(json(r#"{"done":"yes"}"#))
}

async fn account(Path(account): Path<String>, asked: Noted) -> Response {
    let body =
        format!(r#"{{"account":"{account}","holder":"欧阳小明","card":"6222021234567890128"}}"#);
    asked.with(json(body))
}

/// Accounts a-1… are alice's, a-2… are bob's, others there are none.
async fn owner(Path(account): Path<String>, asked: Noted) -> Response {
    match account.get(..3) {
        Some("a-1") => asked.with(json(r#"{"customer":"alice"}"#)),
        Some("a-2") => asked.with(json(r#"{"customer":"bob"}"#)),
        _ => asked.with((StatusCode::NOT_FOUND, "no such account")),
    }
}

async fn transfer(State(service): State<Arc<Service>>, asked: Noted) -> Response {
    let _ = asked;
    let body = service.asked("/transfers").pop().unwrap().body;
    let wanted: serde_json::Value = serde_json::from_slice(&body).unwrap();
    match wanted["cents"].as_i64() {
        Some(4_220_000) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            json(r#"{"reason":"insufficient_funds"}"#),
        )
            .into_response(),
        Some(4_220_001) => (
            StatusCode::UNPROCESSABLE_ENTITY,
            json(r#"{"debug":"row 17 of ledger"}"#),
        )
            .into_response(),
        _ => (StatusCode::CREATED, json(r#"{"done":"yes"}"#)).into_response(),
    }
}

async fn held(State(service): State<Arc<Service>>, asked: Noted) -> Response {
    service.arrived.add_permits(1);
    service.release.acquire().await.unwrap().forget();
    asked.with(json(r#"{"done":"yes"}"#))
}

async fn fault(Path(fault): Path<String>, asked: Noted) -> Response {
    match fault.as_str() {
        "none" => asked.with(json(r#"{"done":"yes"}"#)),
        "fields" => asked.with((
            [
                (header::SERVER, "bank/1.0"),
                (header::SET_COOKIE, "id=1"),
                (header::CONTENT_TYPE, "application/json"),
            ],
            r#"{"done":"yes"}"#,
        )),
        "page" => asked.with(Html("<h1>Whitelabel Error Page</h1>")),
        "other-field" => asked.with(json(r#"{"done":"yes","password_hash":"x"}"#)),
        "other-type" => asked.with(json(r#"{"done":1}"#)),
        "large" => asked.with(json(format!(r#"{{"done":"{}"}}"#, "x".repeat(8 << 20)))),
        "wide" => asked.with(json(format!(r#"{{"done":"{}"}}"#, "x".repeat(3 << 20)))),
        status => {
            let status = StatusCode::from_bytes(status.as_bytes()).unwrap();
            asked.with((status, "panicked at src/ledger.rs:17"))
        }
    }
}
