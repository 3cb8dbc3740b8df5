//! The spool's files: `<number of the first event>.spool`.

use std::{
    collections::VecDeque,
    fs::{self, File, OpenOptions},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::frame::{self, Frame};

const MAGIC: &[u8; 8] = b"HEFUSP\x00\x01";
pub(super) const HEADER_BYTES: usize = 16;

/// A file that is not written any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Segment {
    pub(super) first_seq: u64,
    /// To be read; what lies beyond is not.
    pub(super) bytes: u64,
}

pub(super) fn header(first_seq: u64) -> [u8; HEADER_BYTES] {
    let mut header = [0; HEADER_BYTES];
    let (magic, seq) = header.split_at_mut(MAGIC.len());
    magic.copy_from_slice(MAGIC);
    seq.copy_from_slice(&first_seq.to_le_bytes());
    header
}

pub(super) fn path(folder: &Path, first_seq: u64) -> PathBuf {
    folder.join(format!("{first_seq:020}.spool"))
}

/// A new file. One of that name can only be what an earlier process made and wrote no whole event
/// to.
pub(super) fn create(folder: &Path, first_seq: u64) -> io::Result<File> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(true)
        .open(path(folder, first_seq))
}

/// The files in the folder, oldest first.
pub(super) fn list(folder: &Path) -> io::Result<VecDeque<Segment>> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let stem = name.to_str().and_then(|name| name.strip_suffix(".spool"));
        if let Some(first_seq) = stem.and_then(|stem| stem.parse().ok()) {
            segments.push(Segment {
                first_seq,
                bytes: entry.metadata()?.len(),
            });
        }
    }
    segments.sort_by_key(|segment| segment.first_seq);
    Ok(segments.into())
}

/// The number of the last whole event in the file, or the one before its first.
pub(super) fn last_seq(folder: &Path, segment: &Segment) -> io::Result<u64> {
    let mut bytes = Vec::new();
    File::open(path(folder, segment.first_seq))?
        .take(segment.bytes)
        .read_to_end(&mut bytes)?;
    let mut last = segment.first_seq.saturating_sub(1);
    let mut rest = bytes.get(HEADER_BYTES..).unwrap_or_default();
    while let Some((frame, after)) = frame::decode(rest) {
        if let Frame::Event(event) = frame {
            last = event.seq;
        }
        rest = after;
    }
    Ok(last)
}
