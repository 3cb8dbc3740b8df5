//! Bytes to and from a gateway, without any HTTP library to mend them.

use std::{net::SocketAddr, sync::Arc, time::Duration};

use rustls::{ClientConfig, pki_types::ServerName};
use tokio::{
    io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::TlsConnector;

use super::Request;

/// Longer than anything here takes: a test that hangs fails.
const PATIENCE: Duration = Duration::from_secs(20);

trait Io: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Io for T {}

pub(crate) struct Wire {
    io: Box<dyn Io>,
    buffer: Vec<u8>,
}

#[derive(Clone, Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Response {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let mut found = self
            .fields
            .iter()
            .filter(|(own, _)| own.eq_ignore_ascii_case(name));
        let value = found.next().map(|(_, value)| value.as_str());
        assert!(
            found.next().is_none(),
            "{name} stands twice in the response"
        );
        value
    }

    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|_| panic!("no JSON: {}", self.text()))
    }

    /// The public code of a refusal, whose shape is always the same.
    #[track_caller]
    pub(crate) fn code(&self) -> String {
        assert_eq!(
            self.field("content-type"),
            Some("application/problem+json"),
            "{self:?}"
        );
        let problem = self.json();
        assert_eq!(problem["status"], self.status);
        assert_eq!(problem["request_id"], self.field("x-request-id").unwrap());
        let members: Vec<_> = problem.as_object().unwrap().keys().cloned().collect();
        assert_eq!(members.len(), 5, "{members:?}");
        problem["code"].as_str().unwrap().to_owned()
    }

    #[track_caller]
    pub(crate) fn assert_refused(&self, status: u16, code: &str) {
        assert_eq!(
            (self.status, self.code().as_str()),
            (status, code),
            "{}",
            self.text()
        );
    }

    #[track_caller]
    pub(crate) fn assert_status(&self, status: u16) {
        assert_eq!(self.status, status, "{}", self.text());
    }
}

impl Wire {
    pub(crate) async fn plain(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self {
            io: Box::new(stream),
            buffer: Vec::new(),
        }
    }

    /// TLS; the handshake of version 1.3 may look done to a client that the server then refuses.
    pub(crate) async fn tls(address: SocketAddr, config: ClientConfig) -> std::io::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        let name = ServerName::try_from("localhost").unwrap();
        let connector = TlsConnector::from(Arc::new(config));
        let stream = timeout(PATIENCE, connector.connect(name, stream))
            .await
            .unwrap()?;
        Ok(Self {
            io: Box::new(stream),
            buffer: Vec::new(),
        })
    }

    pub(crate) async fn write(&mut self, bytes: &[u8]) {
        // The gateway may have refused and closed before it read all.
        let _ = timeout(PATIENCE, async {
            self.io.write_all(bytes).await?;
            self.io.flush().await
        })
        .await
        .expect("the gateway stopped reading");
    }

    pub(crate) async fn send(&mut self, request: &Request) -> Response {
        self.write(&request.to_bytes()).await;
        self.response_to(&request.method).await.expect("a response")
    }

    pub(crate) async fn send_raw(&mut self, text: &str) -> Response {
        self.write(text.as_bytes()).await;
        self.response().await.expect("a response")
    }

    pub(crate) async fn response(&mut self) -> Option<Response> {
        self.response_to("GET").await
    }

    /// The next response; none when the connection ends first.
    pub(crate) async fn response_to(&mut self, method: &str) -> Option<Response> {
        loop {
            let mut slots = [httparse::EMPTY_HEADER; 64];
            let mut head = httparse::Response::new(&mut slots);
            if let httparse::Status::Complete(length) = head.parse(&self.buffer).unwrap() {
                let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
                let mut response = Response {
                    status: head.code.unwrap(),
                    fields: head
                        .headers
                        .iter()
                        .map(|h| (h.name.to_owned(), text(h.value)))
                        .collect(),
                    body: Vec::new(),
                };
                self.buffer.drain(..length);
                let bodiless = method == "HEAD" || response.status < 200 || response.status == 204;
                let length = if bodiless {
                    0
                } else {
                    response
                        .field("content-length")
                        .expect("a length")
                        .parse()
                        .unwrap()
                };
                while self.buffer.len() < length {
                    if !self.fill().await {
                        return None;
                    }
                }
                response.body = self.buffer.drain(..length).collect();
                return Some(response);
            }
            if !self.fill().await {
                return None;
            }
        }
    }

    /// Waits for the gateway to end the connection, with nothing more said.
    pub(crate) async fn ended(&mut self) {
        let more = self.fill().await || !self.buffer.is_empty();
        assert!(
            !more,
            "more came: {:?}",
            String::from_utf8_lossy(&self.buffer)
        );
    }

    async fn fill(&mut self) -> bool {
        let read = timeout(PATIENCE, self.io.read_buf(&mut self.buffer)).await;
        matches!(read.expect("the gateway said nothing"), Ok(1..))
    }
}
