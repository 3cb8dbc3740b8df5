//! Masks: what may be seen of a value, on any Unicode (docs/PROTOCOL.md, section 9).
//!
//! Characters are extended grapheme clusters, so that no rule cuts one in two or counts a letter and
//! its accents as several. A value that is too short for its rule is hidden wholly. Every hidden
//! character becomes one `*`.
//!
//! Clauses: AP-4.1.1.3, CJ-4.2.1.e, CJ-4.3.5.b, CJ-6.4.3.f, JR-6.2.3.a, JR-6.3.1.e.

use std::fmt;
use std::str::FromStr;

use unicode_segmentation::UnicodeSegmentation as _;

/// What stands for a hidden character.
pub const HIDDEN: char = '*';

/// A rule for what may be seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Mask {
    /// First 3 and last 4 of at least 11 digits; of 6 to 10, the last 2.
    Phone,
    /// First and last of at least 3 characters; of 2, the last.
    Name,
    /// First 1 and last 1 of at least 6 characters.
    IdNumber,
    /// Last 4 of at least 12 characters; of 8 to 11, the last 2.
    Card,
    /// As [`Card`](Self::Card).
    Account,
    /// First character of a local part of at least 2, and the domain.
    Email,
    /// First 6 characters, and never over half.
    Address,
}

/// A text names no mask.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a mask is one of phone, name, id-number, card, account, email, address")]
pub struct UnknownMask;

impl Mask {
    /// Every mask.
    pub const ALL: [Self; 7] = [
        Self::Phone,
        Self::Name,
        Self::IdNumber,
        Self::Card,
        Self::Account,
        Self::Email,
        Self::Address,
    ];

    /// As `x-hefu-mask` names it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Phone => "phone",
            Self::Name => "name",
            Self::IdNumber => "id-number",
            Self::Card => "card",
            Self::Account => "account",
            Self::Email => "email",
            Self::Address => "address",
        }
    }

    /// The masked value.
    #[must_use]
    pub fn apply(self, value: &str) -> String {
        let mut masked = String::with_capacity(value.len());
        self.apply_into(value, &mut masked);
        masked
    }

    /// Appends the masked value to `out`.
    pub fn apply_into(self, value: &str, out: &mut String) {
        match self {
            Self::Phone => phone(value, out),
            Self::Name => show(
                value,
                |count| match count {
                    0 | 1 => Shown::NONE,
                    2 => Shown { first: 0, last: 1 },
                    _ => Shown { first: 1, last: 1 },
                },
                out,
            ),
            Self::IdNumber => show(
                value,
                |count| {
                    if count >= 6 {
                        Shown { first: 1, last: 1 }
                    } else {
                        Shown::NONE
                    }
                },
                out,
            ),
            Self::Card | Self::Account => show(
                value,
                |count| match count {
                    0..=7 => Shown::NONE,
                    8..=11 => Shown { first: 0, last: 2 },
                    _ => Shown { first: 0, last: 4 },
                },
                out,
            ),
            Self::Email => email(value, out),
            Self::Address => {
                show(
                    value,
                    |count| Shown {
                        first: (count / 2).min(6),
                        last: 0,
                    },
                    out,
                );
            }
        }
    }
}

impl fmt::Display for Mask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Mask {
    type Err = UnknownMask;

    fn from_str(text: &str) -> Result<Self, UnknownMask> {
        Self::ALL
            .into_iter()
            .find(|mask| mask.as_str() == text)
            .ok_or(UnknownMask)
    }
}

/// How many characters at both ends are seen.
#[derive(Clone, Copy)]
struct Shown {
    first: usize,
    last: usize,
}

impl Shown {
    const NONE: Self = Self { first: 0, last: 0 };
}

/// Hides all but what `rule` shows of that many characters.
fn show(value: &str, rule: impl FnOnce(usize) -> Shown, out: &mut String) {
    // In ASCII each byte is a character; only CR LF is one cluster, and counting it as two hidden
    // ones shows no more.
    if value.is_ascii() && !value.contains('\r') {
        let shown = rule(value.len());
        write(
            value.len(),
            shown,
            value.chars().map(AsciiOrCluster::Ascii),
            out,
        );
    } else {
        let count = value.graphemes(true).count();
        let shown = rule(count);
        write(
            count,
            shown,
            value.graphemes(true).map(AsciiOrCluster::Cluster),
            out,
        );
    }
}

enum AsciiOrCluster<'value> {
    Ascii(char),
    Cluster(&'value str),
}

fn write<'value>(
    count: usize,
    shown: Shown,
    characters: impl Iterator<Item = AsciiOrCluster<'value>>,
    out: &mut String,
) {
    for (index, character) in characters.enumerate() {
        let visible = index < shown.first || index >= count.saturating_sub(shown.last);
        match character {
            AsciiOrCluster::Ascii(character) if visible => out.push(character),
            AsciiOrCluster::Cluster(cluster) if visible => out.push_str(cluster),
            AsciiOrCluster::Ascii(_) | AsciiOrCluster::Cluster(_) => out.push(HIDDEN),
        }
    }
}

/// Counts digits only, whatever their script; separators and all else are hidden.
fn phone(value: &str, out: &mut String) {
    let is_digit = |cluster: &str| {
        let mut characters = cluster.chars();
        characters.next().is_some_and(char::is_numeric) && characters.next().is_none()
    };
    let count = value
        .graphemes(true)
        .filter(|cluster| is_digit(cluster))
        .count();
    let shown = match count {
        0..=5 => Shown::NONE,
        6..=10 => Shown { first: 0, last: 2 },
        _ => Shown { first: 3, last: 4 },
    };
    let mut index = 0;
    for cluster in value.graphemes(true) {
        if !is_digit(cluster) {
            out.push(HIDDEN);
            continue;
        }
        if index < shown.first || index >= count - shown.last {
            out.push_str(cluster);
        } else {
            out.push(HIDDEN);
        }
        index += 1;
    }
}

/// The last `@` divides, since a quoted local part may hold others. What has no domain, or a domain
/// that is none, is hidden wholly.
fn email(value: &str, out: &mut String) {
    let (local, domain) = value.rsplit_once('@').unwrap_or((value, ""));
    let is_domain = !domain.is_empty()
        && domain
            .chars()
            .all(|character| character.is_alphanumeric() || matches!(character, '.' | '-'));
    if !is_domain {
        return show(value, |_| Shown::NONE, out);
    }
    let first_if_two = |count| Shown {
        first: usize::from(count >= 2),
        last: 0,
    };
    show(local, first_if_two, out);
    out.push('@');
    out.push_str(domain);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn values_of_every_day_are_masked_as_documented() {
        for (mask, value, masked) in [
            (Mask::Phone, "13812345678", "138****5678"),
            (Mask::Phone, "+86 138-1234-5678", "*86*1********5678"),
            (Mask::Phone, "１３８１２３４５６７８", "１３８****５６７８"),
            (Mask::Phone, "5551234", "*****34"),
            (Mask::Phone, "110", "***"),
            (Mask::Name, "王伟", "*伟"),
            (Mask::Name, "欧阳娜娜", "欧**娜"),
            (Mask::Name, "王", "*"),
            (Mask::Name, "José", "J**é"),
            (Mask::Name, "Jose\u{301}", "J**e\u{301}"),
            (Mask::Name, "👨‍👩‍👧", "*"),
            (Mask::IdNumber, "11010519491231002X", "1****************X"),
            (Mask::IdNumber, "12345", "*****"),
            (Mask::Card, "6222021234567890123", "***************0123"),
            (Mask::Card, "12345678901", "*********01"),
            (Mask::Account, "1234567", "*******"),
            (Mask::Email, "alice@example.com", "a****@example.com"),
            (Mask::Email, "a@example.com", "*@example.com"),
            (Mask::Email, "\"a@b\"@example.com", "\"****@example.com"),
            (Mask::Email, "not an address", "**************"),
            (Mask::Email, "card 6222@0212 3456", "*******************"),
            (
                Mask::Address,
                "北京市朝阳区建国路一号院二单元",
                "北京市朝阳区*********",
            ),
            (Mask::Address, "北京市朝", "北京**"),
        ] {
            assert_eq!(mask.apply(value), masked, "{mask} {value}");
        }
    }

    /// How many clusters of the value a rule lets through at most.
    fn most(mask: Mask, value: &str) -> usize {
        let count = value.graphemes(true).count();
        match mask {
            Mask::Phone => 7,
            Mask::Name | Mask::IdNumber => 2,
            Mask::Card | Mask::Account => 4,
            Mask::Email => {
                1 + value
                    .rsplit_once('@')
                    .map_or(0, |(_, domain)| domain.graphemes(true).count() + 1)
            }
            Mask::Address => (count / 2).min(6),
        }
    }

    proptest! {
        #[test]
        fn no_rule_shows_more_than_it_may(value in "\\PC{0,40}|[0-9 +-]{0,24}|.{0,12}@.{0,12}|[a\u{301}\u{200d}👨👩🇨🇳٣]{0,20}") {
            for mask in Mask::ALL {
                let masked = mask.apply(&value);
                let seen = masked.chars().filter(|character| *character != HIDDEN).count();
                let longest = value.graphemes(true).map(|c| c.chars().count()).max().unwrap_or(0);
                prop_assert!(seen <= most(mask, &value) * longest.max(1), "{} {:?} {:?}", mask, value, masked);
                if value.graphemes(true).count() >= 12 && mask != Mask::Email && !value.contains(HIDDEN) {
                    prop_assert_ne!(&masked, &value);
                }
            }
        }

        #[test]
        fn plain_text_takes_the_fast_path_to_the_same_end(value in "[ -~]{0,40}") {
            let shown = Shown { first: 2, last: 3 };
            let (mut fast, mut general) = (String::new(), String::new());
            show(&value, |_| shown, &mut fast);
            let clusters = value.graphemes(true).map(AsciiOrCluster::Cluster);
            write(value.graphemes(true).count(), shown, clusters, &mut general);
            prop_assert_eq!(fast, general);
        }
    }

    #[test]
    fn masks_are_found_by_their_names() {
        for mask in Mask::ALL {
            assert_eq!(mask.as_str().parse(), Ok(mask));
        }
        assert_eq!("secret".parse::<Mask>(), Err(UnknownMask));
    }
}
