//! Path templates.
//!
//! Clauses: CJ-6.4.4, JR-6.2.4.c.

use std::{borrow::Cow, fmt, sync::Arc};

use super::{document::percent_decode, error::FaultKind};

/// Bytes of a decoded path parameter. Stops: identifiers that no service can have given out.
const VALUE_BYTES_MAX: usize = 256;
/// Segments of a template, and so of every path that is looked at.
const SEGMENTS_MAX: usize = 32;

/// `/accounts/{account}/entries`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathTemplate {
    text: String,
    segments: Vec<Segment>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Segment {
    Literal(String),
    Param(Arc<str>),
}

/// How the paths of two templates relate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overlap {
    /// No path has both shapes.
    None,
    /// Every path of the other has this shape too; a router takes the other for them.
    OtherIsNarrower,
    /// The reverse.
    OtherIsWider,
    /// They differ in the names of their parameters at most.
    Same,
    /// Some paths have both shapes, and which one a router takes is its own affair.
    Ambiguous,
}

impl PathTemplate {
    pub(super) fn parse(text: &str) -> Result<Self, FaultKind> {
        let template = || FaultKind::PathTemplate {
            path: text.to_owned(),
        };
        let rest = text.strip_prefix('/').ok_or_else(template)?;
        let mut segments: Vec<Segment> = Vec::new();
        for segment in rest.split('/').filter(|_| !rest.is_empty()) {
            let segment = match segment
                .strip_prefix('{')
                .and_then(|name| name.strip_suffix('}'))
            {
                Some(name) if is_name(name) => Segment::Param(name.into()),
                None if is_literal(segment) => Segment::Literal(segment.to_owned()),
                _ => return Err(template()),
            };
            if matches!(segment, Segment::Param(_)) && segments.contains(&segment) {
                return Err(template());
            }
            segments.push(segment);
        }
        if segments.len() > SEGMENTS_MAX {
            return Err(template());
        }
        Ok(Self {
            text: text.to_owned(),
            segments,
        })
    }

    /// As the document writes it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Names of the parameters, in order.
    pub fn params(&self) -> impl Iterator<Item = &str> {
        self.segments.iter().filter_map(|segment| match segment {
            Segment::Param(name) => Some(&**name),
            Segment::Literal(_) => None,
        })
    }

    /// The parameters of a path that has this template's shape.
    ///
    /// A path in an unusual spelling (`%61` for `a`, an encoded slash, an empty or dot segment)
    /// has no template's shape: routers differ on what it means.
    #[must_use]
    pub fn matches(&self, path: &str) -> Option<PathParams> {
        let rest = path.strip_prefix('/')?;
        let mut segments = rest.split('/').filter(|_| !rest.is_empty());
        let mut values = Vec::new();
        for own in &self.segments {
            let segment = segments.next()?;
            match own {
                Segment::Literal(text) if text == segment => {}
                Segment::Literal(_) => return None,
                Segment::Param(name) => values.push((name.clone(), param_value(segment)?)),
            }
        }
        segments.next().is_none().then_some(PathParams { values })
    }

    pub(super) fn overlap(&self, other: &Self) -> Overlap {
        if self.segments.len() != other.segments.len() {
            return Overlap::None;
        }
        let (mut narrower, mut wider) = (false, false);
        for pair in self.segments.iter().zip(&other.segments) {
            match pair {
                (Segment::Literal(own), Segment::Literal(others)) if own != others => {
                    return Overlap::None;
                }
                (Segment::Param(_), Segment::Literal(_)) => narrower = true,
                (Segment::Literal(_), Segment::Param(_)) => wider = true,
                _ => {}
            }
        }
        match (narrower, wider) {
            (true, false) => Overlap::OtherIsNarrower,
            (false, true) => Overlap::OtherIsWider,
            (false, false) => Overlap::Same,
            (true, true) => Overlap::Ambiguous,
        }
    }

    /// A path of this shape with `value` for every parameter, percent-encoded.
    pub(super) fn fill(&self, value: &str) -> String {
        let mut path = String::with_capacity(self.text.len() + value.len());
        for segment in &self.segments {
            path.push('/');
            match segment {
                Segment::Literal(text) => path.push_str(text),
                Segment::Param(_) => percent_encode(value, &mut path),
            }
        }
        if path.is_empty() {
            "/".to_owned()
        } else {
            path
        }
    }
}

/// Whether a value can stand for a path parameter: it names one object, wherever it is written.
pub(super) fn is_param_value(value: &str) -> bool {
    !value.is_empty()
        && value.len() <= VALUE_BYTES_MAX
        && value != "."
        && value != ".."
        && !value.contains(['/', '\\'])
        && !value.chars().any(char::is_control)
}

fn param_value(segment: &str) -> Option<String> {
    if !segment
        .bytes()
        .all(|byte| is_path_byte(byte) || byte == b'%')
    {
        return None;
    }
    let value = canonical_decode(segment)?;
    is_param_value(&value).then(|| value.into_owned())
}

/// Decodes text whose every `%XX` is needed: RFC 3986 §2.3 has unreserved characters never encoded.
pub(super) fn canonical_decode(text: &str) -> Option<Cow<'_, str>> {
    let decoded = percent_decode(text)?;
    let needless = |digits: &str| {
        let byte = digits
            .get(..2)
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        byte.is_none_or(is_unreserved)
    };
    (!text.split('%').skip(1).any(needless)).then_some(decoded)
}

const fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~')
}

/// `pchar` of RFC 3986 without `%`.
pub(super) const fn is_path_byte(byte: u8) -> bool {
    is_unreserved(byte)
        || matches!(
            byte,
            b'!' | b'$'
                | b'&'
                | b'\''
                | b'('
                | b')'
                | b'*'
                | b'+'
                | b','
                | b';'
                | b'='
                | b':'
                | b'@'
        )
}

fn percent_encode(value: &str, out: &mut String) {
    for byte in value.bytes() {
        if is_unreserved(byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
}

fn is_name(name: &str) -> bool {
    let letter = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    !name.is_empty() && name.len() <= 64 && name.bytes().all(letter)
}

fn is_literal(segment: &str) -> bool {
    !segment.is_empty() && segment != "." && segment != ".." && segment.bytes().all(is_path_byte)
}

/// The decoded parameters of a path. Their values do not print.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct PathParams {
    values: Vec<(Arc<str>, String)>,
}

impl PathParams {
    /// The value of a parameter.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.values
            .iter()
            .find(|(own, _)| &**own == name)
            .map(|(_, value)| value.as_str())
    }
}

impl fmt::Debug for PathParams {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.values.iter().map(|(name, _)| name))
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(text: &str) -> PathTemplate {
        PathTemplate::parse(text).unwrap()
    }

    #[test]
    fn a_path_has_the_shape_or_not() {
        let entries = template("/accounts/{account}/entries");
        assert_eq!(entries.params().collect::<Vec<_>>(), ["account"]);
        let value = |path: &str| Some(entries.matches(path)?.value("account")?.to_owned());
        assert_eq!(value("/accounts/a-1/entries").as_deref(), Some("a-1"));
        assert_eq!(
            value("/accounts/%E4%B8%AD%20x/entries").as_deref(),
            Some("中 x")
        );
        for path in [
            "/accounts/a-1",
            "/accounts/a-1/entries/",
            "/accounts//entries",
            "accounts/a/entries",
            "",
            "/accounts/../entries",
            "/accounts/./entries",
            "/accounts/%2e%2e/entries",
            "/accounts/a%2Fb/entries",
            "/accounts/a%5Cb/entries",
            "/accounts/%61/entries",
            "/accounts/a%0D%0A/entries",
            "/accounts/a%00/entries",
            "/accounts/%/entries",
            "/accounts/%+1/entries",
            "/accounts/%ff/entries",
            "/%61ccounts/a/entries",
            "/ACCOUNTS/a/entries",
            "/accounts/<a>/entries",
            "/accounts/a\\b/entries",
        ] {
            assert_eq!(value(path), None, "{path}");
        }
        let long = |length: usize| value(&format!("/accounts/{}/entries", "x".repeat(length)));
        assert!(long(256).is_some());
        assert!(long(257).is_none());
        assert!(template("/").matches("/").is_some());
        assert!(template("/").matches("//").is_none());
    }

    #[test]
    fn templates_are_whole_segments() {
        for text in [
            "",
            "a",
            "//",
            "/a//b",
            "/a/",
            "/{a}.json",
            "/x{a}",
            "/{}",
            "/{a b}",
            "/a/{x}/{x}",
            "/%61",
            "/a?b",
            "/..",
        ] {
            assert!(PathTemplate::parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn overlaps_are_seen() {
        let overlap = |one: &str, other: &str| template(one).overlap(&template(other));
        assert_eq!(overlap("/a/{x}", "/a/mine"), Overlap::OtherIsNarrower);
        assert_eq!(overlap("/a/mine", "/a/{x}"), Overlap::OtherIsWider);
        assert_eq!(overlap("/a/{x}", "/a/{y}"), Overlap::Same);
        assert_eq!(overlap("/a/{x}/c", "/a/b/{y}"), Overlap::Ambiguous);
        assert_eq!(overlap("/a/{x}/c", "/a/b/d"), Overlap::None);
        assert_eq!(overlap("/a/{x}", "/a/{x}/b"), Overlap::None);
    }

    #[test]
    fn a_filled_template_has_its_own_shape() {
        let owner = template("/accounts/{value}/owner");
        assert_eq!(owner.fill("a 中?#"), "/accounts/a%20%E4%B8%AD%3F%23/owner");
        let path = owner.fill("a&b=c+d");
        assert_eq!(
            owner.matches(&path).unwrap().value("value"),
            Some("a&b=c+d")
        );
    }

    #[test]
    fn values_do_not_print() {
        let params = template("/c/{customer}").matches("/c/alice").unwrap();
        assert_eq!(format!("{params:?}"), "[\"customer\"]");
    }
}
