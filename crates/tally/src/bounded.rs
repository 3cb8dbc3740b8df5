//! Strings that are refused while they are read when they are longer than their field allows.

use serde::de::{Deserialize, Deserializer, Error};

/// Reads a string of at most `MAX` characters, for `deserialize_with`.
pub(crate) fn string<'de, const MAX: usize, D: Deserializer<'de>>(
    deserializer: D,
) -> Result<String, D::Error> {
    let text = String::deserialize(deserializer)?;
    if text.chars().nth(MAX).is_none() {
        Ok(text)
    } else {
        Err(D::Error::custom(format_args!(
            "longer than {MAX} characters"
        )))
    }
}

#[cfg(test)]
mod tests {
    #[derive(serde::Deserialize)]
    struct Name {
        #[serde(deserialize_with = "super::string::<3, _>")]
        name: String,
    }

    #[test]
    fn characters_are_counted_and_not_bytes() {
        let read = |json| serde_json::from_str::<Name>(json).map(|read| read.name);
        assert_eq!(read(r#"{"name":"王小明"}"#).unwrap(), "王小明");
        assert!(read(r#"{"name":"abcd"}"#).is_err());
    }
}
