//! What an operator sets. Plain values: the binary reads them from its file.
//!
//! Every limit names the attack it stops. A request that goes over one is refused, never cut.

use std::net::SocketAddr;

use serde::Deserialize;

/// Everything that a gateway is told apart from its parts.
#[derive(Clone, Debug)]
pub struct GatewayConfig {
    /// Where phones connect.
    pub listen: SocketAddr,
    /// Scheme, host and port as phones write them: every `@target-uri` starts with it.
    pub origin: Origin,
    /// Threads that serve connections; each has its own runtime and its own connections to the
    /// service.
    pub workers: usize,
    /// The limits.
    pub limits: Limits,
    /// The service behind the gateway.
    pub upstream: UpstreamConfig,
}

/// The origin of the gateway: `https://gateway.example:8443`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    text: String,
    authority_at: usize,
}

/// Why a text is not an origin.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OriginError {
    /// Neither `https://` nor, for tests without TLS, `http://`.
    #[error("an origin starts with https://")]
    Scheme,
    /// A path, query, user or white space, or nothing at all, behind the scheme.
    #[error("an origin is a scheme, a host in lower case and a port, and nothing else")]
    Authority,
}

impl Origin {
    /// Reads an origin.
    ///
    /// # Errors
    /// When it is anything but a scheme, a host in lower case and perhaps a port.
    pub fn parse(text: &str) -> Result<Self, OriginError> {
        let authority = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(OriginError::Scheme)?;
        let is_host = |byte: u8| {
            byte.is_ascii_lowercase()
                || byte.is_ascii_digit()
                || matches!(byte, b'.' | b'-' | b':' | b'[' | b']')
        };
        if authority.is_empty() || !authority.bytes().all(is_host) {
            return Err(OriginError::Authority);
        }
        Ok(Self {
            authority_at: text.len() - authority.len(),
            text: text.to_owned(),
        })
    }

    /// The whole.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Host and port, as `Host` carries them.
    #[must_use]
    pub fn authority(&self) -> &str {
        self.text.get(self.authority_at..).unwrap_or_default()
    }
}

/// The service behind the gateway. It is reached over plain HTTP/1.1, so it belongs on the same
/// machine or on a network that only the institution's own servers reach.
#[derive(Clone, Debug)]
pub struct UpstreamConfig {
    /// Where it listens.
    pub address: SocketAddr,
    /// What the gateway sends as `Host`.
    pub host: String,
    /// Unused connections kept by each worker. Stops: a burst that leaves thousands open.
    pub idle_connections_max: usize,
    /// How long an unused connection is kept; below what the service itself allows (five seconds
    /// in common servers). Stops: a request sent into a connection that the service is closing.
    pub idle_ms: u64,
    /// The largest response body. Stops: a service gone astray that fills the gateway's memory.
    pub response_bytes_max: usize,
    /// The largest response head. Stops: the same, by header fields.
    pub response_head_bytes_max: usize,
}

impl UpstreamConfig {
    /// A service at that address, with the default limits.
    #[must_use]
    pub fn at(address: SocketAddr) -> Self {
        Self {
            address,
            host: address.to_string(),
            idle_connections_max: 256,
            idle_ms: 4_000,
            response_bytes_max: 4 << 20,
            response_head_bytes_max: 32 << 10,
        }
    }
}

/// What a stranger may take of the gateway.
#[derive(Clone, Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Bytes of a request head, line ends included. Stops: heads that fill the memory.
    pub head_bytes_max: usize,
    /// Header field lines. Stops: thousands of tiny fields that make every look-up slow.
    pub fields_max: usize,
    /// Bytes of a body; a function's contract may say less. Stops: bodies that fill the memory.
    pub body_bytes_max: usize,
    /// Bytes of bodies being read, over all connections. Stops: many connections that each claim
    /// the largest body.
    pub body_bytes_total_max: usize,
    /// Open connections. Stops: exhaustion of sockets and memory.
    pub connections_max: usize,
    /// Open connections from one address (IPv4) or one /64 (IPv6). Stops: one host that takes all
    /// of them. Phones behind a carrier's NAT share an address, so it is not small.
    pub connections_per_peer_max: usize,
    /// Requests on one connection. Stops: a client that keeps one worker to itself for ever.
    pub requests_per_connection_max: u32,
    /// How long a connection may live. Stops: one that outlives the certificate it was opened
    /// with, or the device's freedom to use it.
    pub connection_ms_max: u64,
    /// Requests being decided or forwarded. Stops: a slow service that piles up requests.
    pub in_flight_max: usize,
    /// For the TLS handshake. Stops: connections that begin one and stop.
    pub handshake_ms: u64,
    /// From the first byte of a head to its last. Stops: Slowloris, heads sent byte by byte.
    pub head_ms: u64,
    /// Between two requests of one connection. Stops: sockets held open for nothing.
    pub idle_ms: u64,
    /// What a body may always take, whatever its length.
    pub body_grace_ms: u64,
    /// Beyond the grace, how fast a body has to arrive. Stops: bodies sent byte by byte.
    pub body_bytes_per_s_min: u64,
    /// For the client to take a response. Stops: readers that never read.
    pub write_ms: u64,
    /// How long the rest of a refused message is read and thrown away, so that the refusal
    /// reaches a client which is still sending.
    pub linger_ms: u64,
    /// Requests from one address without a device certificate (enrolment). Stops: guessing of
    /// enrolment codes, and floods from hosts that are no device.
    pub peer_rate: Rate,
    /// Requests from one device, all functions together; a function's contract may say less for
    /// itself. Stops: scraping and floods by an enrolled device.
    pub device_rate: Rate,
    /// Addresses and devices remembered by each rate table. Stops: a flood of new addresses that
    /// grows the table; while it is full of live entries, unknown ones are refused.
    pub rate_keys_max: usize,
    /// Owner look-ups remembered by each worker. Stops: a scan of objects that fills the memory.
    pub owners_max: usize,
    /// How long an owner look-up is believed.
    pub owner_ms: u64,
    /// How long requests in flight may take to end when the gateway stops.
    pub shutdown_ms: u64,
}

/// So many requests at once, and so many a second from then on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rate {
    /// Requests a second in the long run.
    pub per_s: u32,
    /// Requests at once.
    pub burst: u32,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            head_bytes_max: 16 << 10,
            fields_max: 64,
            body_bytes_max: 1 << 20,
            body_bytes_total_max: 256 << 20,
            connections_max: 20_000,
            connections_per_peer_max: 1_000,
            requests_per_connection_max: 100_000,
            connection_ms_max: 3_600_000,
            in_flight_max: 4_096,
            handshake_ms: 10_000,
            head_ms: 10_000,
            idle_ms: 60_000,
            body_grace_ms: 5_000,
            body_bytes_per_s_min: 4_096,
            write_ms: 30_000,
            linger_ms: 1_000,
            peer_rate: Rate {
                per_s: 5,
                burst: 20,
            },
            device_rate: Rate {
                per_s: 50,
                burst: 100,
            },
            rate_keys_max: 100_000,
            owners_max: 10_000,
            owner_ms: 2_000,
            shutdown_ms: 10_000,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_scheme_and_authority_alone() {
        let origin = Origin::parse("https://gateway.example:8443").unwrap();
        assert_eq!(origin.authority(), "gateway.example:8443");
        assert_eq!(origin.as_str(), "https://gateway.example:8443");
        assert!(Origin::parse("https://[::1]:8443").is_ok());
        for (text, error) in [
            ("gateway.example", OriginError::Scheme),
            ("ftp://gateway.example", OriginError::Scheme),
            ("https://", OriginError::Authority),
            ("https://gateway.example/", OriginError::Authority),
            ("https://user@gateway.example", OriginError::Authority),
            ("https://Gateway.example", OriginError::Authority),
        ] {
            assert_eq!(Origin::parse(text), Err(error), "{text}");
        }
    }
}
