//! What a form has to bring along, so that only our own pages can send it.

use std::fmt;

use aws_lc_rs::hmac;
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_gm::rng::{self, RngError};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::cookies::Token;

/// Makes and checks the tokens: a MAC over the cookie that comes with the form, under a key that
/// lives as long as the process.
pub(crate) struct FormTokens {
    key: hmac::Key,
}

impl FormTokens {
    pub(crate) fn new(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut key = Zeroizing::new([0; 32]);
        rng::fill(rng, &mut *key)?;
        Ok(Self {
            key: hmac::Key::new(hmac::HMAC_SHA256, &*key),
        })
    }

    /// The token for forms of the browser that has `cookie`.
    pub(crate) fn of(&self, cookie: &Token) -> String {
        URL_SAFE_NO_PAD.encode(hmac::sign(&self.key, cookie.as_bytes()))
    }

    /// Whether `text` is that token.
    pub(crate) fn is_of(&self, cookie: &Token, text: &str) -> bool {
        let mut tag = [0; 32];
        let Ok(written) = URL_SAFE_NO_PAD.decode_slice(text, &mut tag) else {
            return false;
        };
        // In constant time.
        let tag = tag.get(..written).unwrap_or_default();
        hmac::verify(&self.key, cookie.as_bytes(), tag).is_ok()
    }
}

impl fmt::Debug for FormTokens {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FormTokens(redacted)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    #[test]
    fn a_token_fits_its_cookie_and_process_only() {
        let tokens = FormTokens::new(&mut SystemRng).unwrap();
        let (mine, others) = (
            Token::make(&mut SystemRng).unwrap(),
            Token::make(&mut SystemRng).unwrap(),
        );
        let text = tokens.of(&mine);
        assert!(tokens.is_of(&mine, &text));
        assert!(!tokens.is_of(&others, &text));
        assert!(!FormTokens::new(&mut SystemRng).unwrap().is_of(&mine, &text));
        for wrong in ["", "AAAA", text.split_at(1).1, &text.repeat(100)] {
            assert!(!tokens.is_of(&mine, wrong), "{wrong}");
        }
    }
}
