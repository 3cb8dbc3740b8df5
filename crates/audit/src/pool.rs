//! String pools of binary XML and resource tables.

use std::borrow::Cow;

use crate::bytes::{Truncated, slice_at, u8_at, u16_at, u32_at};

/// A string pool, read in place. Strings that point outside are missing, as for the platform.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct StringPool {
    /// Where the table of offsets starts.
    offsets: usize,
    /// Where the strings start.
    strings: usize,
    /// Where the pool ends.
    end: usize,
    pub(crate) count: u32,
    utf8: bool,
}

impl StringPool {
    pub(crate) const CHUNK: u16 = 0x0001;

    /// The pool chunk at `at`, which ends before `end`.
    pub(crate) fn read(bytes: &[u8], at: usize, end: usize) -> Result<Self, Truncated> {
        let header = usize::from(u16_at(bytes, at + 2)?);
        let claimed = u32_at(bytes, at + 8)?;
        let flags = u32_at(bytes, at + 16)?;
        let strings = at + u32_at(bytes, at + 20)? as usize;
        let end = end.min(bytes.len());
        let offsets = at + header.max(28);
        // A count that claims more offsets than there is room for is cut to the room.
        let room = end.saturating_sub(offsets) / 4;
        let count = claimed.min(crate::bytes::saturating_u32(room));
        Ok(Self {
            offsets,
            strings,
            end,
            count,
            utf8: flags & 0x100 != 0,
        })
    }

    /// String `index` of the pool, which lies in `bytes`.
    pub(crate) fn string<'a>(&self, bytes: &'a [u8], index: u32) -> Option<Cow<'a, str>> {
        if index >= self.count {
            return None;
        }
        let offset = u32_at(bytes, self.offsets + index as usize * 4).ok()? as usize;
        let pool = bytes.get(..self.end)?;
        let at = self.strings.checked_add(offset)?;
        if self.utf8 {
            utf8(pool, at).ok()
        } else {
            utf16(pool, at).ok().map(Cow::Owned)
        }
    }
}

/// Length in UTF-16 units, length in bytes, bytes. Each length takes one or two bytes.
fn utf8(bytes: &[u8], at: usize) -> Result<Cow<'_, str>, Truncated> {
    let length = |at: usize| -> Result<(usize, usize), Truncated> {
        let first = usize::from(u8_at(bytes, at)?);
        if first & 0x80 == 0 {
            return Ok((first, at + 1));
        }
        Ok((
            (first & 0x7f) << 8 | usize::from(u8_at(bytes, at + 1)?),
            at + 2,
        ))
    };
    let (_, at) = length(at)?;
    let (count, at) = length(at)?;
    let encoded = slice_at(bytes, at, count)?;
    Ok(match str::from_utf8(encoded) {
        Ok(text) => Cow::Borrowed(text),
        // Build tools write supplementary characters as surrogate pairs of three bytes each.
        Err(_) => Cow::Owned(crate::dex::decode_mutf8(encoded).into_owned()),
    })
}

/// Length in units, one or two words, then the units.
fn utf16(bytes: &[u8], at: usize) -> Result<String, Truncated> {
    let first = usize::from(u16_at(bytes, at)?);
    let (count, at) = if first & 0x8000 == 0 {
        (first, at + 2)
    } else {
        (
            (first & 0x7fff) << 16 | usize::from(u16_at(bytes, at + 2)?),
            at + 4,
        )
    };
    let encoded = slice_at(bytes, at, count.checked_mul(2).ok_or(Truncated)?)?;
    let units = encoded
        .chunks_exact(2)
        .filter_map(|pair| u16_at(pair, 0).ok());
    Ok(char::decode_utf16(units)
        .map(|unit| unit.unwrap_or(char::REPLACEMENT_CHARACTER))
        .collect())
}
