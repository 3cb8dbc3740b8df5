//! What is audited: a package file, a set of split packages, or a source tree.

use std::fs;
use std::io;
use std::path::Path;

use sha2::{Digest, Sha256};

use crate::limits::Limits;
use crate::zip::{self, Archive, ZipError};

/// Kinds of packages.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum PackageKind {
    /// An Android package.
    Apk,
    /// An Android package in splits: a folder of APKs, or an archive of them.
    ApkSet,
    /// An Android app bundle.
    Aab,
    /// An iOS package.
    Ipa,
    /// A HarmonyOS module.
    Hap,
    /// A HarmonyOS app: an archive of modules.
    HarmonyApp,
    /// A folder of sources.
    Source,
}

impl PackageKind {
    /// The name in reports.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Apk => "apk",
            Self::ApkSet => "apk-set",
            Self::Aab => "aab",
            Self::Ipa => "ipa",
            Self::Hap => "hap",
            Self::HarmonyApp => "harmony-app",
            Self::Source => "source",
        }
    }
}

/// Why a package cannot be opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// The file system refuses.
    #[error("cannot read: {0}")]
    Io(#[from] io::Error),
    /// Larger than [`Limits::input_bytes_max`].
    #[error("{bytes} bytes are over the limit")]
    TooLarge {
        /// How large it is.
        bytes: u64,
    },
    /// The archive cannot be read.
    #[error("cannot read the archive: {0}")]
    Archive(#[from] ZipError),
    /// An archive, but of nothing that is known.
    #[error("neither an APK, AAB, IPA or HAP nor a set of them")]
    Unrecognised,
    /// More files than [`Limits::entries_max`].
    #[error("more files than the limit")]
    TooManyFiles,
}

/// An archive of a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Its name within the package; empty for the package itself.
    pub name: String,
    /// All of it.
    pub bytes: Vec<u8>,
}

/// A file of a source tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path in the tree, with `/`.
    pub path: String,
    /// Its content; `None` if it is over a limit or cannot be read.
    pub content: Result<Vec<u8>, SourceError>,
}

/// Why a file of a source tree was not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SourceError {
    /// Over [`Limits::entry_bytes_max`] or [`Limits::unpacked_bytes_max`].
    TooLarge,
    /// The file system refuses.
    Unreadable,
    /// A symbolic link.
    SymbolicLink,
}

/// A package in memory, not yet looked into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Package {
    name: String,
    kind: PackageKind,
    size: u64,
    sha256: [u8; 32],
    parts: Vec<Part>,
    sources: Vec<SourceFile>,
}

impl Package {
    /// Reads the file or folder at `path`.
    ///
    /// A folder that directly contains APKs is a set of splits; any other folder is a source tree,
    /// of which folders of build tools and version control are left out.
    ///
    /// # Errors
    ///
    /// What cannot be read, is no package, or is over a limit.
    pub fn open(path: &Path, limits: &Limits) -> Result<Self, OpenError> {
        let name = path
            .file_name()
            .unwrap_or(path.as_os_str())
            .to_string_lossy()
            .into_owned();
        let metadata = fs::metadata(path)?;
        if metadata.is_dir() {
            return match split_paths(path)?.as_slice() {
                [] => Ok(Self::from_sources(name, read_tree(path, limits)?)),
                splits => Self::from_splits(name, read_splits(splits, limits)?),
            };
        }
        if metadata.len() > limits.input_bytes_max {
            return Err(OpenError::TooLarge {
                bytes: metadata.len(),
            });
        }
        Self::from_bytes(name, fs::read(path)?, limits)
    }

    /// A package file that is in memory. `name` helps to tell what it is only where the content
    /// does not.
    ///
    /// # Errors
    ///
    /// What is no package or over a limit.
    pub fn from_bytes(
        name: impl Into<String>,
        bytes: Vec<u8>,
        limits: &Limits,
    ) -> Result<Self, OpenError> {
        let name = name.into();
        let size = bytes.len() as u64;
        if size > limits.input_bytes_max {
            return Err(OpenError::TooLarge { bytes: size });
        }
        let archive = Archive::parse(&bytes, &limits.zip())?;
        let kind = kind_of(&archive, &name).ok_or(OpenError::Unrecognised)?;
        let inner = match kind {
            PackageKind::ApkSet => nested(&archive, &["apk"], limits),
            PackageKind::HarmonyApp => nested(&archive, &["hap", "hsp"], limits),
            _ => Vec::new(),
        };
        let sha256 = Sha256::digest(&bytes).into();
        let mut parts = vec![Part {
            name: String::new(),
            bytes,
        }];
        parts.extend(inner);
        Ok(Self {
            name,
            kind,
            size,
            sha256,
            parts,
            sources: Vec::new(),
        })
    }

    /// Split APKs that belong together, by name.
    ///
    /// # Errors
    ///
    /// No split at all.
    pub fn from_splits(
        name: impl Into<String>,
        splits: Vec<(String, Vec<u8>)>,
    ) -> Result<Self, OpenError> {
        if splits.is_empty() {
            return Err(OpenError::Unrecognised);
        }
        let mut digest = Sha256::new();
        splits.iter().for_each(|(_, bytes)| digest.update(bytes));
        Ok(Self {
            name: name.into(),
            kind: PackageKind::ApkSet,
            size: splits.iter().map(|(_, bytes)| bytes.len() as u64).sum(),
            sha256: digest.finalize().into(),
            parts: splits
                .into_iter()
                .map(|(name, bytes)| Part { name, bytes })
                .collect(),
            sources: Vec::new(),
        })
    }

    /// A source tree that is in memory.
    #[must_use]
    pub fn from_sources(name: impl Into<String>, sources: Vec<SourceFile>) -> Self {
        let mut digest = Sha256::new();
        let mut size = 0;
        for file in &sources {
            digest.update(file.path.as_bytes());
            digest.update([0]);
            if let Ok(content) = &file.content {
                digest.update(content);
                size += content.len() as u64;
            }
        }
        let sha256 = digest.finalize().into();
        let (name, kind) = (name.into(), PackageKind::Source);
        Self {
            name,
            kind,
            size,
            sha256,
            parts: Vec::new(),
            sources,
        }
    }

    /// Its file name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it is.
    #[must_use]
    pub fn kind(&self) -> PackageKind {
        self.kind
    }

    /// Its size in bytes.
    #[must_use]
    pub fn size(&self) -> u64 {
        self.size
    }

    /// SHA-256 of the file; of several files, of one after the other.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.sha256
    }

    /// Its archives: itself first, then those inside of it. Empty for a source tree.
    #[must_use]
    pub fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// The files of a source tree.
    #[must_use]
    pub fn sources(&self) -> &[SourceFile] {
        &self.sources
    }
}

impl Limits {
    /// The same limits as the reader of archives takes them.
    #[must_use]
    pub fn zip(&self) -> zip::Limits {
        zip::Limits {
            entries_max: self.entries_max,
            entry_bytes_max: self.entry_bytes_max,
            total_bytes_max: self.unpacked_bytes_max,
            ..zip::Limits::default()
        }
    }
}

/// What an archive is, by its entries, then by its signature, then by its name.
fn kind_of(archive: &Archive<'_>, name: &str) -> Option<PackageKind> {
    let has = |name: &str| archive.entry(name.as_bytes()).is_some();
    let any = |wanted: &dyn Fn(&str) -> bool| {
        archive
            .entries()
            .iter()
            .any(|entry| wanted(&entry.name_lossy()))
    };
    if has("AndroidManifest.xml") {
        return Some(PackageKind::Apk);
    }
    if has("BundleConfig.pb") || has("base/manifest/AndroidManifest.xml") {
        return Some(PackageKind::Aab);
    }
    if any(&|name| name.starts_with("Payload/") && name.contains(".app/")) {
        return Some(PackageKind::Ipa);
    }
    if any(&|name| name.ends_with(".apk")) {
        return Some(PackageKind::ApkSet);
    }
    if any(&|name| name.ends_with(".hap") || name.ends_with(".hsp")) {
        return Some(PackageKind::HarmonyApp);
    }
    if has("module.json") || has("config.json") || has("pack.info") || has_hap_block(archive) {
        return Some(PackageKind::Hap);
    }
    match name.rsplit_once('.')?.1.to_ascii_lowercase().as_str() {
        "apk" => Some(PackageKind::Apk),
        "apks" | "xapk" | "apkm" => Some(PackageKind::ApkSet),
        "aab" => Some(PackageKind::Aab),
        "ipa" => Some(PackageKind::Ipa),
        "hap" | "hsp" => Some(PackageKind::Hap),
        "app" => Some(PackageKind::HarmonyApp),
        _ => None,
    }
}

/// Whether a HarmonyOS signing block ends where the central directory begins.
fn has_hap_block(archive: &Archive<'_>) -> bool {
    const MAGIC_2: &[u8] = b"HAP Sig Block 42";
    const MAGIC_3: &[u8] = b"<hap sign block>";
    let end = usize::try_from(archive.end().directory_offset).unwrap_or(0);
    let head = end
        .checked_sub(32)
        .and_then(|from| archive.bytes().get(from..end));
    head.is_some_and(|head| {
        [MAGIC_2, MAGIC_3]
            .iter()
            .any(|magic| memchr::memmem::find(head, magic).is_some())
    })
}

/// The archives inside of an archive. What cannot be unpacked shows up as an unread file of the
/// outer one.
fn nested(archive: &Archive<'_>, extensions: &[&str], limits: &Limits) -> Vec<Part> {
    let wanted = |name: &str| {
        name.rsplit_once('.')
            .is_some_and(|(_, extension)| extensions.contains(&extension))
    };
    let mut room = limits.unpacked_bytes_max;
    archive
        .entries()
        .iter()
        .filter(|entry| wanted(&entry.name_lossy()))
        .take(limits.parts_max)
        .filter_map(|entry| {
            room = room.checked_sub(entry.uncompressed_size)?;
            let bytes = archive.read(entry).ok()?.into_owned();
            Some(Part {
                name: entry.name_lossy().into_owned(),
                bytes,
            })
        })
        .collect()
}

/// The APKs directly in a folder, sorted.
fn split_paths(folder: &Path) -> Result<Vec<std::path::PathBuf>, io::Error> {
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.extension().is_some_and(|extension| extension == "apk") && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read_splits(
    paths: &[std::path::PathBuf],
    limits: &Limits,
) -> Result<Vec<(String, Vec<u8>)>, OpenError> {
    if paths.len() > limits.parts_max {
        return Err(OpenError::TooManyFiles);
    }
    let mut total = 0;
    paths
        .iter()
        .map(|path| {
            total += fs::metadata(path)?.len();
            if total > limits.input_bytes_max {
                return Err(OpenError::TooLarge { bytes: total });
            }
            let name = path
                .file_name()
                .unwrap_or_default()
                .to_string_lossy()
                .into_owned();
            Ok((name, fs::read(path)?))
        })
        .collect()
}

/// Folders that hold what tools made or fetched, not what was written.
const LEFT_OUT: [&str; 14] = [
    ".git",
    ".svn",
    ".hg",
    ".gradle",
    ".idea",
    ".hvigor",
    "build",
    "target",
    "node_modules",
    "oh_modules",
    "Pods",
    "DerivedData",
    ".dart_tool",
    "Carthage",
];

/// Reads all files of a tree, sorted by path. Links are not followed: they could lead anywhere.
fn read_tree(root: &Path, limits: &Limits) -> Result<Vec<SourceFile>, OpenError> {
    let mut files = Vec::new();
    let mut room = limits.unpacked_bytes_max;
    let mut folders = vec![(root.to_path_buf(), String::new(), 0_usize)];
    while let Some((folder, prefix, depth)) = folders.pop() {
        let mut entries: Vec<_> = fs::read_dir(&folder)?.collect::<Result<_, _>>()?;
        entries.sort_by_key(fs::DirEntry::file_name);
        for entry in entries {
            let name = entry.file_name().to_string_lossy().into_owned();
            let path = format!("{prefix}{name}");
            let kind = entry.file_type()?;
            if kind.is_dir() {
                if !LEFT_OUT.contains(&name.as_str()) && depth < limits.folder_depth_max {
                    folders.push((entry.path(), format!("{path}/"), depth + 1));
                }
                continue;
            }
            if files.len() >= limits.entries_max {
                return Err(OpenError::TooManyFiles);
            }
            let content = match kind.is_symlink() {
                true => Err(SourceError::SymbolicLink),
                false => read_source(&entry.path(), &mut room, limits),
            };
            files.push(SourceFile { path, content });
        }
    }
    files.sort_by(|left, right| left.path.cmp(&right.path));
    Ok(files)
}

fn read_source(path: &Path, room: &mut u64, limits: &Limits) -> Result<Vec<u8>, SourceError> {
    let size = fs::metadata(path)
        .map_err(|_| SourceError::Unreadable)?
        .len();
    if size > limits.entry_bytes_max {
        return Err(SourceError::TooLarge);
    }
    *room = room.checked_sub(size).ok_or(SourceError::TooLarge)?;
    fs::read(path).map_err(|_| SourceError::Unreadable)
}
