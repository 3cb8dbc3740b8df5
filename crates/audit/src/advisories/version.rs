//! Which of two versions is the later one, as their ecosystems order them.

use std::cmp::Ordering;

/// An ecosystem that apps take their parts from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Ecosystem {
    /// Java and Android.
    Maven,
    /// JavaScript, React Native, OpenHarmony.
    Npm,
    /// iOS.
    CocoaPods,
}

/// How versions are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scheme {
    /// As Maven orders them: <https://maven.apache.org/pom.html#version-order-specification>.
    Maven,
    /// Semantic versions: <https://semver.org>.
    Semantic,
}

impl Ecosystem {
    pub(super) fn parse(name: &str) -> Option<Self> {
        // A part after the colon names a repository.
        match name.split(':').next()? {
            "Maven" => Some(Self::Maven),
            "npm" => Some(Self::Npm),
            "CocoaPods" => Some(Self::CocoaPods),
            _ => None,
        }
    }

    /// How its versions are ordered.
    #[must_use]
    pub const fn scheme(self) -> Scheme {
        match self {
            Self::Maven => Scheme::Maven,
            Self::Npm | Self::CocoaPods => Scheme::Semantic,
        }
    }

    /// Ecosystem and name of a package URL without a version.
    pub(super) fn of_purl(purl: &str) -> Option<(Self, String)> {
        let (kind, name) = purl.strip_prefix("pkg:")?.split_once('/')?;
        match kind {
            "maven" => Some((Self::Maven, name.replacen('/', ":", 1))),
            "npm" => Some((Self::Npm, name.replace("%40", "@"))),
            "cocoapods" => Some((Self::CocoaPods, name.to_owned())),
            _ => None,
        }
    }
}

impl Scheme {
    /// Whether the left version is earlier than, the same as or later than the right one.
    #[must_use]
    pub fn compare(self, left: &str, right: &str) -> Ordering {
        match self {
            Self::Maven => compare_maven(left, right),
            Self::Semantic => compare_semantic(left, right),
        }
    }
}

/// Tokens of a version that count. Real ones have a handful.
const TOKENS_MAX: usize = 64;

#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Separator {
    Hyphen,
    Dot,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Token {
    /// Digits without leading zeros: compared by length first, so that none is too large.
    Number(String),
    Qualifier(String),
}

impl Token {
    fn is_null(&self) -> bool {
        match self {
            Self::Number(digits) => digits.is_empty(),
            Self::Qualifier(name) => matches!(name.as_str(), "" | "final" | "ga" | "release"),
        }
    }
}

fn maven_tokens(version: &str) -> Vec<(Separator, Token)> {
    let version = version.to_ascii_lowercase();
    let mut tokens: Vec<(Separator, Token)> = Vec::new();
    let mut separator = Separator::Dot;
    let mut rest = version.as_str();
    while tokens.len() < TOKENS_MAX {
        let is_digit = |char: char| char.is_ascii_digit();
        let starts_with_digit = rest.starts_with(is_digit);
        let end = rest
            .find(|char: char| {
                matches!(char, '.' | '-' | '+') || is_digit(char) != starts_with_digit
            })
            .unwrap_or(rest.len());
        let (token, after) = rest.split_at(end);
        let token = if token.is_empty() || starts_with_digit {
            Token::Number(token.trim_start_matches('0').to_owned())
        } else {
            let is_short = after.starts_with(is_digit);
            Token::Qualifier(match (token, is_short) {
                ("a", true) => "alpha".to_owned(),
                ("b", true) => "beta".to_owned(),
                ("m", true) => "milestone".to_owned(),
                ("cr", _) => "rc".to_owned(),
                (other, _) => other.to_owned(),
            })
        };
        // A word after a dot counts as one after a hyphen.
        if matches!(token, Token::Qualifier(_)) {
            separator = Separator::Hyphen;
        }
        tokens.push((separator, token));
        match after.chars().next() {
            None => break,
            Some('.') => (separator, rest) = (Separator::Dot, after.get(1..).unwrap_or_default()),
            Some('-' | '+') => {
                (separator, rest) = (Separator::Hyphen, after.get(1..).unwrap_or_default());
            }
            // From digits to letters and back is as good as a hyphen.
            Some(_) => (separator, rest) = (Separator::Hyphen, after),
        }
    }
    trimmed(tokens)
}

/// Without the zeros, or words for nothing, at the end of each part between hyphens.
fn trimmed(tokens: Vec<(Separator, Token)>) -> Vec<(Separator, Token)> {
    let mut kept: Vec<(Separator, Token)> = Vec::new();
    let drop_nulls = |kept: &mut Vec<(Separator, Token)>| {
        while kept.len() > 1 && kept.last().is_some_and(|(_, token)| token.is_null()) {
            kept.pop();
        }
    };
    for (separator, token) in tokens {
        if separator == Separator::Hyphen {
            drop_nulls(&mut kept);
        }
        kept.push((separator, token));
    }
    drop_nulls(&mut kept);
    kept
}

fn compare_maven(left: &str, right: &str) -> Ordering {
    let (left, right) = (maven_tokens(left), maven_tokens(right));
    for at in 0..left.len().max(right.len()) {
        let padding = |other: Option<&(Separator, Token)>| match other {
            Some((Separator::Dot, Token::Number(_))) => {
                (Separator::Dot, Token::Number(String::new()))
            }
            Some((separator, _)) => (*separator, Token::Qualifier(String::new())),
            None => (Separator::Dot, Token::Number(String::new())),
        };
        let of_left = left
            .get(at)
            .cloned()
            .unwrap_or_else(|| padding(right.get(at)));
        let of_right = right
            .get(at)
            .cloned()
            .unwrap_or_else(|| padding(left.get(at)));
        let order = compare_tokens(&of_left, &of_right);
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

fn compare_tokens(left: &(Separator, Token), right: &(Separator, Token)) -> Ordering {
    match (left, right) {
        ((left_by, Token::Number(left)), (right_by, Token::Number(right))) => left_by
            .cmp(right_by)
            .then_with(|| left.len().cmp(&right.len()))
            .then_with(|| left.cmp(right)),
        ((_, Token::Qualifier(left)), (_, Token::Qualifier(right))) => {
            qualifier_rank(left).cmp(&qualifier_rank(right))
        }
        // Any word is before any number.
        ((_, Token::Qualifier(_)), (_, Token::Number(_))) => Ordering::Less,
        ((_, Token::Number(_)), (_, Token::Qualifier(_))) => Ordering::Greater,
    }
}

/// Words that have a place of their own come first; the others follow by the alphabet.
fn qualifier_rank(name: &str) -> (usize, &str) {
    let rank = match name {
        "alpha" => 0,
        "beta" => 1,
        "milestone" => 2,
        "rc" => 3,
        "snapshot" => 4,
        "" | "final" | "ga" | "release" => 5,
        "sp" => 6,
        other => return (7, other),
    };
    (rank, "")
}

fn compare_semantic(left: &str, right: &str) -> Ordering {
    let parts = |version: &str| {
        let version = version.trim_start_matches(['v', '=']);
        let version = version.split('+').next().unwrap_or_default();
        let (core, pre) = match version.split_once('-') {
            Some((core, pre)) => (core.to_owned(), Some(pre.to_owned())),
            None => (version.to_owned(), None),
        };
        let numbers: Vec<String> = core
            .split('.')
            .take(TOKENS_MAX)
            .map(|number| number.trim_start_matches('0').to_owned())
            .collect();
        (numbers, pre)
    };
    let ((left, left_pre), (right, right_pre)) = (parts(left), parts(right));
    for at in 0..left.len().max(right.len()) {
        let number = |numbers: &[String]| numbers.get(at).cloned().unwrap_or_default();
        let (left, right) = (number(&left), number(&right));
        let order = left.len().cmp(&right.len()).then_with(|| left.cmp(&right));
        if order != Ordering::Equal {
            return order;
        }
    }
    match (left_pre, right_pre) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(left), Some(right)) => compare_prerelease(&left, &right),
    }
}

fn compare_prerelease(left: &str, right: &str) -> Ordering {
    let number = |part: &str| {
        let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| part.trim_start_matches('0').to_owned())
    };
    let (mut left, mut right) = (left.split('.'), right.split('.'));
    for _ in 0..TOKENS_MAX {
        let (left, right) = match (left.next(), right.next()) {
            (None, None) => return Ordering::Equal,
            (None, Some(_)) => return Ordering::Less,
            (Some(_), None) => return Ordering::Greater,
            (Some(left), Some(right)) => (left, right),
        };
        let order = match (number(left), number(right)) {
            (Some(left), Some(right)) => {
                left.len().cmp(&right.len()).then_with(|| left.cmp(&right))
            }
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => left.cmp(right),
        };
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use super::{Ecosystem, Scheme};

    #[track_caller]
    fn ascending(scheme: Scheme, versions: &[&str]) {
        for (at, left) in versions.iter().enumerate() {
            for (other, right) in versions.iter().enumerate() {
                assert_eq!(
                    scheme.compare(left, right),
                    at.cmp(&other),
                    "{left} and {right}"
                );
            }
        }
    }

    /// The examples of Maven's own specification, and what its tests compare.
    #[test]
    fn maven_orders_its_own_examples() {
        ascending(
            Scheme::Maven,
            &[
                "1-alpha2snapshot",
                "1-alpha2",
                "1-alpha-123",
                "1-beta-2",
                "1-beta123",
                "1-m2",
                "1-m11",
                "1-rc",
                "1-rc2",
                "1-rc123",
                "1-SNAPSHOT",
                "1",
                "1-sp",
                "1-sp2",
                "1-sp123",
                "1-abc",
                "1-def",
                "1-pom-1",
                "1-1-snapshot",
                "1-1",
                "1-2",
                "1-123",
            ],
        );
        ascending(
            Scheme::Maven,
            &[
                "2.0", "2.0.a", "2-1", "2.0.2", "2.0.123", "2.1.0", "2.1-a", "2.1b", "2.1-c",
                "2.1-1", "2.1.0.1", "2.2", "2.123", "11.a2", "11.a11", "11.b2", "11.b11", "11.m2",
                "11.m11", "11", "11.a", "11b", "11c", "11m",
            ],
        );
        for (left, right) in [
            ("1.0", "1"),
            ("1.ga", "1"),
            ("1.0-final", "1.0.0"),
            ("1.0RC1", "1-cr1"),
            ("1.0.0-0", "1"),
            ("1a1", "1-alpha-1"),
        ] {
            assert_eq!(
                Scheme::Maven.compare(left, right),
                Ordering::Equal,
                "{left} and {right}"
            );
        }
    }

    #[test]
    fn letters_of_openssl_follow_each_other() {
        ascending(
            Scheme::Maven,
            &[
                "1.0.1", "1.0.1a", "1.0.1f", "1.0.1g", "1.0.2", "1.0.2k", "1.0.2zc", "1.1.0",
                "3.0.2",
            ],
        );
        assert_eq!(
            Scheme::Maven.compare("1.0.2k-fips", "1.0.2l"),
            Ordering::Less
        );
    }

    #[test]
    fn semantic_versions_follow_their_rules() {
        ascending(
            Scheme::Semantic,
            &[
                "1.0.0-alpha",
                "1.0.0-alpha.1",
                "1.0.0-alpha.beta",
                "1.0.0-beta",
                "1.0.0-beta.2",
                "1.0.0-beta.11",
                "1.0.0-rc.1",
                "1.0.0",
                "1.0.1",
                "1.10.0",
                "20000000000000000000000.0.0",
            ],
        );
        assert_eq!(
            Scheme::Semantic.compare("v1.2+build", "1.2.0"),
            Ordering::Equal
        );
    }

    #[test]
    fn package_urls_name_their_ecosystem() {
        assert_eq!(
            Ecosystem::of_purl("pkg:npm/%40ohos/axios"),
            Some((Ecosystem::Npm, "@ohos/axios".to_owned()))
        );
        assert_eq!(Ecosystem::of_purl("pkg:generic/openssl"), None);
    }
}
