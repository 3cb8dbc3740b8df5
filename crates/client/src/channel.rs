//! The channel to the gateway: opened, kept for the next request, and never shared by two at once.
//!
//! Clauses: AP-5.1, AP-5.2, CJ-4.3.3.b, CJ-6.3.d.1, JR-6.1.5.2.a.

mod failure;
mod pool;
pub(crate) mod tlcp;
pub(crate) mod tls;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Uri};
use http_body_util::{BodyExt as _, Full, LengthLimitError, Limited};
use hyper::body::{Body as _, Incoming};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use self::pool::{Connection, Pool, Sent};
use self::tlcp::Tlcp;
use crate::clock::CorrectedClock;
use crate::error::{ChannelError, PrepareError, SendError};
use crate::options::Options;
use crate::wire::PreparedRequest;

/// What hyper's reader needs at least for a head.
const HEAD_BYTES_MIN: usize = 8_192;

/// Where the gateway is: scheme, host and port, and nothing else.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    text: String,
    authority: String,
    pub(crate) host: String,
    port: u16,
    /// What the gateway's certificate has to name.
    server_name: ServerName<'static>,
    pub(crate) is_secure: bool,
}

impl Origin {
    /// Reads an origin; none when it is not exactly `scheme://host` or `scheme://host:port`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let uri: Uri = text.parse().ok()?;
        let authority = uri.authority()?;
        let is_secure = match uri.scheme_str()? {
            "https" => true,
            "http" => false,
            _ => return None,
        };
        let scheme = uri.scheme_str()?;
        if text != format!("{scheme}://{authority}") || authority.as_str().contains('@') {
            return None;
        }
        let host = authority.host();
        let host = host
            .strip_prefix('[')
            .and_then(|host| host.strip_suffix(']'))
            .unwrap_or(host);
        Some(Self {
            text: text.to_owned(),
            authority: authority.as_str().to_owned(),
            host: host.to_owned(),
            server_name: ServerName::try_from(host.to_owned()).ok()?,
            port: authority
                .port_u16()
                .unwrap_or(if is_secure { 443 } else { 80 }),
            is_secure,
        })
    }

    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }
}

/// A response as it arrived, before anything of it is believed.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) status: u16,
    pub(crate) fields: HeaderMap,
    pub(crate) body: Bytes,
}

/// A way to the gateway under one TLS identity.
#[derive(Debug)]
pub(crate) struct Channel {
    origin: Arc<Origin>,
    options: Arc<Options>,
    tls: Arc<ClientConfig>,
    /// Opens TLCP channels in the place of TLS, where the policy says so.
    tlcp: Option<Arc<Tlcp>>,
    clock: Arc<CorrectedClock>,
    pool: Pool,
}

/// What opens a channel.
#[derive(Clone, Debug)]
pub(crate) struct Securing {
    pub(crate) tls: Arc<ClientConfig>,
    pub(crate) tlcp: Option<Arc<Tlcp>>,
    pub(crate) clock: Arc<CorrectedClock>,
}

impl Channel {
    /// A way to `origin`; `kept_max` connections are kept for later requests.
    pub(crate) fn new(
        origin: Arc<Origin>,
        options: Arc<Options>,
        securing: Securing,
        kept_max: usize,
    ) -> Self {
        let pool = Pool::new(kept_max, options.idle_connection_kept);
        Self {
            origin,
            options,
            tls: securing.tls,
            tlcp: securing.tlcp,
            clock: securing.clock,
            pool,
        }
    }

    /// Whether it is TLCP that protects it.
    pub(crate) const fn is_tlcp(&self) -> bool {
        self.tlcp.is_some()
    }

    pub(crate) const fn tls_config(&self) -> &Arc<ClientConfig> {
        &self.tls
    }

    /// Sends a request and reads the response. `sent` is set once the gateway may have it.
    pub(crate) async fn exchange(
        &self,
        request: &PreparedRequest,
        sent: &AtomicBool,
    ) -> Result<Received, SendError> {
        let sent_before = sent.load(Ordering::Relaxed);
        if let Some(mut connection) = self.pool.take().await {
            sent.store(true, Ordering::Relaxed);
            match connection.send(to_http(request)?).await {
                Sent::Answered(response) => return self.receive(connection, response).await,
                Sent::Failed(error) => return Err(connection.failure(error).await.into()),
                // The gateway closed it meanwhile. It never saw this request, so a new connection
                // carries it without being a repetition.
                Sent::Unsent(_) => sent.store(sent_before, Ordering::Relaxed),
            }
        }
        let mut connection = self.connect().await?;
        sent.store(true, Ordering::Relaxed);
        match connection.send(to_http(request)?).await {
            Sent::Answered(response) => self.receive(connection, response).await,
            Sent::Failed(error) => Err(connection.failure(error).await.into()),
            Sent::Unsent(error) => {
                sent.store(sent_before, Ordering::Relaxed);
                Err(connection.failure(error).await.into())
            }
        }
    }

    async fn connect(&self) -> Result<Connection, SendError> {
        let timeout = self.options.system.timer.wait(self.options.connect_timeout);
        tokio::select! {
            biased;
            connection = self.open() => Ok(connection?),
            () = timeout => Err(SendError::Timeout { sent: false }),
        }
    }

    async fn open(&self) -> Result<Connection, ChannelError> {
        let address = (self.origin.host.as_str(), self.origin.port);
        let tcp = TcpStream::connect(address)
            .await
            .map_err(ChannelError::Unreachable)?;
        tcp.set_nodelay(true).map_err(ChannelError::Unreachable)?;
        if !self.origin.is_secure {
            return self.drive(tcp).await;
        }
        if let Some(tlcp) = &self.tlcp {
            let now_s = self.clock.read().now.secs();
            let stream = tlcp
                .connector
                .connect(tlcp.server.clone(), tcp, now_s)
                .await;
            return self.drive(stream.map_err(failure::of_handshake)?).await;
        }
        let connector = TlsConnector::from(Arc::clone(&self.tls));
        let stream = connector
            .connect(self.origin.server_name.clone(), tcp)
            .await;
        self.drive(stream.map_err(failure::of_handshake)?).await
    }

    async fn drive(
        &self,
        stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
    ) -> Result<Connection, ChannelError> {
        let (sender, connection) = http1::Builder::new()
            .max_headers(self.options.response_fields_max)
            .max_buf_size(self.options.response_head_bytes_max.max(HEAD_BYTES_MIN))
            .handshake(TokioIo::new(stream))
            .await
            .map_err(failure::of_http)?;
        Ok(Connection::new(sender, tokio::spawn(connection)))
    }

    async fn receive(
        &self,
        connection: Connection,
        response: http::Response<Incoming>,
    ) -> Result<Received, SendError> {
        let (head, body) = response.into_parts();
        let bytes_max = self.options.response_bytes_max;
        if body.size_hint().lower() > u64::try_from(bytes_max).unwrap_or(u64::MAX) {
            return Err(SendError::ResponseTooLarge);
        }
        match Limited::new(body, bytes_max).collect().await {
            Ok(body) => {
                self.pool.keep(connection);
                Ok(Received {
                    status: head.status.as_u16(),
                    fields: head.headers,
                    body: body.to_bytes(),
                })
            }
            Err(error) if error.is::<LengthLimitError>() => Err(SendError::ResponseTooLarge),
            Err(error) => match error.downcast::<hyper::Error>() {
                Ok(error) => Err(connection.failure(*error).await.into()),
                // The reader knows no third kind of error.
                Err(_) => Err(SendError::ResponseTooLarge),
            },
        }
    }
}

fn to_http(request: &PreparedRequest) -> Result<http::Request<Full<Bytes>>, PrepareError> {
    let mut builder = http::Request::builder()
        .method(request.method.as_str())
        .uri(request.target.as_str());
    for (name, value) in &request.headers {
        let mut value = HeaderValue::try_from(value).map_err(|_| field(name))?;
        value.set_sensitive(name == "authorization");
        builder = builder.header(name, value);
    }
    builder
        .body(Full::new(Bytes::from(request.body.clone())))
        .map_err(|_| PrepareError::Target)
}

fn field(name: &str) -> PrepareError {
    PrepareError::Field(name.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_host_and_port() {
        let origin = Origin::parse("https://gateway.example:8443").unwrap();
        assert_eq!(
            (origin.host.as_str(), origin.port),
            ("gateway.example", 8443)
        );
        assert_eq!(origin.authority(), "gateway.example:8443");
        assert_eq!(Origin::parse("https://gateway.example").unwrap().port, 443);
        let v6 = Origin::parse("https://[::1]:8443").unwrap();
        assert_eq!((v6.host.as_str(), v6.authority()), ("::1", "[::1]:8443"));
        assert!(v6.is_secure && !Origin::parse("http://a").unwrap().is_secure);
        for wrong in [
            "",
            "gateway.example",
            "/a",
            "ftp://a",
            "https://",
            "https://a/",
            "https://a/b",
            "https://a?b",
            "https://user@a",
            "HTTPS://a",
        ] {
            assert!(Origin::parse(wrong).is_none(), "{wrong}");
        }
    }
}
