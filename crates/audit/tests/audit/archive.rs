//! Builds ZIP archives byte by byte, so that tests can say exactly what is wrong with them.

use std::io::Write as _;

/// An archive and where its records are.
#[derive(Debug, Clone, Default)]
pub(crate) struct Built {
    pub(crate) bytes: Vec<u8>,
    /// Where each local header starts.
    pub(crate) locals: Vec<usize>,
    /// Where each record of the central directory starts.
    pub(crate) centrals: Vec<usize>,
    /// Where the central directory starts.
    pub(crate) directory: usize,
    /// Where the end record starts.
    pub(crate) end: usize,
}

impl Built {
    /// Writes a number over the bytes at a place.
    pub(crate) fn patch(&mut self, at: usize, bytes: &[u8]) -> &mut Self {
        self.bytes[at..at + bytes.len()].copy_from_slice(bytes);
        self
    }
}

/// One entry to be.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) name: Vec<u8>,
    pub(crate) method: u16,
    pub(crate) flags: u16,
    pub(crate) packed: Vec<u8>,
    pub(crate) size: u32,
    pub(crate) crc32: u32,
}

/// An entry kept as it is.
pub(crate) fn stored(name: &str, contents: &[u8]) -> Entry {
    let mut crc = flate2::Crc::new();
    crc.update(contents);
    Entry {
        name: name.into(),
        method: 0,
        flags: 0,
        packed: contents.to_vec(),
        size: contents.len().try_into().unwrap(),
        crc32: crc.sum(),
    }
}

/// A deflated entry.
pub(crate) fn deflated(name: &str, contents: &[u8]) -> Entry {
    let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(contents).unwrap();
    Entry {
        method: 8,
        packed: encoder.finish().unwrap(),
        ..stored(name, contents)
    }
}

/// Builds a well-formed archive.
pub(crate) fn build(entries: &[Entry]) -> Built {
    let mut built = Built::default();
    for entry in entries {
        built.locals.push(built.bytes.len());
        built.bytes.extend(b"PK\x03\x04\x14\0");
        built.bytes.extend(entry.flags.to_le_bytes());
        built.bytes.extend(entry.method.to_le_bytes());
        built.bytes.extend([0; 4]);
        let described = entry.flags & 8 != 0;
        let numbers = [
            entry.crc32,
            u32::try_from(entry.packed.len()).unwrap(),
            entry.size,
        ];
        for number in numbers {
            built.bytes.extend(if described {
                [0; 4]
            } else {
                number.to_le_bytes()
            });
        }
        built
            .bytes
            .extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        built.bytes.extend([0; 2]);
        built.bytes.extend(&entry.name);
        built.bytes.extend(&entry.packed);
        if described {
            built.bytes.extend(b"PK\x07\x08");
            built.bytes.extend(numbers.map(u32::to_le_bytes).concat());
        }
    }
    built.directory = built.bytes.len();
    for (entry, local) in entries.iter().zip(&built.locals) {
        built.centrals.push(built.bytes.len());
        built.bytes.extend(b"PK\x01\x02\x14\0\x14\0");
        built.bytes.extend(entry.flags.to_le_bytes());
        built.bytes.extend(entry.method.to_le_bytes());
        built.bytes.extend([0; 4]);
        built.bytes.extend(entry.crc32.to_le_bytes());
        built
            .bytes
            .extend(u32::try_from(entry.packed.len()).unwrap().to_le_bytes());
        built.bytes.extend(entry.size.to_le_bytes());
        built
            .bytes
            .extend(u16::try_from(entry.name.len()).unwrap().to_le_bytes());
        built.bytes.extend([0; 12]);
        built
            .bytes
            .extend(u32::try_from(*local).unwrap().to_le_bytes());
        built.bytes.extend(&entry.name);
    }
    built.end = built.bytes.len();
    let count = u16::try_from(entries.len()).unwrap().to_le_bytes();
    let size = u32::try_from(built.end - built.directory)
        .unwrap()
        .to_le_bytes();
    let offset = u32::try_from(built.directory).unwrap().to_le_bytes();
    built.bytes.extend(b"PK\x05\x06\0\0\0\0");
    built
        .bytes
        .extend([&count[..], &count, &size, &offset, &[0, 0]].concat());
    built
}
