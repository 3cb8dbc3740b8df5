//! A strict reader of JSON: what two parsers could understand differently is refused.
//!
//! RFC 8259 leaves duplicate names, lone surrogates and large numbers to each implementation. A
//! request that the gateway and the service read differently passes the checks as one thing and
//! acts as another, so none of them gets through.
//!
//! Clauses: JR-6.2.4.c.

use std::{borrow::Cow, ops::Range, str};

use memchr::{memchr, memchr2};
use serde_json::Number;

/// What a stranger's JSON may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct JsonLimits {
    /// Arrays and objects inside each other. Stops: stacks overflowed by `[[[[…`.
    pub(super) depth_max: usize,
    /// Bytes of a string as it stands in the text. Stops: one value that takes the whole body.
    pub(super) string_bytes_max: usize,
    /// Bytes of a member's name. Stops: names as a way around the limits on values.
    pub(super) name_bytes_max: usize,
    /// Bytes of a number. Stops: numbers whose conversion costs more than linear time.
    pub(super) number_bytes_max: usize,
    /// Significant digits of a number that is no 64-bit integer. Stops: amounts that one reader
    /// rounds and another does not.
    pub(super) digits_max: usize,
    /// Digits of an exponent. Stops: `1e999999999`, expanded by services with exact decimals.
    pub(super) exponent_digits_max: usize,
}

/// From phones.
pub(super) const REQUEST_LIMITS: JsonLimits = JsonLimits {
    depth_max: 32,
    string_bytes_max: 64 << 10,
    name_bytes_max: 256,
    number_bytes_max: 32,
    digits_max: 15,
    exponent_digits_max: 2,
};

/// From the institution's own services: larger, still bounded.
pub(super) const RESPONSE_LIMITS: JsonLimits = JsonLimits {
    depth_max: 64,
    string_bytes_max: 4 << 20,
    name_bytes_max: 1 << 10,
    number_bytes_max: 64,
    digits_max: 64,
    exponent_digits_max: 3,
};

/// Why a text is not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{kind} at byte {at}")]
pub struct JsonFault {
    /// What is wrong.
    pub kind: JsonFaultKind,
    /// Where, in bytes from the start.
    pub at: usize,
}

/// What is wrong with a JSON text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum JsonFaultKind {
    /// Not UTF-8.
    #[error("not UTF-8")]
    Utf8,
    /// Against the grammar of RFC 8259.
    #[error("not JSON")]
    Syntax,
    /// More arrays and objects inside each other than the limit.
    #[error("nested too deeply")]
    Depth,
    /// A name twice in one object.
    #[error("a name stands twice in one object")]
    DuplicateName,
    /// A string or a name over its limit.
    #[error("a string is too long")]
    StringLength,
    /// Half of a surrogate pair: not a character.
    #[error("a string has half of a surrogate pair")]
    Surrogate,
    /// A name with control characters.
    #[error("a name has control characters")]
    NameControl,
    /// A number too long, too precise or too large to be the same for every reader.
    #[error("a number is out of range")]
    Number,
}

/// What a text is read into.
pub(super) trait Tree<'text>: Sized {
    fn scalar(scalar: Scalar<'text>, at: usize) -> Self;
    fn list(items: Vec<Self>, at: usize) -> Self;
    /// No name is there twice.
    fn map(members: Vec<(Cow<'text, str>, Self)>, at: usize) -> Self;
}

/// A value without parts.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Scalar<'text> {
    Null,
    Bool(bool),
    Number(Number),
    Text(Cow<'text, str>),
}

/// Reads a whole text.
pub(super) fn read<'text, T: Tree<'text>>(
    bytes: &'text [u8],
    limits: &JsonLimits,
) -> Result<T, JsonFault> {
    let text = str::from_utf8(bytes).map_err(|error| JsonFault {
        kind: JsonFaultKind::Utf8,
        at: error.valid_up_to(),
    })?;
    let mut reader = Reader {
        text,
        at: 0,
        limits,
    };
    let value = reader.value(0)?;
    reader.skip_space();
    if reader.at == bytes.len() {
        Ok(value)
    } else {
        Err(reader.fault(JsonFaultKind::Syntax))
    }
}

/// Reads a number that stands alone, as in a query.
pub(super) fn read_number(text: &str, limits: &JsonLimits) -> Option<Number> {
    let mut reader = Reader {
        text,
        at: 0,
        limits,
    };
    let number = reader.number().ok()?;
    (reader.at == text.len()).then_some(number)
}

struct Reader<'text, 'limits> {
    text: &'text str,
    at: usize,
    limits: &'limits JsonLimits,
}

impl<'text> Reader<'text, '_> {
    const fn fault(&self, kind: JsonFaultKind) -> JsonFault {
        JsonFault { kind, at: self.at }
    }

    fn peek(&self) -> Option<u8> {
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonFault> {
        if self.peek() != Some(byte) {
            return Err(self.fault(JsonFaultKind::Syntax));
        }
        self.at += 1;
        Ok(())
    }

    fn value<T: Tree<'text>>(&mut self, depth: usize) -> Result<T, JsonFault> {
        self.skip_space();
        let at = self.at;
        let scalar = match self.peek() {
            Some(b'{' | b'[') if depth >= self.limits.depth_max => {
                return Err(self.fault(JsonFaultKind::Depth));
            }
            Some(b'{') => return Ok(T::map(self.members(depth + 1)?, at)),
            Some(b'[') => return Ok(T::list(self.items(depth + 1)?, at)),
            Some(b'"') => Scalar::Text(self.string(self.limits.string_bytes_max)?),
            Some(b't') => self.literal("true", Scalar::Bool(true))?,
            Some(b'f') => self.literal("false", Scalar::Bool(false))?,
            Some(b'n') => self.literal("null", Scalar::Null)?,
            Some(b'-' | b'0'..=b'9') => Scalar::Number(self.number()?),
            _ => return Err(self.fault(JsonFaultKind::Syntax)),
        };
        Ok(T::scalar(scalar, at))
    }

    fn members<T: Tree<'text>>(
        &mut self,
        depth: usize,
    ) -> Result<Vec<(Cow<'text, str>, T)>, JsonFault> {
        let at = self.at;
        self.expect(b'{')?;
        let mut members: Vec<(Cow<'text, str>, T)> = Vec::new();
        self.skip_space();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(members);
        }
        loop {
            self.skip_space();
            let name_at = self.at;
            let name = self.string(self.limits.name_bytes_max)?;
            if has_control(&name) {
                return Err(JsonFault {
                    kind: JsonFaultKind::NameControl,
                    at: name_at,
                });
            }
            self.skip_space();
            self.expect(b':')?;
            members.push((name, self.value(depth)?));
            self.skip_space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b'}')?;
            if has_duplicates(&members) {
                return Err(JsonFault {
                    kind: JsonFaultKind::DuplicateName,
                    at,
                });
            }
            return Ok(members);
        }
    }

    fn items<T: Tree<'text>>(&mut self, depth: usize) -> Result<Vec<T>, JsonFault> {
        self.expect(b'[')?;
        let mut items = Vec::new();
        self.skip_space();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(items);
        }
        loop {
            items.push(self.value(depth)?);
            self.skip_space();
            if self.peek() == Some(b',') {
                self.at += 1;
                continue;
            }
            self.expect(b']')?;
            return Ok(items);
        }
    }

    fn literal(&mut self, word: &str, scalar: Scalar<'text>) -> Result<Scalar<'text>, JsonFault> {
        let rest = self.text.get(self.at..).unwrap_or_default();
        if !rest.starts_with(word) {
            return Err(self.fault(JsonFaultKind::Syntax));
        }
        self.at += word.len();
        Ok(scalar)
    }

    fn string(&mut self, bytes_max: usize) -> Result<Cow<'text, str>, JsonFault> {
        let at = self.at;
        self.expect(b'"')?;
        let length = closing_quote(self.text.as_bytes().get(self.at..).unwrap_or_default()).ok_or(
            JsonFault {
                kind: JsonFaultKind::Syntax,
                at,
            },
        )?;
        if length > bytes_max {
            return Err(JsonFault {
                kind: JsonFaultKind::StringLength,
                at,
            });
        }
        let raw = self.text.get(self.at..self.at + length).unwrap_or_default();
        let text = unescape(raw).map_err(|kind| JsonFault { kind, at })?;
        self.at += length + 1;
        Ok(text)
    }

    fn digits(&mut self) -> Range<usize> {
        let start = self.at;
        while matches!(self.peek(), Some(b'0'..=b'9')) {
            self.at += 1;
        }
        start..self.at
    }

    fn number(&mut self) -> Result<Number, JsonFault> {
        let start = self.at;
        let syntax = |at| JsonFault {
            kind: JsonFaultKind::Syntax,
            at,
        };
        if self.peek() == Some(b'-') {
            self.at += 1;
        }
        let whole = self.digits();
        let leading_zero = self.text.as_bytes().get(whole.start) == Some(&b'0');
        if whole.is_empty() || (leading_zero && whole.len() > 1) {
            return Err(syntax(start));
        }
        let mut is_integer = true;
        if self.peek() == Some(b'.') {
            self.at += 1;
            is_integer = false;
            if self.digits().is_empty() {
                return Err(syntax(start));
            }
        }
        let mantissa = start..self.at;
        let mut exponent_digits = 0;
        if matches!(self.peek(), Some(b'e' | b'E')) {
            self.at += 1;
            is_integer = false;
            if matches!(self.peek(), Some(b'+' | b'-')) {
                self.at += 1;
            }
            exponent_digits = self.digits().len();
            if exponent_digits == 0 {
                return Err(syntax(start));
            }
        }
        let out_of_range = JsonFault {
            kind: JsonFaultKind::Number,
            at: start,
        };
        if self.at - start > self.limits.number_bytes_max
            || exponent_digits > self.limits.exponent_digits_max
        {
            return Err(out_of_range);
        }
        let text = self.text.get(start..self.at).unwrap_or_default();
        if is_integer {
            return text
                .parse::<i64>()
                .map(Number::from)
                .map_err(|_| out_of_range);
        }
        if significant_digits(self.text.get(mantissa).unwrap_or_default()) > self.limits.digits_max
        {
            return Err(out_of_range);
        }
        text.parse::<f64>()
            .ok()
            .and_then(Number::from_f64)
            .ok_or(out_of_range)
    }
}

fn significant_digits(mantissa: &str) -> usize {
    let digits = mantissa.bytes().filter(u8::is_ascii_digit);
    digits.skip_while(|digit| *digit == b'0').count()
}

/// Whether a text has control characters.
fn has_control(text: &str) -> bool {
    // C0 and DEL show in the bytes; C1 is beyond ASCII.
    text.bytes().any(|byte| byte.is_ascii_control())
        || (!text.is_ascii() && text.chars().any(char::is_control))
}

/// Whether a name stands twice, without the square of many names.
fn has_duplicates<T>(members: &[(Cow<'_, str>, T)]) -> bool {
    const FEW: usize = 16;
    if members.len() <= FEW {
        let earlier = |index: usize| members.iter().take(index).map(|(name, _)| name);
        let mut all = members.iter().enumerate();
        return all.any(|(index, (name, _))| earlier(index).any(|other| other == name));
    }
    let mut names: Vec<&str> = members.iter().map(|(name, _)| &**name).collect();
    names.sort_unstable();
    names
        .windows(2)
        .any(|pair| matches!(pair, [one, other] if one == other))
}

/// Where the quote that ends a string stands, counted from behind the one that begins it.
pub(super) fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    loop {
        let found = at + memchr2(b'"', b'\\', bytes.get(at..)?)?;
        if bytes.get(found) == Some(&b'"') {
            return Some(found);
        }
        at = found + 2;
    }
}

/// The characters of a string, given what stands between its quotes.
pub(super) fn unescape(raw: &str) -> Result<Cow<'_, str>, JsonFaultKind> {
    if raw.bytes().any(|byte| byte < 0x20) {
        return Err(JsonFaultKind::Syntax);
    }
    if memchr(b'\\', raw.as_bytes()).is_none() {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some((plain, escape)) = rest.split_once('\\') {
        out.push_str(plain);
        let mut letters = escape.chars();
        let letter = letters.next().ok_or(JsonFaultKind::Syntax)?;
        rest = letters.as_str();
        match letter {
            '"' | '\\' | '/' => out.push(letter),
            'b' => out.push('\u{8}'),
            'f' => out.push('\u{c}'),
            'n' => out.push('\n'),
            'r' => out.push('\r'),
            't' => out.push('\t'),
            'u' => {
                let (character, behind) = unicode_escape(rest)?;
                out.push(character);
                rest = behind;
            }
            _ => return Err(JsonFaultKind::Syntax),
        }
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

/// The character of one or two `\u` escapes, given what stands behind the first `\u`.
fn unicode_escape(text: &str) -> Result<(char, &str), JsonFaultKind> {
    let (unit, rest) = hex_unit(text)?;
    if !(0xd800..0xdc00).contains(&unit) {
        let character = char::from_u32(unit.into()).ok_or(JsonFaultKind::Surrogate)?;
        return Ok((character, rest));
    }
    let low = rest.strip_prefix("\\u").ok_or(JsonFaultKind::Surrogate)?;
    let (low, rest) = hex_unit(low)?;
    let pair = char::decode_utf16([unit, low]).next().and_then(Result::ok);
    Ok((pair.ok_or(JsonFaultKind::Surrogate)?, rest))
}

fn hex_unit(text: &str) -> Result<(u16, &str), JsonFaultKind> {
    let (digits, rest) = text.split_at_checked(4).ok_or(JsonFaultKind::Syntax)?;
    if !digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(JsonFaultKind::Syntax);
    }
    let unit = u16::from_str_radix(digits, 16).map_err(|_| JsonFaultKind::Syntax)?;
    Ok((unit, rest))
}

/// Appends a string with its quotes.
pub(super) fn write_string(text: &str, out: &mut Vec<u8>) {
    out.push(b'"');
    let mut plain_from = 0;
    for (at, byte) in text.bytes().enumerate() {
        let escape: &[u8] = match byte {
            b'"' => b"\\\"",
            b'\\' => b"\\\\",
            b'\n' => b"\\n",
            b'\r' => b"\\r",
            b'\t' => b"\\t",
            0..=0x1f => b"",
            _ => continue,
        };
        out.extend_from_slice(text.as_bytes().get(plain_from..at).unwrap_or_default());
        if escape.is_empty() {
            out.extend_from_slice(format!("\\u{byte:04x}").as_bytes());
        } else {
            out.extend_from_slice(escape);
        }
        plain_from = at + 1;
    }
    out.extend_from_slice(text.as_bytes().get(plain_from..).unwrap_or_default());
    out.push(b'"');
}

#[cfg(test)]
mod tests {
    use jsonschema::json::Node as _;
    use proptest::prelude::*;
    use serde_json::Value;

    use super::{super::value, *};

    fn read_value(bytes: &[u8], limits: &JsonLimits) -> Result<Value, JsonFault> {
        read::<value::Value<'_>>(bytes, limits).map(|value| (&value).to_value().into_owned())
    }

    fn strict(text: &str) -> Result<Value, JsonFaultKind> {
        read_value(text.as_bytes(), &REQUEST_LIMITS).map_err(|fault| fault.kind)
    }

    #[test]
    fn the_grammar_is_that_of_rfc_8259() {
        for text in [
            "{}",
            "[]",
            " [ ] ",
            "null",
            "true",
            "false",
            "0",
            "-0",
            "-1.5e-7",
            "1E+2",
            "\"\"",
            "{\"a\":{\"b\":[1,{\"c\":null}]}}",
            "\"\\ud83d\\ude00 \\u4e2d\\/\\b\\f\\n\\r\\t\\\\\\\"\"",
            "\"中文 😀\"",
            "9223372036854775807",
            "-9223372036854775808",
            "0.000000000123",
        ] {
            let expected: Value = serde_json::from_str(text).unwrap();
            let read = strict(text).unwrap();
            if text != "-0" {
                assert_eq!(read, expected, "{text}");
            }
        }
        for text in [
            "",
            " ",
            "{",
            "[",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "{'a':1}",
            "01",
            "1.",
            ".5",
            "+1",
            "1e",
            "1e+",
            "-",
            "--1",
            "0x10",
            "NaN",
            "Infinity",
            "tru",
            "nulll",
            "\"",
            "\"\\x\"",
            "\"\\u12\"",
            "\"\\u+123\"",
            "\"\t\"",
            "\"\n\"",
            "[1 2]",
            "{} {}",
            "[]]",
            "// c\n1",
            "\u{feff}{}",
            "\"\\",
        ] {
            assert_eq!(strict(text), Err(JsonFaultKind::Syntax), "{text}");
            assert!(serde_json::from_str::<Value>(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_readers_could_differ_on_is_refused() {
        let deep = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
        assert!(strict(&deep(32)).is_ok());
        assert_eq!(strict(&deep(33)), Err(JsonFaultKind::Depth));
        assert_eq!(strict(&"[".repeat(100_000)), Err(JsonFaultKind::Depth));

        assert!(strict("{\"a\":1,\"b\":{\"a\":1}}").is_ok());
        assert_eq!(
            strict("{\"a\":1,\"\\u0061\":2}"),
            Err(JsonFaultKind::DuplicateName)
        );
        assert_eq!(strict("{\"a\\u0000\":1}"), Err(JsonFaultKind::NameControl));

        assert_eq!(strict("\"\\ud83d\""), Err(JsonFaultKind::Surrogate));
        assert_eq!(strict("\"\\ude00\\ud83d\""), Err(JsonFaultKind::Surrogate));
        assert_eq!(strict("\"\\ud83d\\u0061\""), Err(JsonFaultKind::Surrogate));

        assert!(strict("123456789012.345").is_ok());
        for number in [
            "9223372036854775808",
            "1234567890123.456",
            "1e100",
            "1e999999999",
            "-1e400",
            "100000000000000000000000000000000000000000",
        ] {
            assert_eq!(strict(number), Err(JsonFaultKind::Number), "{number}");
        }

        let text = |length: usize| format!("\"{}\"", "x".repeat(length));
        assert!(strict(&text(64 << 10)).is_ok());
        assert_eq!(
            strict(&text((64 << 10) + 1)),
            Err(JsonFaultKind::StringLength)
        );

        let latin = read_value(b"\"caf\xe9\"", &REQUEST_LIMITS);
        assert_eq!(
            latin,
            Err(JsonFault {
                kind: JsonFaultKind::Utf8,
                at: 4
            })
        );
    }

    #[test]
    fn a_service_may_answer_with_more() {
        assert!(read_value(b"3.141592653589793238", &RESPONSE_LIMITS).is_ok());
        assert!(read_value(b"{\"a\":1,\"a\":2}", &RESPONSE_LIMITS).is_err());
    }

    proptest! {
        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read_value(&bytes, &REQUEST_LIMITS);
        }

        #[test]
        fn whatever_is_read_is_what_serde_json_reads(text in "[\\[\\]{}:,\"a\\\\u0-9.eE+\\- tfn]{0,40}") {
            if let Ok(value) = strict(&text) {
                let other: Value = serde_json::from_str(&text).unwrap();
                prop_assert_eq!(value.to_string().replace("-0.0", "0").replace("-0", "0"),
                    other.to_string().replace("-0.0", "0").replace("-0", "0"));
            }
        }

        #[test]
        fn a_written_string_reads_back(text in any::<String>()) {
            let mut out = Vec::new();
            write_string(&text, &mut out);
            prop_assert_eq!(serde_json::from_slice::<String>(&out).unwrap(), text.clone());
            prop_assert_eq!(read_value(&out, &REQUEST_LIMITS).unwrap(), Value::String(text));
        }
    }
}
