//! Distinguished names.

use super::NAME_BYTES_MAX;
use core::fmt;
use core::str::FromStr;
use der::{Decode, Encode};
use x509_cert::name::Name as Parsed;

/// The common name in a distinguished name (RFC 5280).
const COMMON_NAME: der::oid::ObjectIdentifier = der::oid::ObjectIdentifier::new_unwrap("2.5.4.3");

/// Why text or bytes are no distinguished name.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum NameError {
    /// Longer than [`NAME_BYTES_MAX`].
    #[error("the distinguished name is longer than {NAME_BYTES_MAX} bytes")]
    TooLong,
    /// Not in the form of RFC 4514, or not DER.
    #[error("not a distinguished name in the form CN=...,O=...,C=...")]
    Malformed,
}

/// A distinguished name, as its DER: two names are the same when their bytes are. Prints in the form
/// of RFC 4514.
#[derive(Clone, Eq, Hash, PartialEq)]
pub struct Name {
    der: Vec<u8>,
}

impl Name {
    /// Reads the form of RFC 4514, most specific part first, such as `CN=Gateway,O=Example Bank,C=CN`.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn parse(text: &str) -> Result<Self, NameError> {
        if text.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        let name = match text {
            // The reader of strings takes no name without parts, which certificates may have.
            "" => Parsed::default(),
            _ => Parsed::from_str(text).map_err(|_| NameError::Malformed)?,
        };
        // The reader of strings leaves the country's letters unchecked.
        Self::from_der(&name.to_der().map_err(|_| NameError::Malformed)?)
    }

    /// Reads DER.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn from_der(bytes: &[u8]) -> Result<Self, NameError> {
        if bytes.len() > NAME_BYTES_MAX {
            return Err(NameError::TooLong);
        }
        Parsed::from_der(bytes).map_err(|_| NameError::Malformed)?;
        Ok(Self {
            der: bytes.to_vec(),
        })
    }

    /// The DER.
    #[must_use]
    pub fn as_der(&self) -> &[u8] {
        &self.der
    }

    /// Whether it has no parts at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.parsed().is_none_or(|name| name.is_empty())
    }

    /// The first common name, where it is text.
    #[must_use]
    pub fn common_name(&self) -> Option<String> {
        let name = self.parsed()?;
        let part = name.iter().find(|part| part.oid == COMMON_NAME)?;
        let text = std::str::from_utf8(part.value.value()).ok()?;
        Some(text.to_owned())
    }

    fn parsed(&self) -> Option<Parsed> {
        Parsed::from_der(&self.der).ok()
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.parsed() {
            Some(name) => name.fmt(f),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Name({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_printed_and_read_again() {
        for text in [
            "CN=Gateway,O=Example Bank,C=CN",
            "CN=网关,O=示例银行",
            "CN=a\\, b\\+c",
        ] {
            let name = Name::parse(text).unwrap();
            assert_eq!(name.to_string(), text);
            assert_eq!(Name::from_der(name.as_der()), Ok(name));
        }
        assert_eq!(
            Name::parse("O=示例银行,CN=网关").unwrap().common_name(),
            Some("网关".to_owned())
        );
        assert!(Name::parse("").unwrap().is_empty());
        for bad in ["CN", "no such part=x", "CN=\\zz"] {
            assert_eq!(Name::parse(bad), Err(NameError::Malformed), "{bad}");
        }
        let long = format!("CN={}", "a".repeat(NAME_BYTES_MAX));
        assert_eq!(Name::parse(&long), Err(NameError::TooLong));
    }
}
