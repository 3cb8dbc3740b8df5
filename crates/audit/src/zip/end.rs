//! The end of central directory record, by which a reader finds everything else.

use super::ZipError;
use crate::bytes::{Truncated, u16_at, u32_at, u64_at};

const END_SIGNATURE: u32 = 0x0605_4b50;
/// Bytes of the record without its comment.
pub(super) const END_BYTES: usize = 22;
const COMMENT_BYTES_MAX: usize = 0xffff;
const LOCATOR_SIGNATURE: u32 = 0x0706_4b50;
const LOCATOR_BYTES: usize = 20;
const END64_SIGNATURE: u32 = 0x0606_4b50;

/// The record at the end of the archive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EndRecord<'a> {
    /// Where the record starts.
    pub offset: u64,
    /// Where the central directory starts.
    pub directory_offset: u64,
    /// Bytes of the central directory.
    pub directory_size: u64,
    /// Entries of the central directory.
    pub entry_count: u64,
    /// The archive's comment.
    pub comment: &'a [u8],
    /// The numbers come from the ZIP64 record, because those of this record are saturated.
    pub zip64: bool,
}

impl<'a> EndRecord<'a> {
    /// Finds the last record whose comment reaches exactly to the end of the file.
    ///
    /// # Errors
    /// [`ZipError::NoEndRecord`], or [`ZipError::DirectoryOutOfRange`] when the directory it names
    /// is not before it.
    pub fn find(bytes: &'a [u8]) -> Result<Self, ZipError> {
        let last = bytes
            .len()
            .checked_sub(END_BYTES)
            .ok_or(ZipError::NoEndRecord)?;
        let first = last.saturating_sub(COMMENT_BYTES_MAX);
        let offset = (first..=last)
            .rev()
            .find(|&offset| {
                u32_at(bytes, offset) == Ok(END_SIGNATURE)
                    && u16_at(bytes, offset + 20).map(usize::from) == Ok(last - offset)
            })
            .ok_or(ZipError::NoEndRecord)?;
        let record =
            Self::read(bytes, offset).map_err(|Truncated| ZipError::DirectoryOutOfRange)?;
        record.directory(bytes)?;
        Ok(record)
    }

    fn read(bytes: &'a [u8], offset: usize) -> Result<Self, Truncated> {
        let mut record = Self {
            offset: offset as u64,
            directory_offset: u64::from(u32_at(bytes, offset + 16)?),
            directory_size: u64::from(u32_at(bytes, offset + 12)?),
            entry_count: u64::from(u16_at(bytes, offset + 10)?),
            comment: bytes.get(offset + END_BYTES..).ok_or(Truncated)?,
            zip64: false,
        };
        let saturated = record.entry_count == u64::from(u16::MAX)
            || record.directory_size == u64::from(u32::MAX)
            || record.directory_offset == u64::from(u32::MAX);
        if saturated && let Some(locator) = offset.checked_sub(LOCATOR_BYTES) {
            record.widen(bytes, locator)?;
        }
        Ok(record)
    }

    /// Replaces the numbers by those of the ZIP64 record, if a locator stands where it should.
    fn widen(&mut self, bytes: &[u8], locator: usize) -> Result<(), Truncated> {
        if u32_at(bytes, locator)? != LOCATOR_SIGNATURE {
            return Ok(());
        }
        let wide = usize::try_from(u64_at(bytes, locator + 8)?).map_err(|_| Truncated)?;
        // The whole record, so that the additions below cannot overflow.
        let wide = wide
            .checked_add(56)
            .and_then(|end| bytes.get(wide..end))
            .ok_or(Truncated)?;
        if u32_at(wide, 0)? != END64_SIGNATURE {
            return Err(Truncated);
        }
        self.entry_count = u64_at(wide, 32)?;
        self.directory_size = u64_at(wide, 40)?;
        self.directory_offset = u64_at(wide, 48)?;
        self.zip64 = true;
        Ok(())
    }

    /// Where the central directory ends.
    #[must_use]
    pub fn directory_end(&self) -> u64 {
        self.directory_offset.saturating_add(self.directory_size)
    }

    /// The bytes of the central directory.
    pub(super) fn directory(&self, bytes: &'a [u8]) -> Result<&'a [u8], ZipError> {
        let end = self
            .directory_offset
            .checked_add(self.directory_size)
            .filter(|&end| end <= self.offset)
            .ok_or(ZipError::DirectoryOutOfRange)?;
        usize::try_from(self.directory_offset)
            .ok()
            .zip(usize::try_from(end).ok())
            .and_then(|(start, end)| bytes.get(start..end))
            .ok_or(ZipError::DirectoryOutOfRange)
    }

    /// A second end record that another reader might take: inside the comment or between the
    /// central directory and this record.
    pub(super) fn rival(&self, bytes: &[u8]) -> Option<u64> {
        let start = usize::try_from(self.directory_end()).ok()?;
        let own = usize::try_from(self.offset).ok()?;
        memchr::memmem::find_iter(bytes.get(start..)?, &END_SIGNATURE.to_le_bytes())
            .map(|found| start + found)
            .find(|&found| found != own && bytes.len() - found >= END_BYTES)
            .map(|found| found as u64)
    }
}
