//! The files of a package: what they are, how large, and which are the same.

use std::collections::BTreeMap;

use crate::{axml, elf, macho, property_list};

/// What a file is, by its content first and its name second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FileKind {
    /// Android code.
    Dex,
    /// A native library or program of Android or HarmonyOS.
    Elf,
    /// A native library or program of iOS.
    Macho,
    /// Compiled XML.
    BinaryXml,
    /// A resource table.
    ResourceTable,
    /// A property list.
    PropertyList,
    /// JSON.
    Json,
    /// XML text.
    Xml,
    /// HTML.
    Html,
    /// JavaScript.
    Script,
    /// Source code.
    Source,
    /// Any other text.
    Text,
    /// HarmonyOS bytecode.
    ArkBytecode,
    /// An SQLite database.
    Database,
    /// A certificate, as PEM or DER.
    Certificate,
    /// A private key in the clear, as PEM or DER.
    PrivateKey,
    /// A key store (JKS, BKS, PKCS #12).
    KeyStore,
    /// An archive inside the package.
    Archive,
    /// A picture.
    Image,
    /// Sound or film.
    Media,
    /// A font.
    Font,
    /// Nothing at all.
    Empty,
    /// Anything else.
    Other,
}

/// A file of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct File {
    /// The archive that it is in, where a package has several; else empty.
    pub part: String,
    /// Its path in the archive or tree.
    pub path: String,
    /// What it is.
    pub kind: FileKind,
    /// Unpacked size in bytes.
    pub size: u64,
    /// Size in the archive in bytes.
    pub packed_size: u64,
    /// Whether it is stored without compression.
    pub stored: bool,
    /// Where its content starts in the archive, in bytes; for alignment.
    pub data_offset: Option<u64>,
    /// The CRC-32 that the archive declares.
    pub crc32: u32,
    /// Whether the content has that CRC-32. Android does not check it.
    pub crc_matches: bool,
    /// SHA-256 of the content; `None` if it was not read.
    pub sha256: Option<[u8; 32]>,
}

impl File {
    /// Part and path, as reports show them.
    #[must_use]
    pub fn location(&self) -> String {
        location(&self.part, &self.path)
    }

    /// The last component of the path.
    #[must_use]
    pub fn name(&self) -> &str {
        self.path.rsplit('/').next().unwrap_or(&self.path)
    }

    /// What follows the last dot of the name, in lower case.
    #[must_use]
    pub fn extension(&self) -> String {
        extension(&self.path)
    }
}

/// Part and path in one.
pub(crate) fn location(part: &str, path: &str) -> String {
    if part.is_empty() {
        path.to_owned()
    } else {
        format!("{part}!/{path}")
    }
}

pub(crate) fn extension(path: &str) -> String {
    let name = path.rsplit('/').next().unwrap_or(path);
    name.rsplit_once('.')
        .map_or_else(String::new, |(_, extension)| extension.to_ascii_lowercase())
}

/// The files of a package.
#[derive(Debug, Clone, Default)]
pub struct Files {
    files: Vec<File>,
}

impl Files {
    pub(crate) fn new(files: Vec<File>) -> Self {
        Self { files }
    }

    /// The files in the order of the archive.
    pub fn iter(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.files.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// The file of this path, in any part.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&File> {
        self.files.iter().find(|file| file.path == path)
    }

    /// The files of a kind.
    pub fn of_kind(&self, kind: FileKind) -> impl Iterator<Item = &File> {
        self.files.iter().filter(move |file| file.kind == kind)
    }

    /// Groups of files with the same content and at least `size_min` bytes, largest waste first.
    #[must_use]
    pub fn duplicates(&self, size_min: u64) -> Vec<Vec<&File>> {
        let mut groups: BTreeMap<[u8; 32], Vec<&File>> = BTreeMap::new();
        for file in self
            .files
            .iter()
            .filter(|file| file.size >= size_min.max(1))
        {
            if let Some(sha256) = file.sha256 {
                groups.entry(sha256).or_default().push(file);
            }
        }
        let mut groups: Vec<_> = groups
            .into_values()
            .filter(|group| group.len() > 1)
            .collect();
        groups.sort_by_key(|group| {
            let size = group.first().map_or(0, |file| file.size);
            std::cmp::Reverse(size.saturating_mul(group.len() as u64 - 1))
        });
        groups
    }
}

/// What `content` is; `path` decides where the content does not.
#[must_use]
pub fn classify(path: &str, content: &[u8]) -> FileKind {
    if content.is_empty() {
        return FileKind::Empty;
    }
    if let Some(kind) = by_content(content) {
        return kind;
    }
    let extension = extension(path);
    match extension.as_str() {
        "cer" | "crt" | "der" if content.starts_with(&[0x30]) => FileKind::Certificate,
        "p12" | "pfx" | "jks" | "bks" | "keystore" => FileKind::KeyStore,
        "key" | "p8" | "pk8" if content.starts_with(&[0x30]) => FileKind::PrivateKey,
        "png" | "jpg" | "jpeg" | "gif" | "webp" | "bmp" | "ico" | "car" => FileKind::Image,
        "mp3" | "mp4" | "ogg" | "wav" | "m4a" | "aac" | "webm" | "caf" => FileKind::Media,
        "ttf" | "otf" | "ttc" | "woff" | "woff2" => FileKind::Font,
        _ if is_text(content) => by_extension(&extension, content),
        _ => FileKind::Other,
    }
}

/// Marks at fixed places.
fn by_content(content: &[u8]) -> Option<FileKind> {
    const MARKS: [(&[u8], FileKind); 22] = [
        (b"dex\n0", FileKind::Dex),
        (b"SQLite format 3\0", FileKind::Database),
        (b"PANDA\0\0\0", FileKind::ArkBytecode),
        (b"PK\x03\x04", FileKind::Archive),
        (b"PK\x05\x06", FileKind::Archive),
        (b"\x1f\x8b\x08", FileKind::Archive),
        (b"\xfd7zXZ\0", FileKind::Archive),
        (b"7z\xbc\xaf\x27\x1c", FileKind::Archive),
        (b"\x89PNG", FileKind::Image),
        (b"\xff\xd8\xff", FileKind::Image),
        (b"GIF8", FileKind::Image),
        (b"RIFF", FileKind::Media),
        (b"OggS", FileKind::Media),
        (b"ID3", FileKind::Media),
        (b"OTTO\0", FileKind::Font),
        (b"\0\x01\0\0\0", FileKind::Font),
        (b"\xfe\xed\xfe\xed\0\0\0", FileKind::KeyStore),
        (b"\xce\xce\xce\xce\0\0\0", FileKind::KeyStore),
        (b"\x02\0\x0c\0", FileKind::ResourceTable),
        (b"-----BEGIN CERTIFICATE", FileKind::Certificate),
        (b"wOFF", FileKind::Font),
        (b"wOF2", FileKind::Font),
    ];
    if elf::is_elf(content) {
        return Some(FileKind::Elf);
    }
    if macho::is_macho(content) {
        return Some(FileKind::Macho);
    }
    if axml::is_binary_xml(content) {
        return Some(FileKind::BinaryXml);
    }
    if property_list::is_property_list(content) {
        return Some(FileKind::PropertyList);
    }
    if content.starts_with(b"-----BEGIN") && is_private_key(content) {
        return Some(FileKind::PrivateKey);
    }
    if content.get(8..12) == Some(b"WEBP") {
        return Some(FileKind::Image);
    }
    MARKS
        .iter()
        .find(|(mark, _)| content.starts_with(mark))
        .map(|(_, kind)| *kind)
}

/// Whether the first PEM block is a private key: `PRIVATE KEY`, `RSA PRIVATE KEY`, …
fn is_private_key(content: &[u8]) -> bool {
    let head = content.get(..64).unwrap_or(content);
    memchr::memmem::find(head, b"PRIVATE KEY-----").is_some()
}

fn by_extension(extension: &str, content: &[u8]) -> FileKind {
    match extension {
        "json" | "json5" => FileKind::Json,
        "xml" | "svg" | "storyboard" | "xib" => FileKind::Xml,
        "html" | "htm" | "xhtml" => FileKind::Html,
        "js" | "mjs" | "jsx" | "jsbundle" | "ts" | "tsx" | "ets" | "vue" => FileKind::Script,
        "java" | "kt" | "kts" | "swift" | "m" | "mm" | "h" | "c" | "cc" | "cpp" | "hpp"
        | "dart" | "gradle" | "groovy" | "rs" | "go" | "py" | "rb" | "sh" | "cs" | "smali" => {
            FileKind::Source
        }
        _ if content.trim_ascii_start().starts_with(b"<?xml") => FileKind::Xml,
        _ => FileKind::Text,
    }
}

/// Whether `content` reads as text: UTF-8 without control characters at its start, or almost.
fn is_text(content: &[u8]) -> bool {
    const WINDOW: usize = 4_096;
    let head = content.get(..WINDOW).unwrap_or(content);
    let valid = match str::from_utf8(head) {
        Ok(_) => true,
        // A character may be cut at the end of the window.
        Err(error) => error.error_len().is_none() && content.len() > WINDOW,
    };
    valid
        && !head
            .iter()
            .any(|byte| matches!(byte, 0..=8 | 14..=26 | 28..=31 | 127))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_wins_over_the_name() {
        assert_eq!(classify("assets/a.png", b"dex\n035\0"), FileKind::Dex);
        assert_eq!(classify("assets/a.txt", b"\x7fELF\x02"), FileKind::Elf);
        assert_eq!(
            classify("a", b"-----BEGIN RSA PRIVATE KEY-----\n"),
            FileKind::PrivateKey
        );
        assert_eq!(
            classify("a", b"-----BEGIN CERTIFICATE-----\n"),
            FileKind::Certificate
        );
        assert_eq!(
            classify("a.pem", b"-----BEGIN PUBLIC KEY-----\n"),
            FileKind::Text
        );
        assert_eq!(classify("a.json", b"{}"), FileKind::Json);
        assert_eq!(classify("a.json", b"{\0}"), FileKind::Other);
        assert_eq!(classify("a.bks", &[0, 0, 0, 2]), FileKind::KeyStore);
        assert_eq!(classify("x", b""), FileKind::Empty);
        assert_eq!(classify("x.txt", "合符".as_bytes()), FileKind::Text);
        // A Java class starts like a universal binary.
        assert_eq!(
            classify("A.class", &[0xca, 0xfe, 0xba, 0xbe, 0, 0, 0, 52]),
            FileKind::Other
        );
    }

    #[test]
    fn duplicates_are_grouped_by_waste() {
        let file = |path: &str, size, hash| File {
            part: String::new(),
            path: path.to_owned(),
            kind: FileKind::Other,
            size,
            packed_size: size,
            stored: true,
            data_offset: None,
            crc32: 0,
            crc_matches: true,
            sha256: Some([hash; 32]),
        };
        let files = Files::new(vec![
            file("a", 10, 1),
            file("b", 10, 1),
            file("c", 90, 2),
            file("d", 90, 2),
            file("e", 5, 3),
            file("empty", 0, 4),
            file("empty2", 0, 4),
        ]);
        let groups = files.duplicates(0);
        assert_eq!(groups.len(), 2);
        assert_eq!(
            groups[0]
                .iter()
                .map(|file| file.path.as_str())
                .collect::<Vec<_>>(),
            ["c", "d"]
        );
    }
}
