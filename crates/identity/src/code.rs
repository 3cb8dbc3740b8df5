//! Enrolment codes as people type them.
//!
//! `7K2M-QX9D-…`: 24 characters of an alphabet without look-alikes. The first seven are the
//! *selector*, which finds the code and is no secret; then sixteen of *secret*, 80 bits; the last
//! is a check, so that a slip of the finger is found before it counts as a try. Tries are counted
//! on the selector: whoever does not know one cannot use up somebody else's tries, and finding one
//! among 2^35 by guessing is what the gateway's rate limits are against.

use std::fmt;

use hefu_gm::{
    Zeroizing,
    hmac::HmacSm3,
    rng::{self, RngError},
};
use hefu_store::CODE_SELECTOR_CHARS_MAX;
use rand_core::TryCryptoRng;

/// Digits and letters without I, L, O and U (Crockford's base 32).
const ALPHABET: &[u8; 32] = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ";
/// Characters that find the code: 35 bits.
const SELECTOR_CHARS: usize = 7;
/// Characters that prove it: 80 bits.
const SECRET_CHARS: usize = 16;
/// All of it, with the check character.
const CODE_CHARS: usize = SELECTOR_CHARS + SECRET_CHARS + 1;
/// Characters between two hyphens.
const GROUP_CHARS: usize = 4;
/// Longest text that is looked at, in bytes. Stops: megabytes handed in as a code.
pub const CODE_TEXT_BYTES_MAX: usize = 64;

const _: () = assert!(SELECTOR_CHARS <= CODE_SELECTOR_CHARS_MAX);

/// A text is no enrolment code, most likely mistyped. Not counted as a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not an enrolment code: 24 letters and digits, as they were given out")]
pub struct InvalidCode;

/// A well-formed enrolment code. Its secret part is erased when dropped, and not printed.
///
/// ```
/// use hefu_gm::rng::SystemRng;
/// use hefu_identity::code::EnrolmentCode;
///
/// let code = EnrolmentCode::make(&mut SystemRng)?;
/// let text = code.dangerous_text();
/// assert_eq!(text.len(), 29, "six groups of four");
/// assert_eq!(EnrolmentCode::parse(&text.to_lowercase())?.selector(), code.selector());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct EnrolmentCode(Zeroizing<[u8; CODE_CHARS]>);

impl EnrolmentCode {
    /// A fresh code.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut values = Zeroizing::new([0; CODE_CHARS]);
        rng::fill(rng, values.as_mut_slice())?;
        for value in values.iter_mut() {
            *value %= 32; // 256 is a multiple of 32: every character is equally likely.
        }
        let check = check_value(values.as_slice());
        if let Some(last) = values.last_mut() {
            *last = check;
        }
        Ok(Self(values))
    }

    /// Reads a code. Case, hyphens and spaces do not matter; `O` is read as `0`, `I` and `L` as
    /// `1`.
    ///
    /// # Errors
    /// When it is anything but the 24 characters, or the check character is not theirs.
    pub fn parse(text: &str) -> Result<Self, InvalidCode> {
        if text.len() > CODE_TEXT_BYTES_MAX {
            return Err(InvalidCode);
        }
        let mut values = Zeroizing::new([0; CODE_CHARS]);
        let mut typed = text.bytes().filter(|byte| !matches!(byte, b'-' | b' '));
        for value in values.iter_mut() {
            *value = typed.next().and_then(value_of).ok_or(InvalidCode)?;
        }
        let is_whole = typed.next().is_none();
        if is_whole && values.last() == Some(&check_value(values.as_slice())) {
            Ok(Self(values))
        } else {
            Err(InvalidCode)
        }
    }

    /// The public part.
    #[must_use]
    pub fn selector(&self) -> String {
        self.0.iter().take(SELECTOR_CHARS).map(character).collect()
    }

    /// The whole code in groups, to be handed to the customer and to nobody else.
    #[must_use]
    pub fn dangerous_text(&self) -> Zeroizing<String> {
        let mut text = Zeroizing::new(String::with_capacity(CODE_TEXT_BYTES_MAX));
        for (place, value) in self.0.iter().enumerate() {
            if place > 0 && place % GROUP_CHARS == 0 {
                text.push('-');
            }
            text.push(character(value));
        }
        text
    }

    /// What is stored in place of the secret part, bound to the selector.
    pub(crate) fn digest(&self, key: &HmacSm3) -> [u8; 32] {
        key.mac(&[self.0.as_slice()])
    }
}

impl fmt::Debug for EnrolmentCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "EnrolmentCode({}, redacted)", self.selector())
    }
}

fn character(value: &u8) -> char {
    ALPHABET
        .get(usize::from(*value))
        .copied()
        .map_or('?', char::from)
}

fn value_of(byte: u8) -> Option<u8> {
    let byte = match byte.to_ascii_uppercase() {
        b'O' => b'0',
        b'I' | b'L' => b'1',
        byte => byte,
    };
    let place = ALPHABET.iter().position(|letter| *letter == byte)?;
    u8::try_from(place).ok()
}

/// Luhn's sum to the base 32 over all but the last value: it changes with every single wrong
/// character, and with almost every exchange of two neighbours.
fn check_value(values: &[u8]) -> u8 {
    let payload = values.split_last().map_or(values, |(_, payload)| payload);
    let sum: u16 = payload
        .iter()
        .rev()
        .enumerate()
        .map(|(place, value)| {
            let value = u16::from(*value);
            let doubled = value * 2;
            if place % 2 == 0 {
                doubled / 32 + doubled % 32
            } else {
                value
            }
        })
        .sum();
    u8::try_from((32 - sum % 32) % 32).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;
    use proptest::prelude::*;

    fn text() -> String {
        EnrolmentCode::make(&mut SystemRng)
            .unwrap()
            .dangerous_text()
            .to_string()
    }

    #[test]
    fn a_code_is_read_however_it_is_typed() {
        let text = text();
        let selector = EnrolmentCode::parse(&text).unwrap().selector();
        for typed in [
            text.to_lowercase(),
            text.replace('-', ""),
            text.replace('-', " "),
            text.replace('0', "O").replace('1', "l"),
        ] {
            assert_eq!(
                EnrolmentCode::parse(&typed).unwrap().selector(),
                selector,
                "{typed}"
            );
        }
    }

    #[test]
    fn no_single_slip_is_a_code() {
        let text = text().replace('-', "");
        for place in 0..text.len() {
            for letter in ALPHABET.iter().copied().map(char::from) {
                let mut typed: Vec<char> = text.chars().collect();
                if typed[place] == letter {
                    continue;
                }
                typed[place] = letter;
                let typed: String = typed.into_iter().collect();
                assert_eq!(
                    EnrolmentCode::parse(&typed).unwrap_err(),
                    InvalidCode,
                    "{typed}"
                );
            }
        }
        assert!(EnrolmentCode::parse(&text).is_ok());
        let (_, shorter) = text.split_at(1);
        assert!(EnrolmentCode::parse(shorter).is_err());
        assert!(EnrolmentCode::parse(&format!("{text}0")).is_err());
    }

    #[test]
    fn the_digest_depends_on_code_and_key_and_the_secret_is_not_printed() {
        let (a, b) = (HmacSm3::new(b"a"), HmacSm3::new(b"b"));
        let code = EnrolmentCode::make(&mut SystemRng).unwrap();
        let same = EnrolmentCode::parse(&code.dangerous_text()).unwrap();
        assert_eq!(code.digest(&a), same.digest(&a));
        assert_ne!(code.digest(&a), code.digest(&b));
        assert_ne!(
            code.digest(&a),
            EnrolmentCode::make(&mut SystemRng).unwrap().digest(&a)
        );
        let printed = format!("{code:?}");
        assert_eq!(
            printed,
            format!("EnrolmentCode({}, redacted)", code.selector())
        );
    }

    proptest! {
        #[test]
        fn any_text_is_read_or_refused(text in ".{0,80}") {
            if let Ok(code) = EnrolmentCode::parse(&text) {
                prop_assert!(EnrolmentCode::parse(&code.dangerous_text()).is_ok());
            }
        }
    }
}
