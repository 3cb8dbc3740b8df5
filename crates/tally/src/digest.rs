//! Content digests (RFC 9530): `sha-256`, and `sm3` under a private name.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b, CJ-4.3.3.e, JR-6.1.5.1.

use aws_lc_rs::digest as sha2;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use hefu_gm::sm3;
use subtle::ConstantTimeEq;

/// Longest `Content-Digest`, in bytes. Stops: a field of a thousand members.
pub const CONTENT_DIGEST_BYTES_MAX: usize = 512;

/// Characters of 32 bytes in base64.
const ENCODED_CHARS: usize = 44;

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// SHA-256.
    Sha256,
    /// SM3 (GB/T 32905).
    Sm3,
}

impl DigestAlgorithm {
    /// Its key in `Content-Digest`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Sha256 => "sha-256",
            Self::Sm3 => "sm3",
        }
    }

    /// The digest of `body`.
    #[must_use]
    pub fn of(self, body: &[u8]) -> [u8; 32] {
        match self {
            Self::Sha256 => {
                let mut digest = [0; 32];
                let made = sha2::digest(&sha2::SHA256, body);
                for (to, from) in digest.iter_mut().zip(made.as_ref()) {
                    *to = *from;
                }
                digest
            }
            Self::Sm3 => sm3::digest(&[body]),
        }
    }
}

/// Why a `Content-Digest` is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DigestRefusal {
    /// Over the limit, or no dictionary of byte sequences.
    #[error("content-digest is not a dictionary of byte sequences")]
    Malformed,
    /// No member's algorithm is known.
    #[error("content-digest names neither sha-256 nor sm3")]
    NoKnownAlgorithm,
    /// A digest is not that of the body.
    #[error("the body is not the one that was digested")]
    Mismatch,
}

/// The field's value for `body`.
#[must_use]
pub fn content_digest(algorithm: DigestAlgorithm, body: &[u8]) -> String {
    let mut value = String::with_capacity(ENCODED_CHARS + 12);
    value.push_str(algorithm.as_str());
    value.push_str("=:");
    STANDARD.encode_string(algorithm.of(body), &mut value);
    value.push(':');
    value
}

/// Checks a field's value against `body`: every member whose algorithm is known has to fit.
///
/// # Errors
/// When it is malformed, knows no algorithm of ours, or is of another body.
pub fn verify(value: &[u8], body: &[u8]) -> Result<(), DigestRefusal> {
    if value.len() > CONTENT_DIGEST_BYTES_MAX {
        return Err(DigestRefusal::Malformed);
    }
    let text = std::str::from_utf8(value).map_err(|_| DigestRefusal::Malformed)?;
    let mut known = 0;
    let mut seen: [Option<&str>; 8] = [None; 8];
    for (index, member) in text.split(',').enumerate() {
        let (name, encoded) = parse_member(member.trim_matches([' ', '\t']))?;
        // In a structured field the later member of two with one name would win; two readers
        // could differ, so a repetition is refused.
        let slot = seen.get_mut(index).ok_or(DigestRefusal::Malformed)?;
        *slot = Some(name);
        if seen
            .iter()
            .flatten()
            .filter(|other| **other == name)
            .count()
            > 1
        {
            return Err(DigestRefusal::Malformed);
        }
        let algorithm = match name {
            "sha-256" => DigestAlgorithm::Sha256,
            "sm3" => DigestAlgorithm::Sm3,
            _ => continue,
        };
        known += 1;
        let mut claimed = [0; 33];
        let length = STANDARD
            .decode_slice(encoded, &mut claimed)
            .map_err(|_| DigestRefusal::Malformed)?;
        let claimed = claimed.get(..length).ok_or(DigestRefusal::Malformed)?;
        if !bool::from(algorithm.of(body).as_slice().ct_eq(claimed)) {
            return Err(DigestRefusal::Mismatch);
        }
    }
    if known == 0 {
        Err(DigestRefusal::NoKnownAlgorithm)
    } else {
        Ok(())
    }
}

/// `name=:base64:` without parameters: no digest has any.
fn parse_member(member: &str) -> Result<(&str, &str), DigestRefusal> {
    let (name, value) = member.split_once('=').ok_or(DigestRefusal::Malformed)?;
    let encoded = value
        .strip_prefix(':')
        .and_then(|rest| rest.strip_suffix(':'))
        .ok_or(DigestRefusal::Malformed)?;
    let is_key = |byte: u8| {
        byte.is_ascii_lowercase()
            || byte.is_ascii_digit()
            || matches!(byte, b'_' | b'-' | b'.' | b'*')
    };
    let is_base64 = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let starts_well = name.starts_with(|first: char| first.is_ascii_lowercase() || first == '*');
    if !starts_well || !name.bytes().all(is_key) || !encoded.bytes().all(is_base64) {
        return Err(DigestRefusal::Malformed);
    }
    Ok((name, encoded))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_example_of_rfc_9421_holds() {
        let body = br#"{"hello": "world"}"#;
        let value = "sha-256=:X48E9qOokqqrvdts8nOJRJN3OWDUoyWxBf7kbu9DBPE=:";
        assert_eq!(content_digest(DigestAlgorithm::Sha256, body), value);
        assert_eq!(verify(value.as_bytes(), body), Ok(()));
        assert_eq!(
            verify(value.as_bytes(), b"{}"),
            Err(DigestRefusal::Mismatch)
        );
    }

    #[test]
    fn every_known_member_has_to_fit() {
        let (sha, sm3) = (
            content_digest(DigestAlgorithm::Sha256, b"body"),
            content_digest(DigestAlgorithm::Sm3, b"body"),
        );
        let other = content_digest(DigestAlgorithm::Sm3, b"other");
        let verify = |value: String| verify(value.as_bytes(), b"body");
        assert_eq!(verify(format!("{sha}, {sm3}")), Ok(()));
        assert_eq!(verify(format!("{sha}, sha-512=:AA==:")), Ok(()));
        assert_eq!(
            verify(format!("{sha}, {other}")),
            Err(DigestRefusal::Mismatch)
        );
        assert_eq!(
            verify("sha-512=:AA==:".into()),
            Err(DigestRefusal::NoKnownAlgorithm)
        );
        for wrong in [
            String::new(),
            "sm3".into(),
            format!("{sm3},"),
            format!("{sm3}, {sm3}"),
            format!("{other}, {sm3}, {other}"),
            sm3.replace(":", ""),
            sm3.replace("sm3=:", "sm3=:\""),
            format!("{sm3};q=1"),
            format!("{sm3}, 1=:AA==:"),
            format!("{sm3}{}", ",a=:AA==:".repeat(100)),
        ] {
            assert!(verify(wrong.clone()).is_err(), "{wrong}");
        }
        assert_eq!(
            verify(sm3.replace("sm3=:", "sm3=:AAAA")),
            Err(DigestRefusal::Malformed)
        );
    }
}
