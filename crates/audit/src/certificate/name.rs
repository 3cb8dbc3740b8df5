//! Distinguished names.

use std::fmt;

use crate::signature::ber::{Malformed, Reader, Tag, Value, dotted};
use crate::signature::hash::hex;

/// Characters shown of one value. Stops names made to fill reports; the certificate itself and
/// comparisons are not affected.
const VALUE_CHARS_MAX: usize = 512;
/// Attributes shown of one name, for the same reason.
const ATTRIBUTES_MAX: usize = 64;

/// A distinguished name.
///
/// It is written as RFC 4514 has it, the most specific part first: `CN=App, O=Bank, C=CN`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name {
    attributes: Vec<(String, String)>,
}

impl Name {
    /// Types and values in the order of the certificate. Types have their short names (`CN`), or
    /// are dotted identifiers. Control characters in values are replaced.
    #[must_use]
    pub fn attributes(&self) -> &[(String, String)] {
        &self.attributes
    }

    /// The first value of that type.
    #[must_use]
    pub fn value(&self, short_name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|(kind, _)| kind == short_name)
            .map(|(_, value)| value.as_str())
    }

    pub(super) fn parse(name: Value<'_>) -> Result<Self, Malformed> {
        let mut attributes = Vec::new();
        for (kind, value) in pairs(name)? {
            if attributes.len() < ATTRIBUTES_MAX {
                let visible = |c: char| {
                    if c.is_control() {
                        char::REPLACEMENT_CHARACTER
                    } else {
                        c
                    }
                };
                let shown = text(value)
                    .chars()
                    .take(VALUE_CHARS_MAX)
                    .map(visible)
                    .collect();
                attributes.push((short_name(&kind).map_or(kind, str::to_owned), shown));
            }
        }
        Ok(Self { attributes })
    }

    /// The name that Android's tools give their generated debug key.
    pub(super) fn is_android_debug(&self) -> bool {
        self.attributes.len() == 3
            && self.value("CN") == Some("Android Debug")
            && self.value("O") == Some("Android")
            && self.value("C") == Some("US")
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, (kind, value)) in self.attributes.iter().rev().enumerate() {
            let separator = if position == 0 { "" } else { ", " };
            write!(f, "{separator}{kind}={}", Escaped(value))?;
        }
        Ok(())
    }
}

/// A value with the escapes of RFC 4514, section 2.4.
struct Escaped<'a>(&'a str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let last = self.0.chars().count().saturating_sub(1);
        for (position, c) in self.0.chars().enumerate() {
            let special = matches!(c, '"' | '+' | ',' | ';' | '<' | '>' | '\\')
                || (c == '#' && position == 0)
                || (c == ' ' && (position == 0 || position == last));
            if special {
                f.write_str("\\")?;
            }
            write!(f, "{c}")?;
        }
        Ok(())
    }
}

/// Whether two encoded names are the same, as platforms compare them: without regard to the
/// string type, to upper and lower case, and to how many spaces there are.
pub(super) fn same(left: &[u8], right: &[u8]) -> bool {
    fn canonical(name: &[u8]) -> Result<Vec<(String, String)>, Malformed> {
        let name = Reader::new(name).required(Tag::SEQUENCE)?;
        let words = |value| {
            text(value)
                .to_lowercase()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" ")
        };
        Ok(pairs(name)?
            .into_iter()
            .map(|(kind, value)| (kind, words(value)))
            .collect())
    }
    left == right
        || canonical(left).is_ok_and(|left| canonical(right).is_ok_and(|right| left == right))
}

/// Dotted type and value of every attribute.
fn pairs(name: Value<'_>) -> Result<Vec<(String, Value<'_>)>, Malformed> {
    let mut pairs = Vec::new();
    for set in name.expect(Tag::SEQUENCE)?.inside().all()? {
        for pair in set.expect(Tag::SET)?.inside().all()? {
            let mut fields = pair.expect(Tag::SEQUENCE)?.inside();
            let kind = dotted(fields.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
            pairs.push((kind, fields.any()?));
        }
    }
    Ok(pairs)
}

/// A value as text, whatever string type it has; other types in hexadecimal after `#`.
fn text(value: Value<'_>) -> String {
    const UTF8: u32 = 12;
    const PRINTABLE: u32 = 19;
    const T61: u32 = 20;
    const IA5: u32 = 22;
    const VISIBLE: u32 = 26;
    const UNIVERSAL: u32 = 28;
    const BMP: u32 = 30;
    let bytes = value.contents;
    match value.tag.number {
        UTF8 | PRINTABLE | IA5 | VISIBLE => String::from_utf8_lossy(bytes).into_owned(),
        T61 => bytes.iter().map(|&byte| char::from(byte)).collect(),
        UNIVERSAL => bytes
            .as_chunks()
            .0
            .iter()
            .map(|&unit| {
                char::from_u32(u32::from_be_bytes(unit)).unwrap_or(char::REPLACEMENT_CHARACTER)
            })
            .collect(),
        BMP => {
            let units = bytes
                .as_chunks()
                .0
                .iter()
                .map(|&unit| u16::from_be_bytes(unit));
            char::decode_utf16(units)
                .map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER))
                .collect()
        }
        _ => format!("#{}", hex(value.encoded)),
    }
}

fn short_name(oid: &str) -> Option<&'static str> {
    Some(match oid {
        "2.5.4.3" => "CN",
        "2.5.4.4" => "SN",
        "2.5.4.5" => "serialNumber",
        "2.5.4.6" => "C",
        "2.5.4.7" => "L",
        "2.5.4.8" => "ST",
        "2.5.4.9" => "STREET",
        "2.5.4.10" => "O",
        "2.5.4.11" => "OU",
        "2.5.4.12" => "title",
        "2.5.4.42" => "GN",
        "0.9.2342.19200300.100.1.1" => "UID",
        "0.9.2342.19200300.100.1.25" => "DC",
        "1.2.840.113549.1.9.1" => "emailAddress",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A name of one attribute.
    fn common_name(tag: u8, value: &[u8]) -> Vec<u8> {
        let wrap = |tag: u8, contents: &[u8]| {
            [&[tag, u8::try_from(contents.len()).unwrap()], contents].concat()
        };
        let pair = [&[0x06, 0x03, 0x55, 0x04, 0x03], wrap(tag, value).as_slice()].concat();
        wrap(0x30, &wrap(0x31, &wrap(0x30, &pair)))
    }

    #[test]
    fn names_are_compared_as_people_read_them() {
        let plain = common_name(0x0c, b"Bank App");
        assert!(same(&plain, &common_name(0x13, b"bank  APP ")));
        assert!(same(
            &plain,
            &common_name(0x1e, b"\0B\0a\0n\0k\0 \0A\0p\0p")
        ));
        assert!(!same(&plain, &common_name(0x0c, b"BankApp")));
        assert!(same(b"junk", b"junk"));
        assert!(!same(b"junk", &plain));
    }

    #[test]
    fn values_are_escaped_and_stripped_of_control_characters() {
        let encoded = common_name(0x0c, b" a,b\x1b[31m#");
        let name = Name::parse(Reader::new(&encoded).any().unwrap()).unwrap();
        assert_eq!(name.to_string(), "CN=\\ a\\,b\u{fffd}[31m#");
        assert_eq!(name.value("CN"), Some(" a,b\u{fffd}[31m#"));
    }
}
