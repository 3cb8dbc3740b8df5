//! What audits look like to people and to machines: one file a format.
//!
//! Every format is a pure function of a [`Report`]: the same input gives the same bytes, whatever
//! the number of processors. The words of clauses are not known here; whoever makes a report
//! brings them along in a [`ClauseCatalogue`].

pub mod catalogue;
pub mod cyclonedx;
pub mod html;
pub mod json;
pub mod oscal;
pub mod sarif;
pub mod text;

use std::collections::BTreeMap;

use crate::audit::{Audit, Settings, review_statuses};
use crate::check::{Severity, Words, checks};
use crate::judgement::{Finding, Verdict};
use crate::reviews::{Review, ReviewStatus, day};

/// A language of reports.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Language {
    /// English.
    #[default]
    En,
    /// Chinese.
    Zh,
}

impl Language {
    /// Of a text in both languages the one in this.
    #[must_use]
    pub const fn of(self, words: Words) -> &'static str {
        match self {
            Self::En => words.en,
            Self::Zh => words.zh,
        }
    }

    /// `en` or `zh`.
    #[must_use]
    pub const fn tag(self) -> &'static str {
        match self {
            Self::En => "en",
            Self::Zh => "zh",
        }
    }
}

/// The words of a clause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wording {
    /// English.
    pub en: String,
    /// Chinese.
    pub zh: String,
}

impl Wording {
    /// The one in this language.
    #[must_use]
    pub fn of(&self, language: Language) -> &str {
        match language {
            Language::En => &self.en,
            Language::Zh => &self.zh,
        }
    }
}

/// The clauses as whoever makes the report knows them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClauseCatalogue {
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
    /// SHA-256 over its clauses, hexadecimal.
    pub sha256: String,
    /// The words, by id.
    pub clauses: BTreeMap<String, Wording>,
}

impl ClauseCatalogue {
    /// The words of a clause, empty if it is not known.
    #[must_use]
    pub fn words_of(&self, id: &str, language: Language) -> &str {
        let wording = self.clauses.get(id);
        wording.map_or("", |wording| wording.of(language))
    }
}

/// The name of the tool in reports.
pub const TOOL: &str = "hefu-audit";
/// The version of the tool.
pub const VERSION: &str = env!("CARGO_PKG_VERSION");
/// SHA-256 over the sources of the rules, hexadecimal: the version of the rule set.
pub const RULES: &str = env!("HEFU_AUDIT_RULES");

/// Several audits, ready to be written.
#[derive(Debug, Clone)]
pub struct Report<'a> {
    /// What was audited, in the order of the paths.
    pub audits: &'a [Audit],
    /// How.
    pub settings: &'a Settings,
    /// The clauses.
    pub catalogue: &'a ClauseCatalogue,
    /// The language of texts for people.
    pub language: Language,
    /// The lightest failure that counts.
    pub fail_on: Severity,
}

impl Report<'_> {
    /// The day of the audit, `2026-01-31`.
    #[must_use]
    pub fn date(&self) -> String {
        day(self.settings.now).to_string()
    }

    /// The same as a moment, for formats that need one: the beginning of the day.
    #[must_use]
    pub fn moment(&self) -> String {
        format!("{}T00:00:00Z", self.date())
    }

    /// The reviews with what became of each and how much it is about.
    pub fn reviews(&self) -> impl Iterator<Item = (&Review, ReviewStatus, usize)> {
        let reviews = self.settings.reviews.all().iter();
        let statuses = review_statuses(self.audits, self.settings);
        reviews
            .zip(statuses)
            .map(|(review, (status, count))| (review, status, count))
    }

    pub(crate) fn words(&self, words: Words) -> &'static str {
        self.language.of(words)
    }
}

/// The number of checks.
#[must_use]
pub fn rule_count() -> usize {
    checks().len()
}

/// How many of the findings have each verdict, from the heaviest.
pub(crate) fn totals(findings: &[Finding]) -> impl Iterator<Item = (Verdict, usize)> {
    let of = |verdict| {
        let with = findings
            .iter()
            .filter(move |found| found.verdict == verdict);
        (verdict, with.count())
    };
    Verdict::ALL.into_iter().rev().map(of)
}

/// A text from a package as it may stand on a terminal or in a page: what would move the cursor,
/// change colours or turn the direction of writing around is shown as its number.
pub(crate) fn harmless(text: &str) -> String {
    let is_harmful = |character: char| {
        character.is_control()
            || matches!(
                character,
                '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
            )
    };
    if !text.contains(is_harmful) {
        return text.to_owned();
    }
    let mut shown = String::with_capacity(text.len() + 8);
    for character in text.chars() {
        if is_harmful(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    shown
}

/// A name-based identifier (RFC 9562, version 5), so that the same thing has the same one in every
/// report.
pub(crate) fn uuid(name: &str) -> String {
    use sha1::Digest;
    /// Of this product, drawn once.
    const NAMESPACE: [u8; 16] = [
        0x6b, 0x1e, 0x0d, 0x52, 0x9c, 0x37, 0x4f, 0x0a, 0x8d, 0x21, 0x5e, 0x73, 0xa4, 0xc8, 0x16,
        0xf9,
    ];
    let digest = sha1::Sha1::new()
        .chain_update(NAMESPACE)
        .chain_update(name)
        .finalize();
    let mut bytes = [0_u8; 16];
    bytes
        .iter_mut()
        .zip(digest.iter())
        .for_each(|(to, from)| *to = *from);
    let number = u128::from_be_bytes(bytes);
    let number = (number & !(0xf000_u128 << 64)) | (0x5000_u128 << 64);
    let number = (number & !(0xc000_u128 << 48)) | (0x8000_u128 << 48);
    let hex = format!("{number:032x}");
    let part = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    [
        part(0..8),
        part(8..12),
        part(12..16),
        part(16..20),
        part(20..32),
    ]
    .join("-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_have_the_right_shape_and_stay() {
        let id = uuid("a");
        assert_eq!(id.len(), 36);
        assert_eq!(id.get(14..15), Some("5"));
        assert!(matches!(id.get(19..20), Some("8" | "9" | "a" | "b")));
        assert_eq!(id, uuid("a"));
        assert_ne!(id, uuid("b"));
    }

    #[test]
    fn what_would_take_the_terminal_over_is_shown_as_numbers() {
        assert_eq!(harmless("合符 a"), "合符 a");
        assert_eq!(harmless("\u{1b}[2J\n"), "\\u{1b}[2J\\u{a}");
        assert_eq!(harmless("a\u{202e}b\u{85}"), "a\\u{202e}b\\u{85}");
    }
}
