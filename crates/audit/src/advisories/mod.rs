//! Published vulnerabilities, from an export of <https://osv.dev> that lies on the disk.
//!
//! The export of one ecosystem is an archive `all.zip` of JSON files, one a vulnerability. It can
//! be given as it is, unpacked, or as single files. Nothing is fetched.
//!
//! ```
//! use hefu_audit::advisories::Advisories;
//!
//! let mut advisories = Advisories::default();
//! advisories.add(br#"{
//!     "id": "GHSA-example", "summary": "Accepts any host name",
//!     "affected": [{
//!         "package": {"ecosystem": "Maven", "name": "com.bank:net"},
//!         "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "1.0"}, {"fixed": "1.4.2"}]}]
//!     }]
//! }"#)?;
//! assert_eq!(advisories.matching("pkg:maven/com.bank/net", "1.4.1").len(), 1);
//! assert_eq!(advisories.matching("pkg:maven/com.bank/net", "1.4.2").len(), 0);
//! # Ok::<(), hefu_audit::advisories::AdvisoryError>(())
//! ```

mod notorious;
mod osv;
mod version;

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::Read;
use std::path::{Path, PathBuf};

use crate::zip;

pub use self::notorious::{Notorious, notorious};
pub use self::osv::Advisory;
pub use self::version::{Ecosystem, Scheme};

/// Bytes of one advisory. Stops a file that is none from being read as one.
pub const ADVISORY_BYTES_MAX: u64 = 4 << 20;
/// Bytes of an export, packed. Stops a file that fills the memory.
pub const EXPORT_BYTES_MAX: u64 = 1 << 30;
/// Bytes of an export, unpacked. Stops an archive that swells.
pub const EXPORT_UNPACKED_BYTES_MAX: u64 = 8 << 30;
/// Files of an export. Stops a folder that is none, such as a whole disk.
pub const FILES_MAX: usize = 1_000_000;
/// Folders inside of each other.
const DEPTH_MAX: usize = 6;

/// Why a database of vulnerabilities cannot be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AdvisoryError {
    /// A file or folder cannot be read.
    #[error("{path}: {source}")]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Over a limit of this module.
    #[error("the database is over the limit {limit}")]
    OverLimit {
        /// The name of the limit.
        limit: &'static str,
    },
    /// Not an archive.
    #[error(transparent)]
    Archive(#[from] zip::ZipError),
    /// A file of the archive cannot be unpacked.
    #[error(transparent)]
    Entry(#[from] zip::ReadError),
    /// Not an advisory in the format of osv.dev.
    #[error("this is no advisory: {0}")]
    Format(#[from] serde_json::Error),
    /// There is no advisory at all, so that nothing could be told from it.
    #[error("the database is empty")]
    Empty,
}

/// A database of published vulnerabilities.
#[derive(Debug, Default)]
pub struct Advisories {
    by_package: HashMap<(Ecosystem, String), Vec<osv::Affected>>,
    advisories: Vec<Advisory>,
    /// Files that are no advisories.
    unreadable: usize,
}

impl Advisories {
    /// Reads a database: an export `all.zip`, a folder of JSON files (and exports), or one file.
    /// Single files that are no advisories are counted, not fatal; see
    /// [`Advisories::unreadable`].
    ///
    /// # Errors
    /// [`AdvisoryError`] if it cannot be read, is over a limit, or holds no advisory.
    pub fn load(path: &Path) -> Result<Self, AdvisoryError> {
        let mut advisories = Self::default();
        let mut files_left = FILES_MAX;
        advisories.read(path, 0, &mut files_left)?;
        if advisories.is_empty() {
            return Err(AdvisoryError::Empty);
        }
        Ok(advisories)
    }

    fn read(
        &mut self,
        path: &Path,
        depth: usize,
        files_left: &mut usize,
    ) -> Result<(), AdvisoryError> {
        let unreadable = |source| AdvisoryError::Unreadable {
            path: path.to_owned(),
            source,
        };
        *files_left = files_left
            .checked_sub(1)
            .ok_or(AdvisoryError::OverLimit { limit: "FILES_MAX" })?;
        let kind = fs::symlink_metadata(path).map_err(unreadable)?.file_type();
        if kind.is_dir() {
            if depth >= DEPTH_MAX {
                return Err(AdvisoryError::OverLimit { limit: "DEPTH_MAX" });
            }
            let entries = fs::read_dir(path).map_err(unreadable)?;
            let mut paths = entries
                .map(|entry| entry.map(|entry| entry.path()))
                .collect::<Result<Vec<_>, _>>()
                .map_err(unreadable)?;
            // In the order of names, so that reports are the same everywhere.
            paths.sort();
            return paths
                .iter()
                .try_for_each(|path| self.read(path, depth + 1, files_left));
        }
        // A link inside a folder could lead anywhere.
        let is_asked_for = depth == 0;
        if !kind.is_file() && !is_asked_for {
            return Ok(());
        }
        match path.extension().and_then(|extension| extension.to_str()) {
            Some("zip") => self.add_archive(&bounded(path, EXPORT_BYTES_MAX)?),
            Some("json") => {
                let content = bounded(path, ADVISORY_BYTES_MAX)?;
                self.count(&content);
                Ok(())
            }
            _ if is_asked_for => {
                let content = bounded(path, EXPORT_BYTES_MAX)?;
                if content.starts_with(b"PK") {
                    self.add_archive(&content)
                } else {
                    self.add(&content)
                }
            }
            _ => Ok(()),
        }
    }

    /// Adds an export `all.zip`. What stands before damage stays.
    ///
    /// # Errors
    /// [`AdvisoryError`] if it is no archive, or over a limit.
    pub fn add_archive(&mut self, bytes: &[u8]) -> Result<(), AdvisoryError> {
        let limits = zip::Limits {
            entries_max: FILES_MAX,
            entry_bytes_max: ADVISORY_BYTES_MAX,
            total_bytes_max: EXPORT_UNPACKED_BYTES_MAX,
            ..zip::Limits::default()
        };
        let archive = zip::Archive::parse(bytes, &limits)?;
        for entry in archive.entries() {
            if entry.name.ends_with(b".json") {
                self.count(&archive.read(entry)?);
            }
        }
        Ok(())
    }

    fn count(&mut self, json: &[u8]) {
        if self.add(json).is_err() {
            self.unreadable += 1;
        }
    }

    /// Adds one advisory. Those of other ecosystems and withdrawn ones are left out.
    ///
    /// # Errors
    /// [`AdvisoryError::Format`] if it is none, [`AdvisoryError::OverLimit`] if it is too long.
    pub fn add(&mut self, json: &[u8]) -> Result<(), AdvisoryError> {
        if json.len() as u64 > ADVISORY_BYTES_MAX {
            return Err(AdvisoryError::OverLimit {
                limit: "ADVISORY_BYTES_MAX",
            });
        }
        let number = self.advisories.len();
        let Some((advisory, affected)) = osv::parse(json)? else {
            return Ok(());
        };
        self.advisories.push(advisory);
        for (ecosystem, name, mut range) in affected {
            range.advisory = number;
            self.by_package
                .entry((ecosystem, name))
                .or_default()
                .push(range);
        }
        Ok(())
    }

    /// The vulnerabilities of a version of a package, by package URL without a version
    /// (`pkg:maven/group/name`), each once.
    #[must_use]
    pub fn matching(&self, purl: &str, version: &str) -> Vec<&Advisory> {
        let Some((ecosystem, name)) = Ecosystem::of_purl(purl) else {
            return Vec::new();
        };
        let affected = self.by_package.get(&(ecosystem, name));
        let mut found: Vec<usize> = affected
            .into_iter()
            .flatten()
            .filter(|affected| affected.covers(ecosystem.scheme(), version))
            .map(|affected| affected.advisory)
            .collect();
        found.sort_unstable();
        found.dedup();
        let found = found.into_iter();
        found
            .filter_map(|number| self.advisories.get(number))
            .collect()
    }

    /// How many advisories there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.advisories.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.advisories.is_empty()
    }

    /// How many files were no advisories.
    #[must_use]
    pub fn unreadable(&self) -> usize {
        self.unreadable
    }
}

/// The content of a file, if it is not longer than allowed.
fn bounded(path: &Path, bytes_max: u64) -> Result<Vec<u8>, AdvisoryError> {
    let unreadable = |source| AdvisoryError::Unreadable {
        path: path.to_owned(),
        source,
    };
    let file = File::open(path).map_err(unreadable)?;
    let mut content = Vec::new();
    file.take(bytes_max + 1)
        .read_to_end(&mut content)
        .map_err(unreadable)?;
    if content.len() as u64 > bytes_max {
        return Err(AdvisoryError::OverLimit {
            limit: "EXPORT_BYTES_MAX",
        });
    }
    Ok(content)
}

#[cfg(test)]
mod tests {
    use super::{Advisories, AdvisoryError};
    use crate::fixture;

    const ADVISORY: &str = r#"{"id":"GHSA-1","aliases":["CVE-2021-0001"],"affected":[{
        "package":{"ecosystem":"Maven","name":"com.bank:net"},
        "ranges":[{"type":"ECOSYSTEM","events":[
            {"introduced":"0"},{"fixed":"1.2"},{"introduced":"2.0"},{"last_affected":"2.3"}]}],
        "versions":["7-special"]}]}"#;

    #[test]
    fn ranges_and_listed_versions_match() {
        let mut advisories = Advisories::default();
        advisories.add(ADVISORY.as_bytes()).unwrap();
        let found = |version| advisories.matching("pkg:maven/com.bank/net", version).len();
        for version in ["0.1", "1.1.9", "1.2-rc1", "2.0", "2.3", "7-special"] {
            assert_eq!(found(version), 1, "{version}");
        }
        for version in ["1.2", "1.9", "2.3.1", "7"] {
            assert_eq!(found(version), 0, "{version}");
        }
        assert!(
            advisories
                .matching("pkg:maven/com.bank/other", "1.0")
                .is_empty()
        );
        assert!(
            advisories
                .matching("pkg:npm/com.bank:net", "1.0")
                .is_empty()
        );
    }

    #[test]
    fn an_export_is_read_as_it_comes() {
        let files = [
            ("GHSA-1.json", ADVISORY.as_bytes().to_vec()),
            ("GHSA-2.json", b"{\"id\":".to_vec()),
            ("README", b"no advisory".to_vec()),
        ];
        let mut advisories = Advisories::default();
        advisories.add_archive(&fixture::zip(&files)).unwrap();
        assert_eq!((advisories.len(), advisories.unreadable()), (1, 1));
    }

    #[test]
    fn what_is_withdrawn_or_of_another_ecosystem_counts_for_nothing() {
        let mut advisories = Advisories::default();
        let withdrawn = ADVISORY.replacen('{', "{\"withdrawn\":\"2024-01-01T00:00:00Z\",", 1);
        advisories.add(withdrawn.as_bytes()).unwrap();
        advisories
            .add(ADVISORY.replace("Maven", "PyPI").as_bytes())
            .unwrap();
        assert!(advisories.is_empty());
    }

    /// Records as different writers leave them: empty lists as `null`, limits, ranges without an
    /// end whose end stands elsewhere, fields of other kinds than expected.
    #[test]
    fn records_of_every_writer_are_read() {
        let with = |affected: &str| {
            let json = format!(
                r#"{{"id":"GHSA-2","aliases":null,"summary":null,"withdrawn":null,
                "severity":[{{"type":"CVSS_V3","score":"CVSS:3.1/AV:N"}}],
                "affected":[{{"package":{{"ecosystem":"Maven","name":"com.bank:net"}},{affected}}}],
                "database_specific":{{"severity":null,"cwe_ids":[]}}}}"#
            );
            let mut advisories = Advisories::default();
            advisories.add(json.as_bytes()).unwrap();
            move |version: &str| advisories.matching("pkg:maven/com.bank/net", version).len()
        };
        let last_known = |range: &str| {
            with(&format!(
                r#""ranges":[{{"type":"ECOSYSTEM","events":[{{"introduced":"0"}}]}}],"versions":null,
                "database_specific":{{"last_known_affected_version_range":"{range}"}}"#
            ))
        };
        let found = last_known("< 1.7");
        assert_eq!((found("1.6.9"), found("1.7")), (1, 0));
        let found = last_known("<= 1.7");
        assert_eq!((found("1.7"), found("1.7.1")), (1, 0));
        // What cannot be told leaves the range open.
        for range in ["", "<", "> 1.7", "< 1.7, > 1.0"] {
            assert_eq!(last_known(range)("9"), 1, "{range}");
        }
        let found = with(
            r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"0"},{"fixed":"1.5"}]}],
            "database_specific":{"last_known_affected_version_range":"<= 1.7"}"#,
        );
        assert_eq!((found("1.4"), found("1.6")), (1, 0));
        let found = with(
            r#""ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"2"},{"limit":"3"}]},
            {"type":"ECOSYSTEM","events":[{"introduced":"5"},{"limit":"*"}]},
            {"type":"GIT","repo":"https://git.bank.example/net","events":[{"introduced":"0"}]}]"#,
        );
        let covered = ["1", "2.5", "3", "5.1"].map(found);
        assert_eq!(covered, [0, 1, 0, 1]);
    }

    /// Whatever is cut off or turned over, reading comes to an end, and so does matching.
    #[test]
    fn damaged_advisories_never_panic() {
        let bytes = ADVISORY.as_bytes();
        let mut advisories = Advisories::default();
        for at in 0..bytes.len() {
            let _ = advisories.add(&bytes[..at]);
            for flip in [0x01, 0x20, 0x80] {
                let mut changed = bytes.to_vec();
                changed[at] ^= flip;
                let _ = advisories.add(&changed);
            }
        }
        assert!(!advisories.is_empty());
        for version in [
            "",
            ".",
            "-",
            "1.",
            "é",
            "1.2.3.4.5.6.7.8.9-x",
            &"9".repeat(10_000),
        ] {
            let _ = advisories.matching("pkg:maven/com.bank/net", version);
        }
    }

    #[test]
    fn hostile_files_end_in_an_error() {
        let mut advisories = Advisories::default();
        let deep = [vec![b'['; 100_000], vec![b']'; 100_000]].concat();
        assert!(matches!(
            advisories.add(&deep),
            Err(AdvisoryError::Format(_))
        ));
        let long = vec![b' '; 5 << 20];
        assert!(matches!(
            advisories.add(&long),
            Err(AdvisoryError::OverLimit { .. })
        ));
        assert!(matches!(
            advisories.add_archive(b"PK"),
            Err(AdvisoryError::Archive(_))
        ));
        let missing = std::path::Path::new("/nowhere/at/all.zip");
        assert!(matches!(
            Advisories::load(missing),
            Err(AdvisoryError::Unreadable { .. })
        ));
    }
}
