//! What is known about a register, and static initial values.

use crate::bytes::{Cursor, Truncated};

use super::{FieldId, StringId, TypeId};

/// What constant propagation knows about a value at one point of one method. Eight bytes, because
/// an app has millions of them; [`Origin`](crate::facts::Origin) is the readable form.
///
/// Offsets are code units of the method that the value was seen in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Value {
    /// Anything: paths disagree, arithmetic on unknowns, array elements.
    Unknown,
    /// A constant of 32 bits: int, short, char, boolean, the bits of a float, or null as 0.
    Int(i32),
    /// A constant of 64 bits: index into [`Dex::long`](super::Dex::long).
    Long(u32),
    /// A string constant.
    Text(StringId),
    /// A class constant.
    Class(TypeId),
    /// An object made by the `new-instance` at this offset.
    New(u32),
    /// An array made by the `new-array` or `filled-new-array` at this offset.
    Array(u32),
    /// The result of the call at this offset.
    Result(u32),
    /// The argument of this number, counted from 0 with `this` first where there is one.
    Param(u16),
    /// Read from this field.
    Field(FieldId),
    /// One of the two to four values of [`Dex::one_of`](super::Dex::one_of).
    OneOf(u32),
}

/// Two to four values that meet where paths join.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct ValueSet {
    values: [Value; Self::MAX],
    count: u8,
}

impl ValueSet {
    /// More alternatives than this are [`Value::Unknown`].
    pub(crate) const MAX: usize = 4;

    /// The set of `values` without repetition, or `None` if there are more than [`Self::MAX`].
    pub(crate) fn of(values: impl IntoIterator<Item = Value>) -> Option<Self> {
        let mut set = Self {
            values: [Value::Unknown; Self::MAX],
            count: 0,
        };
        for value in values {
            if !set.as_slice().contains(&value) {
                *set.values.get_mut(usize::from(set.count))? = value;
                set.count += 1;
            }
        }
        Some(set)
    }

    /// The set of one value.
    pub(crate) fn only(value: Value) -> Self {
        Self {
            values: [value; Self::MAX],
            count: 1,
        }
    }

    pub(crate) fn as_slice(&self) -> &[Value] {
        self.values
            .get(..usize::from(self.count))
            .unwrap_or_default()
    }

    pub(crate) fn as_mut_slice(&mut self) -> &mut [Value] {
        self.values
            .get_mut(..usize::from(self.count))
            .unwrap_or_default()
    }
}

/// An encoded value of a static field: what of it can be a [`Value`].
pub(crate) enum Initial {
    Value(Value),
    Long(i64),
}

/// Reads one `encoded_value`. Arrays and annotations are skipped over and unknown.
pub(crate) fn encoded_value(cursor: &mut Cursor<'_>, depth: u32) -> Result<Initial, Truncated> {
    /// Nesting of arrays and annotations; the formats in use nest two or three deep.
    const DEPTH_MAX: u32 = 16;
    let head = cursor.u8()?;
    let (kind, argument) = (head & 0x1f, head >> 5);
    let known = |value| Ok(Initial::Value(value));
    match kind {
        // Boolean: the argument is the value. Null: no payload.
        0x1f => known(Value::Int(i32::from(argument & 1))),
        0x1e => known(Value::Int(0)),
        0x1c | 0x1d if depth >= DEPTH_MAX => Err(Truncated),
        0x1c => {
            for _ in 0..cursor.uleb128()? {
                encoded_value(cursor, depth + 1)?;
            }
            known(Value::Unknown)
        }
        0x1d => {
            cursor.uleb128()?;
            for _ in 0..cursor.uleb128()? {
                cursor.uleb128()?;
                encoded_value(cursor, depth + 1)?;
            }
            known(Value::Unknown)
        }
        _ => scalar(kind, cursor.take(usize::from(argument) + 1)?),
    }
}

/// A value of one to eight little-endian bytes.
fn scalar(kind: u8, bytes: &[u8]) -> Result<Initial, Truncated> {
    let mut wide = [0_u8; 8];
    wide.get_mut(..bytes.len())
        .ok_or(Truncated)?
        .copy_from_slice(bytes);
    let unsigned = u64::from_le_bytes(wide);
    let unused_bits = 64 - u32::try_from(bytes.len()).unwrap_or(8) * 8;
    let signed = (unsigned << unused_bits).cast_signed() >> unused_bits;
    let index = || u32::try_from(unsigned).map_err(|_| Truncated);
    Ok(match kind {
        0x00 | 0x02 | 0x04 => {
            Initial::Value(i32::try_from(signed).map_or(Value::Unknown, Value::Int))
        }
        0x03 => Initial::Value(i32::try_from(unsigned).map_or(Value::Unknown, Value::Int)),
        0x06 => Initial::Long(signed),
        // Floats are stored from the high end; the low bytes are zero.
        0x10 => Initial::Value(
            u32::try_from(unsigned.checked_shl(unused_bits).unwrap_or(0) >> 32)
                .map_or(Value::Unknown, |bits| Value::Int(bits.cast_signed())),
        ),
        0x11 => Initial::Long((unsigned << unused_bits).cast_signed()),
        0x17 => Initial::Value(Value::Text(StringId(index()?))),
        0x18 => Initial::Value(Value::Class(TypeId(index()?))),
        _ => Initial::Value(Value::Unknown),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: &[u8]) -> Initial {
        encoded_value(&mut Cursor::new(bytes, 0), 0).unwrap()
    }

    #[test]
    fn scalars_are_extended_as_their_kind_says() {
        assert!(matches!(
            read(&[0x00, 0xff]),
            Initial::Value(Value::Int(-1))
        ));
        assert!(matches!(
            read(&[0x24, 0x00, 0x80]),
            Initial::Value(Value::Int(-32_768))
        ));
        assert!(matches!(
            read(&[0x23, 0x00, 0x80]),
            Initial::Value(Value::Int(32_768))
        ));
        assert!(matches!(read(&[0x06, 0xfe]), Initial::Long(-2)));
        assert!(matches!(read(&[0x3f]), Initial::Value(Value::Int(1))));
        assert!(matches!(read(&[0x1e]), Initial::Value(Value::Int(0))));
        assert!(matches!(
            read(&[0x17, 9]),
            Initial::Value(Value::Text(StringId(9)))
        ));
        // 1.0f = 3f800000, stored as its two high bytes.
        assert!(
            matches!(read(&[0x30, 0x80, 0x3f]), Initial::Value(Value::Int(bits)) if bits == 0x3f80_0000)
        );
    }

    #[test]
    fn nesting_is_bounded() {
        let deep: Vec<u8> = [0x1c, 1].repeat(1_000);
        assert!(encoded_value(&mut Cursor::new(&deep, 0), 0).is_err());
        assert!(matches!(
            read(&[0x1c, 1, 0x1e]),
            Initial::Value(Value::Unknown)
        ));
    }

    #[test]
    fn sets_forget_repetition_and_refuse_too_many() {
        let int = Value::Int;
        let set = ValueSet::of([int(1), int(2), int(1)]).unwrap();
        assert_eq!(set.as_slice(), [int(1), int(2)]);
        assert!(ValueSet::of((0..5).map(int)).is_none());
    }
}
