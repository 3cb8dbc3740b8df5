//! Addresses in strings: hosts, and what they tell about where they lead.

use std::net::Ipv4Addr;

use super::Kind;

/// An address with a scheme.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Address<'t> {
    /// The whole.
    pub(crate) text: &'t str,
    /// `https`.
    pub(crate) scheme: &'t str,
    /// `user:password`, or empty.
    user: &'t str,
    /// The host without a port; empty if it is put together later.
    pub(crate) host: &'t str,
}

/// The addresses with a scheme in a text.
pub(crate) fn addresses(text: &str) -> impl Iterator<Item = Address<'_>> {
    memchr::memmem::find_iter(text.as_bytes(), "://").filter_map(move |at| {
        let before = text.get(..at)?;
        let is_scheme = |char: char| char.is_ascii_alphanumeric() || matches!(char, '+' | '-');
        let start = before
            .char_indices()
            .rev()
            .take_while(|(_, char)| is_scheme(*char))
            .last()?
            .0;
        let end = text
            .get(at + 3..)?
            .find(|char: char| char.is_whitespace() || r#""'<>`\{}|^"#.contains(char))
            .map_or(text.len(), |length| at + 3 + length);
        let whole = text.get(start..end)?.trim_end_matches(['.', ',', ';', ')']);
        let rest = whole.get(at + 3 - start..)?;
        let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
        let (user, host) = authority.rsplit_once('@').unwrap_or(("", authority));
        Some(Address {
            text: whole,
            scheme: text.get(start..at)?,
            user,
            host: without_port(host),
        })
    })
}

fn without_port(host: &str) -> &str {
    match host.rsplit_once(':') {
        Some((name, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    }
}

/// An address that is the whole text, without a scheme: `192.168.1.20:8080`.
pub(super) fn plain(text: &str) -> Option<Address<'_>> {
    let trimmed = text.trim();
    let starts_with_digit = trimmed.as_bytes().first().is_some_and(u8::is_ascii_digit);
    if !starts_with_digit || trimmed.len() > 21 {
        return None;
    }
    let host = without_port(trimmed);
    host.parse::<Ipv4Addr>().ok()?;
    Some(Address {
        text: trimmed,
        scheme: "",
        user: "",
        host,
    })
}

impl Address<'_> {
    /// What the address tells, if it tells anything.
    pub(super) fn kind(&self) -> Option<Kind> {
        if let Ok(ip) = self.host.parse::<Ipv4Addr>() {
            return of_ip(ip, self.scheme.is_empty());
        }
        is_internal(self.host).then_some(Kind::InternalHost)
    }

    /// Whether a user and a password stand before the host.
    pub(super) fn has_password(&self) -> bool {
        self.user.split_once(':').is_some_and(|(user, password)| {
            let is_filled_in = |text: &str| text.contains(['%', '$', '*', '<', '[']);
            !user.is_empty()
                && password.len() >= 3
                && !is_filled_in(user)
                && !is_filled_in(password)
                && !matches!(password, "password" | "pass" | "pwd" | "pw" | "xxx")
                && self.host.contains('.')
        })
    }
}

/// A text of four numbers can be a version or an object identifier, so that those that are no
/// address of the open network are only told apart where there is a scheme.
fn of_ip(ip: Ipv4Addr, alone: bool) -> Option<Kind> {
    let octets = ip.octets();
    // The gateways of mobile networks in China, which are the same for everybody.
    if matches!(octets, [10, 0, 0, 172 | 200]) {
        return None;
    }
    if ip.is_private() || ip.is_link_local() {
        // 10.0.0.0 and the like are versions, networks.
        return (!alone || octets[3] != 0).then_some(Kind::InternalHost);
    }
    if ip.is_loopback() || ip.is_unspecified() || ip.is_broadcast() {
        return None;
    }
    let is_documentation = ip.is_documentation() || ip.is_multicast() || octets[0] >= 240;
    let is_version = alone && (octets[0] < 20 || octets[3] == 0 || octets[1..] == [0, 0, 1]);
    (!is_documentation && !is_version && octets[0] != 0).then_some(Kind::Ipv4)
}

/// Whether a host is one that only developers reach.
fn is_internal(host: &str) -> bool {
    let host = host.to_ascii_lowercase();
    const TAILS: &[&str] = &[
        ".local",
        ".corp",
        ".internal",
        ".intranet",
        ".intra",
        ".lan",
        ".localdomain",
        ".inc.test",
    ];
    let has_tail = TAILS.iter().any(|tail| host.ends_with(tail));
    let mut labels = host.split('.');
    let first = labels.next().unwrap_or_default();
    let has_domain = labels.next().is_some();
    let stage = |label: &str| {
        label.split('-').any(|part| {
            let part = part.trim_end_matches(|char: char| char.is_ascii_digit());
            matches!(
                part,
                "dev"
                    | "test"
                    | "testing"
                    | "staging"
                    | "stage"
                    | "stg"
                    | "uat"
                    | "sit"
                    | "qa"
                    | "preprod"
                    | "pre"
                    | "sandbox"
            )
        })
    };
    // Of the domain itself (`test.com`) the last two labels say nothing.
    let outer = host.split('.').count().saturating_sub(2);
    let is_stage = has_domain && host.split('.').take(outer).any(stage);
    has_tail || (is_stage && !first.is_empty())
}

#[cfg(test)]
mod tests {
    use super::{Address, addresses, plain};
    use crate::ask::traces::Kind;

    fn kind(text: &str) -> Option<Kind> {
        let found: Vec<Address<'_>> = addresses(text).collect();
        match found.first() {
            Some(address) => address.kind(),
            None => plain(text)?.kind(),
        }
    }

    #[test]
    fn hosts_are_told_apart() {
        for text in [
            "http://192.168.1.5:8080/x",
            "10.20.30.40:8080",
            "https://172.16.3.4",
            "https://uat.bank.example/a",
            "https://api-test.bank.cn",
            "http://build.corp/x",
        ] {
            assert_eq!(kind(text), Some(Kind::InternalHost), "{text}");
        }
        for text in ["47.98.12.34", "https://47.98.12.34/api"] {
            assert_eq!(kind(text), Some(Kind::Ipv4), "{text}");
        }
        for text in [
            "1.2.3.4",
            "10.0.0.0",
            "2.5.29.15",
            "https://api.bank.cn",
            "127.0.0.1",
            "255.255.255.255",
            "http://www.w3.org/2001/XMLSchema",
            "https://test.com",
            "https://latest.bank.cn",
            "1.3.14.3",
            "http://localhost:8081/x",
            "http://crl.verisign.com/pca3.crl",
            "http://%s:%d",
        ] {
            assert_eq!(kind(text), None, "{text}");
        }
    }

    #[test]
    fn credentials_are_told_from_templates() {
        let has = |text: &str| addresses(text).any(|address| address.has_password());
        assert!(has("see ftp://bank:s3cret@files.bank.cn/x"));
        assert!(!has("http://%s:%s@bank.cn") && !has("https://bank.cn/a:b@c"));
        assert!(!has("https://user@bank.cn"));
    }
}
