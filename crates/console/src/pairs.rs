//! What a query or a form says, bounded.

use std::fmt;

use zeroize::Zeroizing;

use crate::failure::Failure;

/// Most bytes of a request's target. Stops: endless filters.
pub(crate) const TARGET_BYTES_MAX: usize = 2_048;

/// Most bytes of a form.
pub(crate) const FORM_BYTES_MAX: usize = 8_192;

/// Most names in one query or form.
const PAIRS_MAX: usize = 16;

/// Names and values, each name once.
#[derive(Clone, Default)]
pub(crate) struct Pairs(Vec<(String, Zeroizing<String>)>);

impl Pairs {
    /// Reads `application/x-www-form-urlencoded`.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, Failure> {
        let mut pairs: Vec<(String, Zeroizing<String>)> = Vec::new();
        for (name, value) in url::form_urlencoded::parse(text) {
            let is_repeated = pairs.iter().any(|(known, _)| *known == name);
            if is_repeated || pairs.len() >= PAIRS_MAX {
                return Err(Failure::Malformed);
            }
            pairs.push((name.into_owned(), Zeroizing::new(value.into_owned())));
        }
        Ok(Self(pairs))
    }

    /// The value of that name as it came.
    pub(crate) fn raw(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// The value of that name, trimmed; none when it is absent or empty. Longer than `chars_max`
    /// or with control characters it is refused: no form of ours sends that.
    pub(crate) fn text(&self, name: &str, chars_max: usize) -> Result<Option<&str>, Failure> {
        let Some(text) = self
            .raw(name)
            .map(str::trim)
            .filter(|text| !text.is_empty())
        else {
            return Ok(None);
        };
        if text.chars().count() > chars_max || text.chars().any(char::is_control) {
            return Err(Failure::Malformed);
        }
        Ok(Some(text))
    }

    /// The value of that name as one of the things that `parse` knows.
    pub(crate) fn one_of<T>(
        &self,
        name: &str,
        parse: impl FnOnce(&str) -> Option<T>,
    ) -> Result<Option<T>, Failure> {
        match self.text(name, 64)? {
            None => Ok(None),
            Some(text) => parse(text).map(Some).ok_or(Failure::Malformed),
        }
    }
}

impl fmt::Debug for Pairs {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names = self.0.iter().map(|(name, _)| name);
        f.debug_set().entries(names).finish()
    }
}

/// A path with a query of those pairs that have a value.
pub(crate) fn link(path: &str, pairs: &[(&str, &str)]) -> String {
    let mut query = url::form_urlencoded::Serializer::new(String::new());
    for (name, value) in pairs.iter().filter(|(_, value)| !value.is_empty()) {
        query.append_pair(name, value);
    }
    let query = query.finish();
    if query.is_empty() {
        path.to_owned()
    } else {
        format!("{path}?{query}")
    }
}

/// A place in this console to go to: a path, never another host.
pub(crate) fn local(path: &str) -> &str {
    // Browsers read a backslash as a slash, and drop tabs and line ends.
    let is_plain = path
        .bytes()
        .all(|byte| byte.is_ascii_graphic() && byte != b'\\');
    let is_local = path.starts_with('/') && !path.starts_with("//");
    if is_plain && is_local && path.len() <= TARGET_BYTES_MAX {
        path
    } else {
        "/"
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_once_and_values_are_bounded() {
        let pairs = Pairs::parse("q=+%E6%94%BB%E5%87%BB+&empty=&n=a%0Ab".as_bytes()).unwrap();
        assert_eq!(pairs.text("q", 2), Ok(Some("攻击")));
        assert_eq!(pairs.text("q", 1), Err(Failure::Malformed));
        assert_eq!(pairs.text("empty", 9), Ok(None));
        assert_eq!(pairs.text("absent", 9), Ok(None));
        assert_eq!(pairs.text("n", 9), Err(Failure::Malformed));
        assert_eq!(pairs.raw("n"), Some("a\nb"));
        assert_eq!(Pairs::parse(b"a=1&a=2").unwrap_err(), Failure::Malformed);
        let many = (0..17).map(|n| format!("n{n}=1&")).collect::<String>();
        assert!(Pairs::parse(many.as_bytes()).is_err());
        assert!(Pairs::parse(&many.as_bytes()[..16 * 5]).is_ok());
    }

    #[test]
    fn values_do_not_print() {
        let pairs = Pairs::parse(b"password=secret").unwrap();
        assert_eq!(format!("{pairs:?}"), r#"{"password"}"#);
    }

    #[test]
    fn links_leave_out_what_is_empty() {
        assert_eq!(link("/a", &[]), "/a");
        assert_eq!(link("/a", &[("q", ""), ("x", "1&2")]), "/a?x=1%262");
    }

    #[test]
    fn no_place_is_on_another_host() {
        for path in ["/", "/coverage?q=1", "/events/x?a=%5C"] {
            assert_eq!(local(path), path);
        }
        for path in [
            "",
            "//evil.example",
            "/\\evil.example",
            "https://evil.example",
            "/\t/evil",
            "evil",
            "/a b",
            "/合",
        ] {
            assert_eq!(local(path), "/", "{path}");
        }
    }
}
