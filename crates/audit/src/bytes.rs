//! Checked reading of little-endian bytes: the one way the parsers of this crate touch input.

/// The input ended, or an offset pointed outside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the data ends before the structure does")]
pub struct Truncated;

/// Reads `N` bytes at `offset`.
fn array_at<const N: usize>(bytes: &[u8], offset: usize) -> Result<[u8; N], Truncated> {
    let end = offset.checked_add(N).ok_or(Truncated)?;
    bytes
        .get(offset..end)
        .and_then(|slice| slice.try_into().ok())
        .ok_or(Truncated)
}

/// One byte at `offset`.
pub(crate) fn u8_at(bytes: &[u8], offset: usize) -> Result<u8, Truncated> {
    bytes.get(offset).copied().ok_or(Truncated)
}

/// A little-endian `u16` at `offset`.
pub(crate) fn u16_at(bytes: &[u8], offset: usize) -> Result<u16, Truncated> {
    array_at(bytes, offset).map(u16::from_le_bytes)
}

/// A little-endian `u32` at `offset`.
pub(crate) fn u32_at(bytes: &[u8], offset: usize) -> Result<u32, Truncated> {
    array_at(bytes, offset).map(u32::from_le_bytes)
}

/// A little-endian `u64` at `offset`.
pub(crate) fn u64_at(bytes: &[u8], offset: usize) -> Result<u64, Truncated> {
    array_at(bytes, offset).map(u64::from_le_bytes)
}

/// A big-endian `u32` at `offset` (Apple code signatures).
pub(crate) fn u32_be_at(bytes: &[u8], offset: usize) -> Result<u32, Truncated> {
    array_at(bytes, offset).map(u32::from_be_bytes)
}

/// `length` bytes at `offset`.
pub(crate) fn slice_at(bytes: &[u8], offset: usize, length: usize) -> Result<&[u8], Truncated> {
    let end = offset.checked_add(length).ok_or(Truncated)?;
    bytes.get(offset..end).ok_or(Truncated)
}

/// The bytes from `offset` up to the next NUL, without it.
pub(crate) fn c_string_at(bytes: &[u8], offset: usize) -> Result<&[u8], Truncated> {
    let rest = bytes.get(offset..).ok_or(Truncated)?;
    let end = memchr::memchr(0, rest).ok_or(Truncated)?;
    rest.get(..end).ok_or(Truncated)
}

/// The low 32 bits of an offset or count that is known to come from a 32-bit format.
///
/// Every format read here has 32-bit offsets, and inputs are capped far below 4 GiB, so saturating
/// is never observed; it only keeps the conversion total.
pub(crate) fn saturating_u32(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// A position that moves forward through bytes.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Cursor<'a> {
    bytes: &'a [u8],
    position: usize,
}

impl<'a> Cursor<'a> {
    pub(crate) fn new(bytes: &'a [u8], position: usize) -> Self {
        Self { bytes, position }
    }

    pub(crate) fn position(&self) -> usize {
        self.position
    }

    pub(crate) fn remaining(&self) -> usize {
        self.bytes.len().saturating_sub(self.position)
    }

    pub(crate) fn u8(&mut self) -> Result<u8, Truncated> {
        let value = u8_at(self.bytes, self.position)?;
        self.position += 1;
        Ok(value)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Truncated> {
        let value = u32_at(self.bytes, self.position)?;
        self.position += 4;
        Ok(value)
    }

    pub(crate) fn take(&mut self, length: usize) -> Result<&'a [u8], Truncated> {
        let slice = slice_at(self.bytes, self.position, length)?;
        self.position += length;
        Ok(slice)
    }

    /// An unsigned LEB128 of at most five bytes, as dex files use it.
    pub(crate) fn uleb128(&mut self) -> Result<u32, Truncated> {
        let mut value = 0_u32;
        for shift in [0_u32, 7, 14, 21, 28] {
            let byte = self.u8()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Truncated)
    }

    /// A signed LEB128 of at most five bytes.
    pub(crate) fn sleb128(&mut self) -> Result<i32, Truncated> {
        let mut value = 0_u32;
        for shift in [0_u32, 7, 14, 21, 28] {
            let byte = self.u8()?;
            value |= u32::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                let unused_bits = 32_u32.saturating_sub(shift + 7);
                return Ok((value << unused_bits).cast_signed() >> unused_bits);
            }
        }
        Err(Truncated)
    }

    /// An unsigned base-128 number of up to 64 bits, as protocol buffers use it.
    pub(crate) fn varint(&mut self) -> Result<u64, Truncated> {
        let mut value = 0_u64;
        for shift in (0..70_u32).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f).checked_shl(shift).unwrap_or(0);
            if byte & 0x80 == 0 {
                return Ok(value);
            }
        }
        Err(Truncated)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leb128_reads_the_examples_of_the_dex_format() {
        // Table "LEB128" of the dex format description.
        for (bytes, unsigned, signed) in [
            (&[0x00][..], 0_u32, 0_i32),
            (&[0x01], 1, 1),
            (&[0x7f], 127, -1),
            (&[0x80, 0x7f], 16_256, -128),
        ] {
            assert_eq!(Cursor::new(bytes, 0).uleb128(), Ok(unsigned));
            assert_eq!(Cursor::new(bytes, 0).sleb128(), Ok(signed));
        }
        assert_eq!(Cursor::new(&[0x80; 8], 0).uleb128(), Err(Truncated));
        assert_eq!(
            Cursor::new(&[0xff, 0xff, 0xff, 0xff, 0x0f], 0).sleb128(),
            Ok(-1)
        );
    }

    #[test]
    fn offsets_outside_the_input_are_refused() {
        assert_eq!(u32_at(&[1, 0, 0, 0], 0), Ok(1));
        assert_eq!(u32_at(&[1, 0, 0, 0], 1), Err(Truncated));
        assert_eq!(u64_at(&[0; 8], usize::MAX), Err(Truncated));
        assert_eq!(c_string_at(b"ab\0", 0), Ok(&b"ab"[..]));
        assert_eq!(c_string_at(b"ab", 0), Err(Truncated));
    }
}
