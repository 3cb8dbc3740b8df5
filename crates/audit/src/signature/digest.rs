//! Digests over the whole file, as the v2, v3 and v4 schemes define them, in parallel.

use std::borrow::Cow;

use rayon::prelude::*;

use super::algorithm::ContentDigest;
use super::block::SigningBlock;
use super::hash::{Hash, sha256};

const CHUNK_BYTES: usize = 1 << 20;
const PAGE_BYTES: usize = 4_096;
/// Pages that one task digests: enough work to be worth handing over.
const PAGES_PER_TASK: usize = 64;
/// The salt of APK verity.
const VERITY_SALT: [u8; 8] = [0; 8];
/// Where the end record keeps the offset of the central directory.
const DIRECTORY_OFFSET: std::ops::Range<usize> = 16..20;

/// The digest of the file without its signing block. `None` if the file is laid out in a way that
/// the digest does not allow.
pub(crate) fn content_digest(digest: ContentDigest, block: &SigningBlock<'_>) -> Option<Vec<u8>> {
    let end_record = without_block(block.end_record, block.before.len())?;
    let parts = [block.before, block.central_directory, &end_record];
    match digest {
        ContentDigest::ChunkedSha256 => Some(chunked(Hash::Sha256, &parts, &[])),
        ContentDigest::ChunkedSha512 => Some(chunked(Hash::Sha512, &parts, &[])),
        ContentDigest::VeritySha256 => {
            let aligned = |length: usize| length.is_multiple_of(PAGE_BYTES);
            if !aligned(block.before.len()) || !aligned(block.size) {
                return None;
            }
            let root = VerityTree::new(&parts, &VERITY_SALT).root;
            let length: usize = parts.iter().map(|part| part.len()).sum();
            Some([root.as_slice(), &(length as u64).to_le_bytes()].concat())
        }
        ContentDigest::Sha256 => None,
    }
}

/// The end record as if the signing block were not there: the directory follows the entries.
pub(crate) fn without_block(end_record: &[u8], entries_end: usize) -> Option<Vec<u8>> {
    let mut end_record = end_record.to_vec();
    let directory = u32::try_from(entries_end).ok()?;
    end_record
        .get_mut(DIRECTORY_OFFSET)?
        .copy_from_slice(&directory.to_le_bytes());
    Some(end_record)
}

/// Digests every chunk of every part with its length, then the digests with their count, and what
/// is signed beside them.
pub(crate) fn chunked(hash: Hash, parts: &[&[u8]], beside: &[&[u8]]) -> Vec<u8> {
    let chunks: Vec<&[u8]> = parts
        .iter()
        .flat_map(|part| part.chunks(CHUNK_BYTES))
        .collect();
    let digests: Vec<Vec<u8>> = chunks
        .par_iter()
        .map(|chunk| hash.digest(&[&[0xa5], &length_bytes(chunk.len()), chunk]))
        .collect();
    let (count, digests) = (length_bytes(digests.len()), digests.concat());
    hash.digest(&[&[&[0x5a][..], &count, &digests], beside].concat())
}

/// A count of chunks or the bytes of one: below 2³² for any file with 32-bit offsets.
fn length_bytes(length: usize) -> [u8; 4] {
    crate::bytes::saturating_u32(length).to_le_bytes()
}

/// A hash tree over pages, as fs-verity builds it.
#[derive(Debug)]
pub(crate) struct VerityTree {
    /// The digest of the topmost page.
    pub(crate) root: [u8; 32],
    /// All levels, the topmost first, each filled up to whole pages.
    pub(crate) tree: Vec<u8>,
}

impl VerityTree {
    /// Builds the tree over the parts, one directly after the other.
    pub(crate) fn new(parts: &[&[u8]], salt: &[u8]) -> Self {
        let mut levels = vec![level_over_parts(parts, salt)];
        while let Some(below) = levels.last()
            && below.len() > PAGE_BYTES
        {
            levels.push(filled(level(below, salt)));
        }
        let tree: Vec<u8> = levels.into_iter().rev().flatten().collect();
        let top = tree.get(..PAGE_BYTES).unwrap_or(&tree);
        Self {
            root: page_digest(salt, top),
            tree,
        }
    }
}

/// The digests of the pages of all parts.
fn level_over_parts(parts: &[&[u8]], salt: &[u8]) -> Vec<u8> {
    // Whole pages of the first part, which is nearly everything, are digested where they are.
    let (first, others) = parts
        .split_first()
        .map_or((&[][..], parts), |(&first, rest)| (first, rest));
    let (whole, odd) = first.split_at(first.len() - first.len() % PAGE_BYTES);
    let rest = [&[odd], others].concat().concat();
    let mut digests = level(whole, salt);
    digests.extend(level(&rest, salt));
    filled(digests)
}

/// The digests of the pages of `bytes`; the last page is filled with zeros.
fn level(bytes: &[u8], salt: &[u8]) -> Vec<u8> {
    bytes
        .par_chunks(PAGE_BYTES * PAGES_PER_TASK)
        .flat_map_iter(|pages| {
            pages
                .chunks(PAGE_BYTES)
                .flat_map(|page| page_digest(salt, page))
        })
        .collect()
}

fn page_digest(salt: &[u8], page: &[u8]) -> [u8; 32] {
    let page = if page.len() == PAGE_BYTES {
        Cow::Borrowed(page)
    } else {
        filled(page.to_vec()).into()
    };
    sha256(&[salt, &page])
}

/// Adds zeros up to a whole page.
fn filled(mut bytes: Vec<u8>) -> Vec<u8> {
    bytes.resize(bytes.len().next_multiple_of(PAGE_BYTES), 0);
    bytes
}
