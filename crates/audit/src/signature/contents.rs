//! The entries of an APK as the platform's signature check reads them.

use std::borrow::Cow;

use crate::zip::{Archive, Entry, FLAG_DESCRIPTOR, ReadError, ZipError};

/// Bytes of a manifest or a signature. Stops such files from being made to fill memory: they are
/// read as a whole, and those of the largest apps have a few megabytes.
const FILE_BYTES_MAX: u64 = 64 << 20;

/// Why verification stops altogether.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Abort {
    /// The file is malformed.
    Format,
    /// The SDK range is empty.
    EmptyRange,
    /// The file asks for too much work.
    Limit,
}

impl From<ZipError> for Abort {
    fn from(error: ZipError) -> Self {
        match error {
            ZipError::TooManyEntries { .. }
            | ZipError::NameTooLong { .. }
            | ZipError::TotalTooLarge { .. } => Self::Limit,
            ZipError::NoEndRecord
            | ZipError::DirectoryOutOfRange
            | ZipError::DirectoryRecord { .. } => Self::Format,
        }
    }
}

impl From<ReadError> for Abort {
    fn from(error: ReadError) -> Self {
        match error {
            ReadError::TooLarge { .. } => Self::Limit,
            ReadError::NoLocalHeader
            | ReadError::DataOutOfRange
            | ReadError::Encrypted
            | ReadError::Ratio
            | ReadError::Inflate
            | ReadError::SizeMismatch => Self::Format,
        }
    }
}

/// The entries of an APK.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Contents<'a> {
    archive: &'a Archive<'a>,
}

impl<'a> Contents<'a> {
    pub(crate) const fn new(archive: &'a Archive<'a>) -> Self {
        Self { archive }
    }

    /// All entries but folders, in the order of the central directory.
    pub(crate) fn files(&self) -> impl Iterator<Item = &'a Entry<'a>> + use<'a> {
        self.archive
            .entries()
            .iter()
            .filter(|entry| !entry.is_directory())
    }

    /// The first file of that name.
    pub(crate) fn file(&self, name: &str) -> Option<&'a Entry<'a>> {
        self.files().find(|entry| entry.name == name.as_bytes())
    }

    /// Unpacks one of the files that say something about the package: manifests and signatures.
    pub(crate) fn read(&self, entry: &Entry<'_>) -> Result<Cow<'a, [u8]>, Abort> {
        Self::check_headers(entry)?;
        if entry.uncompressed_size > FILE_BYTES_MAX {
            return Err(Abort::Limit);
        }
        Ok(self.archive.unpack(entry)?)
    }

    /// Unpacks any entry piece by piece.
    pub(crate) fn stream(
        &self,
        entry: &Entry<'_>,
        sink: &mut dyn FnMut(&[u8]),
    ) -> Result<(), Abort> {
        Self::check_headers(entry)?;
        Ok(self.archive.stream(entry, sink)?)
    }

    /// Refuses an entry whose two headers do not agree as far as the platform demands it. Flags
    /// other than the descriptor's, the method in the local header and the CRC of the contents
    /// are not looked at.
    fn check_headers(entry: &Entry<'_>) -> Result<(), Abort> {
        let local = entry.local.as_ref().ok_or(Abort::Format)?;
        let described = local.flags & FLAG_DESCRIPTOR != 0;
        let agrees = described == (entry.flags & FLAG_DESCRIPTOR != 0)
            && String::from_utf8_lossy(local.name) == entry.name_lossy()
            && local.name.len() <= entry.name.len()
            && (described
                || (local.crc32 == entry.crc32
                    && local.compressed_size == entry.compressed_size
                    && local.uncompressed_size == entry.uncompressed_size));
        // The platform's check knows nothing of ZIP64.
        if agrees && !entry.zip64 {
            Ok(())
        } else {
            Err(Abort::Format)
        }
    }
}
