//! Forms of text: the formats that are checked, and the characters that may stand in a string.
//!
//! No list of SQL or script keywords: such lists refuse Mr O'Brien and let the next encoding of
//! the attack through. A string is refused because it is not what its field expects: every string
//! of a request has a length and a pattern, a format or a list of values, or it is text that people
//! write, and then it keeps to the characters people write with.
//!
//! Clauses: JR-6.2.4.c, JR-6.2.4.e, AP-4.1.2.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use hefu_tally::{sealed, validate};
use jsonschema::{Keyword, ValidationError, paths::Location};
use serde_json::{Map, Value};

use crate::contract::value::{self, Borrowed};

/// Formats that say enough about a string: nothing unforeseen has them.
pub(crate) const STRONG_FORMATS: &[&str] = &[
    "date",
    "date-time",
    "time",
    "duration",
    "uuid",
    "ipv4",
    "ipv6",
    "email",
    "byte",
    "cn-id-number",
    "cn-phone",
    "bank-card",
];

/// Those of them whose length is bounded by their form.
pub(crate) const BOUNDED_FORMATS: &[&str] = &[
    "date",
    "uuid",
    "ipv4",
    "ipv6",
    "cn-id-number",
    "cn-phone",
    "bank-card",
];

/// Formats that are checked and leave much open.
pub(crate) const WEAK_FORMATS: &[&str] = &["uri", "uri-reference", "hostname", "json-pointer"];

/// Formats that are numbers, or say nothing about a value.
pub(crate) const OTHER_FORMATS: &[&str] = &["int32", "int64", "float", "double", "password"];

/// The keyword by which a compiled schema asks for one of the [`Class`]es.
pub(crate) const CLASS_KEYWORD: &str = "x-hefu-text";

/// Which characters a string may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Class {
    /// No control characters: one line.
    Line,
    /// Line feeds and tabs besides.
    Lines,
    /// Letters, digits, spaces and the punctuation of ordinary writing, in one line.
    Free,
    /// Line feeds and tabs besides.
    FreeLines,
    /// A sealed field as it travels.
    Sealed,
}

impl Class {
    pub(crate) const fn of(free: bool, lines: bool) -> Self {
        match (free, lines) {
            (false, false) => Self::Line,
            (false, true) => Self::Lines,
            (true, false) => Self::Free,
            (true, true) => Self::FreeLines,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Line => "line",
            Self::Lines => "lines",
            Self::Free => "free",
            Self::FreeLines => "free-lines",
            Self::Sealed => "sealed",
        }
    }

    fn parse(name: &str) -> Option<Self> {
        let all = [
            Self::Line,
            Self::Lines,
            Self::Free,
            Self::FreeLines,
            Self::Sealed,
        ];
        all.into_iter().find(|class| class.as_str() == name)
    }

    pub(crate) fn admits(self, text: &str) -> bool {
        match self {
            Self::Line => !text.chars().any(char::is_control),
            Self::Lines => !text.chars().any(|c| c.is_control() && !is_line_break(c)),
            Self::Free => text.chars().all(is_written),
            Self::FreeLines => text.chars().all(|c| is_written(c) || is_line_break(c)),
            // Whether it opens is another guard's question.
            Self::Sealed => sealed::is_well_formed(text),
        }
    }
}

const fn is_line_break(c: char) -> bool {
    matches!(c, '\n' | '\t')
}

/// Letters and digits of any script, the space, and punctuation of ordinary writing. Left out are
/// what opens mark-up, escapes and templates (`<>`, backslash, backtick, `{}`, `[]`, `|`, `^`, `~`,
/// `$`, their full-width twins), controls, and what is not seen or turns the direction of text.
fn is_written(c: char) -> bool {
    match c {
        // First, and without the tables of Unicode: most of what is written.
        'a'..='z' | 'A'..='Z' | '0'..='9' => true,
        ' ' | '.' | ',' | ';' | ':' | '!' | '?' | '\'' | '"' | '(' | ')' | '-' | '_' | '/'
        | '@' | '#' | '&' | '+' | '%' | '*' | '=' | '·' | '€' | '£' | '¥' | '￥' | '°' | '§' => {
            true
        }
        // Accents written apart from their letter, as some keyboards send them.
        '\u{300}'..='\u{36f}' => true,
        // Dashes, quotes and the ellipsis.
        '\u{2010}'..='\u{2027}' => true,
        // CJK punctuation, without the invisible ideographic variation marks behind it.
        '\u{3001}'..='\u{3011}' | '\u{3014}'..='\u{301f}' => true,
        '！' | '（' | '）' | '，' | '－' | '．' | '／' | '：' | '；' | '？' | '％' | '＆' => {
            true
        }
        // Folded by some readers to what is left out above.
        '\u{ff00}'..='\u{ffef}' => c.is_alphanumeric() && !matches!(c, '\u{ffa0}'),
        _ => c.is_alphanumeric(),
    }
}

impl<'i> Keyword<'i, Borrowed> for Class {
    fn validate(&self, instance: &'i value::Value<'i>) -> Result<(), ValidationError<'i>> {
        if Keyword::is_valid(self, instance) {
            return Ok(());
        }
        Err(ValidationError::custom(
            "characters that are not allowed here",
        ))
    }

    fn is_valid(&self, instance: &'i value::Value<'i>) -> bool {
        match instance {
            value::Value::Text(text) => self.admits(text),
            _ => true,
        }
    }
}

/// Makes the keyword for a compiled schema.
pub(crate) fn class_keyword<'a>(
    _parent: &'a Map<String, Value>,
    value: &'a Value,
    _path: Location,
) -> Result<Box<dyn for<'i> Keyword<'i, Borrowed>>, ValidationError<'a>> {
    match value.as_str().and_then(Class::parse) {
        Some(class) => Ok(Box::new(class)),
        None => Err(ValidationError::custom("no class of characters")),
    }
}

/// A schema has no clock: whether someone is born yet is the service's question.
const LAST_BIRTHDAY: validate::Date = validate::Date {
    year: 2099,
    month: 12,
    day: 31,
};

/// A format of this project: the name the document uses, and its check.
pub(crate) type OwnFormat = (&'static str, fn(&str) -> bool);

pub(crate) const OWN_FORMATS: &[OwnFormat] = &[
    ("byte", |text| STANDARD.decode(text).is_ok()),
    ("cn-id-number", |text| {
        validate::id_number(text, LAST_BIRTHDAY).is_ok()
    }),
    ("cn-phone", |text| validate::phone(text).is_ok()),
    ("bank-card", |text| validate::bank_card(text).is_ok()),
    // Annotations, for strings too.
    ("password", |_| true),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_that_people_write_passes_and_mark_up_does_not() {
        for text in [
            "O'Brien & Söhne, Straße 7 (2. OG)",
            "房租，十月（含水电）",
            "Rückzahlung 50 % – danke!",
            "Zoe\u{301} Müller",
            "٣ كتب",
            "Lunch @ #12: 3+4=7; \"fine\"",
            "「了解」…ok",
        ] {
            assert!(Class::Free.admits(text), "{text}");
        }
        for text in [
            "<script>",
            "a>b",
            "＜script＞",
            "{{7*7}}",
            "${x}",
            "a\\b",
            "a`b",
            "a\u{0}b",
            "a\rb",
            "a\nb",
            "a\u{202e}b",
            "a\u{200b}b",
            "a\u{feff}b",
            "a|b",
            "[x]",
            "~",
            "\u{7f}",
            "\u{85}",
        ] {
            assert!(!Class::Free.admits(text), "{text:?}");
        }
        assert!(Class::FreeLines.admits("one\ntwo\t3"));
        assert!(!Class::FreeLines.admits("one\r\ntwo"));
    }

    #[test]
    fn lines_end_nowhere_unless_they_may() {
        assert!(Class::Line.admits("a <b> \\ ~ 中"));
        for text in ["a\nb", "a\rb", "a\tb", "a\u{0}", "\u{1b}[31m", "\u{9b}"] {
            assert!(!Class::Line.admits(text), "{text:?}");
        }
        assert!(Class::Lines.admits("a\nb\tc"));
        assert!(!Class::Lines.admits("a\r\nb"));
    }

    #[test]
    fn a_sealed_field_has_its_form() {
        assert!(Class::Sealed.admits("hefu-sealed:1:e-AAAAAAAAAAAAAAAAAAAAAA:AHEEabc_-9"));
        for text in ["", "x", "123456", "hefu-sealed:1:e-AAAAAAAAAAAAAAAAAAAAAA:"] {
            assert!(!Class::Sealed.admits(text), "{text}");
        }
    }
}
