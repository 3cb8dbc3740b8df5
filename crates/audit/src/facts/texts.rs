//! Texts of a package, and versions of libraries that stand in small files.

/// A text file: script, page, configuration, source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextFile {
    /// Path in the package, with its part.
    pub path: String,
    /// The text, as far as it is kept. What is not UTF-8 became U+FFFD.
    pub text: String,
    /// Whether more follows that is over a limit; then the coverage says so too.
    pub truncated: bool,
}

impl TextFile {
    /// The line, from 1, of a byte of the text.
    #[must_use]
    pub fn line_of(&self, offset: usize) -> usize {
        let before = self
            .text
            .as_bytes()
            .get(..offset)
            .unwrap_or(self.text.as_bytes());
        memchr::memchr_iter(b'\n', before).count() + 1
    }
}

/// A library that names its version in a file of its own.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct LibraryVersion {
    /// `androidx.core`, `com.google.android.gms`; empty if the file does not say.
    pub group: String,
    /// `core`, `play-services-base`.
    pub name: String,
    /// The version.
    pub version: String,
    /// The file.
    pub file: String,
}

/// The version that a file such as `META-INF/androidx.core_core.version` or
/// `play-services-base.properties` states; `None` if it is no such file.
pub(crate) fn library_version(path: &str, text: &str) -> Option<LibraryVersion> {
    let file = path.rsplit('/').next()?;
    if let Some(stem) = file.strip_suffix(".version") {
        let version = text.trim();
        let plausible =
            !version.is_empty() && version.len() < 64 && !version.contains(char::is_whitespace);
        let (group, name) = stem.split_once('_').unwrap_or(("", stem));
        return plausible.then(|| library(group, name, version, path));
    }
    let stem = file.strip_suffix(".properties")?;
    let property = |wanted: &str| {
        text.lines()
            .filter_map(|line| line.split_once('='))
            .find(|(key, _)| key.trim() == wanted)
            .map(|(_, value)| value.trim())
            .filter(|value| !value.is_empty() && value.len() < 128)
    };
    let version = property("version")?;
    // Maven's own description, or the client of a service.
    let group = property("groupId").unwrap_or_default();
    let name = property("artifactId")
        .or_else(|| property("client"))
        .unwrap_or(stem);
    Some(library(group, name, version, path))
}

fn library(group: &str, name: &str, version: &str, file: &str) -> LibraryVersion {
    LibraryVersion {
        group: group.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        file: file.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_found_where_build_tools_leave_them() {
        let found = library_version("META-INF/androidx.core_core-ktx.version", "1.9.0\n").unwrap();
        assert_eq!(
            (found.group.as_str(), found.name.as_str()),
            ("androidx.core", "core-ktx")
        );
        assert_eq!(found.version, "1.9.0");
        let text = "version=17.1.0\nclient=play-services-base\nplay-services-base_client=17.1.0";
        let found = library_version("play-services-base.properties", text).unwrap();
        assert_eq!(
            (found.name.as_str(), found.version.as_str()),
            ("play-services-base", "17.1.0")
        );
        let text = "#x\ngroupId=com.squareup\nartifactId=okhttp\nversion=3.1";
        let found = library_version("META-INF/maven/a/pom.properties", text).unwrap();
        assert_eq!(
            (found.group.as_str(), found.name.as_str()),
            ("com.squareup", "okhttp")
        );
        assert_eq!(library_version("a.properties", "x=1"), None);
        assert_eq!(
            library_version("META-INF/x.version", "task ':x' property 'version'"),
            None
        );
        assert_eq!(library_version("a.txt", "version=1"), None);
    }

    #[test]
    fn lines_count_from_one() {
        let file = TextFile {
            path: String::new(),
            text: "a\nbc\nd".to_owned(),
            truncated: false,
        };
        assert_eq!(
            [0, 2, 3, 5, 99].map(|offset| file.line_of(offset)),
            [1, 2, 2, 3, 3]
        );
    }
}
