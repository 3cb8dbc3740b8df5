//! Just enough protocol buffers to read app bundles.

use crate::bytes::{Cursor, Truncated};

/// One field of a message.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Field<'a> {
    /// An integer, boolean or enumeration.
    Varint(u64),
    /// A string, bytes or nested message.
    Bytes(&'a [u8]),
    /// Four bytes, such as a float.
    Fixed32(u32),
    /// Eight bytes.
    Fixed64,
}

impl<'a> Field<'a> {
    pub(crate) fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    pub(crate) fn text(self) -> &'a str {
        str::from_utf8(self.bytes()).unwrap_or_default()
    }

    /// The number, cut to 32 bits as the schema declares it.
    pub(crate) fn u32(self) -> u32 {
        match self {
            Self::Varint(value) => (value & 0xffff_ffff) as u32,
            Self::Fixed32(value) => value,
            _ => 0,
        }
    }
}

/// The fields of a message, in order.
pub(crate) fn fields(message: &[u8]) -> impl Iterator<Item = Result<(u32, Field<'_>), Truncated>> {
    let mut cursor = Cursor::new(message, 0);
    std::iter::from_fn(move || {
        if cursor.remaining() == 0 {
            return None;
        }
        let field = next(&mut cursor);
        if field.is_err() {
            // One error ends the message.
            cursor = Cursor::new(&[], 0);
        }
        Some(field)
    })
}

fn next<'a>(cursor: &mut Cursor<'a>) -> Result<(u32, Field<'a>), Truncated> {
    let tag = cursor.varint()?;
    let number = u32::try_from(tag >> 3).map_err(|_| Truncated)?;
    let field = match tag & 7 {
        0 => Field::Varint(cursor.varint()?),
        1 => {
            cursor.take(8)?;
            Field::Fixed64
        }
        2 => {
            let length = usize::try_from(cursor.varint()?).map_err(|_| Truncated)?;
            Field::Bytes(cursor.take(length)?)
        }
        5 => Field::Fixed32(cursor.u32()?),
        _ => return Err(Truncated),
    };
    Ok((number, field))
}

/// The last value of field `wanted`, which is how optional fields read.
pub(crate) fn field(message: &[u8], wanted: u32) -> Result<Option<Field<'_>>, Truncated> {
    let mut found = None;
    for item in fields(message) {
        let (number, value) = item?;
        if number == wanted {
            found = Some(value);
        }
    }
    Ok(found)
}

/// Writers of the tests.
#[cfg(test)]
pub(crate) mod write {
    pub(crate) fn varint(mut value: u64, out: &mut Vec<u8>) {
        loop {
            let low = (value & 0x7f) as u8;
            value >>= 7;
            if value == 0 {
                out.push(low);
                return;
            }
            out.push(low | 0x80);
        }
    }

    pub(crate) fn number(field: u32, value: u64) -> Vec<u8> {
        let mut out = Vec::new();
        varint(u64::from(field) << 3, &mut out);
        varint(value, &mut out);
        out
    }

    pub(crate) fn bytes(field: u32, value: &[u8]) -> Vec<u8> {
        let mut out = Vec::new();
        varint(u64::from(field) << 3 | 2, &mut out);
        varint(value.len() as u64, &mut out);
        out.extend_from_slice(value);
        out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_come_in_order_and_damage_ends_them() {
        let message = [write::number(1, 300), write::bytes(2, b"abc")].concat();
        let found: Vec<_> = fields(&message).map(Result::unwrap).collect();
        assert_eq!(found, [(1, Field::Varint(300)), (2, Field::Bytes(b"abc"))]);
        assert_eq!(field(&message, 2).unwrap().unwrap().text(), "abc");
        let cut: Vec<_> = fields(&message[..message.len() - 1]).collect();
        assert_eq!(cut.last(), Some(&Err(Truncated)));
        assert_eq!(cut.len(), 2);
    }
}
