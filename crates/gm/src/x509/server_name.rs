//! The name under which a client knows a server.

use core::fmt;
use std::net::IpAddr;

/// Longest DNS name in bytes (RFC 1035).
const DNS_NAME_BYTES_MAX: usize = 253;
/// Longest label in bytes (RFC 1035).
const LABEL_BYTES_MAX: usize = 63;

/// The text is neither a DNS name nor an address.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("neither a DNS name nor an IP address")]
pub struct ServerNameError;

/// A DNS name or an address.
#[derive(Clone, Debug, Eq, PartialEq)]
pub enum ServerName {
    /// In lower case, without a dot at its end.
    Dns(String),
    /// An address.
    Ip(IpAddr),
}

impl ServerName {
    /// Reads a DNS name in ASCII (an international one as `xn--…`) or an address.
    ///
    /// # Errors
    /// [`ServerNameError`].
    pub fn parse(text: &str) -> Result<Self, ServerNameError> {
        if let Ok(address) = text.parse() {
            return Ok(Self::Ip(address));
        }
        let name = text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase();
        if is_dns_name(&name) {
            Ok(Self::Dns(name))
        } else {
            Err(ServerNameError)
        }
    }

    /// Whether a certificate's DNS name stands for this name: equal, or with `*` as its whole first
    /// label for exactly one label (RFC 9525, 6.3).
    pub(super) fn matches_dns(&self, presented: &str) -> bool {
        let Self::Dns(name) = self else { return false };
        let presented = presented.to_ascii_lowercase();
        match presented.strip_prefix("*.") {
            // A wildcard over a whole top level would stand for strangers.
            Some(parent) => {
                parent.contains('.')
                    && is_dns_name(parent)
                    && name.split_once('.').is_some_and(|(_, rest)| rest == parent)
            }
            None => *name == presented,
        }
    }

    pub(super) fn matches_ip(&self, presented: IpAddr) -> bool {
        matches!(self, Self::Ip(address) if *address == presented)
    }
}

impl fmt::Display for ServerName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dns(name) => f.write_str(name),
            Self::Ip(address) => address.fmt(f),
        }
    }
}

fn is_dns_name(name: &str) -> bool {
    // All digits at the end would be an address that no parser took.
    let last_is_number = name
        .rsplit('.')
        .next()
        .is_some_and(|label| label.bytes().all(|byte| byte.is_ascii_digit()));
    name.len() <= DNS_NAME_BYTES_MAX && !last_is_number && name.split('.').all(is_label)
}

fn is_label(label: &str) -> bool {
    let fit = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=LABEL_BYTES_MAX).contains(&label.len())
        && label.bytes().all(fit)
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_or_refused() {
        let dns = |text: &str| ServerName::Dns(text.to_owned());
        assert_eq!(
            ServerName::parse("Gateway.Example."),
            Ok(dns("gateway.example"))
        );
        assert_eq!(ServerName::parse("localhost"), Ok(dns("localhost")));
        assert_eq!(
            ServerName::parse("::1"),
            Ok(ServerName::Ip("::1".parse().unwrap()))
        );
        for bad in [
            "",
            ".",
            "a..b",
            "-a.b",
            "a-.b",
            "*.b",
            "a b",
            "1.2.3",
            "1.2.3.4.5",
            "网",
        ] {
            assert_eq!(ServerName::parse(bad), Err(ServerNameError), "{bad}");
        }
        assert!(ServerName::parse(&"a".repeat(63)).is_ok());
        assert!(ServerName::parse(&"a".repeat(64)).is_err());
        assert!(ServerName::parse(&"a.".repeat(127)).is_ok());
        assert!(ServerName::parse(&"a.".repeat(128)).is_err());
    }

    #[test]
    fn a_wildcard_stands_for_one_whole_label() {
        let name = ServerName::parse("api.bank.example").unwrap();
        for good in ["api.bank.example", "API.bank.example", "*.bank.example"] {
            assert!(name.matches_dns(good), "{good}");
        }
        for bad in [
            "bank.example",
            "*.example",
            "a*.bank.example",
            "*",
            "*.*.example",
            "*.api.bank.example",
            "",
        ] {
            assert!(!name.matches_dns(bad), "{bad}");
        }
        let short = ServerName::parse("bank.example").unwrap();
        assert!(!short.matches_dns("*.example"));
        let address = ServerName::parse("10.0.0.1").unwrap();
        assert!(!address.matches_dns("10.0.0.1"));
        assert!(address.matches_ip("10.0.0.1".parse().unwrap()));
        assert!(!address.matches_ip("10.0.0.2".parse().unwrap()));
    }
}
