//! Nonces: what makes one request unlike every other.
//!
//! Clauses: CJ-6.4.3.c.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::rng::{self, RngError};
use rand_core::TryCryptoRng;

/// Shortest nonce, in characters: 16 random bytes. A shorter one could repeat by chance.
pub const NONCE_CHARS_MIN: usize = 22;
/// Longest nonce, in characters. Stops: nonces that fill the memory of nonces.
pub const NONCE_CHARS_MAX: usize = 64;

/// A text is not a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a nonce has {NONCE_CHARS_MIN} to {NONCE_CHARS_MAX} characters of base64url")]
pub struct InvalidNonce;

/// A well-formed nonce.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Nonce<'text>(&'text str);

impl<'text> Nonce<'text> {
    /// Checks the form: 22 to 64 characters of the base64url alphabet.
    ///
    /// # Errors
    /// When the text has another form.
    pub fn parse(text: &'text str) -> Result<Self, InvalidNonce> {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if (NONCE_CHARS_MIN..=NONCE_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err(InvalidNonce)
        }
    }

    /// As text.
    #[must_use]
    pub const fn as_str(self) -> &'text str {
        self.0
    }
}

impl fmt::Debug for Nonce<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// A fresh nonce: 16 random bytes in base64url.
///
/// # Errors
/// When the generator fails.
pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<String, RngError> {
    let mut bytes = [0; 16];
    rng::fill(rng, &mut bytes)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    #[test]
    fn made_nonces_are_well_formed_and_differ() {
        let (a, b) = (make(&mut SystemRng).unwrap(), make(&mut SystemRng).unwrap());
        assert_ne!(a, b);
        assert!(Nonce::parse(&a).is_ok());
    }

    #[test]
    fn other_texts_are_refused() {
        let good = "AAAAAAAAAAAAAAAAAAAAAA";
        assert!(Nonce::parse(good).is_ok());
        for wrong in [
            "AAAAAAAAAAAAAAAAAAAAA",
            &"A".repeat(65),
            "AAAAAAAAAAAAAAAAAAAAA=",
            "AAAAAAAAAAAAAAAAAAAAA é",
        ] {
            assert_eq!(Nonce::parse(wrong), Err(InvalidNonce), "{wrong}");
        }
    }
}
