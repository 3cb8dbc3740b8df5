//! A tolerant, bounded reader of BER, the encoding of certificates and signature blocks.
//!
//! DER would do for well-made files. Shipped apps carry certificates with lengths that are not
//! minimal and signature blocks of indefinite length, and the platform accepts them.

/// Indefinite lengths inside each other. Each level reads the bytes inside it once more, so this
/// stops quadratic work and deep recursion.
const INDEFINITE_DEPTH_MAX: usize = 8;

/// The bytes are not BER, or not of the expected type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The class of a tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Class {
    Universal,
    Context,
    Other,
}

/// A tag without its constructed bit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Tag {
    pub(crate) class: Class,
    pub(crate) number: u32,
}

impl Tag {
    pub(crate) const BOOLEAN: Self = Self::universal(1);
    pub(crate) const INTEGER: Self = Self::universal(2);
    pub(crate) const BIT_STRING: Self = Self::universal(3);
    pub(crate) const OCTET_STRING: Self = Self::universal(4);
    pub(crate) const OBJECT_IDENTIFIER: Self = Self::universal(6);
    pub(crate) const SEQUENCE: Self = Self::universal(16);
    pub(crate) const SET: Self = Self::universal(17);
    pub(crate) const UTC_TIME: Self = Self::universal(23);
    pub(crate) const GENERALIZED_TIME: Self = Self::universal(24);

    const fn universal(number: u32) -> Self {
        Self {
            class: Class::Universal,
            number,
        }
    }

    /// `[number]` of a context.
    pub(crate) const fn context(number: u32) -> Self {
        Self {
            class: Class::Context,
            number,
        }
    }
}

/// One encoded value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Value<'a> {
    pub(crate) tag: Tag,
    /// The bytes inside.
    pub(crate) contents: &'a [u8],
    /// Tag, length and contents as they stand.
    pub(crate) encoded: &'a [u8],
}

impl<'a> Value<'a> {
    /// Reads the values inside this one.
    pub(crate) fn inside(&self) -> Reader<'a> {
        Reader::new(self.contents)
    }

    /// This value, if it has that tag.
    pub(crate) fn expect(self, tag: Tag) -> Result<Self, Malformed> {
        if self.tag == tag {
            Ok(self)
        } else {
            Err(Malformed)
        }
    }
}

/// Reads values one after the other.
#[derive(Debug, Clone)]
pub(crate) struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    pub(crate) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// The next value; `None` at the end.
    pub(crate) fn next(&mut self) -> Result<Option<Value<'a>>, Malformed> {
        if self.rest.is_empty() {
            return Ok(None);
        }
        let (value, rest) = read(self.rest, 0)?;
        self.rest = rest;
        Ok(Some(value))
    }

    /// The next value, which must be there and have that tag.
    pub(crate) fn required(&mut self, tag: Tag) -> Result<Value<'a>, Malformed> {
        self.any()?.expect(tag)
    }

    /// The next value, which must be there.
    pub(crate) fn any(&mut self) -> Result<Value<'a>, Malformed> {
        self.next()?.ok_or(Malformed)
    }

    /// The next value if it has that tag; otherwise it stays to be read.
    pub(crate) fn optional(&mut self, tag: Tag) -> Result<Option<Value<'a>>, Malformed> {
        let mut ahead = self.clone();
        match ahead.next()? {
            Some(value) if value.tag == tag => {
                *self = ahead;
                Ok(Some(value))
            }
            _ => Ok(None),
        }
    }

    /// All values that are left.
    pub(crate) fn all(mut self) -> Result<Vec<Value<'a>>, Malformed> {
        let mut values = Vec::new();
        while let Some(value) = self.next()? {
            values.push(value);
        }
        Ok(values)
    }
}

/// Reads the value at the start of `bytes`; returns it with what follows.
fn read(bytes: &[u8], depth: usize) -> Result<(Value<'_>, &[u8]), Malformed> {
    let (tag, constructed, after_tag) = read_tag(bytes)?;
    let (&first, after_length) = after_tag.split_first().ok_or(Malformed)?;
    let (length, body) = match first {
        0x80 if constructed => return read_indefinite(bytes, tag, after_length, depth),
        0x80 => return Err(Malformed),
        short if short < 0x80 => (usize::from(short), after_length),
        long => read_long_length(after_length, usize::from(long & 0x7f))?,
    };
    let (contents, rest) = body.split_at_checked(length).ok_or(Malformed)?;
    let encoded = bytes.get(..bytes.len() - rest.len()).ok_or(Malformed)?;
    Ok((
        Value {
            tag,
            contents,
            encoded,
        },
        rest,
    ))
}

fn read_tag(bytes: &[u8]) -> Result<(Tag, bool, &[u8]), Malformed> {
    let (&first, mut rest) = bytes.split_first().ok_or(Malformed)?;
    let class = match first >> 6 {
        0 => Class::Universal,
        2 => Class::Context,
        _ => Class::Other,
    };
    let mut number = u32::from(first & 0x1f);
    if number == 0x1f {
        number = 0;
        loop {
            let (&next, after) = rest.split_first().ok_or(Malformed)?;
            rest = after;
            if number > u32::MAX >> 7 {
                return Err(Malformed);
            }
            number = number << 7 | u32::from(next & 0x7f);
            if next & 0x80 == 0 {
                break;
            }
        }
    }
    Ok((Tag { class, number }, first & 0x20 != 0, rest))
}

/// The length in `count` bytes, leading zeros allowed.
fn read_long_length(bytes: &[u8], count: usize) -> Result<(usize, &[u8]), Malformed> {
    let (digits, rest) = bytes.split_at_checked(count).ok_or(Malformed)?;
    let length = digits.iter().try_fold(0_usize, |length, &digit| {
        if length > usize::MAX >> 8 {
            Err(Malformed)
        } else {
            Ok(length << 8 | usize::from(digit))
        }
    })?;
    Ok((length, rest))
}

/// A value whose contents end with two zero bytes where a tag is expected.
fn read_indefinite<'a>(
    bytes: &'a [u8],
    tag: Tag,
    body: &'a [u8],
    depth: usize,
) -> Result<(Value<'a>, &'a [u8]), Malformed> {
    if depth >= INDEFINITE_DEPTH_MAX {
        return Err(Malformed);
    }
    let mut rest = body;
    while !rest.starts_with(&[0, 0]) {
        rest = read(rest, depth + 1)?.1;
    }
    let contents = body.get(..body.len() - rest.len()).ok_or(Malformed)?;
    let rest = rest.get(2..).ok_or(Malformed)?;
    let encoded = bytes.get(..bytes.len() - rest.len()).ok_or(Malformed)?;
    Ok((
        Value {
            tag,
            contents,
            encoded,
        },
        rest,
    ))
}

/// An object identifier in dotted form.
pub(crate) fn dotted(contents: &[u8]) -> Result<String, Malformed> {
    use std::fmt::Write as _;

    let mut arcs = Vec::new();
    let mut arc = 0_u64;
    for &byte in contents {
        if arc > u64::MAX >> 7 {
            return Err(Malformed);
        }
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            arcs.push(arc);
            arc = 0;
        }
    }
    // A last byte with the high bit set, or no byte at all, leaves the last arc unfinished.
    if contents.last().is_none_or(|byte| byte & 0x80 != 0) {
        return Err(Malformed);
    }
    let mut arcs = arcs.into_iter();
    let first = arcs.next().ok_or(Malformed)?;
    let root = (first / 40).min(2);
    let mut text = format!("{root}.{}", first - root * 40);
    for arc in arcs {
        // Writing to a string cannot fail.
        let _ = write!(text, ".{arc}");
    }
    Ok(text)
}

/// A non-negative integer's bytes without leading zeros. A negative one yields its two's
/// complement bytes, as some certificates carry an RSA modulus whose sign byte was forgotten.
pub(crate) fn magnitude(contents: &[u8]) -> &[u8] {
    let zeros = contents.iter().take_while(|&&byte| byte == 0).count();
    contents.get(zeros..).unwrap_or_default()
}

/// Writes a value in DER.
pub(crate) fn der(tag: u8, contents: &[u8]) -> Vec<u8> {
    let digits = contents.len().to_be_bytes();
    let mut value = vec![tag];
    match (magnitude(&digits), u8::try_from(contents.len())) {
        (_, Ok(short)) if short < 0x80 => value.push(short),
        (digits, _) => {
            // At most eight digits.
            value.push(0x80 | u8::try_from(digits.len()).unwrap_or(8));
            value.extend(digits);
        }
    }
    value.extend(contents);
    value
}

/// Writes a non-negative integer in DER from its bytes without leading zeros.
pub(crate) fn der_integer(magnitude: &[u8]) -> Vec<u8> {
    match magnitude.first() {
        Some(first) if first & 0x80 == 0 => der(0x02, magnitude),
        _ => der(0x02, &[&[0], magnitude].concat()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_all_forms_are_read() {
        for bytes in [
            &[0x30, 0x03, 0x02, 0x01, 0x05][..],
            &[0x30, 0x81, 0x03, 0x02, 0x01, 0x05],
            &[0x30, 0x83, 0x00, 0x00, 0x03, 0x02, 0x01, 0x05],
            &[0x30, 0x80, 0x02, 0x01, 0x05, 0x00, 0x00],
        ] {
            let sequence = Reader::new(bytes).required(Tag::SEQUENCE).unwrap();
            assert_eq!(sequence.encoded, bytes);
            let mut inside = sequence.inside();
            assert_eq!(inside.optional(Tag::SET), Ok(None));
            assert_eq!(inside.required(Tag::INTEGER).unwrap().contents, [5]);
            assert_eq!(inside.next(), Ok(None));
        }
    }

    #[test]
    fn cut_and_endless_values_are_refused() {
        for bytes in [
            &[0x30][..],
            &[0x30, 0x03, 0x02, 0x01],
            &[0x30, 0x80, 0x02, 0x01, 0x05],
            &[0x04, 0x80, 0x00, 0x00],
            &[0x30, 0x89, 1, 2, 3, 4, 5, 6, 7, 8, 9],
            &[0x1f, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x00],
        ] {
            assert_eq!(Reader::new(bytes).next(), Err(Malformed), "{bytes:02x?}");
        }
        let mut nested = [0x30, 0x80].repeat(INDEFINITE_DEPTH_MAX);
        nested.extend([0, 0].repeat(INDEFINITE_DEPTH_MAX));
        assert!(Reader::new(&nested).next().is_ok());
        assert_eq!(
            Reader::new(&[&[0x30, 0x80], &nested[..], &[0, 0]].concat()).next(),
            Err(Malformed)
        );
    }

    #[test]
    fn object_identifiers_are_written_with_dots() {
        assert_eq!(
            dotted(&[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01]).unwrap(),
            "1.2.840.10045.2.1"
        );
        assert_eq!(dotted(&[0x55, 0x04, 0x03]).unwrap(), "2.5.4.3");
        assert_eq!(dotted(&[]), Err(Malformed));
        assert_eq!(dotted(&[0x2a, 0x86]), Err(Malformed));
    }
}
