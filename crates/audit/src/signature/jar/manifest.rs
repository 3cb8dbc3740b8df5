//! `MANIFEST.MF` and `.SF` files: sections of attributes, folded into lines.
//!
//! Reads what Android reads, which is more than the JAR specification allows: any line length, any
//! line ending, and spaces around names and values, which obfuscators use.

use std::borrow::Cow;

/// One section, with the bytes that its digest covers.
#[derive(Debug)]
pub(super) struct Section<'a> {
    /// From the first attribute through the empty line after the last one.
    pub(super) bytes: &'a [u8],
    attributes: Vec<(Cow<'a, str>, Cow<'a, str>)>,
}

impl Section<'_> {
    /// The entry that the section describes: the value of its first attribute, if that is `Name`.
    pub(super) fn name(&self) -> Option<&str> {
        let (name, value) = self.attributes.first()?;
        name.eq_ignore_ascii_case("Name").then_some(value)
    }

    /// The first value of that attribute.
    pub(super) fn value(&self, name: &str) -> Option<&str> {
        let found = self
            .attributes
            .iter()
            .find(|(kind, _)| kind.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_ref())
    }

    /// The names of all attributes.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.attributes.iter().map(|(name, _)| name.as_ref())
    }
}

/// Reads the sections of a file one after the other.
#[derive(Debug)]
pub(super) struct Sections<'a> {
    rest: &'a [u8],
}

impl<'a> Sections<'a> {
    pub(super) const fn new(file: &'a [u8]) -> Self {
        Self { rest: file }
    }

    /// The next line without its ending.
    fn line(&mut self) -> Option<&'a [u8]> {
        if self.rest.is_empty() {
            return None;
        }
        let end = memchr::memchr2(b'\r', b'\n', self.rest).unwrap_or(self.rest.len());
        let (line, ending) = self.rest.split_at(end);
        self.rest = ending
            .strip_prefix(b"\r\n")
            .or_else(|| ending.strip_prefix(b"\r"))
            .or_else(|| ending.strip_prefix(b"\n"))
            .unwrap_or(ending);
        Some(line)
    }
}

impl<'a> Iterator for Sections<'a> {
    type Item = Section<'a>;

    fn next(&mut self) -> Option<Section<'a>> {
        let (start, first) = loop {
            let start = self.rest;
            let line = self.line()?;
            if !line.is_empty() {
                break (start, line);
            }
        };
        let mut lines: Vec<Cow<'a, [u8]>> = vec![Cow::Borrowed(first)];
        while let Some(line) = self.line().filter(|line| !line.is_empty()) {
            match (line.strip_prefix(b" "), lines.last_mut()) {
                (Some(continuation), Some(last)) => last.to_mut().extend_from_slice(continuation),
                _ => lines.push(Cow::Borrowed(line)),
            }
        }
        let bytes = start
            .get(..start.len() - self.rest.len())
            .unwrap_or_default();
        Some(Section {
            bytes,
            attributes: lines.into_iter().map(attribute).collect(),
        })
    }
}

/// Splits a line into name and value; a line without separator is a name without value.
fn attribute(line: Cow<'_, [u8]>) -> (Cow<'_, str>, Cow<'_, str>) {
    const SEPARATOR: &str = ": ";
    match line {
        Cow::Borrowed(line) => match String::from_utf8_lossy(line) {
            Cow::Borrowed(text) => {
                let (name, value) = text.split_once(SEPARATOR).unwrap_or((text, ""));
                (Cow::Borrowed(name), Cow::Borrowed(value))
            }
            Cow::Owned(text) => owned(&text),
        },
        Cow::Owned(line) => owned(&String::from_utf8_lossy(&line)),
    }
}

fn owned<'a>(text: &str) -> (Cow<'a, str>, Cow<'a, str>) {
    let (name, value) = text.split_once(": ").unwrap_or((text, ""));
    (Cow::Owned(name.to_owned()), Cow::Owned(value.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_keep_their_bytes_and_unfold_their_lines() {
        let file = b"\n\nManifest-Version: 1.0\r\nCreated-By: a: b\r\n\r\nName: a/very/lo\n ng name\nSHA1-Digest: x=\n\n\nname: b";
        let sections: Vec<_> = Sections::new(file).collect();
        assert_eq!(sections.len(), 3);
        assert_eq!(
            sections[0].bytes,
            b"Manifest-Version: 1.0\r\nCreated-By: a: b\r\n\r\n"
        );
        assert_eq!(sections[0].name(), None);
        assert_eq!(sections[0].value("created-by"), Some("a: b"));
        assert_eq!(
            sections[1].bytes,
            b"Name: a/very/lo\n ng name\nSHA1-Digest: x=\n\n"
        );
        assert_eq!(sections[1].name(), Some("a/very/long name"));
        assert_eq!(sections[2].name(), Some("b"));
        assert_eq!(sections[2].bytes, b"name: b");
    }

    #[test]
    fn every_line_ending_ends_a_line() {
        let sections: Vec<_> = Sections::new(b"Name: a\rX: 1\r\rName: b\r\n\xff\xfe").collect();
        assert_eq!(sections.len(), 2);
        assert_eq!(sections[0].value("X"), Some("1"));
        assert_eq!(
            sections[1].names().collect::<Vec<_>>(),
            ["Name", "\u{fffd}\u{fffd}"]
        );
        assert_eq!(Sections::new(b"\n\r\n").count(), 0);
    }
}
