//! The APK signing block between the entries and the central directory, and the length-prefixed
//! structures inside it.

use crate::bytes::{slice_at, u64_at};
use crate::zip::EndRecord;

const MAGIC: &[u8; 16] = b"APK Sig Block 42";
/// Size and magic at the block's end.
const FOOTER_BYTES: usize = 24;
/// Sizes at both ends and the magic.
const BLOCK_BYTES_MIN: usize = 32;

pub(crate) const ID_V2: u32 = 0x7109_871a;
pub(crate) const ID_V3: u32 = 0xf053_68c0;
pub(crate) const ID_V31: u32 = 0x1b93_ad61;
pub(crate) const ID_SOURCE_STAMP: u32 = 0x6dff_800d;

/// A structure ends before its length says, or a length is absurd.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Malformed;

/// The signing block and the parts of the file around it, which its signatures cover.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SigningBlock<'a> {
    /// Everything before the block.
    pub(crate) before: &'a [u8],
    /// The block's entries.
    pairs: &'a [u8],
    /// Bytes of the whole block.
    pub(crate) size: usize,
    pub(crate) central_directory: &'a [u8],
    pub(crate) end_record: &'a [u8],
}

impl<'a> SigningBlock<'a> {
    /// Finds the block. `None` means, for the platform as well, that there is no block, so a
    /// damaged one leaves a file without newer signatures.
    pub(crate) fn find(apk: &'a [u8], end: &EndRecord<'_>) -> Option<Self> {
        if end.directory_end() != end.offset {
            return None;
        }
        let directory = usize::try_from(end.directory_offset).ok()?;
        let end_record = usize::try_from(end.offset).ok()?;
        if directory < BLOCK_BYTES_MIN {
            return None;
        }
        let footer = slice_at(apk, directory - FOOTER_BYTES, FOOTER_BYTES).ok()?;
        if !footer.ends_with(MAGIC) {
            return None;
        }
        let declared = u64_at(footer, 0).ok()?;
        let inner = usize::try_from(declared).ok()?;
        if inner < FOOTER_BYTES || inner > i32::MAX as usize - 8 {
            return None;
        }
        let size = inner + 8;
        let start = directory.checked_sub(size)?;
        if u64_at(apk, start).ok()? != declared {
            return None;
        }
        Some(Self {
            before: apk.get(..start)?,
            pairs: apk.get(start + 8..directory - FOOTER_BYTES)?,
            size,
            central_directory: apk.get(directory..end_record)?,
            end_record: apk.get(end_record..)?,
        })
    }

    /// The value of the first entry with that identifier. A malformed entry hides those after it.
    pub(crate) fn value(&self, id: u32) -> Option<&'a [u8]> {
        self.entries()
            .find(|&(found, _)| found == id)
            .map(|(_, value)| value)
    }

    /// Identifiers and values in order, as far as they are well-formed.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (u32, &'a [u8])> + use<'a> {
        let mut rest = self.pairs;
        std::iter::from_fn(move || {
            let length = u64_at(rest, 0)
                .ok()
                .filter(|&length| length <= i32::MAX as u64)?;
            let entry = slice_at(rest, 8, usize::try_from(length).ok()?).ok()?;
            let (id, value) = entry.split_first_chunk()?;
            rest = rest.get(8 + entry.len()..)?;
            Some((u32::from_le_bytes(*id), value))
        })
    }
}

/// Reads little-endian numbers and length-prefixed fields.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Fields<'a> {
    rest: &'a [u8],
}

impl<'a> Fields<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// What has not been read yet.
    pub(crate) const fn rest(&self) -> &'a [u8] {
        self.rest
    }

    pub(crate) fn array<const N: usize>(&mut self) -> Result<[u8; N], Malformed> {
        let (&array, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        self.rest = rest;
        Ok(array)
    }

    pub(crate) fn u32(&mut self) -> Result<u32, Malformed> {
        self.array().map(u32::from_le_bytes)
    }

    /// An SDK version.
    pub(crate) fn i32(&mut self) -> Result<i32, Malformed> {
        self.array().map(i32::from_le_bytes)
    }

    /// The bytes after a length.
    pub(crate) fn prefixed(&mut self) -> Result<&'a [u8], Malformed> {
        let length = usize::try_from(self.i32()?).map_err(|_| Malformed)?;
        let (field, rest) = self.rest.split_at_checked(length).ok_or(Malformed)?;
        self.rest = rest;
        Ok(field)
    }

    /// The fields inside a length-prefixed one.
    pub(crate) fn inside(&mut self) -> Result<Self, Malformed> {
        self.prefixed().map(Self::new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_over_the_end_and_below_zero_are_refused() {
        let mut fields = Fields::new(&[2, 0, 0, 0, 7, 8, 9]);
        assert_eq!(fields.prefixed(), Ok(&[7, 8][..]));
        assert_eq!(fields.rest(), [9]);
        assert_eq!(Fields::new(&[3, 0, 0, 0, 7, 8]).prefixed(), Err(Malformed));
        assert_eq!(
            Fields::new(&[0xff, 0xff, 0xff, 0xff, 7]).prefixed(),
            Err(Malformed)
        );
        assert_eq!(Fields::new(&[1, 2, 3]).u32(), Err(Malformed));
    }
}
