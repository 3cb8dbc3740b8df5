//! Function numbers: the names of business operations.
//!
//! Clauses: CJ-6.4.4.

use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest function number, in characters.
pub const FUNCTION_NO_CHARS_MAX: usize = 32;

/// A function number, such as `T2001`: 1 to 32 characters of `A–Z a–z 0–9 . _ -`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FunctionNo(Arc<str>);

/// A text is not a function number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a function number has 1 to {FUNCTION_NO_CHARS_MAX} characters of A-Z a-z 0-9 . _ -")]
pub struct InvalidFunctionNo;

impl FunctionNo {
    /// As text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether a text has the form of a function number; what [`FromStr`] checks.
    #[must_use]
    pub fn is_well_formed(text: &str) -> bool {
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        (1..=FUNCTION_NO_CHARS_MAX).contains(&text.len()) && text.bytes().all(allowed)
    }
}

impl FromStr for FunctionNo {
    type Err = InvalidFunctionNo;

    fn from_str(text: &str) -> Result<Self, InvalidFunctionNo> {
        if Self::is_well_formed(text) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidFunctionNo)
        }
    }
}

impl std::borrow::Borrow<str> for FunctionNo {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for FunctionNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for FunctionNo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Serialize for FunctionNo {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for FunctionNo {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_short_plain_names_are_function_numbers() {
        assert_eq!("T2001".parse::<FunctionNo>().unwrap().as_str(), "T2001");
        assert!("hefu.device.enrol".parse::<FunctionNo>().is_ok());
        for wrong in ["", "T 1", "T/1", "T\r\n", "转账", &"x".repeat(33)] {
            assert_eq!(
                wrong.parse::<FunctionNo>(),
                Err(InvalidFunctionNo),
                "{wrong}"
            );
        }
    }
}
