//! A plain client of the bank, as the gateway is one.

use http_body_util::{BodyExt as _, Full};
use hyper::{Request, body::Bytes, header::HeaderMap};
use hyper_util::{
    client::legacy::{Client as Legacy, connect::HttpConnector},
    rt::TokioExecutor,
};
use serde_json::{Value, json};

use hefu_example_bank::{Bank, Database, PAYMENT_PASSWORD};

/// A bank with the demo's customers, and whoever calls it.
pub(crate) struct Client {
    pub(crate) bank: Bank,
    http: Legacy<HttpConnector, Full<Bytes>>,
}

/// What came back.
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

impl Answer {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or(Value::Null)
    }
}

impl Client {
    pub(crate) async fn of(database: &Database) -> Self {
        let bank = Bank::start("127.0.0.1:0".parse().unwrap(), database)
            .await
            .unwrap();
        bank.seed().await.unwrap();
        let http = Legacy::builder(TokioExecutor::new()).build_http();
        Self { bank, http }
    }

    pub(crate) async fn in_memory() -> Self {
        Self::of(&Database::Memory).await
    }

    /// Sends a request; an answer that breaks off is an error.
    pub(crate) async fn try_send(
        &self,
        method: &str,
        target: &str,
        key: Option<&str>,
        body: Option<&Value>,
    ) -> Result<Answer, Box<dyn std::error::Error>> {
        let mut request = Request::builder()
            .method(method)
            .uri(format!("http://{}{target}", self.bank.addr()));
        if let Some(key) = key {
            request = request.header("idempotency-key", key);
        }
        let bytes = body
            .map(|body| Bytes::from(body.to_string()))
            .unwrap_or_default();
        let request = request
            .header("content-type", "application/json")
            .body(Full::new(bytes))
            .unwrap();
        let response = self.http.request(request).await?;
        let (head, body) = response.into_parts();
        let body = body.collect().await?.to_bytes();
        Ok(Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }

    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.try_send("GET", target, None, None).await.unwrap()
    }

    pub(crate) async fn post(&self, target: &str, body: &Value) -> Answer {
        self.try_send("POST", target, None, Some(body))
            .await
            .unwrap()
    }

    pub(crate) async fn transfer(&self, key: &str, order: &Value) -> Answer {
        self.try_send("POST", "/transfers", Some(key), Some(order))
            .await
            .unwrap()
    }

    pub(crate) async fn balance(&self, account: &str) -> i64 {
        self.get(&format!("/accounts/{account}")).await.json()["balance_cents"]
            .as_i64()
            .unwrap()
    }
}

pub(crate) fn order(from: &str, to: &str, amount_cents: i64) -> Value {
    json!({ "from_account": from, "to_account": to, "amount_cents": amount_cents,
            "payment_password": PAYMENT_PASSWORD })
}
