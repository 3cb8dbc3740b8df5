//! A headless Chromium, and a console for it to look at.

use std::{
    collections::BTreeMap,
    io::{BufRead as _, BufReader},
    process::{Child, Command, Stdio},
    sync::Arc,
};

use fantoccini::{
    Client, ClientBuilder, Locator,
    wd::{Capabilities, WebDriverCompatibleCommand},
};
use hefu_console::{Console, ConsoleConfig, Origin, Source, router};
use hefu_gm::rng::SystemRng;
use hefu_tally::clock::{Clock as _, SystemClock};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;

use crate::{sample::Sample, visitor::PASSWORD};

const MISSING: &str = "chromedriver does not start: run ./test once, it installs chromium and \
    chromium-driver (Debian packages)";

const FLAGS: [&str; 10] = [
    "--headless=new",
    // A click must not race a page that is still gliding to its place.
    "--force-prefers-reduced-motion",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--window-size=1360,900",
];

/// A running driver; it ends with the value.
struct Driver {
    process: Child,
    port: u16,
}

impl Driver {
    /// Starts one on a port of its own choice, which it prints.
    fn start() -> Self {
        let mut process = Command::new("chromedriver")
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect(MISSING);
        let lines = BufReader::new(process.stdout.take().expect("it is piped")).lines();
        let port = lines.map_while(Result::ok).find_map(|line| {
            line.split("started successfully on port ")
                .nth(1)?
                .trim_end_matches('.')
                .parse()
                .ok()
        });
        Self {
            process,
            port: port.expect(MISSING),
        }
    }
}

impl Drop for Driver {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser in front of a console.
pub(crate) struct Screen {
    pub(crate) client: Client,
    pub(crate) sample: Arc<Sample>,
    pub(crate) url: String,
    _profile: TempDir,
    _driver: Driver,
}

impl Screen {
    /// Serves the sample on loopback and opens a browser that likes `language`.
    pub(crate) async fn open(language: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let sample = Arc::new(Sample::new(SystemClock.now()).await);
        let config = ConsoleConfig {
            origins: Origin::of_loopback(address),
            password: PASSWORD.as_bytes().to_vec().into(),
            utc_offset_minutes: 0,
        };
        let source = Arc::clone(&sample) as Arc<dyn Source>;
        let console = Console::new(config, source, Arc::new(SystemClock), &mut SystemRng).unwrap();
        tokio::spawn(async move { axum::serve(listener, router(&console)).await });

        let profile = tempfile::tempdir().unwrap();
        let mut flags = FLAGS.map(str::to_owned).to_vec();
        flags.push(format!("--user-data-dir={}", profile.path().display()));
        let options = json!({
            "args": flags,
            "prefs": { "intl.accept_languages": language },
        });
        let mut capabilities = Capabilities::new();
        capabilities.insert("goog:chromeOptions".into(), options);
        capabilities.insert("goog:loggingPrefs".into(), json!({ "browser": "ALL" }));
        let driver = Driver::start();
        let client = ClientBuilder::new(HttpConnector::new())
            .capabilities(capabilities)
            .connect(&format!("http://127.0.0.1:{}", driver.port))
            .await
            .expect(MISSING);
        Self {
            client,
            sample,
            url: format!("http://{address}"),
            _profile: profile,
            _driver: driver,
        }
    }

    pub(crate) async fn go(&self, path: &str) {
        self.client
            .goto(&format!("{}{path}", self.url))
            .await
            .unwrap();
    }

    /// Waits until there is such an element, and gives its text.
    pub(crate) async fn text(&self, css: &str) -> String {
        let element = self.client.wait().for_element(Locator::Css(css)).await;
        element.unwrap().text().await.unwrap()
    }

    pub(crate) async fn click(&self, css: &str) {
        let element = self
            .client
            .wait()
            .for_element(Locator::Css(css))
            .await
            .unwrap();
        element.click().await.unwrap();
    }

    pub(crate) async fn count(&self, css: &str) -> usize {
        self.client.find_all(Locator::Css(css)).await.unwrap().len()
    }

    pub(crate) async fn log_in(&self) {
        self.go("/").await;
        let field = self
            .client
            .wait()
            .for_element(Locator::Css("#password"))
            .await
            .unwrap();
        field.send_keys(PASSWORD).await.unwrap();
        self.click(".login .primary").await;
        self.client
            .wait()
            .for_element(Locator::Css(".health"))
            .await
            .unwrap();
    }

    /// What the browser complained about since the last call: broken scripts, and whatever the
    /// content security policy kept from happening.
    pub(crate) async fn complaints(&self) -> Vec<String> {
        let entries = self.client.issue_cmd(BrowserLog).await.unwrap();
        let entries: Vec<BTreeMap<String, Value>> = serde_json::from_value(entries).unwrap();
        entries
            .into_iter()
            .map(|entry| format!("{entry:?}"))
            .collect()
    }

    pub(crate) async fn close(self) {
        self.client.close().await.unwrap();
    }
}

/// Chromium's own command for what is in its console.
#[derive(Debug)]
struct BrowserLog;

impl WebDriverCompatibleCommand for BrowserLog {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!("session/{}/se/log", session.unwrap_or_default()))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        (
            http::Method::POST,
            Some(json!({ "type": "browser" }).to_string()),
        )
    }
}

/// Chromium's own command for its developer tools.
#[derive(Debug)]
struct DeveloperTools {
    method: &'static str,
    parameters: Value,
}

impl WebDriverCompatibleCommand for DeveloperTools {
    fn endpoint(
        &self,
        base: &url::Url,
        session: Option<&str>,
    ) -> Result<url::Url, url::ParseError> {
        base.join(&format!(
            "session/{}/goog/cdp/execute",
            session.unwrap_or_default()
        ))
    }

    fn method_and_body(&self, _: &url::Url) -> (http::Method, Option<String>) {
        let body = json!({ "cmd": self.method, "params": self.parameters });
        (http::Method::POST, Some(body.to_string()))
    }
}

impl Screen {
    /// Makes the browser prefer that colour scheme.
    pub(crate) async fn prefer(&self, scheme: &str) {
        let features = json!([
            { "name": "prefers-color-scheme", "value": scheme },
            { "name": "prefers-reduced-motion", "value": "reduce" },
        ]);
        let command = DeveloperTools {
            method: "Emulation.setEmulatedMedia",
            parameters: json!({ "features": features }),
        };
        self.client.issue_cmd(command).await.unwrap();
    }
}
