//! Code directories.

use super::super::hash::{Hash, hex};
use super::{CodeSignatureIssue, SliceSignature};
use crate::bytes::{Truncated, c_string_at, saturating_u32, slice_at, u8_at, u32_be_at, u64_at};

const MAGIC: u32 = 0xfade_0c02;
/// Since which version the fields are there.
const VERSION_WITH_TEAM: u32 = 0x2_0200;
const VERSION_WITH_LONG_LIMIT: u32 = 0x2_0300;
const FLAG_AD_HOC: u32 = 0x2;
/// Special slots of one directory. Stops counts made to keep the reader busy; there are eleven.
const SPECIAL_SLOTS_MAX: u32 = 32;
/// The largest page, as a power of two; programs for iOS have 12 or 14.
const PAGE_SIZE_LOG2_MAX: u8 = 24;

/// What a code directory says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CodeDirectory {
    /// Its own digest by its own hash function, hexadecimal. The first forty digits are what
    /// Apple's tools call `CDHash`.
    pub digest: String,
    /// The hash function, for instance `SHA-256`.
    pub hash: &'static str,
    /// Its digests can be forged: SHA-1.
    pub has_weak_digest: bool,
    /// The identifier of the program, mostly that of the bundle.
    pub identifier: String,
    /// The identifier of the developer's team.
    pub team: Option<String>,
    /// Signed by nobody.
    pub is_ad_hoc: bool,
    /// Flags as they stand.
    pub flags: u32,
    /// Pages that are covered.
    pub pages: u32,
}

/// A code directory to verify with.
#[derive(Debug)]
pub(super) struct Directory<'a> {
    blob: &'a [u8],
    hash: Hash,
    digest_bytes: usize,
    digests_offset: usize,
    special_count: u32,
    code_count: u32,
    code_limit: u64,
    page_size_log2: u8,
    flags: u32,
    identifier: &'a [u8],
    team: Option<&'a [u8]>,
}

impl<'a> Directory<'a> {
    pub(super) fn parse(blob: &'a [u8]) -> Result<Self, CodeSignatureIssue> {
        let directory = Self::read(blob).map_err(|Truncated| CodeSignatureIssue::Malformed)?;
        let directory = directory.ok_or(CodeSignatureIssue::UnknownHash)?;
        if directory.special_count > SPECIAL_SLOTS_MAX
            || directory.page_size_log2 > PAGE_SIZE_LOG2_MAX
            || u32_be_at(blob, 0) != Ok(MAGIC)
        {
            return Err(CodeSignatureIssue::Malformed);
        }
        Ok(directory)
    }

    /// Reads the fields; `None` for an unknown hash function.
    fn read(blob: &'a [u8]) -> Result<Option<Self>, Truncated> {
        let word = |at| u32_be_at(blob, at);
        let version = word(8)?;
        // Name and length of digest by number.
        let (hash, digest_bytes) = match u8_at(blob, 37)? {
            1 => (Hash::Sha1, 20),
            2 => (Hash::Sha256, 32),
            3 => (Hash::Sha256, 20),
            4 => (Hash::Sha384, 48),
            _ => return Ok(None),
        };
        let text = |offset: u32| c_string_at(blob, offset as usize);
        let team = if version >= VERSION_WITH_TEAM {
            word(48)?
        } else {
            0
        };
        let long_limit = if version >= VERSION_WITH_LONG_LIMIT {
            u64_at(blob, 56)?.swap_bytes()
        } else {
            0
        };
        let limit = u64::from(word(32)?);
        Ok(Some(Self {
            blob,
            hash,
            digest_bytes,
            digests_offset: word(16)? as usize,
            special_count: word(24)?,
            code_count: word(28)?,
            code_limit: if long_limit > 0 { long_limit } else { limit },
            page_size_log2: u8_at(blob, 39)?,
            flags: word(12)?,
            identifier: text(word(20)?)?,
            team: if team > 0 { Some(text(team)?) } else { None },
        }))
    }

    /// The digest of contents, as long as the slots are.
    pub(super) fn digest(&self, contents: &[u8]) -> Vec<u8> {
        let mut digest = self.hash.digest(&[contents]);
        digest.truncate(self.digest_bytes);
        digest
    }

    /// The digest in a special slot; `None` if there is none or it is all zeros.
    pub(super) fn special(&self, slot: u32) -> Option<&'a [u8]> {
        if slot > self.special_count {
            return None;
        }
        // Special slots stand before the others, counted backwards.
        let back = (slot as usize).checked_mul(self.digest_bytes)?;
        let start = self.digests_offset.checked_sub(back)?;
        let digest = slice_at(self.blob, start, self.digest_bytes).ok()?;
        digest.iter().any(|&byte| byte != 0).then_some(digest)
    }

    /// Compares the pages of the program, which ends where the signature starts.
    pub(super) fn verify_pages(&self, code: &[u8], signature: &mut SliceSignature) {
        let limit = usize::try_from(self.code_limit).ok();
        let Some(covered) = limit.and_then(|limit| code.get(..limit)) else {
            return signature.issue(CodeSignatureIssue::Malformed);
        };
        if covered.len() < code.len() {
            let bytes = saturating_u32(code.len() - covered.len());
            signature.issue(CodeSignatureIssue::NotCovered { bytes });
        }
        // Page size 0 stands for one page as large as the program.
        let page_bytes = match self.page_size_log2 {
            0 => covered.len().max(1),
            log2 => 1 << log2,
        };
        let digests_bytes = (self.code_count as usize).checked_mul(self.digest_bytes);
        let digests =
            digests_bytes.and_then(|length| slice_at(self.blob, self.digests_offset, length).ok());
        let Some(digests) =
            digests.filter(|_| covered.len().div_ceil(page_bytes) == self.code_count as usize)
        else {
            return signature.issue(CodeSignatureIssue::Malformed);
        };
        let pages = covered
            .chunks(page_bytes)
            .zip(digests.chunks(self.digest_bytes));
        let changed = pages
            .enumerate()
            .find(|(_, (page, digest))| self.digest(page) != *digest);
        if let Some((page, _)) = changed {
            let page = saturating_u32(page);
            signature.issue(CodeSignatureIssue::PageChanged { page });
        }
    }

    pub(super) fn facts(&self, blob: &[u8]) -> CodeDirectory {
        let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
        CodeDirectory {
            digest: hex(&self.hash.digest(&[blob])),
            hash: self.hash.name(),
            has_weak_digest: self.hash.is_weak(),
            identifier: text(self.identifier),
            team: self.team.map(text),
            is_ad_hoc: self.flags & FLAG_AD_HOC != 0,
            flags: self.flags,
            pages: self.code_count,
        }
    }
}
