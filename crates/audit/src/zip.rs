//! A strict, bounded reader of ZIP archives (APK, AAB, IPA, HAP, JAR).
//!
//! A ZIP file says everything twice: in a header before each entry and again in the central
//! directory at the end. Installers believe the central directory; other tools believe the
//! headers, and whoever wants to show the reviewer one file and the phone another makes the two
//! differ. So both are read, the central directory decides, and what disagrees is listed as a
//! typed fact ([`Disagreement`]).
//!
//! ```
//! use hefu_audit::zip::{Archive, Limits, ZipError};
//!
//! // The shortest archive there is: an end record and nothing else.
//! let empty = [b"PK\x05\x06".as_slice(), &[0; 18]].concat();
//! assert_eq!(Archive::parse(&empty, &Limits::default())?.entries().len(), 0);
//! assert_eq!(Archive::parse(b"PK", &Limits::default()).err(), Some(ZipError::NoEndRecord));
//! # Ok::<(), ZipError>(())
//! ```

mod disagreement;
mod end;
mod inflate;

use std::borrow::Cow;
use std::collections::HashMap;

use disagreement::Disagreements;
pub use disagreement::{DISAGREEMENTS_MAX, Disagreement};
pub use end::EndRecord;

use crate::bytes::{Truncated, slice_at, u16_at, u32_at, u64_at};

const CENTRAL_SIGNATURE: u32 = 0x0201_4b50;
const CENTRAL_BYTES: usize = 46;
const LOCAL_SIGNATURE: u32 = 0x0403_4b50;
const LOCAL_BYTES: usize = 30;
const ZIP64_EXTRA: u16 = 0x0001;
const SATURATED: u32 = u32::MAX;

/// Compression method of an entry kept as it is.
pub const STORED: u16 = 0;
/// Compression method of a deflated entry.
pub const DEFLATED: u16 = 8;
/// General purpose flag: the entry is encrypted.
pub const FLAG_ENCRYPTED: u16 = 0x0001;
/// General purpose flag: sizes and CRC follow the data in a data descriptor.
pub const FLAG_DESCRIPTOR: u16 = 0x0008;

/// What an archive may ask of its reader. Each field names the attack it stops.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// Entries of the archive. Stops millions of empty entries, whose bookkeeping alone would fill
    /// memory.
    pub entries_max: usize,
    /// Bytes of one entry's name. Stops names made to exhaust the tables and reports that repeat
    /// them.
    pub name_bytes_max: usize,
    /// Bytes that one entry may unpack to. Stops a bomb in a single entry.
    pub entry_bytes_max: u64,
    /// Bytes that all entries together declare. Stops bombs spread over many entries, among them
    /// overlapping ones that share one compressed body.
    pub total_bytes_max: u64,
    /// Unpacked bytes for one packed byte. Deflate cannot exceed 1032, so more is a lie that makes
    /// its reader reserve memory.
    pub ratio_max: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            entries_max: 200_000,
            name_bytes_max: 4_096,
            entry_bytes_max: 512 << 20,
            total_bytes_max: 4 << 30,
            ratio_max: 1_032,
        }
    }
}

/// Why bytes are not an archive that can be analysed at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ZipError {
    /// No end of central directory record that reaches exactly to the end of the file.
    #[error("no end of central directory record")]
    NoEndRecord,
    /// The end record places the central directory outside the bytes before it.
    #[error("the central directory lies outside the file")]
    DirectoryOutOfRange,
    /// A record of the central directory is cut short or does not carry its signature.
    #[error("record {index} of the central directory is malformed")]
    DirectoryRecord {
        /// Position of the record in the central directory, from 0.
        index: usize,
    },
    /// More entries than [`Limits::entries_max`].
    #[error("{count} entries are over the limit")]
    TooManyEntries {
        /// How many the end record declares.
        count: u64,
    },
    /// A name longer than [`Limits::name_bytes_max`].
    #[error("the name of entry {index} is over the limit")]
    NameTooLong {
        /// Position of the entry in the central directory, from 0.
        index: usize,
    },
    /// All entries together declare more than [`Limits::total_bytes_max`].
    #[error("the entries unpack to {bytes} bytes, over the limit")]
    TotalTooLarge {
        /// The declared sum up to the entry that exceeded the limit.
        bytes: u64,
    },
}

/// Why the contents of one entry cannot be had. The other entries are not affected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReadError {
    /// No local header at the offset the central directory names.
    #[error("the entry has no local header")]
    NoLocalHeader,
    /// The data would reach into the central directory.
    #[error("the entry's data overlaps the central directory")]
    DataOutOfRange,
    /// The entry is really encrypted: the flag is set and the bytes do not match the CRC.
    #[error("the entry is encrypted")]
    Encrypted,
    /// The entry unpacks to more than [`Limits::entry_bytes_max`].
    #[error("the entry unpacks to {bytes} bytes, over the limit")]
    TooLarge {
        /// The declared size.
        bytes: u64,
    },
    /// The entry declares more than [`Limits::ratio_max`] bytes for each packed one.
    #[error("the entry declares an impossible compression ratio")]
    Ratio,
    /// The compressed stream is not valid.
    #[error("the entry's compressed data is malformed")]
    Inflate,
    /// The stream does not unpack to the declared size.
    #[error("the entry does not unpack to its declared size")]
    SizeMismatch,
}

impl From<Truncated> for ReadError {
    fn from(_: Truncated) -> Self {
        Self::NoLocalHeader
    }
}

/// One entry, as the central directory describes it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Position in the central directory, from 0.
    pub index: usize,
    /// The name as it stands; not necessarily UTF-8.
    pub name: &'a [u8],
    /// Compression method. Android unpacks every method but [`STORED`] as deflate.
    pub method: u16,
    /// General purpose flags.
    pub flags: u16,
    /// CRC-32 of the unpacked data.
    pub crc32: u32,
    /// Bytes in the archive.
    pub compressed_size: u64,
    /// Bytes unpacked.
    pub uncompressed_size: u64,
    /// Where the local header starts.
    pub local_header_offset: u64,
    /// Modification time and date in MS-DOS form, date in the upper half.
    pub dos_time: u32,
    /// Host system and version the writer claims ("version made by").
    pub made_by: u16,
    /// Host-specific attributes; for Unix writers the file mode is in the upper half.
    pub external_attributes: u32,
    /// Sizes or offset come from a ZIP64 extra field.
    pub zip64: bool,
    /// The header before the data, when there is one.
    pub local: Option<LocalHeader<'a>>,
}

impl Entry<'_> {
    /// The name for people and for comparison; bytes that are not UTF-8 become U+FFFD.
    #[must_use]
    pub fn name_lossy(&self) -> Cow<'_, str> {
        String::from_utf8_lossy(self.name)
    }

    /// A folder: its name ends with a slash.
    #[must_use]
    pub fn is_directory(&self) -> bool {
        self.name.ends_with(b"/")
    }

    /// The flag says that the entry is encrypted. Android does not look at it.
    #[must_use]
    pub fn has_encrypted_flag(&self) -> bool {
        self.flags & FLAG_ENCRYPTED != 0
    }

    /// A Unix symbolic link, as the writer's file mode says.
    #[must_use]
    pub fn is_symlink(&self) -> bool {
        const UNIX: u16 = 3;
        self.made_by >> 8 == UNIX && (self.external_attributes >> 16) & 0o170_000 == 0o120_000
    }

    /// Where the entry's data starts, for alignment checks.
    #[must_use]
    pub fn data_offset(&self) -> Option<u64> {
        self.local.as_ref().map(|local| local.data_offset)
    }

    /// Bytes of the archive that hold the data, by the rule Android follows: what is stored takes
    /// its unpacked size, whatever the packed size claims.
    #[must_use]
    pub fn stored_size(&self) -> u64 {
        if self.method == STORED {
            self.uncompressed_size
        } else {
            self.compressed_size
        }
    }
}

/// The header in front of an entry's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LocalHeader<'a> {
    /// The name as it stands.
    pub name: &'a [u8],
    /// Compression method.
    pub method: u16,
    /// General purpose flags.
    pub flags: u16,
    /// CRC-32, zero when a data descriptor follows.
    pub crc32: u32,
    /// Packed bytes, zero when a data descriptor follows.
    pub compressed_size: u64,
    /// Unpacked bytes, zero when a data descriptor follows.
    pub uncompressed_size: u64,
    /// Where the data starts.
    pub data_offset: u64,
}

/// An archive whose directory has been read. Contents are unpacked on demand.
#[derive(Debug, Clone)]
pub struct Archive<'a> {
    bytes: &'a [u8],
    end: EndRecord<'a>,
    entries: Vec<Entry<'a>>,
    by_name: HashMap<&'a [u8], usize>,
    disagreements: Disagreements,
    limits: Limits,
}

impl<'a> Archive<'a> {
    /// Reads the end record, the central directory and every local header. No data is unpacked.
    ///
    /// # Errors
    /// [`ZipError`] when there is no readable directory or it exceeds a limit. Local headers that
    /// are missing or differ are [`disagreements`](Self::disagreements), not errors.
    pub fn parse(bytes: &'a [u8], limits: &Limits) -> Result<Self, ZipError> {
        let end = EndRecord::find(bytes)?;
        if end.entry_count > limits.entries_max as u64 {
            return Err(ZipError::TooManyEntries {
                count: end.entry_count,
            });
        }
        let directory = end.directory(bytes)?;
        // Checked above to be at most `entries_max`.
        let count = usize::try_from(end.entry_count).unwrap_or(usize::MAX);
        let mut entries: Vec<Entry<'a>> =
            Vec::with_capacity(count.min(directory.len() / CENTRAL_BYTES));
        let mut position = 0;
        let mut total = 0_u64;
        for index in 0..count {
            let (mut entry, next) = central_record(directory, position, index)
                .map_err(|Truncated| ZipError::DirectoryRecord { index })?;
            if entry.name.len() > limits.name_bytes_max {
                return Err(ZipError::NameTooLong { index });
            }
            total = total.saturating_add(entry.uncompressed_size);
            if total > limits.total_bytes_max {
                return Err(ZipError::TotalTooLarge { bytes: total });
            }
            entry.local = local_header(bytes, &entry, end.directory_offset).ok();
            entries.push(entry);
            position = next;
        }
        let mut by_name = HashMap::with_capacity(entries.len());
        for entry in &entries {
            by_name.entry(entry.name).or_insert(entry.index);
        }
        let trailing = directory.len().saturating_sub(position) as u64;
        let disagreements = disagreement::find(bytes, &end, trailing, &entries, &by_name);
        Ok(Self {
            bytes,
            end,
            entries,
            by_name,
            disagreements,
            limits: limits.clone(),
        })
    }

    /// Every entry in the order of the central directory, folders included.
    #[must_use]
    pub fn entries(&self) -> &[Entry<'a>] {
        &self.entries
    }

    /// The first entry of that name.
    #[must_use]
    pub fn entry(&self, name: &[u8]) -> Option<&Entry<'a>> {
        self.by_name
            .get(name)
            .and_then(|&index| self.entries.get(index))
    }

    /// What headers, directory and end record say differently, in a fixed order; the first
    /// [`DISAGREEMENTS_MAX`] of them.
    #[must_use]
    pub fn disagreements(&self) -> &[Disagreement] {
        &self.disagreements.kept
    }

    /// How many disagreements there are, kept or not.
    #[must_use]
    pub fn disagreement_count(&self) -> usize {
        self.disagreements.count
    }

    /// The end of central directory record.
    #[must_use]
    pub fn end(&self) -> &EndRecord<'a> {
        &self.end
    }

    /// The whole file.
    #[must_use]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Bytes before the first local header. In a well-formed package there are none; other
    /// contents here make the file two files at once (as with Janus, CVE-2017-13156).
    #[must_use]
    pub fn prefix(&self) -> &'a [u8] {
        let first = self
            .entries
            .iter()
            .map(|entry| entry.local_header_offset)
            .min();
        let length = first.unwrap_or(self.end.directory_offset);
        usize::try_from(length)
            .ok()
            .and_then(|length| self.bytes.get(..length))
            .unwrap_or_default()
    }

    /// The packed bytes of an entry.
    ///
    /// # Errors
    /// [`ReadError`] when there is no local header or the data lie outside the archive.
    pub fn packed(&self, entry: &Entry<'_>) -> Result<&'a [u8], ReadError> {
        let start = entry.data_offset().ok_or(ReadError::NoLocalHeader)?;
        let end = start
            .checked_add(entry.stored_size())
            .ok_or(ReadError::DataOutOfRange)?;
        if end > self.end.directory_offset {
            return Err(ReadError::DataOutOfRange);
        }
        let range = usize::try_from(start).ok().zip(usize::try_from(end).ok());
        range
            .and_then(|(start, end)| self.bytes.get(start..end))
            .ok_or(ReadError::DataOutOfRange)
    }

    /// The contents of an entry as Android's installer sees them: stored entries as they are,
    /// every other method inflated, to exactly the declared size.
    ///
    /// The CRC is not compared, because Android does not compare it either (see
    /// [`crc_matches`](Self::crc_matches)); the exception is an entry with the encrypted flag,
    /// where a wrong CRC tells real encryption from a flag set to mislead.
    ///
    /// # Errors
    /// [`ReadError`]; the time and memory spent are bounded by [`Limits`].
    pub fn read(&self, entry: &Entry<'_>) -> Result<Cow<'a, [u8]>, ReadError> {
        let contents = self.unpack(entry);
        if !entry.has_encrypted_flag() || matches!(contents, Err(ReadError::TooLarge { .. })) {
            return contents;
        }
        contents
            .ok()
            .filter(|contents| Self::crc_matches(entry, contents))
            .ok_or(ReadError::Encrypted)
    }

    /// The contents of an entry without regard to the encrypted flag.
    pub(crate) fn unpack(&self, entry: &Entry<'_>) -> Result<Cow<'a, [u8]>, ReadError> {
        if entry.method == STORED {
            return self.packed(entry).map(Cow::Borrowed);
        }
        let mut contents = Vec::new();
        self.stream(entry, &mut |piece| contents.extend_from_slice(piece))?;
        Ok(Cow::Owned(contents))
    }

    /// The same piece by piece, so that no more than a piece is in memory.
    pub(crate) fn stream(
        &self,
        entry: &Entry<'_>,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), ReadError> {
        let bytes = entry.uncompressed_size;
        if bytes > self.limits.entry_bytes_max {
            return Err(ReadError::TooLarge { bytes });
        }
        let packed = self.packed(entry)?;
        if entry.method == STORED {
            sink(packed);
            return Ok(());
        }
        inflate::inflate(packed, bytes, self.limits.ratio_max, sink)
    }

    /// Whether unpacked contents have the CRC-32 that the central directory declares.
    #[must_use]
    pub fn crc_matches(entry: &Entry<'_>, contents: &[u8]) -> bool {
        let mut crc = flate2::Crc::new();
        crc.update(contents);
        crc.sum() == entry.crc32
    }
}

/// Reads the central directory record at `position`; returns it with the position of the next.
fn central_record(
    directory: &[u8],
    position: usize,
    index: usize,
) -> Result<(Entry<'_>, usize), Truncated> {
    let record = directory.get(position..).ok_or(Truncated)?;
    if u32_at(record, 0)? != CENTRAL_SIGNATURE {
        return Err(Truncated);
    }
    let name_length = usize::from(u16_at(record, 28)?);
    let extra_length = usize::from(u16_at(record, 30)?);
    let comment_length = usize::from(u16_at(record, 32)?);
    let name = slice_at(record, CENTRAL_BYTES, name_length)?;
    let extra = slice_at(record, CENTRAL_BYTES + name_length, extra_length)?;
    // The comment must be there as well, though nothing reads it.
    slice_at(
        record,
        CENTRAL_BYTES + name_length + extra_length,
        comment_length,
    )?;
    let mut sizes = Sizes {
        uncompressed: u64::from(u32_at(record, 24)?),
        compressed: u64::from(u32_at(record, 20)?),
        offset: u64::from(u32_at(record, 42)?),
    };
    let zip64 = sizes.widen(extra);
    let entry = Entry {
        index,
        name,
        made_by: u16_at(record, 4)?,
        flags: u16_at(record, 8)?,
        method: u16_at(record, 10)?,
        dos_time: u32_at(record, 12)?,
        crc32: u32_at(record, 16)?,
        compressed_size: sizes.compressed,
        uncompressed_size: sizes.uncompressed,
        external_attributes: u32_at(record, 38)?,
        local_header_offset: sizes.offset,
        zip64,
        local: None,
    };
    // At most 46 + 3 × 65 535 more than `position`, which lies inside a slice.
    Ok((
        entry,
        position + CENTRAL_BYTES + name_length + extra_length + comment_length,
    ))
}

/// Reads the local header of `entry`, which must end before the central directory.
fn local_header<'a>(
    bytes: &'a [u8],
    entry: &Entry<'_>,
    directory_offset: u64,
) -> Result<LocalHeader<'a>, Truncated> {
    let directory_offset = usize::try_from(directory_offset).map_err(|_| Truncated)?;
    let offset = usize::try_from(entry.local_header_offset).map_err(|_| Truncated)?;
    let header = bytes.get(offset..directory_offset).ok_or(Truncated)?;
    if u32_at(header, 0)? != LOCAL_SIGNATURE {
        return Err(Truncated);
    }
    let name_length = usize::from(u16_at(header, 26)?);
    let extra_length = usize::from(u16_at(header, 28)?);
    let name = slice_at(header, LOCAL_BYTES, name_length)?;
    let extra = slice_at(header, LOCAL_BYTES + name_length, extra_length)?;
    let mut sizes = Sizes {
        uncompressed: u64::from(u32_at(header, 22)?),
        compressed: u64::from(u32_at(header, 18)?),
        offset: 0,
    };
    sizes.widen(extra);
    Ok(LocalHeader {
        name,
        method: u16_at(header, 8)?,
        flags: u16_at(header, 6)?,
        crc32: u32_at(header, 14)?,
        compressed_size: sizes.compressed,
        uncompressed_size: sizes.uncompressed,
        data_offset: (offset + LOCAL_BYTES + name_length + extra_length) as u64,
    })
}

/// The three numbers that ZIP64 may widen, in the order its extra field has them.
struct Sizes {
    uncompressed: u64,
    compressed: u64,
    offset: u64,
}

impl Sizes {
    /// Takes saturated numbers from the ZIP64 extra field, if there is one that has them all.
    fn widen(&mut self, extra: &[u8]) -> bool {
        let saturated = u64::from(SATURATED);
        let mut fields = [
            &mut self.uncompressed,
            &mut self.compressed,
            &mut self.offset,
        ];
        if fields.iter().all(|field| **field != saturated) {
            return false;
        }
        let Some(wide) = extra_field(extra, ZIP64_EXTRA) else {
            return false;
        };
        let mut position = 0;
        let mut widened = false;
        for field in &mut fields {
            if **field == saturated
                && let Ok(value) = u64_at(wide, position)
            {
                **field = value;
                position += 8;
                widened = true;
            }
        }
        widened
    }
}

/// The value of the first extra field with that identifier.
fn extra_field(mut extra: &[u8], identifier: u16) -> Option<&[u8]> {
    loop {
        let length = usize::from(u16_at(extra, 2).ok()?);
        let value = slice_at(extra, 4, length).ok()?;
        if u16_at(extra, 0).ok()? == identifier {
            return Some(value);
        }
        extra = extra.get(4 + length..)?;
    }
}
