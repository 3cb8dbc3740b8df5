//! What the build scripts of a source tree say. They are programs; only what is written down
//! plainly is found.

use super::texts::LibraryVersion;

/// A Gradle build script.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GradleFile {
    /// Its path.
    pub path: String,
    /// `applicationId`.
    pub application_id: Option<String>,
    /// `namespace`.
    pub namespace: Option<String>,
    /// `minSdk` or `minSdkVersion`.
    pub min_sdk: Option<u32>,
    /// `targetSdk` or `targetSdkVersion`.
    pub target_sdk: Option<u32>,
    /// `versionCode`.
    pub version_code: Option<i64>,
    /// `versionName`.
    pub version_name: Option<String>,
    /// Whether any build type sets `minifyEnabled` or `isMinifyEnabled`.
    pub minify: Option<bool>,
    /// Whether any build type sets `debuggable` or `isDebuggable`.
    pub debuggable: Option<bool>,
}

/// The facts of a build script.
pub(super) fn read(path: &str, text: &str) -> GradleFile {
    let mut found = GradleFile {
        path: path.to_owned(),
        ..GradleFile::default()
    };
    for line in text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"))
    {
        let Some((key, value)) = assignment(line) else {
            continue;
        };
        match key {
            "applicationId" => found.application_id = quoted(value),
            "namespace" => found.namespace = quoted(value),
            "minSdk" | "minSdkVersion" => found.min_sdk = value.parse().ok(),
            "targetSdk" | "targetSdkVersion" => found.target_sdk = value.parse().ok(),
            "versionCode" => found.version_code = value.parse().ok(),
            "versionName" => found.version_name = quoted(value),
            "minifyEnabled" | "isMinifyEnabled" => {
                found.minify = Some(found.minify == Some(true) || value == "true");
            }
            "debuggable" | "isDebuggable" => {
                found.debuggable = Some(found.debuggable == Some(true) || value == "true");
            }
            _ => {}
        }
    }
    found
}

/// `key value`, `key = value` or `key(value)`.
fn assignment(line: &str) -> Option<(&str, &str)> {
    let end = line.find(|c: char| !c.is_ascii_alphanumeric())?;
    let (key, rest) = line.split_at(end);
    let value = rest
        .trim_start()
        .trim_start_matches(['=', '('])
        .trim_end_matches(')')
        .trim();
    Some((key, value))
}

fn quoted(value: &str) -> Option<String> {
    let quote = value.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    let rest = value.strip_prefix(quote)?;
    rest.split_once(quote).map(|(text, _)| text.to_owned())
}

/// The libraries that a build script or lock file names: `group:name:version` in quotes, or the
/// lines of a `Podfile.lock`.
pub(super) fn dependencies(path: &str, text: &str) -> Vec<LibraryVersion> {
    let library = |group: &str, name: &str, version: &str| LibraryVersion {
        group: group.to_owned(),
        name: name.to_owned(),
        version: version.to_owned(),
        file: path.to_owned(),
    };
    if path.ends_with("Podfile.lock") {
        let pods = text
            .lines()
            .take_while(|line| !line.starts_with("DEPENDENCIES:"));
        return pods
            .filter_map(|line| {
                line.strip_prefix("  - ")?
                    .trim_end_matches(':')
                    .split_once(" (")
            })
            .map(|(name, version)| {
                library("", name.trim_matches('"'), version.trim_end_matches(')'))
            })
            .collect();
    }
    let code = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.starts_with("//"));
    let texts = code.flat_map(|line| line.split(['"', '\'']).skip(1).step_by(2));
    texts
        .filter_map(|text| {
            let mut parts = text.split(':');
            let (group, name, version) = (parts.next()?, parts.next()?, parts.next()?);
            let plausible = group.contains('.') || group == "junit";
            let written = version.starts_with(|c: char| c.is_ascii_digit());
            (plausible && written && !name.is_empty()).then(|| library(group, name, version))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_languages_of_build_scripts_are_read() {
        let groovy = read(
            "app/build.gradle",
            "android {\n  defaultConfig {\n    applicationId \"com.bank\"\n    minSdkVersion 21\n
             // targetSdkVersion 1\n    targetSdkVersion 33\n versionName '1.2' }\n
             release { minifyEnabled true }\n }",
        );
        assert_eq!(groovy.application_id.as_deref(), Some("com.bank"));
        assert_eq!((groovy.min_sdk, groovy.target_sdk), (Some(21), Some(33)));
        assert_eq!(groovy.version_name.as_deref(), Some("1.2"));
        let kotlin = read(
            "app/build.gradle.kts",
            "namespace = \"com.bank\"\nminSdk = 24\nisMinifyEnabled = false\ntargetSdk(34)",
        );
        assert_eq!(kotlin.namespace.as_deref(), Some("com.bank"));
        assert_eq!((kotlin.min_sdk, kotlin.target_sdk), (Some(24), Some(34)));
        assert_eq!(kotlin.minify, Some(false));
    }

    #[test]
    fn dependencies_are_listed() {
        let found = dependencies(
            "build.gradle",
            "implementation 'com.squareup.okhttp3:okhttp:4.9.0'\n// 'a.b:c:1'\n
             api(\"androidx.core:core-ktx:1.9.0\")\nimplementation \"a.b:c:$version\"",
        );
        let names: Vec<_> = found
            .iter()
            .map(|l| (l.name.as_str(), l.version.as_str()))
            .collect();
        assert_eq!(names, [("okhttp", "4.9.0"), ("core-ktx", "1.9.0")]);
        let found = dependencies(
            "ios/Podfile.lock",
            "PODS:\n  - AFNetworking (2.5.0):\n    - Inner (1)\n  - SDWebImage (5.1)\nDEPENDENCIES:\n  - X (1)",
        );
        let names: Vec<_> = found
            .iter()
            .map(|l| (l.name.as_str(), l.version.as_str()))
            .collect();
        assert_eq!(names, [("AFNetworking", "2.5.0"), ("SDWebImage", "5.1")]);
    }
}
