//! Reads a request head to the letter, so that nobody else can read it differently.
//!
//! Request smuggling lives on two parsers that disagree where a message ends. This one accepts a
//! single spelling: every line ends in CRLF, a field name touches its colon, nothing is folded,
//! and the body's length comes from one `Content-Length` of plain digits. `Transfer-Encoding`,
//! `Upgrade` and everything else a client of ours never sends is refused, never repaired.
//!
//! Clauses: JR-6.2.4.c.

use std::ops::Range;

use bytes::{Bytes, BytesMut};
use hefu_tally::fields::Fields;
use memchr::memchr_iter;

use super::Guard;

pub(crate) const GUARD: Guard = Guard {
    name: "framing",
    clauses: hefu_standards::clauses!(),
};

/// Why a head is not one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// A line that ends in LF alone, or a CR inside a line.
    BareLineEnd,
    /// Not `method SP target SP HTTP/1.1`.
    RequestLine,
    /// Another version than HTTP/1.1.
    Version,
    /// A target that is not in origin form, or has bytes that a path or query cannot have.
    Target,
    /// A percent sign without two hexadecimal digits, or one that hides a slash, a backslash, a
    /// dot segment or a control byte.
    TargetEncoding,
    /// A `.` or `..` segment.
    DotSegment,
    /// A line without a colon, an empty or impossible field name, or space before the colon.
    FieldName,
    /// A line that continues the one before it.
    Folded,
    /// A control or non-ASCII byte in a field value.
    FieldValue,
    /// A second line of a field that must be single.
    Duplicate,
    /// No `Host`.
    HostMissing,
    /// `Content-Length` is not plain digits, or too large for any counter.
    ContentLength,
    /// Any `Transfer-Encoding`: our clients send `Content-Length`.
    TransferEncoding,
    /// `Upgrade`, which this listener never does.
    Upgrade,
    /// An `Expect` other than `100-continue`.
    Expect,
    /// The client ended the connection inside a message.
    Truncated,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::BareLineEnd => "bare-line-end",
            Self::RequestLine => "request-line",
            Self::Version => "version",
            Self::Target => "target",
            Self::TargetEncoding => "target-encoding",
            Self::DotSegment => "dot-segment",
            Self::FieldName => "field-name",
            Self::Folded => "folded-field",
            Self::FieldValue => "field-value",
            Self::Duplicate => "duplicate-field",
            Self::HostMissing => "host-missing",
            Self::ContentLength => "content-length",
            Self::TransferEncoding => "transfer-encoding",
            Self::Upgrade => "upgrade",
            Self::Expect => "expect",
            Self::Truncated => "truncated",
        }
    }
}

/// Fields that a request has at most once (PROTOCOL §3, and those that this guard reads).
const SINGLE: [&[u8]; 11] = [
    b"authorization",
    b"content-digest",
    b"content-length",
    b"content-type",
    b"expect",
    b"host",
    b"idempotency-key",
    b"signature",
    b"signature-input",
    b"transfer-encoding",
    b"x-function-no",
];

/// Where a head ends in `buffer`: the index behind its empty line.
///
/// `scanned` holds how much was looked at in earlier calls, so that a head which arrives byte by
/// byte costs no more than one that arrives whole.
///
/// # Errors
/// A bare line end is refused as soon as it arrives.
pub(crate) fn end_of_head(buffer: &[u8], scanned: &mut usize) -> Result<Option<usize>, Reason> {
    let fresh = buffer.get(*scanned..).unwrap_or_default();
    for offset in memchr_iter(b'\n', fresh) {
        let line_end = *scanned + offset;
        let before = buffer.get(..line_end).unwrap_or_default();
        if !before.ends_with(b"\r") {
            return Err(Reason::BareLineEnd);
        }
        if before.ends_with(b"\r\n\r") || before == b"\r" {
            return Ok(Some(line_end + 1));
        }
    }
    *scanned = buffer.len();
    Ok(None)
}

/// A head that was read to the letter. The names of its fields are in lower case.
#[derive(Debug)]
pub(crate) struct Head {
    bytes: Bytes,
    method: Range<usize>,
    target: Range<usize>,
    path_len: usize,
    fields: Vec<Field>,
    /// The bytes of body that follow.
    pub(crate) content_length: u64,
    /// The client waits for leave to send the body.
    pub(crate) expects_continue: bool,
    /// The client ends the connection after this exchange.
    pub(crate) closes: bool,
}

#[derive(Debug)]
struct Field {
    name: Range<usize>,
    value: Range<usize>,
}

impl Head {
    /// Reads a head that [`end_of_head`] delimited, its empty line included.
    ///
    /// # Errors
    /// The first thing that is not to the letter.
    pub(crate) fn parse(mut head: BytesMut) -> Result<Self, Reason> {
        let mut lines = Lines::of(&head);
        let (method, target) = request_line(&head, lines.next().ok_or(Reason::RequestLine)?)?;
        let path_len = check_target(at(&head, &target))?;
        let mut fields = Vec::with_capacity(16);
        for line in lines {
            fields.push(field(&head, line)?);
        }
        for field in &fields {
            if let Some(name) = head.get_mut(field.name.clone()) {
                name.make_ascii_lowercase();
            }
        }
        let mut head = Self {
            bytes: head.freeze(),
            method,
            target,
            path_len,
            fields,
            content_length: 0,
            expects_continue: false,
            closes: false,
        };
        head.check_fields()?;
        Ok(head)
    }

    pub(crate) fn method(&self) -> &str {
        self.text(&self.method)
    }

    /// The target in origin form: path and query.
    pub(crate) fn target(&self) -> &str {
        self.text(&self.target)
    }

    pub(crate) fn path(&self) -> &str {
        self.target().get(..self.path_len).unwrap_or_default()
    }

    /// What follows the question mark.
    pub(crate) fn query(&self) -> Option<&str> {
        self.target().get(self.path_len + 1..)
    }

    /// The first field line of that name; `name` in lower case.
    pub(crate) fn field(&self, name: &str) -> Option<&[u8]> {
        self.lines(name).next()
    }

    /// How many field lines there are.
    pub(crate) fn field_count(&self) -> usize {
        self.fields.len()
    }

    /// The values of the field lines of that name; `name` in lower case.
    pub(crate) fn lines<'head>(&'head self, name: &str) -> impl Iterator<Item = &'head [u8]> {
        self.fields
            .iter()
            .filter(move |field| at(&self.bytes, &field.name) == name.as_bytes())
            .map(|field| at(&self.bytes, &field.value))
    }

    /// The rules about the fields that frame a message.
    fn check_fields(&mut self) -> Result<(), Reason> {
        let mut seen = 0_u16;
        let mut content_length = 0;
        for field in &self.fields {
            let name = at(&self.bytes, &field.name);
            let value = at(&self.bytes, &field.value);
            if let Some(place) = SINGLE.iter().position(|single| *single == name) {
                if seen & (1 << place) != 0 {
                    return Err(Reason::Duplicate);
                }
                seen |= 1 << place;
            }
            match name {
                b"transfer-encoding" => return Err(Reason::TransferEncoding),
                b"upgrade" => return Err(Reason::Upgrade),
                b"content-length" => content_length = digits(value).ok_or(Reason::ContentLength)?,
                b"expect" if value.eq_ignore_ascii_case(b"100-continue") => {
                    self.expects_continue = true;
                }
                b"expect" => return Err(Reason::Expect),
                b"connection" => {
                    self.closes |= value
                        .split(|byte| *byte == b',')
                        .any(|option| option.trim_ascii().eq_ignore_ascii_case(b"close"));
                }
                _ => {}
            }
        }
        self.content_length = content_length;
        match SINGLE.iter().position(|single| *single == b"host") {
            Some(host) if seen & (1 << host) != 0 => Ok(()),
            _ => Err(Reason::HostMissing),
        }
    }

    fn text(&self, range: &Range<usize>) -> &str {
        // The parser let nothing but ASCII through.
        str::from_utf8(at(&self.bytes, range)).unwrap_or_default()
    }
}

impl Fields for Head {
    fn values<'head>(&'head self, name: &str) -> impl Iterator<Item = &'head [u8]> {
        self.lines(name)
    }
}

/// The ranges of the lines of a head, without their CRLF, up to its empty line.
struct Lines<'head> {
    head: &'head [u8],
    start: usize,
}

impl<'head> Lines<'head> {
    fn of(head: &'head [u8]) -> Self {
        Self { head, start: 0 }
    }
}

impl Iterator for Lines<'_> {
    type Item = Range<usize>;

    fn next(&mut self) -> Option<Self::Item> {
        let rest = self.head.get(self.start..)?;
        let length = memchr::memchr(b'\n', rest)?.checked_sub(1)?;
        let line = self.start..self.start + length;
        self.start += length + 2;
        (length > 0).then_some(line)
    }
}

fn at<'head>(head: &'head [u8], range: &Range<usize>) -> &'head [u8] {
    head.get(range.clone()).unwrap_or_default()
}

/// RFC 9112 §3, with single spaces and the one version.
fn request_line(head: &[u8], line: Range<usize>) -> Result<(Range<usize>, Range<usize>), Reason> {
    let text = at(head, &line);
    let mut spaces = memchr_iter(b' ', text);
    let (Some(first), Some(second), None) = (spaces.next(), spaces.next(), spaces.next()) else {
        return Err(Reason::RequestLine);
    };
    let method = line.start..line.start + first;
    let target = line.start + first + 1..line.start + second;
    if method.is_empty() || !at(head, &method).iter().all(|byte| is_token(*byte)) {
        return Err(Reason::RequestLine);
    }
    if at(head, &(line.start + second + 1..line.end)) != b"HTTP/1.1" {
        return Err(Reason::Version);
    }
    Ok((method, target))
}

/// PROTOCOL §3: origin form, with nothing in it that another reader could normalise away.
/// Gives the length of the path.
fn check_target(target: &[u8]) -> Result<usize, Reason> {
    if target.first() != Some(&b'/') || !target.iter().all(|byte| is_target_byte(*byte)) {
        return Err(Reason::Target);
    }
    let path_len = memchr::memchr(b'?', target).unwrap_or(target.len());
    let path = target.get(..path_len).unwrap_or_default();
    for place in memchr_iter(b'%', target) {
        let Some(hidden) = percent_decoded(target.get(place + 1..).unwrap_or_default()) else {
            return Err(Reason::TargetEncoding);
        };
        let in_path = place < path_len;
        if hidden.is_ascii_control() || (in_path && matches!(hidden, b'/' | b'\\' | b'.')) {
            return Err(Reason::TargetEncoding);
        }
    }
    if path
        .split(|byte| *byte == b'/')
        .any(|segment| matches!(segment, b"." | b".."))
    {
        return Err(Reason::DotSegment);
    }
    Ok(path_len)
}

fn field(head: &[u8], line: Range<usize>) -> Result<Field, Reason> {
    let text = at(head, &line);
    if matches!(text.first(), Some(b' ' | b'\t')) {
        return Err(Reason::Folded);
    }
    let colon = memchr::memchr(b':', text).ok_or(Reason::FieldName)?;
    let (name, value) = text.split_at_checked(colon).ok_or(Reason::FieldName)?;
    if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
        return Err(Reason::FieldName);
    }
    let value = value.get(1..).unwrap_or_default();
    // Every byte is looked at, without stopping at the first bad one: many at a time then.
    let is_text = |byte: &u8| matches!(byte, b'\t' | 0x20..=0x7e);
    if !value.iter().fold(true, |all, byte| all & is_text(byte)) {
        return Err(Reason::FieldValue);
    }
    let leading = value.len() - value.trim_ascii_start().len();
    let start = line.start + colon + 1 + leading;
    Ok(Field {
        name: line.start..line.start + colon,
        value: start..start + value.trim_ascii().len(),
    })
}

/// `tchar` of RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    TOKEN.get(usize::from(byte)).copied().unwrap_or(false)
}

#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, which would refuse an index beyond the table"
)]
const TOKEN: [bool; 256] = {
    let mut token = [false; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        token[byte as usize] = is_tchar(byte);
        byte += 1;
    }
    token
};

const fn is_tchar(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        )
}

/// What RFC 3986 allows in a path and query; so no fragment, backslash, quote or bracket.
const fn is_target_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(
            byte,
            b'/' | b'?'
                | b'%'
                | b'-'
                | b'.'
                | b'_'
                | b'~'
                | b'!'
                | b'$'
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

/// The byte that the two digits behind a percent sign stand for.
pub(crate) fn percent_decoded(digits: &[u8]) -> Option<u8> {
    let [high, low, ..] = digits else { return None };
    let nibble = |digit: u8| char::from(digit).to_digit(16);
    u8::try_from(nibble(*high)? * 16 + nibble(*low)?).ok()
}

/// Plain digits: no sign, no list, no space.
fn digits(value: &[u8]) -> Option<u64> {
    if value.is_empty() || !value.iter().all(u8::is_ascii_digit) {
        return None;
    }
    str::from_utf8(value).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const HONEST: &str = "POST /transfers?dry=1 HTTP/1.1\r\nHost: gateway.example\r\n\
        Content-Type:  application/json \r\nContent-Length: 2\r\n\r\n";

    fn read(text: &str) -> Result<Head, Reason> {
        let end = end_of_head(text.as_bytes(), &mut 0)?.expect("the head is whole");
        Head::parse(BytesMut::from(&text.as_bytes()[..end]))
    }

    #[test]
    fn an_honest_head_is_read() {
        let head = read(HONEST).unwrap();
        assert_eq!(head.method(), "POST");
        assert_eq!(head.target(), "/transfers?dry=1");
        assert_eq!(head.path(), "/transfers");
        assert_eq!(head.query(), Some("dry=1"));
        assert_eq!(head.field("content-type"), Some(&b"application/json"[..]));
        assert_eq!(head.field_count(), 3);
        assert_eq!(head.content_length, 2);
        assert!(!head.closes && !head.expects_continue);
    }

    #[test]
    fn connection_and_expect_are_understood_in_any_case() {
        let head = read(&HONEST.replace(
            "Host",
            "Connection: x, CLOSE\r\nExpect: 100-Continue\r\nHost",
        ));
        let head = head.unwrap();
        assert!(head.closes && head.expects_continue);
    }

    /// What stands in the honest head, what replaces it, and why that is refused.
    const BREACHES: &[(&str, &str, Reason)] = &[
        ("HTTP/1.1\r\n", "HTTP/1.0\r\n", Reason::Version),
        ("HTTP/1.1\r\n", "HTTP/1.1 \r\n", Reason::RequestLine),
        ("POST ", "POST  ", Reason::RequestLine),
        ("POST ", " ", Reason::RequestLine),
        ("POST ", "PO:ST ", Reason::RequestLine),
        (
            "/transfers",
            "http://gateway.example/transfers",
            Reason::Target,
        ),
        ("/transfers?dry=1", "*", Reason::Target),
        ("/transfers", "/transfers#x", Reason::Target),
        ("/transfers", "/a\\b", Reason::Target),
        ("/transfers", "/a%2fb", Reason::TargetEncoding),
        ("/transfers", "/a%2", Reason::TargetEncoding),
        ("/transfers", "/a%zz", Reason::TargetEncoding),
        ("/transfers", "/%2e%2e/b", Reason::TargetEncoding),
        ("dry=1", "dry=%0d%0a", Reason::TargetEncoding),
        ("/transfers", "/a/../b", Reason::DotSegment),
        ("/transfers", "/.", Reason::DotSegment),
        ("Content-Length:", "Content-Length :", Reason::FieldName),
        ("Content-Length: 2", ": 2", Reason::FieldName),
        ("Content-Length: 2", "Content-Length", Reason::FieldName),
        ("Content-Length: 2", "Content\u{e9}: 2", Reason::FieldName),
        ("Content-Length", " Content-Length", Reason::Folded),
        ("Content-Length", "\tContent-Length", Reason::Folded),
        ("json ", "json\u{0}", Reason::FieldValue),
        ("json ", "json\u{7f}", Reason::FieldValue),
        ("json ", "json\r", Reason::FieldValue),
        ("json ", "j\u{e9}son", Reason::FieldValue),
        ("Length: 2", "Length: +2", Reason::ContentLength),
        ("Length: 2", "Length: 2, 2", Reason::ContentLength),
        ("Length: 2", "Length: 0x2", Reason::ContentLength),
        ("Length: 2", "Length:", Reason::ContentLength),
        (
            "Length: 2",
            "Length: 99999999999999999999",
            Reason::ContentLength,
        ),
        (
            "Length: 2",
            "Length: 2\r\nContent-Length: 2",
            Reason::Duplicate,
        ),
        (
            "Length: 2",
            "Length: 2\r\nHOST: gateway.example",
            Reason::Duplicate,
        ),
        (
            "Content-Length: 2",
            "Transfer-Encoding: chunked",
            Reason::TransferEncoding,
        ),
        (
            "Length: 2",
            "Length: 2\r\nTransfer-Encoding: x",
            Reason::TransferEncoding,
        ),
        ("Content-Length: 2", "Upgrade: h2c", Reason::Upgrade),
        ("Content-Length: 2", "Expect: 200-ok", Reason::Expect),
        ("Host:", "Hoster:", Reason::HostMissing),
        ("json \r\n", "json \n", Reason::BareLineEnd),
        ("2\r\n\r\n", "2\r\n\n\r\n\r\n", Reason::BareLineEnd),
        ("POST ", "\nPOST ", Reason::BareLineEnd),
        ("POST ", "\r\nPOST ", Reason::RequestLine),
    ];

    #[test]
    fn each_breach_of_the_letter_is_refused() {
        for (honest, hostile, reason) in BREACHES {
            assert!(
                HONEST.contains(honest),
                "{honest:?} is not in the honest head"
            );
            let text = HONEST.replacen(honest, hostile, 1);
            assert_eq!(read(&text).err(), Some(*reason), "{text:?}");
        }
    }

    #[test]
    fn the_end_is_found_however_the_bytes_arrive() {
        let whole = end_of_head(HONEST.as_bytes(), &mut 0).unwrap();
        assert_eq!(whole, Some(HONEST.len()));
        let mut scanned = 0;
        for arrived in 0..HONEST.len() {
            let part = &HONEST.as_bytes()[..arrived];
            assert_eq!(end_of_head(part, &mut scanned).unwrap(), None);
        }
        assert_eq!(end_of_head(HONEST.as_bytes(), &mut scanned).unwrap(), whole);
    }

    proptest! {
        /// Whatever is accepted here, another parser reads as the same message.
        #[test]
        fn a_second_parser_agrees(
            method in "[A-Z]{0,4}[ \r\n]?",
            target in "[/a%2f.?#]{0,8}",
            fields in proptest::collection::vec(
                "(Host|Content-Length|X|[A-Za-z: \r\n\t]{0,4})[:; ]{1,2}[0-9a-z, \r\n\t]{0,4}", 0..5),
        ) {
            let text = format!("{method} {target} HTTP/1.1\r\n{}\r\n\r\n", fields.join("\r\n"));
            let Ok(Some(end)) = end_of_head(text.as_bytes(), &mut 0) else { return Ok(()) };
            let Ok(head) = Head::parse(BytesMut::from(&text.as_bytes()[..end])) else {
                return Ok(());
            };
            let mut slots = [httparse::EMPTY_HEADER; 16];
            let mut judge = httparse::Request::new(&mut slots);
            prop_assert_eq!(judge.parse(text.as_bytes()), Ok(httparse::Status::Complete(end)));
            prop_assert_eq!(judge.method, Some(head.method()));
            prop_assert_eq!(judge.path, Some(head.target()));
            prop_assert_eq!(judge.headers.len(), head.field_count());
            for (theirs, ours) in judge.headers.iter().zip(&head.fields) {
                prop_assert!(theirs.name.as_bytes().eq_ignore_ascii_case(at(&head.bytes, &ours.name)));
                prop_assert_eq!(theirs.value, at(&head.bytes, &ours.value));
            }
        }

        #[test]
        fn no_bytes_panic(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
            if let Ok(Some(end)) = end_of_head(&bytes, &mut 0) {
                let _ = Head::parse(BytesMut::from(&bytes[..end]));
            }
        }
    }
}
