//! Property lists of iOS, XML and binary.
//!
//! A reader of our own, because the objects of a binary property list form a graph: thirty nested
//! arrays that each name the next one twice are a few hundred bytes, and unfold to a billion
//! values in a reader that copies. This one counts what it unfolds, and how deep.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::bytes::{Truncated, slice_at, u8_at};
use crate::limits::Limits;
use crate::xml::{self, Node, TextXmlError};

/// A value of a property list.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// Keys and values, in the order of the file.
    Dictionary(Vec<(String, Value)>),
    /// Values in order.
    Array(Vec<Value>),
    /// A string.
    Text(String),
    /// An integer.
    Integer(i128),
    /// A floating-point number.
    Real(f64),
    /// A boolean.
    Bool(bool),
    /// Bytes.
    Data(Vec<u8>),
    /// A time, as `2017-01-27T09:18:04Z`.
    Date(String),
}

impl Value {
    /// The value under `key`, if this is a dictionary.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Self> {
        self.entries()
            .iter()
            .find(|(name, _)| name == key)
            .map(|(_, value)| value)
    }

    /// The entries; empty if this is not a dictionary.
    #[must_use]
    pub fn entries(&self) -> &[(String, Self)] {
        match self {
            Self::Dictionary(entries) => entries,
            _ => &[],
        }
    }

    /// The items; empty if this is not an array.
    #[must_use]
    pub fn items(&self) -> &[Self] {
        match self {
            Self::Array(items) => items,
            _ => &[],
        }
    }

    /// The string.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Date(text) => Some(text),
            _ => None,
        }
    }

    /// The boolean.
    #[must_use]
    pub fn bool(&self) -> Option<bool> {
        match self {
            Self::Bool(value) => Some(*value),
            _ => None,
        }
    }

    /// The strings among the items.
    #[must_use]
    pub fn texts(&self) -> Vec<&str> {
        self.items().iter().filter_map(Self::text).collect()
    }
}

impl fmt::Display for Value {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Dictionary(entries) => write!(formatter, "{{{} entries}}", entries.len()),
            Self::Array(items) => {
                for (number, item) in items.iter().enumerate() {
                    write!(formatter, "{}{item}", if number > 0 { "," } else { "" })?;
                }
                Ok(())
            }
            Self::Text(text) | Self::Date(text) => formatter.write_str(text),
            Self::Integer(value) => write!(formatter, "{value}"),
            Self::Real(value) => write!(formatter, "{value}"),
            Self::Bool(value) => write!(formatter, "{value}"),
            Self::Data(bytes) => write!(formatter, "{} bytes", bytes.len()),
        }
    }
}

/// Why bytes cannot be read as a property list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PropertyListError {
    /// Longer than [`Limits::xml_bytes_max`].
    #[error("the property list is longer than the limit")]
    TooLong,
    /// Cut short, or an offset points outside.
    #[error(transparent)]
    Truncated(#[from] Truncated),
    /// The XML around it cannot be read.
    #[error(transparent)]
    Xml(#[from] TextXmlError),
    /// An element or object that property lists do not have.
    #[error("there is something that property lists do not have")]
    UnknownObject,
    /// Nested deeper than [`Limits::xml_depth_max`], or in itself.
    #[error("values are nested deeper than the limit")]
    TooDeep,
    /// More values than [`Limits::xml_elements_max`], after unfolding shared ones.
    #[error("more values than the limit")]
    TooManyValues,
}

/// Whether `bytes` look like a property list.
#[must_use]
pub fn is_property_list(bytes: &[u8]) -> bool {
    bytes.starts_with(b"bplist0")
        || (bytes.starts_with(b"<?xml") || bytes.starts_with(b"\xef\xbb\xbf<?xml"))
            && memchr::memmem::find(bytes.get(..512).unwrap_or(bytes), b"<plist").is_some()
}

/// Reads a property list of either kind.
///
/// # Errors
///
/// Property lists that are damaged or over a limit.
pub fn parse(bytes: &[u8], limits: &Limits) -> Result<Value, PropertyListError> {
    if bytes.len() > limits.xml_bytes_max {
        return Err(PropertyListError::TooLong);
    }
    if bytes.starts_with(b"bplist0") {
        return Binary::open(bytes, limits)?.root();
    }
    let document = xml::parse(bytes, limits)?;
    let root = document.root().ok_or(PropertyListError::UnknownObject)?;
    // Entitlements of some tools come without the outer element.
    let value = if root.name() == "plist" {
        root.children().next()
    } else {
        Some(root)
    };
    from_node(value.ok_or(PropertyListError::UnknownObject)?)
}

/// The value of an element. Depth is bounded by the document's.
fn from_node(node: Node<'_>) -> Result<Value, PropertyListError> {
    let text = node.text();
    Ok(match node.name() {
        "dict" => {
            let mut entries = Vec::new();
            let mut children = node.children();
            while let Some(key) = children.next() {
                let value = children.next().ok_or(PropertyListError::UnknownObject)?;
                if key.name() != "key" {
                    return Err(PropertyListError::UnknownObject);
                }
                entries.push((key.text().to_owned(), from_node(value)?));
            }
            Value::Dictionary(entries)
        }
        "array" => Value::Array(node.children().map(from_node).collect::<Result<_, _>>()?),
        "string" => Value::Text(text.to_owned()),
        "integer" => Value::Integer(integer(text).ok_or(PropertyListError::UnknownObject)?),
        "real" => Value::Real(text.parse().map_err(|_| PropertyListError::UnknownObject)?),
        "true" => Value::Bool(true),
        "false" => Value::Bool(false),
        "date" => Value::Date(text.to_owned()),
        "data" => Value::Data(base64(text).ok_or(PropertyListError::UnknownObject)?),
        _ => return Err(PropertyListError::UnknownObject),
    })
}

fn integer(text: &str) -> Option<i128> {
    match text.strip_prefix("0x") {
        Some(digits) => i128::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

/// Base64 with line breaks anywhere.
fn base64(text: &str) -> Option<Vec<u8>> {
    let digits: Vec<u8> = text
        .bytes()
        .filter(|byte| !byte.is_ascii_whitespace())
        .collect();
    STANDARD.decode(digits).ok()
}

/// A binary property list: a table of offsets to objects that refer to each other by number.
struct Binary<'a> {
    bytes: &'a [u8],
    offsets: usize,
    offset_size: usize,
    reference_size: usize,
    count: usize,
    top: usize,
    depth_max: usize,
    values_left: usize,
    bytes_left: usize,
}

impl<'a> Binary<'a> {
    fn open(bytes: &'a [u8], limits: &Limits) -> Result<Self, PropertyListError> {
        let trailer = bytes.len().checked_sub(32).ok_or(Truncated)?;
        let number = |at: usize| big_endian(bytes, trailer + at, 8).map(to_usize);
        Ok(Self {
            bytes,
            offset_size: usize::from(u8_at(bytes, trailer + 6)?),
            reference_size: usize::from(u8_at(bytes, trailer + 7)?),
            count: number(8)?,
            top: number(16)?,
            offsets: number(24)?,
            depth_max: limits.xml_depth_max,
            values_left: limits.xml_elements_max,
            bytes_left: limits.xml_bytes_max,
        })
    }

    fn root(mut self) -> Result<Value, PropertyListError> {
        self.object(self.top, 0)
    }

    fn object(&mut self, number: usize, depth: usize) -> Result<Value, PropertyListError> {
        if depth > self.depth_max {
            return Err(PropertyListError::TooDeep);
        }
        self.values_left = self
            .values_left
            .checked_sub(1)
            .ok_or(PropertyListError::TooManyValues)?;
        if number >= self.count {
            return Err(Truncated.into());
        }
        let entry = number
            .checked_mul(self.offset_size)
            .and_then(|at| at.checked_add(self.offsets));
        let at = to_usize(big_endian(
            self.bytes,
            entry.ok_or(Truncated)?,
            self.offset_size,
        )?);
        let marker = u8_at(self.bytes, at)?;
        let low = marker & 0x0f;
        match marker >> 4 {
            0x0 => match marker {
                0x08 => Ok(Value::Bool(false)),
                0x09 => Ok(Value::Bool(true)),
                _ => Err(PropertyListError::UnknownObject),
            },
            0x1 => self.integer(at, low),
            0x2 => self.real(at, low),
            0x3 => self.date(at),
            kind => {
                let (count, first) = self.length(at, low)?;
                self.sized(kind, count, first, depth)
            }
        }
    }

    fn integer(&self, at: usize, low: u8) -> Result<Value, PropertyListError> {
        let size = 1_usize << low.min(5);
        let value = big_endian(self.bytes, at + 1, size)?;
        Ok(Value::Integer(match (size, u64::try_from(value)) {
            // Shorter ones are unsigned.
            (8, Ok(value)) => i128::from(value.cast_signed()),
            _ => value.cast_signed(),
        }))
    }

    fn real(&self, at: usize, low: u8) -> Result<Value, PropertyListError> {
        let bytes = slice_at(self.bytes, at + 1, 1_usize << low.min(5))?;
        if let Ok(bytes) = <[u8; 4]>::try_from(bytes) {
            return Ok(Value::Real(f64::from(f32::from_be_bytes(bytes))));
        }
        let bytes = <[u8; 8]>::try_from(bytes).map_err(|_| PropertyListError::UnknownObject)?;
        Ok(Value::Real(f64::from_be_bytes(bytes)))
    }

    fn date(&self, at: usize) -> Result<Value, PropertyListError> {
        let bytes = <[u8; 8]>::try_from(slice_at(self.bytes, at + 1, 8)?).map_err(|_| Truncated)?;
        Ok(Value::Date(apple_time(f64::from_be_bytes(bytes))))
    }

    /// The length behind a marker, and where the content starts.
    fn length(&self, at: usize, low: u8) -> Result<(usize, usize), PropertyListError> {
        if low < 0x0f {
            return Ok((usize::from(low), at + 1));
        }
        let marker = u8_at(self.bytes, at + 1)?;
        if marker >> 4 != 1 {
            return Err(PropertyListError::UnknownObject);
        }
        let size = 1_usize << (marker & 0x0f).min(4);
        let length = big_endian(self.bytes, at + 2, size)?;
        Ok((
            usize::try_from(length).map_err(|_| Truncated)?,
            at + 2 + size,
        ))
    }

    fn sized(
        &mut self,
        kind: u8,
        count: usize,
        first: usize,
        depth: usize,
    ) -> Result<Value, PropertyListError> {
        match kind {
            0x4 => Ok(Value::Data(self.content(first, count)?.to_vec())),
            0x5 => {
                let text = self.content(first, count)?;
                Ok(Value::Text(String::from_utf8_lossy(text).into_owned()))
            }
            0x6 => {
                let units = self.content(first, count.checked_mul(2).ok_or(Truncated)?)?;
                let units = units
                    .chunks_exact(2)
                    .filter_map(|pair| pair.try_into().ok());
                let text = char::decode_utf16(units.map(u16::from_be_bytes));
                Ok(Value::Text(
                    text.map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
                        .collect(),
                ))
            }
            // A unique identifier of a keyed archive: its number.
            0x8 => Ok(Value::Integer(
                big_endian(self.bytes, first, count + 1)?.cast_signed(),
            )),
            0xa | 0xc => {
                let mut items = Vec::new();
                for position in 0..count {
                    let reference = self.reference(first, position)?;
                    items.push(self.object(reference, depth + 1)?);
                }
                Ok(Value::Array(items))
            }
            0xd => {
                let mut entries = Vec::new();
                for position in 0..count {
                    let key = self.reference(first, position)?;
                    let value = self.reference(first, count.saturating_add(position))?;
                    let Value::Text(key) = self.object(key, depth + 1)? else {
                        return Err(PropertyListError::UnknownObject);
                    };
                    entries.push((key, self.object(value, depth + 1)?));
                }
                Ok(Value::Dictionary(entries))
            }
            _ => Err(PropertyListError::UnknownObject),
        }
    }

    /// Bytes of a string or data, which may be unfolded many times.
    fn content(&mut self, at: usize, length: usize) -> Result<&'a [u8], PropertyListError> {
        self.bytes_left = self
            .bytes_left
            .checked_sub(length)
            .ok_or(PropertyListError::TooManyValues)?;
        Ok(slice_at(self.bytes, at, length)?)
    }

    fn reference(&self, first: usize, position: usize) -> Result<usize, Truncated> {
        let at = position
            .checked_mul(self.reference_size)
            .and_then(|at| at.checked_add(first));
        big_endian(self.bytes, at.ok_or(Truncated)?, self.reference_size).map(to_usize)
    }
}

/// A big-endian number of up to sixteen bytes.
fn big_endian(bytes: &[u8], at: usize, size: usize) -> Result<u128, Truncated> {
    if size > 16 {
        return Err(Truncated);
    }
    let bytes = slice_at(bytes, at, size)?;
    Ok(bytes
        .iter()
        .fold(0, |value, byte| value << 8 | u128::from(*byte)))
}

fn to_usize(value: u128) -> usize {
    usize::try_from(value).unwrap_or(usize::MAX)
}

/// Seconds since 2001-01-01 as a calendar time.
fn apple_time(seconds: f64) -> String {
    /// Days from 0000-03-01 to 2001-01-01 in the proleptic Gregorian calendar.
    const EPOCH_DAYS: i64 = 730_791;
    const DAY_SECONDS: i64 = 86_400;
    #[expect(
        clippy::cast_possible_truncation,
        reason = "clamped to the years 99 to 9923"
    )]
    let seconds = seconds.clamp(-6.0e10, 2.5e11) as i64;
    let (days, rest) = (
        seconds.div_euclid(DAY_SECONDS),
        seconds.rem_euclid(DAY_SECONDS),
    );
    // Years of 400, 100 and 4 from a year that starts in March (Hinnant, "days to civil").
    let day = days + EPOCH_DAYS;
    let era = day.div_euclid(146_097);
    let day_of_era = day.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1_460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * day_of_year + 2) / 153;
    let day_of_month = day_of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    format!(
        "{year:04}-{month:02}-{day_of_month:02}T{:02}:{:02}:{:02}Z",
        rest / 3_600,
        rest / 60 % 60,
        rest % 60
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_calendar_times() {
        assert_eq!(apple_time(0.0), "2001-01-01T00:00:00Z");
        assert_eq!(apple_time(507_201_484.0), "2017-01-27T09:18:04Z");
        assert_eq!(apple_time(-978_307_200.0), "1970-01-01T00:00:00Z");
        assert_eq!(apple_time(99_705_599.0), "2004-02-28T23:59:59Z");
        assert_eq!(apple_time(99_705_600.0), "2004-02-29T00:00:00Z");
    }

    /// The same values through an independent writer, in both forms.
    #[test]
    fn reads_what_another_implementation_writes() {
        let mut dictionary = plist::Dictionary::new();
        dictionary.insert("name".into(), plist::Value::String("合符".into()));
        dictionary.insert("count".into(), plist::Value::Integer((-7).into()));
        dictionary.insert("large".into(), plist::Value::Integer(u64::MAX.into()));
        dictionary.insert("ratio".into(), plist::Value::Real(1.5));
        dictionary.insert("yes".into(), plist::Value::Boolean(true));
        dictionary.insert("data".into(), plist::Value::Data(vec![0, 1, 254, 255]));
        let items = (0..20)
            .map(|n| plist::Value::String(format!("item {n}")))
            .collect();
        dictionary.insert("list".into(), plist::Value::Array(items));
        let value = plist::Value::Dictionary(dictionary);
        let (mut binary, mut text) = (Vec::new(), Vec::new());
        value.to_writer_binary(&mut binary).unwrap();
        value.to_writer_xml(&mut text).unwrap();
        let limits = Limits::default();
        for bytes in [&binary, &text] {
            assert!(is_property_list(bytes));
            let read = parse(bytes, &limits).unwrap();
            assert_eq!(read.get("name").and_then(Value::text), Some("合符"));
            assert_eq!(read.get("count"), Some(&Value::Integer(-7)));
            assert_eq!(
                read.get("large"),
                Some(&Value::Integer(i128::from(u64::MAX)))
            );
            assert_eq!(read.get("ratio"), Some(&Value::Real(1.5)));
            assert_eq!(read.get("yes").and_then(Value::bool), Some(true));
            assert_eq!(read.get("data"), Some(&Value::Data(vec![0, 1, 254, 255])));
            assert_eq!(read.get("list").unwrap().texts().len(), 20);
        }
    }

    /// Arrays that each name the next one twice: 2³⁰ values in 130 bytes.
    fn doubling(levels: u8) -> Vec<u8> {
        let mut bytes = b"bplist00".to_vec();
        let mut offsets = Vec::new();
        for level in 0..levels {
            offsets.push(8 + 3 * level);
            bytes.extend([0xa2, level + 1, level + 1]);
        }
        offsets.push(8 + 3 * levels);
        bytes.push(0x09);
        let table = bytes.len() as u64;
        let count = offsets.len() as u64;
        bytes.extend(offsets);
        bytes.extend([0, 0, 0, 0, 0, 0, 1, 1]);
        for number in [count, 0, table] {
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    #[test]
    fn what_unfolds_without_end_is_refused() {
        let limits = Limits::default();
        assert!(parse(&doubling(4), &limits).is_ok());
        assert_eq!(
            parse(&doubling(30), &limits),
            Err(PropertyListError::TooManyValues)
        );
        // An array that contains itself.
        let mut cycle = doubling(1);
        cycle[9] = 0;
        cycle[10] = 0;
        assert_eq!(parse(&cycle, &limits), Err(PropertyListError::TooDeep));
    }
}
