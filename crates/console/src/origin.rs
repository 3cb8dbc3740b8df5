//! Under which names the console answers.
//!
//! A page on the internet can make an operator's browser ask for any address, also one that only
//! this machine reaches: by a name of its own that it points there (DNS rebinding). The browser
//! then sends that name as `Host`, and nothing is served under a name that is not listed. Names in
//! plain HTTP are those of this machine; what other machines reach is HTTPS.
//!
//! Clauses: JR-6.1.6.3.

use std::{fmt, net::SocketAddr, str::FromStr};

use url::{Host, Url};

/// Longest origin, in bytes: a name of 253 bytes with scheme and port.
const ORIGIN_BYTES_MAX: usize = 272;

/// A scheme, a name and a port: how an operator's browser addresses the console.
///
/// ```
/// use hefu_console::Origin;
///
/// assert!("https://console.bank.example".parse::<Origin>().is_ok());
/// assert!("http://127.0.0.1:8444".parse::<Origin>().is_ok());
/// assert!("http://console.bank.example".parse::<Origin>().is_err());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Origin {
    /// As the `Origin` header writes it: without a default port or a path.
    text: String,
    is_secure: bool,
}

/// The text is no origin that the console can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "an origin looks like https://console.bank.example or http://127.0.0.1:8444, \
     and only loopback addresses may be plain http"
)]
pub struct InvalidOrigin;

impl Origin {
    /// The names of a listener that only this machine reaches, in plain HTTP; none when `listen`
    /// can be reached from elsewhere.
    #[must_use]
    pub fn of_loopback(listen: SocketAddr) -> Vec<Self> {
        if !listen.ip().is_loopback() {
            return Vec::new();
        }
        let by_name = format!("http://localhost:{}", listen.port());
        [format!("http://{listen}"), by_name]
            .iter()
            .filter_map(|text| text.parse().ok())
            .collect()
    }

    /// What the `Host` header says when a browser means this origin.
    pub(crate) fn authority(&self) -> &str {
        self.text
            .split_once("://")
            .map_or("", |(_, authority)| authority)
    }

    /// As the `Origin` header writes it.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it is HTTPS.
    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }
}

impl FromStr for Origin {
    type Err = InvalidOrigin;

    fn from_str(text: &str) -> Result<Self, InvalidOrigin> {
        if text.len() > ORIGIN_BYTES_MAX {
            return Err(InvalidOrigin);
        }
        let url = Url::parse(text).map_err(|_| InvalidOrigin)?;
        let is_bare = url.path() == "/"
            && url.query().is_none()
            && url.fragment().is_none()
            && url.username().is_empty()
            && url.password().is_none();
        let is_this_machine = match url.host() {
            Some(Host::Domain(name)) => name == "localhost",
            Some(Host::Ipv4(address)) => address.is_loopback(),
            Some(Host::Ipv6(address)) => address.is_loopback(),
            None => false,
        };
        let is_secure = url.scheme() == "https";
        if !is_bare || !(is_secure || url.scheme() == "http" && is_this_machine) {
            return Err(InvalidOrigin);
        }
        Ok(Self {
            text: url.origin().ascii_serialization(),
            is_secure,
        })
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for (text, authority) in [
            ("http://127.0.0.1:8444", "127.0.0.1:8444"),
            ("http://LOCALHOST:8444/", "localhost:8444"),
            ("http://[::1]:8444", "[::1]:8444"),
            ("http://localhost", "localhost"),
            ("https://console.bank.example:443", "console.bank.example"),
            ("https://10.0.0.4:8444", "10.0.0.4:8444"),
        ] {
            let origin: Origin = text.parse().unwrap();
            assert_eq!(origin.authority(), authority, "{text}");
            assert_eq!(origin.is_secure(), text.starts_with("https"), "{text}");
        }
        for text in [
            "",
            "127.0.0.1:8444",
            "http://10.0.0.4:8444",
            "http://localhost.attacker.example:8444",
            "http://0.0.0.0:8444",
            "https://user@console.bank.example",
            "https://console.bank.example/path",
            "https://console.bank.example?query",
            "ftp://127.0.0.1",
            "file:///",
            &format!("https://{}.example", "a".repeat(300)),
        ] {
            assert_eq!(text.parse::<Origin>(), Err(InvalidOrigin), "{text}");
        }
    }

    #[test]
    fn a_loopback_listener_has_its_address_and_localhost() {
        let names = |listen: &str| -> Vec<String> {
            let names = Origin::of_loopback(listen.parse().unwrap());
            names.iter().map(Origin::to_string).collect()
        };
        assert_eq!(
            names("127.0.0.1:80"),
            ["http://127.0.0.1", "http://localhost"]
        );
        assert_eq!(
            names("[::1]:8444"),
            ["http://[::1]:8444", "http://localhost:8444"]
        );
        assert!(names("0.0.0.0:8444").is_empty());
        assert!(names("10.0.0.4:8444").is_empty());
    }
}
