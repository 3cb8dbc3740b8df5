//! Files with secrets: written for their owner alone, refused when others may read them.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use hefu_gm::Zeroizing;

/// Longest file that is read into memory: 4 MiB, four times the largest contract that is sensible.
/// It stops a path typed wrong from filling the memory.
pub const FILE_BYTES_MAX: u64 = 4 << 20;

/// Why a file could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// The system refused.
    #[error("cannot {verb} {path}: {source}")]
    Io {
        /// What was tried.
        verb: &'static str,
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// A secret that other accounts of the machine may read.
    #[error("{path} holds a secret and can be read by others; run `chmod 600 {path}`")]
    ReadableByOthers {
        /// The file.
        path: PathBuf,
    },
    /// Too large, or not UTF-8.
    #[error("{path} is not a text of at most {FILE_BYTES_MAX} bytes")]
    NotText {
        /// The file.
        path: PathBuf,
    },
}

/// Reads a text.
///
/// # Errors
/// When it cannot be read, is too large or not UTF-8.
pub fn read(path: &Path) -> Result<String, FileError> {
    let file = File::open(path).map_err(failed("read", path))?;
    let mut text = String::new();
    file.take(FILE_BYTES_MAX + 1)
        .read_to_string(&mut text)
        .map_err(|source| {
            if source.kind() == std::io::ErrorKind::InvalidData {
                FileError::NotText {
                    path: path.to_owned(),
                }
            } else {
                FileError::Io {
                    verb: "read",
                    path: path.to_owned(),
                    source,
                }
            }
        })?;
    if text.len() as u64 > FILE_BYTES_MAX {
        return Err(FileError::NotText {
            path: path.to_owned(),
        });
    }
    Ok(text)
}

/// Reads a secret text, wiped when dropped.
///
/// # Errors
/// As [`read`], and when the file's mode lets others read it.
pub fn read_private(path: &Path) -> Result<Zeroizing<String>, FileError> {
    refuse_readable_by_others(path)?;
    read(path).map(Zeroizing::new)
}

/// Writes a new file that only its owner may read.
///
/// # Errors
/// When it exists already or cannot be written.
pub fn write_private_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed("create", path))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed("write", path))
}

/// Writes a new file.
///
/// # Errors
/// When it exists already or cannot be written.
pub fn write_new(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let mut file = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(path)
        .map_err(failed("create", path))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed("write", path))
}

/// Replaces a file at once: a reader sees the old one or the new one, whole, and so does whoever
/// comes after a crash.
///
/// # Errors
/// When it cannot be written.
pub fn replace(path: &Path, bytes: &[u8]) -> Result<(), FileError> {
    let beside = path.with_extension("new");
    let mut file = File::create(&beside).map_err(failed("create", &beside))?;
    file.write_all(bytes)
        .and_then(|()| file.sync_all())
        .map_err(failed("write", &beside))?;
    std::fs::rename(&beside, path).map_err(failed("replace", path))
}

/// Makes a new folder for its owner alone, and those above it where they are missing.
///
/// # Errors
/// When it exists already or cannot be made.
pub fn make_new_private_folder(path: &Path) -> Result<(), FileError> {
    if let Some(above) = path.parent().filter(|above| !above.as_os_str().is_empty()) {
        make_private_folder(above)?;
    }
    let mut builder = std::fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed("create", path))
}

/// Makes a folder, and those above it, for its owner alone.
///
/// # Errors
/// When it cannot be made.
pub fn make_private_folder(path: &Path) -> Result<(), FileError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(failed("create", path))
}

#[cfg(unix)]
fn refuse_readable_by_others(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = std::fs::metadata(path)
        .map_err(failed("read", path))?
        .permissions()
        .mode();
    if mode & 0o077 == 0 {
        Ok(())
    } else {
        Err(FileError::ReadableByOthers {
            path: path.to_owned(),
        })
    }
}

#[cfg(not(unix))]
fn refuse_readable_by_others(_path: &Path) -> Result<(), FileError> {
    Ok(())
}

fn failed(verb: &'static str, path: &Path) -> impl FnOnce(std::io::Error) -> FileError {
    let path = path.to_owned();
    move |source| FileError::Io { verb, path, source }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn a_secret_that_others_may_read_is_refused_and_its_private_twin_is_read() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        write_private_new(&path, b"s").unwrap();
        assert_eq!(*read_private(&path).unwrap(), "s");
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o640)).unwrap();
        assert!(matches!(
            read_private(&path),
            Err(FileError::ReadableByOthers { .. })
        ));
    }

    #[test]
    fn nothing_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        write_new(&path, b"first").unwrap();
        assert!(write_new(&path, b"second").is_err());
        assert!(write_private_new(&path, b"second").is_err());
        assert_eq!(read(&path).unwrap(), "first");
    }
}
