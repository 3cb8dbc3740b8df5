//! The three cookies: session, login form, language.

use std::fmt;

use axum::http::{HeaderMap, HeaderValue, header};
use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_gm::rng::{self, RngError};
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::language::Language;

/// The language is remembered for a year.
const LANGUAGE_S: u32 = 365 * 86_400;

/// 256 random bits that a browser shows.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Token(Zeroizing<[u8; Token::BYTES]>);

impl Token {
    pub(crate) const BYTES: usize = 32;

    pub(crate) fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut bytes = [0; Self::BYTES];
        rng::fill(rng, &mut bytes)?;
        Ok(Self::from_bytes(bytes))
    }

    pub(crate) fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    pub(crate) fn as_bytes(&self) -> &[u8; Self::BYTES] {
        &self.0
    }

    fn encode(&self) -> String {
        URL_SAFE_NO_PAD.encode(*self.0)
    }

    fn decode(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; Self::BYTES]);
        let written = URL_SAFE_NO_PAD.decode_slice(text, &mut *bytes).ok()?;
        (written == Self::BYTES).then_some(Self(bytes))
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// A cookie by what it is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cookie {
    /// Who is logged in.
    Session,
    /// What the token of the login form belongs to.
    LoginForm,
    /// The chosen language.
    Language,
}

impl Cookie {
    /// With HTTPS the prefix keeps other hosts and plain HTTP from setting it.
    fn name(self, is_secure: bool) -> &'static str {
        match (self, is_secure) {
            (Self::Session, false) => "hefu-console",
            (Self::Session, true) => "__Host-hefu-console",
            (Self::LoginForm, false) => "hefu-login",
            (Self::LoginForm, true) => "__Host-hefu-login",
            (Self::Language, false) => "hefu-language",
            (Self::Language, true) => "__Host-hefu-language",
        }
    }

    fn value(self, headers: &HeaderMap, is_secure: bool) -> Option<&str> {
        let name = self.name(is_secure);
        headers
            .get_all(header::COOKIE)
            .iter()
            .filter_map(|line| line.to_str().ok())
            .flat_map(|line| line.split(';'))
            .filter_map(|pair| pair.trim_ascii().split_once('='))
            .find_map(|(found, value)| (found == name).then_some(value))
    }
}

/// The token in a cookie; none when there is none, or it is no token.
pub(crate) fn token(headers: &HeaderMap, cookie: Cookie, is_secure: bool) -> Option<Token> {
    Token::decode(cookie.value(headers, is_secure)?)
}

/// The language in its cookie.
pub(crate) fn language(headers: &HeaderMap, is_secure: bool) -> Option<Language> {
    Language::of_tag(Cookie::Language.value(headers, is_secure)?)
}

/// The header that stores a token until the browser ends.
pub(crate) fn set_token(cookie: Cookie, token: &Token, is_secure: bool) -> Option<HeaderValue> {
    set(cookie, &token.encode(), "", is_secure)
}

/// The header that stores the language.
pub(crate) fn set_language(language: Language, is_secure: bool) -> Option<HeaderValue> {
    let max_age = format!("; Max-Age={LANGUAGE_S}");
    set(Cookie::Language, language.tag(), &max_age, is_secure)
}

/// The header that takes a cookie away.
pub(crate) fn unset(cookie: Cookie, is_secure: bool) -> Option<HeaderValue> {
    set(cookie, "", "; Max-Age=0", is_secure)
}

fn set(cookie: Cookie, value: &str, age: &str, is_secure: bool) -> Option<HeaderValue> {
    let name = cookie.name(is_secure);
    let secure = if is_secure { "; Secure" } else { "" };
    let text = Zeroizing::new(format!(
        "{name}={value}; Path=/; HttpOnly; SameSite=Strict{age}{secure}"
    ));
    let mut header = HeaderValue::from_str(&text).ok()?;
    header.set_sensitive(true);
    Some(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    #[test]
    fn a_token_comes_back_from_its_own_cookie_only() {
        let kept = Token::make(&mut SystemRng).unwrap();
        for is_secure in [false, true] {
            let set = set_token(Cookie::Session, &kept, is_secure).unwrap();
            let set = set.to_str().unwrap();
            assert_eq!(set.contains("; Secure"), is_secure);
            assert!(set.contains("; HttpOnly; SameSite=Strict"));

            let pair = set.split(';').next().unwrap();
            let mut headers = HeaderMap::new();
            let line = format!("other=1; {pair}; =; broken");
            headers.insert(header::COOKIE, line.parse().unwrap());
            assert_eq!(
                token(&headers, Cookie::Session, is_secure),
                Some(kept.clone())
            );
            assert_eq!(token(&headers, Cookie::LoginForm, is_secure), None);
            assert_eq!(token(&headers, Cookie::Session, !is_secure), None);
        }
    }

    #[test]
    fn what_is_no_token_is_none() {
        let good = Token::make(&mut SystemRng).unwrap().encode();
        assert!(Token::decode(&good).is_some());
        for text in [
            "",
            "AAAA",
            good.split_at(1).1,
            &format!("{good}A"),
            &format!("{good}="),
        ] {
            assert!(Token::decode(text).is_none(), "{text}");
        }
    }

    #[test]
    fn a_token_does_not_print() {
        let token = Token::make(&mut SystemRng).unwrap();
        assert_eq!(format!("{token:?}"), "Token(redacted)");
        let header = set_token(Cookie::Session, &token, true).unwrap();
        assert_eq!(format!("{header:?}"), "Sensitive");
    }
}
