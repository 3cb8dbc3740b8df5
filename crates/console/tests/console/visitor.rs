//! Somebody with cookies, in process.

use std::{collections::BTreeMap, sync::Arc};

use axum::{
    Router,
    body::Body,
    http::{HeaderMap, Method, Request, StatusCode, header},
};
use hefu_console::{Console, ConsoleConfig, Source, router};
use hefu_gm::rng::SystemRng;
use hefu_tally::clock::{Clock, FixedClock, Timestamp};
use http_body_util::BodyExt as _;
use tower::ServiceExt as _;

use crate::sample::Sample;

pub(crate) const PASSWORD: &str = "correct horse";
pub(crate) const ORIGIN: &str = "http://127.0.0.1:8444";
pub(crate) const HOST: &str = "127.0.0.1:8444";
/// 2026-03-01 09:30 in Beijing.
pub(crate) const NOW: Timestamp = Timestamp::from_millis(1_772_328_600_000);

/// A console over the sample, at a time that stands still.
pub(crate) struct Deployment {
    pub(crate) sample: Arc<Sample>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) router: Router,
}

impl Deployment {
    pub(crate) async fn new() -> Self {
        Self::under(&[ORIGIN]).await
    }

    pub(crate) async fn under(origins: &[&str]) -> Self {
        let sample = Arc::new(Sample::new(NOW).await);
        let clock = Arc::new(FixedClock::at(NOW));
        let config = ConsoleConfig {
            origins: origins
                .iter()
                .map(|origin| origin.parse().unwrap())
                .collect(),
            password: PASSWORD.as_bytes().to_vec().into(),
            utc_offset_minutes: 8 * 60,
        };
        let console = Console::new(
            config,
            Arc::clone(&sample) as Arc<dyn Source>,
            Arc::clone(&clock) as Arc<dyn Clock>,
            &mut SystemRng,
        );
        Self {
            sample,
            clock,
            router: router(&console.unwrap()),
        }
    }

    /// Somebody who has seen nothing yet.
    pub(crate) fn stranger(&self) -> Visitor {
        Visitor {
            router: self.router.clone(),
            cookies: BTreeMap::new(),
            language: "en",
        }
    }

    /// Somebody who is logged in.
    pub(crate) async fn operator(&self) -> Visitor {
        let mut visitor = self.stranger();
        let answer = visitor.log_in(PASSWORD).await;
        assert_eq!(answer.status, StatusCode::SEE_OTHER, "{}", answer.text);
        visitor
    }
}

/// Keeps cookies, and sends what a browser sends.
#[derive(Clone)]
pub(crate) struct Visitor {
    router: Router,
    pub(crate) cookies: BTreeMap<String, String>,
    pub(crate) language: &'static str,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    /// The token that the page's forms carry.
    pub(crate) fn token(&self) -> String {
        let after = self.text.split("name=\"token\" value=\"").nth(1);
        after
            .and_then(|rest| rest.split('"').next())
            .unwrap_or_default()
            .to_owned()
    }
}

impl Visitor {
    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path).body(Body::empty()).unwrap())
            .await
    }

    /// As htmx asks for one element.
    pub(crate) async fn get_part(&mut self, path: &str, id: &str) -> Answer {
        let request = self.request(Method::GET, path).header("hx-request", "true");
        self.send(request.header("hx-target", id).body(Body::empty()).unwrap())
            .await
    }

    /// Sends a form as our own page does.
    pub(crate) async fn post(&mut self, path: &str, form: &str) -> Answer {
        let request = self
            .request(Method::POST, path)
            .header(header::ORIGIN, ORIGIN);
        self.send(request.body(Body::from(form.to_owned())).unwrap())
            .await
    }

    /// Opens the login page and sends its form.
    pub(crate) async fn log_in(&mut self, password: &str) -> Answer {
        let token = self.get("/login").await.token();
        let password = password.replace(' ', "+");
        self.post(
            "/login",
            &format!("token={token}&next=%2F&password={password}"),
        )
        .await
    }

    /// A request with everything that the visitor sends along.
    pub(crate) fn request(&self, method: Method, path: &str) -> axum::http::request::Builder {
        let cookies: Vec<String> = self
            .cookies
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        Request::builder()
            .method(method)
            .uri(path)
            .header(header::HOST, HOST)
            .header(header::ACCEPT_LANGUAGE, self.language)
            .header(header::COOKIE, cookies.join("; "))
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
    }

    pub(crate) async fn send(&mut self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            let set = set.to_str().unwrap();
            let (name, value) = set.split(';').next().unwrap().split_once('=').unwrap();
            if set.contains("Max-Age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        let bytes = body.collect().await.unwrap().to_bytes();
        let text = String::from_utf8_lossy(&bytes).into_owned();
        Answer {
            status: parts.status,
            headers: parts.headers,
            text,
        }
    }
}
