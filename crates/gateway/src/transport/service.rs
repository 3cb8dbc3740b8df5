//! HTTP/1.1 to the service: pooled connections, bounded responses.
//!
//! The service is the institution's own, so this reader is lenient where the one for strangers is
//! strict; but a service gone astray still cannot fill the memory or have one response taken for
//! another: what cannot be framed beyond doubt ends the connection.

use std::{
    io,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use bytes::{Buf, Bytes, BytesMut};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::timer::Timer;
use crate::config::UpstreamConfig;

/// Header fields of a service's response that are read at all.
const RESPONSE_FIELDS_MAX: usize = 64;
/// The digits and extensions of a chunk's size line, and a trailer's line.
const CHUNK_LINE_BYTES_MAX: usize = 1 << 10;

/// What is sent to the service.
#[derive(Debug)]
pub(crate) struct ServiceRequest<'request> {
    pub(crate) method: &'request str,
    pub(crate) target: &'request str,
    pub(crate) fields: &'request [(&'request str, &'request [u8])],
    pub(crate) body: &'request [u8],
    /// Sending it twice does no harm, so a connection found dead is replaced once.
    pub(crate) repeatable: bool,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct ServiceResponse {
    pub(crate) status: u16,
    pub(crate) is_json: bool,
    pub(crate) body: Bytes,
}

/// Why nothing came back.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum ServiceError {
    /// Nobody answers at its address.
    Connect,
    /// It ended the connection before a whole response.
    Closed,
    /// Its head is not HTTP/1.1, or larger than the limit.
    Head,
    /// Its body's length is in doubt.
    Framing,
    /// Its body is larger than the limit.
    BodyTooLarge,
    /// It did not answer in time.
    Deadline,
}

/// The service, as one worker reaches it.
#[derive(Debug)]
pub(crate) struct Service {
    config: UpstreamConfig,
    idle: Mutex<Vec<Idle>>,
}

#[derive(Debug)]
struct Idle {
    link: Link,
    since: Instant,
}

/// A connection with its timer, which stays with it from request to request.
#[derive(Debug)]
struct Link {
    wire: Wire,
    timer: Timer,
}

#[derive(Debug)]
struct Wire {
    stream: TcpStream,
    buffer: BytesMut,
}

/// How a response's body ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

struct ResponseHead {
    status: u16,
    is_json: bool,
    framing: Framing,
    reusable: bool,
}

impl Service {
    pub(crate) fn new(config: UpstreamConfig) -> Self {
        Self {
            config,
            idle: Mutex::default(),
        }
    }

    /// Sends a request and reads the whole response. Dropping the future drops the connection.
    ///
    /// # Errors
    /// When there is no whole response within the limits, or not before `deadline`.
    pub(crate) async fn send(
        &self,
        request: &ServiceRequest<'_>,
        deadline: Instant,
    ) -> Result<ServiceResponse, ServiceError> {
        let bytes = self.encode(request);
        if let Some(mut link) = self.pooled() {
            match self.in_time(&mut link, request, &bytes, deadline).await {
                Ok(response) => return Ok(self.keep(link, response)),
                Err(ServiceError::Closed) if request.repeatable && link.wire.buffer.is_empty() => {}
                Err(error) => return Err(error),
            }
        }
        let mut link = timeout_at(deadline, self.connect())
            .await
            .map_err(|_| ServiceError::Deadline)??;
        let response = self.in_time(&mut link, request, &bytes, deadline).await?;
        Ok(self.keep(link, response))
    }

    async fn in_time(
        &self,
        link: &mut Link,
        request: &ServiceRequest<'_>,
        bytes: &[u8],
        deadline: Instant,
    ) -> Result<(ServiceResponse, bool), ServiceError> {
        tokio::select! {
            biased;
            response = self.exchange(&mut link.wire, request, bytes) => response,
            () = link.timer.until(deadline) => Err(ServiceError::Deadline),
        }
    }

    fn encode(&self, request: &ServiceRequest<'_>) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(512 + request.body.len());
        for part in [
            request.method,
            " ",
            request.target,
            " HTTP/1.1\r\nhost: ",
            &self.config.host,
        ] {
            bytes.extend_from_slice(part.as_bytes());
        }
        if !request.body.is_empty() || !matches!(request.method, "GET" | "HEAD") {
            bytes.extend_from_slice(b"\r\ncontent-length: ");
            bytes.extend_from_slice(request.body.len().to_string().as_bytes());
        }
        for (name, value) in request.fields {
            for part in [b"\r\n", name.as_bytes(), b": ", value] {
                bytes.extend_from_slice(part);
            }
        }
        bytes.extend_from_slice(b"\r\n\r\n");
        bytes.extend_from_slice(request.body);
        bytes
    }

    /// A connection that was used before and, as far as can be seen, still stands.
    fn pooled(&self) -> Option<Link> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(Idle { link, since }) = idle.pop() {
            if since.elapsed() >= Duration::from_millis(self.config.idle_ms) {
                // The ones below it have been idle for longer.
                idle.clear();
                return None;
            }
            // Readable means closed, or bytes that nobody asked for: neither can be used.
            let unreadable = link.wire.stream.try_read(&mut [0; 1]);
            if matches!(unreadable, Err(error) if error.kind() == io::ErrorKind::WouldBlock) {
                return Some(link);
            }
        }
        None
    }

    async fn connect(&self) -> Result<Link, ServiceError> {
        let stream = TcpStream::connect(self.config.address)
            .await
            .map_err(|_| ServiceError::Connect)?;
        // Only latency is at stake; a system that refuses the option still serves.
        let _ = stream.set_nodelay(true);
        Ok(Link {
            wire: Wire {
                stream,
                buffer: BytesMut::with_capacity(4 << 10),
            },
            timer: Timer::new(),
        })
    }

    fn keep(&self, link: Link, (response, reusable): (ServiceResponse, bool)) -> ServiceResponse {
        if reusable && link.wire.buffer.is_empty() {
            let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
            if idle.len() < self.config.idle_connections_max {
                idle.push(Idle {
                    link,
                    since: Instant::now(),
                });
            }
        }
        response
    }

    async fn exchange(
        &self,
        wire: &mut Wire,
        request: &ServiceRequest<'_>,
        bytes: &[u8],
    ) -> Result<(ServiceResponse, bool), ServiceError> {
        wire.stream
            .write_all(bytes)
            .await
            .map_err(|_| ServiceError::Closed)?;
        let head = loop {
            let head = self.read_head(wire, request.method).await?;
            // Interim responses (RFC 9110 §15.2) come before the one that counts.
            if !(100..200).contains(&head.status) {
                break head;
            }
        };
        let bytes_max = self.config.response_bytes_max;
        let body = match head.framing {
            Framing::Length(length) if length > bytes_max => {
                return Err(ServiceError::BodyTooLarge);
            }
            Framing::Length(length) => {
                while wire.buffer.len() < length {
                    wire.fill().await?;
                }
                wire.buffer.split_to(length).freeze()
            }
            Framing::Chunked => read_chunks(wire, bytes_max).await?,
            Framing::UntilClose => {
                while wire.buffer.len() <= bytes_max {
                    match wire.fill().await {
                        Ok(()) => {}
                        Err(ServiceError::Closed) => break,
                        Err(error) => return Err(error),
                    }
                }
                if wire.buffer.len() > bytes_max {
                    return Err(ServiceError::BodyTooLarge);
                }
                wire.buffer.split().freeze()
            }
        };
        let response = ServiceResponse {
            status: head.status,
            is_json: head.is_json,
            body,
        };
        Ok((response, head.reusable))
    }

    async fn read_head(&self, wire: &mut Wire, method: &str) -> Result<ResponseHead, ServiceError> {
        loop {
            if let Some((head, length)) = parse_head(&wire.buffer, method)? {
                wire.buffer.advance(length);
                return Ok(head);
            }
            if wire.buffer.len() > self.config.response_head_bytes_max {
                return Err(ServiceError::Head);
            }
            wire.fill().await?;
        }
    }
}

impl Wire {
    /// Reads something, or finds the connection ended.
    async fn fill(&mut self) -> Result<(), ServiceError> {
        self.buffer.reserve(4 << 10);
        match self.stream.read_buf(&mut self.buffer).await {
            Ok(0) | Err(_) => Err(ServiceError::Closed),
            Ok(_) => Ok(()),
        }
    }

    /// Takes a line off the buffer, without its line end.
    async fn line(&mut self) -> Result<Bytes, ServiceError> {
        loop {
            if let Some(end) = memchr::memchr(b'\n', &self.buffer) {
                let line = self.buffer.split_to(end + 1).freeze();
                let length = line.trim_ascii_end().len();
                return Ok(line.slice(..length));
            }
            if self.buffer.len() > CHUNK_LINE_BYTES_MAX {
                return Err(ServiceError::Framing);
            }
            self.fill().await?;
        }
    }
}

/// The head at the start of `buffer` and its length, once it is whole.
fn parse_head(buffer: &[u8], method: &str) -> Result<Option<(ResponseHead, usize)>, ServiceError> {
    let mut slots = [httparse::EMPTY_HEADER; RESPONSE_FIELDS_MAX];
    let mut parsed = httparse::Response::new(&mut slots);
    let length = match parsed.parse(buffer) {
        Ok(httparse::Status::Complete(length)) => length,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(_) => return Err(ServiceError::Head),
    };
    let status = parsed.code.ok_or(ServiceError::Head)?;
    let mut head = ResponseHead {
        status,
        is_json: false,
        framing: Framing::UntilClose,
        reusable: parsed.version == Some(1),
    };
    let mut length_told = None;
    let mut chunked = false;
    for field in parsed.headers.iter() {
        if field.name.eq_ignore_ascii_case("content-length") {
            let told = str::from_utf8(field.value)
                .ok()
                .and_then(|text| text.parse().ok());
            let told: usize = told.ok_or(ServiceError::Framing)?;
            if length_told
                .replace(told)
                .is_some_and(|before| before != told)
            {
                return Err(ServiceError::Framing);
            }
        } else if field.name.eq_ignore_ascii_case("transfer-encoding") {
            if !field.value.eq_ignore_ascii_case(b"chunked") || chunked {
                return Err(ServiceError::Framing);
            }
            chunked = true;
        } else if field.name.eq_ignore_ascii_case("connection") {
            head.reusable &= !field.value.eq_ignore_ascii_case(b"close");
        } else if field.name.eq_ignore_ascii_case("content-type") {
            head.is_json = is_json(field.value);
        }
    }
    head.framing = match (chunked, length_told) {
        _ if method == "HEAD" || status < 200 || matches!(status, 204 | 304) => Framing::Length(0),
        (true, None) => Framing::Chunked,
        (false, Some(length)) => Framing::Length(length),
        (false, None) => {
            head.reusable = false;
            Framing::UntilClose
        }
        (true, Some(_)) => return Err(ServiceError::Framing),
    };
    Ok(Some((head, length)))
}

/// `application/json`, perhaps with `charset=utf-8`, the only charset JSON has (RFC 8259 §8.1).
pub(crate) fn is_json(content_type: &[u8]) -> bool {
    let mut parts = content_type
        .split(|byte| *byte == b';')
        .map(<[u8]>::trim_ascii);
    parts
        .next()
        .is_some_and(|kind| kind.eq_ignore_ascii_case(b"application/json"))
        && parts.all(|parameter| {
            parameter.eq_ignore_ascii_case(b"charset=utf-8")
                || parameter.eq_ignore_ascii_case(b"charset=\"utf-8\"")
        })
}

/// RFC 9112 §7.1; extensions and trailers are read and dropped.
async fn read_chunks(wire: &mut Wire, bytes_max: usize) -> Result<Bytes, ServiceError> {
    let mut body = BytesMut::new();
    loop {
        let line = wire.line().await?;
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default();
        let size = str::from_utf8(digits.trim_ascii())
            .ok()
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()))
            .and_then(|digits| usize::from_str_radix(digits, 16).ok())
            .ok_or(ServiceError::Framing)?;
        if size == 0 {
            break;
        }
        if size > bytes_max - body.len() {
            return Err(ServiceError::BodyTooLarge);
        }
        while wire.buffer.len() < size {
            wire.fill().await?;
        }
        body.extend_from_slice(&wire.buffer.split_to(size));
        if !wire.line().await?.is_empty() {
            return Err(ServiceError::Framing);
        }
    }
    for _ in 0..RESPONSE_FIELDS_MAX {
        if wire.line().await?.is_empty() {
            return Ok(body.freeze());
        }
    }
    Err(ServiceError::Framing)
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;

    #[test]
    fn only_json_in_utf_8_is_json() {
        for json in [
            "application/json",
            "Application/JSON; charset=UTF-8",
            "application/json;charset=\"utf-8\"",
        ] {
            assert!(is_json(json.as_bytes()), "{json}");
        }
        for other in [
            "",
            "text/html",
            "application/jsonx",
            "application/json; charset=gbk",
            "application/json; charset=utf-8; charset=utf-7",
        ] {
            assert!(!is_json(other.as_bytes()), "{other}");
        }
    }

    /// A service that answers the n-th connection with the n-th text, then ends it.
    async fn scripted(responses: &'static [&'static [&'static str]]) -> Service {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let config = UpstreamConfig {
            response_bytes_max: 16,
            response_head_bytes_max: 256,
            ..UpstreamConfig::at(listener.local_addr().unwrap())
        };
        tokio::spawn(async move {
            for script in responses {
                let (mut stream, _) = listener.accept().await.unwrap();
                for response in *script {
                    let mut request = BytesMut::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        if stream.read_buf(&mut request).await.unwrap() == 0 {
                            return;
                        }
                    }
                    stream.write_all(response.as_bytes()).await.unwrap();
                }
            }
        });
        Service::new(config)
    }

    const GET: ServiceRequest<'static> = ServiceRequest {
        method: "GET",
        target: "/",
        fields: &[],
        body: b"",
        repeatable: true,
    };

    async fn send(
        service: &Service,
        request: &ServiceRequest<'_>,
    ) -> Result<ServiceResponse, ServiceError> {
        let deadline = Instant::now() + Duration::from_secs(10);
        service.send(request, deadline).await
    }

    #[tokio::test]
    async fn every_framing_of_a_response_is_read() {
        let service = scripted(&[
            &[
                "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Type: application/json\r\n\r\n{}",
                "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 X\r\nTransfer-Encoding: chunked\r\n\r\n\
                 2;x=y\r\n{}\r\n1\r\n \r\n0\r\nTrailer: x\r\n\r\n",
                "HTTP/1.1 204 No Content\r\n\r\n",
                "HTTP/1.0 200 OK\r\n\r\n[1]",
            ],
            &["HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"],
        ])
        .await;
        let mut seen = Vec::new();
        for _ in 0..5 {
            let response = send(&service, &GET).await.unwrap();
            let body = String::from_utf8(response.body.to_vec()).unwrap();
            seen.push((response.status, response.is_json, body));
        }
        let expected = [
            (200, true, "{}"),
            (201, false, "{} "),
            (204, false, ""),
            (200, false, "[1]"),
            (404, false, ""),
        ];
        assert_eq!(
            seen,
            expected.map(|(status, json, body)| (status, json, body.to_owned()))
        );
    }

    #[tokio::test]
    async fn a_response_in_doubt_is_an_error() {
        let service = scripted(&[
            &["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
            &["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx"],
            &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n+1\r\nx\r\n0\r\n\r\n"],
            &["HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip\r\n\r\n"],
            &["HTTP/1.1 200 OK\r\nContent-Length: 17\r\n\r\n"],
            &["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffff0\r\n"],
            &["HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nx"],
            &["SSH-2.0-OpenSSH\r\n"],
        ])
        .await;
        use ServiceError::{BodyTooLarge, Closed, Framing, Head};
        for error in [
            Framing,
            Framing,
            Framing,
            Framing,
            BodyTooLarge,
            BodyTooLarge,
            Closed,
            Head,
        ] {
            assert_eq!(send(&service, &GET).await.err(), Some(error));
        }
    }

    #[tokio::test]
    async fn an_endless_head_is_an_error() {
        let long: &'static str = String::leak(format!("HTTP/1.1 200 OK\r\nX: {}", "x".repeat(500)));
        let scripts: &'static [&'static str] = Vec::leak(vec![long]);
        let service = scripted(Vec::leak(vec![scripts])).await;
        assert_eq!(send(&service, &GET).await.err(), Some(ServiceError::Head));
    }

    #[tokio::test]
    async fn a_connection_found_dead_is_replaced_for_repeatable_requests_only() {
        const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        // The second request on a connection is read and never answered.
        let service = scripted(&[&[OK, ""], &[OK, ""]]).await;
        let once = ServiceRequest {
            method: "POST",
            repeatable: false,
            ..GET
        };
        assert_eq!(send(&service, &GET).await.unwrap().status, 200);
        assert_eq!(send(&service, &GET).await.unwrap().status, 200);
        assert_eq!(
            send(&service, &once).await.err(),
            Some(ServiceError::Closed)
        );
    }

    #[tokio::test]
    async fn a_deadline_ends_a_wait_on_a_new_and_on_a_kept_connection() {
        const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let service = Service::new(UpstreamConfig::at(listener.local_addr().unwrap()));
        // Answers one request, then takes connections and says nothing more.
        tokio::spawn(async move {
            let mut held = Vec::new();
            loop {
                let (mut stream, _) = listener.accept().await.unwrap();
                if held.is_empty() {
                    let mut request = BytesMut::new();
                    while !request.ends_with(b"\r\n\r\n") {
                        stream.read_buf(&mut request).await.unwrap();
                    }
                    stream.write_all(OK.as_bytes()).await.unwrap();
                }
                held.push(stream);
            }
        });
        let soon = || Instant::now() + Duration::from_millis(20);
        assert_eq!(send(&service, &GET).await.unwrap().status, 200);
        for _ in 0..2 {
            let late = service.send(&GET, soon()).await;
            assert_eq!(late.err(), Some(ServiceError::Deadline));
        }
    }
}
