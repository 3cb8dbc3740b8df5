//! Where an archive contradicts itself.

use std::collections::HashMap;

use super::{DEFLATED, EndRecord, Entry, FLAG_DESCRIPTOR, STORED};
use crate::bytes::{Truncated, slice_at, u32_at, u64_at};

const DESCRIPTOR_SIGNATURE: u32 = 0x0807_4b50;
/// Flags that change how the data is read: encryption, descriptor, patched data, strong
/// encryption, UTF-8 names, masked headers. The others are hints about compression effort.
const MEANINGFUL_FLAGS: u16 = 0x0001 | FLAG_DESCRIPTOR | 0x0020 | 0x0040 | 0x0800 | 0x2000;

/// Disagreements that are kept of one archive. Stops archives of which every entry contradicts
/// itself in several ways from filling memory and reports.
pub const DISAGREEMENTS_MAX: usize = 4_096;

/// The disagreements of an archive.
#[derive(Debug, Clone, Default)]
pub(super) struct Disagreements {
    /// The first of them.
    pub(super) kept: Vec<Disagreement>,
    /// How many there are.
    pub(super) count: usize,
}

impl Disagreements {
    fn push(&mut self, disagreement: Disagreement) {
        self.count += 1;
        if self.kept.len() < DISAGREEMENTS_MAX {
            self.kept.push(disagreement);
        }
    }
}

/// One way in which two readers of the same archive may see different files.
///
/// Entries are named by their position in the central directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Disagreement {
    /// No local header at the offset the central directory names.
    NoLocalHeader {
        /// The entry.
        entry: usize,
    },
    /// The data of the entry reaches into the central directory.
    DataOutOfRange {
        /// The entry.
        entry: usize,
    },
    /// The local header has another name.
    Name {
        /// The entry.
        entry: usize,
    },
    /// The local header has another compression method.
    Method {
        /// The entry.
        entry: usize,
        /// Method in the central directory, which Android follows.
        central: u16,
        /// Method in the local header.
        local: u16,
    },
    /// The local header has other flags, among those that change how data is read.
    Flags {
        /// The entry.
        entry: usize,
        /// Flags in the central directory.
        central: u16,
        /// Flags in the local header.
        local: u16,
    },
    /// The local header has another CRC-32, and no data descriptor excuses it.
    Crc {
        /// The entry.
        entry: usize,
    },
    /// The local header has another packed size, and no data descriptor excuses it.
    CompressedSize {
        /// The entry.
        entry: usize,
    },
    /// The local header has another unpacked size, and no data descriptor excuses it.
    UncompressedSize {
        /// The entry.
        entry: usize,
    },
    /// A stored entry whose packed and unpacked sizes differ.
    StoredSize {
        /// The entry.
        entry: usize,
    },
    /// The data descriptor is missing or has other numbers than the central directory.
    Descriptor {
        /// The entry.
        entry: usize,
    },
    /// The encrypted flag is set; Android ignores it, other tools refuse to read.
    EncryptedFlag {
        /// The entry.
        entry: usize,
    },
    /// A method that is neither stored nor deflate; Android inflates it, other tools refuse.
    UnknownMethod {
        /// The entry.
        entry: usize,
        /// The method.
        method: u16,
    },
    /// Two entries of the same name.
    DuplicateName {
        /// The first entry.
        first: usize,
        /// The later entry.
        second: usize,
    },
    /// Two entries that share bytes of the archive.
    Overlap {
        /// The entry that starts first.
        first: usize,
        /// The entry that starts inside it.
        second: usize,
    },
    /// Bytes before the first local header.
    Prefix {
        /// How many.
        bytes: u64,
    },
    /// Bytes of the central directory after its last declared record.
    DirectoryTrailing {
        /// How many.
        bytes: u64,
    },
    /// Bytes between the central directory and the end record.
    BeforeEndRecord {
        /// How many.
        bytes: u64,
    },
    /// Another end record that a reader might take for the real one.
    SecondEndRecord {
        /// Where it is.
        offset: u64,
    },
}

impl Disagreement {
    /// The entries that it is about: none, one or two.
    pub fn entries(&self) -> impl Iterator<Item = usize> {
        let (first, second) = match *self {
            Self::NoLocalHeader { entry }
            | Self::DataOutOfRange { entry }
            | Self::Name { entry }
            | Self::Method { entry, .. }
            | Self::Flags { entry, .. }
            | Self::Crc { entry }
            | Self::CompressedSize { entry }
            | Self::UncompressedSize { entry }
            | Self::StoredSize { entry }
            | Self::Descriptor { entry }
            | Self::EncryptedFlag { entry }
            | Self::UnknownMethod { entry, .. } => (Some(entry), None),
            Self::DuplicateName { first, second } | Self::Overlap { first, second } => {
                (Some(first), Some(second))
            }
            Self::Prefix { .. }
            | Self::DirectoryTrailing { .. }
            | Self::BeforeEndRecord { .. }
            | Self::SecondEndRecord { .. } => (None, None),
        };
        first.into_iter().chain(second)
    }
}

/// Lists all disagreements: the archive's own first, then those of each entry in order.
pub(super) fn find(
    bytes: &[u8],
    end: &EndRecord<'_>,
    trailing: u64,
    entries: &[Entry<'_>],
    by_name: &HashMap<&[u8], usize>,
) -> Disagreements {
    let mut found = Disagreements::default();
    if let Some(first) = entries.iter().map(|entry| entry.local_header_offset).min()
        && first > 0
    {
        found.push(Disagreement::Prefix { bytes: first });
    }
    if trailing > 0 {
        found.push(Disagreement::DirectoryTrailing { bytes: trailing });
    }
    let gap = end.offset.saturating_sub(end.directory_end());
    // A ZIP64 record and its locator belong between directory and end record.
    if gap > 0 && !end.zip64 {
        found.push(Disagreement::BeforeEndRecord { bytes: gap });
    }
    if let Some(offset) = end.rival(bytes) {
        found.push(Disagreement::SecondEndRecord { offset });
    }
    for entry in entries {
        if let Some(&first) = by_name.get(entry.name)
            && first != entry.index
        {
            found.push(Disagreement::DuplicateName {
                first,
                second: entry.index,
            });
        }
        of_entry(bytes, end.directory_offset, entry, &mut found);
    }
    overlaps(entries, &mut found);
    found
}

fn of_entry(bytes: &[u8], limit: u64, entry: &Entry<'_>, found: &mut Disagreements) {
    let index = entry.index;
    if entry.has_encrypted_flag() {
        found.push(Disagreement::EncryptedFlag { entry: index });
    }
    if entry.method != STORED && entry.method != DEFLATED {
        found.push(Disagreement::UnknownMethod {
            entry: index,
            method: entry.method,
        });
    }
    if entry.method == STORED && entry.compressed_size != entry.uncompressed_size {
        found.push(Disagreement::StoredSize { entry: index });
    }
    let Some(local) = &entry.local else {
        found.push(Disagreement::NoLocalHeader { entry: index });
        return;
    };
    if local.name != entry.name {
        found.push(Disagreement::Name { entry: index });
    }
    if local.method != entry.method {
        let (central, local) = (entry.method, local.method);
        found.push(Disagreement::Method {
            entry: index,
            central,
            local,
        });
    }
    if (local.flags ^ entry.flags) & MEANINGFUL_FLAGS != 0 {
        let (central, local) = (entry.flags, local.flags);
        found.push(Disagreement::Flags {
            entry: index,
            central,
            local,
        });
    }
    let data_end = local.data_offset.saturating_add(entry.stored_size());
    if data_end > limit {
        found.push(Disagreement::DataOutOfRange { entry: index });
        return;
    }
    // With a descriptor the header's three numbers may be zero or, from some writers, right.
    let described = local.flags & FLAG_DESCRIPTOR != 0;
    let excused = |value: u64| described && value == 0;
    if local.crc32 != entry.crc32 && !excused(u64::from(local.crc32)) {
        found.push(Disagreement::Crc { entry: index });
    }
    if local.compressed_size != entry.compressed_size && !excused(local.compressed_size) {
        found.push(Disagreement::CompressedSize { entry: index });
    }
    if local.uncompressed_size != entry.uncompressed_size && !excused(local.uncompressed_size) {
        found.push(Disagreement::UncompressedSize { entry: index });
    }
    if described && descriptor_agrees(bytes, data_end, entry) != Ok(true) {
        found.push(Disagreement::Descriptor { entry: index });
    }
}

/// Whether the descriptor after the data repeats the central directory's numbers, in any of its
/// four forms (with or without signature, 32 or 64 bits).
fn descriptor_agrees(bytes: &[u8], data_end: u64, entry: &Entry<'_>) -> Result<bool, Truncated> {
    let start = usize::try_from(data_end).map_err(|_| Truncated)?;
    let signed = u32_at(bytes, start)? == DESCRIPTOR_SIGNATURE;
    let starts = if signed { [4, 0] } else { [0, 0] };
    Ok(starts.iter().any(|skip| {
        let Ok(body) = slice_at(bytes, start + skip, 12) else {
            return false;
        };
        let narrow = u32_at(body, 0) == Ok(entry.crc32)
            && u32_at(body, 4).map(u64::from) == Ok(entry.compressed_size)
            && u32_at(body, 8).map(u64::from) == Ok(entry.uncompressed_size);
        let wide = || {
            let body = slice_at(bytes, start + skip, 20)?;
            Ok::<bool, Truncated>(
                u32_at(body, 0)? == entry.crc32
                    && u64_at(body, 4)? == entry.compressed_size
                    && u64_at(body, 12)? == entry.uncompressed_size,
            )
        };
        narrow || wide() == Ok(true)
    }))
}

/// Entries whose header and data share bytes with an entry that starts before them.
fn overlaps(entries: &[Entry<'_>], found: &mut Disagreements) {
    let mut spans: Vec<(u64, u64, usize)> = entries
        .iter()
        .filter_map(|entry| {
            let end = entry.data_offset()?.saturating_add(entry.stored_size());
            Some((entry.local_header_offset, end, entry.index))
        })
        .collect();
    spans.sort_unstable();
    let mut furthest: Option<(u64, usize)> = None;
    for (start, end, index) in spans {
        if let Some((reach, first)) = furthest
            && start < reach
        {
            found.push(Disagreement::Overlap {
                first,
                second: index,
            });
        }
        if furthest.is_none_or(|(reach, _)| end > reach) {
            furthest = Some((end, index));
        }
    }
}
