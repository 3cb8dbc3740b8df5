//! Bytes to the target and back, with nothing in between that would make them well-formed.

use std::sync::Arc;
use std::time::Duration;

use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Longest answer that is read. Stops: a target that fills the tester's memory.
const ANSWER_BYTES_MAX: usize = 4 << 20;

/// How long an ordinary answer may take; slow probes give their own.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(20);

/// What came back.
#[derive(Clone, Debug)]
pub enum Reply {
    /// A whole response.
    Answer(Answer),
    /// The connection ended without one, or was never made.
    Closed,
    /// Nothing within the time that the probe gives.
    Silent,
}

/// A response.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Its status code.
    pub status: u16,
    /// Its header fields, names in lower case.
    pub fields: Vec<(String, String)>,
    /// Its body.
    pub body: Vec<u8>,
}

impl Answer {
    /// The first field of a name.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|(field, _)| field == name)
            .map(|(_, value)| value.as_str())
    }

    /// Whether the request passed.
    #[must_use]
    pub const fn passed(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// Whether the target only asked to slow down.
    #[must_use]
    pub const fn came_too_fast(&self) -> bool {
        self.status == 429
    }

    /// How long the target asks to wait, if it only asked to slow down.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        let seconds = || self.field("retry-after")?.parse().ok();
        self.came_too_fast()
            .then(|| Duration::from_secs(u64::min(seconds().unwrap_or(1), PAUSE_S_MAX)))
    }
}

/// Seconds that one pause may take. Stops a target from holding the assessment up.
const PAUSE_S_MAX: u64 = 5;

impl Reply {
    /// How long the target asks to wait, if it only asked to slow down.
    #[must_use]
    pub fn pause(&self) -> Option<Duration> {
        match self {
            Self::Answer(answer) => answer.pause(),
            Self::Closed | Self::Silent => None,
        }
    }

    /// Whether the request passed.
    #[must_use]
    pub const fn passed(&self) -> bool {
        matches!(self, Self::Answer(answer) if answer.passed())
    }

    /// Whether the request was refused: the connection ended, or the answer is an error. Silence is
    /// no refusal: whoever waits still holds the connection. Nor is "too many requests" one: a
    /// request that came too fast was not looked at.
    #[must_use]
    pub const fn refused(&self) -> bool {
        match self {
            Self::Answer(answer) => answer.status >= 400 && !answer.came_too_fast(),
            Self::Closed => true,
            Self::Silent => false,
        }
    }

    /// In a few words, without anything of the body.
    #[must_use]
    pub fn summary(&self) -> String {
        match self {
            Self::Answer(answer) => format!("{}", answer.status),
            Self::Closed => "connection closed".to_owned(),
            Self::Silent => "no answer".to_owned(),
        }
    }
}

/// A TLS connection on which anything can be written.
#[derive(Debug)]
pub struct Wire {
    stream: TlsStream<TcpStream>,
    rest: Vec<u8>,
}

impl Wire {
    /// Connects; none when the target refuses the handshake.
    ///
    /// In TLS 1.3 a server refuses a client's certificate after the client believes the handshake
    /// done, so a refusal may show only at the first read.
    pub async fn connect(
        tls: &Arc<ClientConfig>,
        address: &str,
        name: ServerName<'static>,
    ) -> Option<Self> {
        let connect = async {
            let tcp = TcpStream::connect(address).await.ok()?;
            tcp.set_nodelay(true).ok()?;
            TlsConnector::from(Arc::clone(tls))
                .connect(name, tcp)
                .await
                .ok()
        };
        let stream = timeout(ANSWER_WITHIN, connect).await.ok()??;
        Some(Self {
            stream,
            rest: Vec::new(),
        })
    }

    /// Writes; false when the target has closed.
    pub async fn write(&mut self, bytes: &[u8]) -> bool {
        let write = async {
            self.stream.write_all(bytes).await?;
            self.stream.flush().await
        };
        matches!(timeout(ANSWER_WITHIN, write).await, Ok(Ok(())))
    }

    /// Writes a request and reads the response. A target may answer and close while it is still
    /// being written to, so a failed write does not end the reading.
    pub async fn exchange(&mut self, bytes: &[u8]) -> Reply {
        self.write(bytes).await;
        self.answer(ANSWER_WITHIN).await
    }

    /// Reads the next response.
    pub async fn answer(&mut self, within: Duration) -> Reply {
        match timeout(within, self.read_answer()).await {
            Ok(Some(answer)) => Reply::Answer(answer),
            Ok(None) => Reply::Closed,
            Err(_) => Reply::Silent,
        }
    }

    async fn read_answer(&mut self) -> Option<Answer> {
        let head_end = loop {
            if let Some(at) = find(&self.rest, b"\r\n\r\n") {
                break at;
            }
            self.fill().await?;
        };
        let head = String::from_utf8_lossy(self.rest.get(..head_end)?).into_owned();
        self.rest.drain(..head_end + 4);
        let mut lines = head.split("\r\n");
        let status: u16 = lines.next()?.split(' ').nth(1)?.parse().ok()?;
        let fields: Vec<(String, String)> = lines
            .filter_map(|line| line.split_once(':'))
            .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
            .collect();
        if (100..200).contains(&status) {
            return Box::pin(self.read_answer()).await;
        }
        let length = fields.iter().find(|(name, _)| name == "content-length");
        let body = match length.and_then(|(_, value)| value.parse::<usize>().ok()) {
            Some(length) => self.take(length).await?,
            None if status == 204 => Vec::new(),
            None => self.take_until_end().await,
        };
        Some(Answer {
            status,
            fields,
            body,
        })
    }

    async fn take(&mut self, length: usize) -> Option<Vec<u8>> {
        if length > ANSWER_BYTES_MAX {
            return None;
        }
        while self.rest.len() < length {
            self.fill().await?;
        }
        Some(self.rest.drain(..length).collect())
    }

    async fn take_until_end(&mut self) -> Vec<u8> {
        while self.fill().await.is_some() {}
        std::mem::take(&mut self.rest)
    }

    /// Reads more; none at the end, or when there is too much.
    async fn fill(&mut self) -> Option<()> {
        if self.rest.len() > ANSWER_BYTES_MAX {
            return None;
        }
        let read = self.stream.read_buf(&mut self.rest).await.ok()?;
        (read > 0).then_some(())
    }
}

fn find(haystack: &[u8], needle: &[u8]) -> Option<usize> {
    haystack
        .windows(needle.len())
        .position(|window| window == needle)
}
