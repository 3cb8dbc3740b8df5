//! Masks: what may be seen of a value, on any Unicode (docs/PROTOCOL.md, section 9).
//!
//! Characters are extended grapheme clusters, so that no rule cuts one in two or counts a letter and
//! its accents as several. Only those that begin with a letter or a digit count and may be seen:
//! spaces, separators, invisible characters and emoji are hidden wherever they stand, so that a value
//! padded to a fixed width shows no more than the bare one. A value that is too short for its rule is
//! hidden wholly.
//!
//! Every hidden character becomes one `*`: how long a value is stays visible. What must not be told at
//! all is not masked but left out.
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
            Self::Email => email(value, out),
            Self::Phone => show(value, is_digit, |count| self.shown(count), out),
            Self::Name | Self::IdNumber | Self::Card | Self::Account | Self::Address => {
                show(value, char::is_alphanumeric, |count| self.shown(count), out);
            }
        }
    }

    /// What may be seen of `count` characters; for e-mail, of the local part.
    const fn shown(self, count: usize) -> Shown {
        let (first, last) = match (self, count) {
            (Self::Phone, 11..) => (3, 4),
            (Self::Phone, 6..=10) | (Self::Card | Self::Account, 8..=11) => (0, 2),
            (Self::Name, 3..) | (Self::IdNumber, 6..) => (1, 1),
            (Self::Name, 2) => (0, 1),
            (Self::Card | Self::Account, 12..) => (0, 4),
            (Self::Email, 2..) => (1, 0),
            (Self::Address, 12..) => (6, 0),
            (Self::Address, _) => (count / 2, 0),
            (Self::Phone | Self::Name | Self::IdNumber, _)
            | (Self::Card | Self::Account | Self::Email, _) => (0, 0),
        };
        Shown { first, last }
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

/// How many characters at both ends are seen; together never more than there are.
#[derive(Clone, Copy)]
struct Shown {
    first: usize,
    last: usize,
}

impl Shown {
    const fn includes(self, index: usize, count: usize) -> bool {
        index < self.first || index >= count.saturating_sub(self.last)
    }
}

/// Hides all but what `rule` shows of the characters whose beginning `counts`.
fn show(
    value: &str,
    counts: impl Fn(char) -> bool,
    rule: impl FnOnce(usize) -> Shown,
    out: &mut String,
) {
    if value.chars().all(stands_alone) {
        write(
            value.chars(),
            |c| counts(*c),
            rule,
            |c, out| out.push(c),
            out,
        );
    } else {
        write(
            value.graphemes(true),
            |cluster| cluster.starts_with(&counts),
            rule,
            |cluster, out| out.push_str(cluster),
            out,
        );
    }
}

/// Plain characters, ideographs and full-width forms: each of them is a cluster unless one of another
/// kind follows, so that values of these alone need not be segmented. Only CR LF is one cluster, which
/// counts for nothing and is then hidden as two.
const fn stands_alone(character: char) -> bool {
    matches!(character, '\0'..='\x7f' | '\u{4e00}'..='\u{9fff}' | '\u{ff01}'..='\u{ff5e}')
}

fn write<C>(
    characters: impl Iterator<Item = C> + Clone,
    counts: impl Fn(&C) -> bool,
    rule: impl FnOnce(usize) -> Shown,
    push: impl Fn(C, &mut String),
    out: &mut String,
) {
    let count = characters.clone().filter(&counts).count();
    let shown = rule(count);
    let mut index = 0;
    for character in characters {
        if !counts(&character) {
            out.push(HIDDEN);
            continue;
        }
        if shown.includes(index, count) {
            push(character, out);
        } else {
            out.push(HIDDEN);
        }
        index += 1;
    }
}

/// The digits that telephone numbers are written with: plain ones and their full-width forms.
fn is_digit(character: char) -> bool {
    matches!(character, '0'..='9' | '\u{ff10}'..='\u{ff19}')
}

/// The last `@` divides, since a quoted local part may hold others. What has no domain, or one that is
/// none, is hidden wholly: behind an `@` by mistake there may stand a number.
fn email(value: &str, out: &mut String) {
    let (local, domain) = value.rsplit_once('@').unwrap_or((value, ""));
    if !is_domain(domain) {
        return value.graphemes(true).for_each(|_| out.push(HIDDEN));
    }
    let any = |_| true;
    show(local, any, |count| Mask::Email.shown(count), out);
    out.push('@');
    out.push_str(domain);
}

/// Labels of letters, digits and hyphens, and a last one that is no number.
fn is_domain(text: &str) -> bool {
    let belongs = |character: char| character.is_alphanumeric() || character == '-';
    let is_label = |label: &str| !label.is_empty() && label.chars().all(belongs);
    text.rsplit_once('.').is_some_and(|(front, last)| {
        front.split('.').all(is_label) && is_label(last) && last.contains(char::is_alphabetic)
    })
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
            (Mask::Phone, "(010) 6655-4433", "*010*******4433"),
            (Mask::Phone, "①②③④⑤⑥⑦⑧⑨⑩⑪", "***********"),
            (Mask::Phone, "110", "***"),
            (Mask::Name, "王伟", "*伟"),
            (Mask::Name, "欧阳娜娜", "欧**娜"),
            (Mask::Name, "王", "*"),
            (Mask::Name, "José", "J**é"),
            (Mask::Name, "Jose\u{301}", "J**e\u{301}"),
            (Mask::Name, "👨‍👩‍👧", "*"),
            (Mask::Name, "王伟      ", "*伟******"),
            (Mask::Name, "\u{200b}王", "**"),
            (Mask::Name, "Anna Maria", "A********a"),
            (Mask::Name, "محمد", "م**د"),
            (Mask::IdNumber, "11010519491231002X", "1****************X"),
            (Mask::IdNumber, "12345", "*****"),
            (Mask::Card, "6222021234567890123", "***************0123"),
            (Mask::Card, "6222 0212 3456 7890", "***************7890"),
            (Mask::Card, "4-1-1-1-1-1-1", "*************"),
            (Mask::Card, "12345678901", "*********01"),
            (Mask::Account, "1234567", "*******"),
            (Mask::Email, "alice@example.com", "a****@example.com"),
            (Mask::Email, "a@example.com", "*@example.com"),
            (Mask::Email, "\"a@b\"@example.com", "\"****@example.com"),
            (Mask::Email, "张三@银行.中国", "张*@银行.中国"),
            (Mask::Email, "a@110105194912310020", "********************"),
            (Mask::Email, "ab@10.0.0.1", "***********"),
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

    /// The clusters of `value` that `masked` shows; `masked` is `value` with some hidden.
    fn seen<'value>(value: &'value str, masked: &str) -> Vec<&'value str> {
        let mut rest = masked;
        let mut seen = Vec::new();
        for cluster in value.graphemes(true) {
            if let Some(after) = rest.strip_prefix(HIDDEN) {
                rest = after;
                // Without segmentation a line end is hidden as two characters.
                if cluster == "\r\n" && value.chars().all(stands_alone) {
                    rest = rest.strip_prefix(HIDDEN).unwrap();
                }
            } else {
                rest = rest.strip_prefix(cluster).unwrap();
                seen.push(cluster);
            }
        }
        assert_eq!(rest, "", "nothing is added");
        seen
    }

    proptest! {
        #[test]
        fn no_rule_shows_more_than_it_may(
            value in "\\PC{0,40}|[0-9 +-]{0,24}|[a\u{301}\u{200d}👨👩🇨🇳٣\u{ff11} \r\n]{0,20}|[北京朝 ]{0,30}",
        ) {
            let counted = |counts: fn(char) -> bool| {
                value.graphemes(true).filter(|cluster| cluster.starts_with(counts)).count()
            };
            let (digits, characters) = (counted(is_digit), counted(char::is_alphanumeric));
            for mask in Mask::ALL.into_iter().filter(|mask| *mask != Mask::Email) {
                let masked = mask.apply(&value);
                let seen = seen(&value, &masked);
                let most = match mask {
                    Mask::Phone if digits >= 11 => 7,
                    Mask::Phone => 2.min(digits / 3),
                    Mask::Name if characters >= 3 => 2,
                    Mask::Name => characters / 2,
                    Mask::IdNumber => 2.min(characters / 3),
                    Mask::Card | Mask::Account => 4.min(characters / 3),
                    _ => 6.min(characters / 2),
                };
                prop_assert!(seen.len() <= most, "{} {:?} {:?}", mask, value, masked);
                prop_assert!(seen.iter().all(|cluster| cluster.starts_with(char::is_alphanumeric)));
            }
        }

        #[test]
        fn of_an_email_the_first_character_and_the_domain_are_seen(
            local in "\\PC{0,20}|\"[ -~]{0,12}\"",
            domain in "\\PC{0,12}|[0-9]{1,19}|[a-z]{1,9}\\.[a-z]{2,3}|银行\\.中国",
        ) {
            let value = format!("{local}@{domain}");
            let masked = Mask::Email.apply(&value);
            let (_, after) = value.rsplit_once('@').unwrap();
            if is_domain(after) {
                let shown = masked.strip_suffix(after).and_then(|rest| rest.strip_suffix('@'));
                let (before, _) = value.rsplit_once('@').unwrap();
                let seen = seen(before, shown.unwrap());
                prop_assert!(seen.len() <= usize::from(before.graphemes(true).count() >= 2));
                prop_assert!(seen.iter().all(|cluster| before.starts_with(cluster)));
            } else {
                prop_assert!(masked.chars().all(|character| character == HIDDEN));
            }
        }

        #[test]
        fn padding_changes_nothing(value in "[a-z北京0-9]{0,30}", front in "[ \u{3000}\u{200b}]{0,9}", back in " {0,20}") {
            for mask in Mask::ALL.into_iter().filter(|mask| *mask != Mask::Email) {
                let (bare, padded) = (mask.apply(&value), mask.apply(&format!("{front}{value}{back}")));
                prop_assert!(padded.contains(&bare));
                prop_assert_eq!(padded.len() - bare.len(), front.chars().count() + back.len());
            }
        }

        #[test]
        fn plain_text_takes_the_fast_path_to_the_same_end(value in "[ -~]{0,40}|[ -~\u{4e00}-\u{9fff}\u{ff01}-\u{ff5e}]{0,20}") {
            // The zero-width space at the end leads to the general path, and is hidden.
            for mask in Mask::ALL.into_iter().filter(|mask| *mask != Mask::Email) {
                let (fast, general) = (mask.apply(&value), mask.apply(&format!("{value}\u{200b}")));
                prop_assert_eq!(format!("{fast}*"), general);
            }
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
