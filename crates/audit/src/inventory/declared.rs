//! Dependencies that files state by their coordinates.

use crate::check::{Evidence, Words, words};
use crate::facts::{Facts, TextFile};

use super::Found;

const BY_BUILD: Words = words("a build file names it", "构建文件声明该依赖");

/// Package URL and name of a library that a version file is about.
pub(super) fn coordinates(group: &str, name: &str) -> (Option<String>, String) {
    // Kotlin's own libraries write their names in another way: `kotlinx_coroutines_core`.
    if group == "kotlinx" {
        let name = format!("kotlinx-{}", name.replace('_', "-"));
        return coordinates("org.jetbrains.kotlinx", &name);
    }
    let group = match group {
        "" if name.starts_with("play-services") => "com.google.android.gms",
        "" if name.starts_with("firebase-") => "com.google.firebase",
        "" if name.starts_with("kotlin-stdlib") => "org.jetbrains.kotlin",
        group => group,
    };
    if group.is_empty() {
        return (None, name.to_owned());
    }
    (
        Some(format!("pkg:maven/{group}/{name}")),
        format!("{group}:{name}"),
    )
}

/// What lock files and build scripts name.
pub(super) fn dependencies(facts: &Facts, found: &mut Found) {
    for file in &facts.texts {
        match file.path.rsplit('/').next().unwrap_or_default() {
            "build.gradle" | "build.gradle.kts" | "gradle.lockfile" => gradle(file, found),
            "Podfile.lock" => pods(file, found),
            "oh-package.json5" | "oh-package-lock.json5" => harmony(file, found),
            _ => {}
        }
    }
}

fn stated(found: &mut Found, file: &TextFile, purl: String, name: &str, version: &str) {
    let evidence = Evidence::in_file(BY_BUILD, &file.path).string(format!("{name} {version}"));
    found.stated(Some(purl), name.to_owned(), version, evidence);
}

/// `implementation "group:name:version"`, and lines of lock files.
fn gradle(file: &TextFile, found: &mut Found) {
    for line in file.text.lines() {
        let line = line.trim();
        let quoted = line.split(['"', '\'']).nth(1);
        let locked = line.split('=').next().filter(|_| !line.starts_with('#'));
        let Some((group, name, version)) = quoted.or(locked).and_then(maven) else {
            continue;
        };
        if version.contains('$') {
            continue;
        }
        let purl = format!("pkg:maven/{group}/{name}");
        stated(found, file, purl, &format!("{group}:{name}"), version);
    }
}

/// The parts of `group:name:version`.
fn maven(text: &str) -> Option<(&str, &str, &str)> {
    let mut parts = text.trim().split(':');
    let (group, name, version) = (parts.next()?, parts.next()?, parts.next()?);
    let plain = |part: &str| {
        let valid = |byte: u8| byte.is_ascii_alphanumeric() || b"._-$+".contains(&byte);
        !part.is_empty() && part.len() < 128 && part.bytes().all(valid)
    };
    let version = version.split('@').next().unwrap_or(version);
    (group.contains(['.', '-']) || group.len() > 2)
        .then_some((group, name, version))
        .filter(|(group, name, version)| plain(group) && plain(name) && plain(version))
        .filter(|(_, _, version)| version.starts_with(|char: char| char.is_ascii_digit()))
}

/// `  - AFNetworking (4.0.1):`
fn pods(file: &TextFile, found: &mut Found) {
    for line in file.text.lines() {
        let Some(pod) = line.strip_prefix("  - ") else {
            continue;
        };
        let Some((name, rest)) = pod.trim_matches('"').split_once(" (") else {
            continue;
        };
        let version = rest.split(')').next().unwrap_or_default();
        let name = name.split('/').next().unwrap_or(name);
        if version.starts_with(|char: char| char.is_ascii_digit()) {
            stated(found, file, format!("pkg:cocoapods/{name}"), name, version);
        }
    }
}

/// `"@ohos/axios": "^2.2.0",`
fn harmony(file: &TextFile, found: &mut Found) {
    for line in file.text.lines() {
        let mut quoted = line.split('"');
        let (Some(name), Some(version)) = (quoted.nth(1), quoted.nth(1)) else {
            continue;
        };
        let version = version.trim_start_matches(['^', '~', '=', '>']);
        if !name.contains('/') || !version.starts_with(|char: char| char.is_ascii_digit()) {
            continue;
        }
        let known = super::known().of_harmony(name);
        let purl = known.and_then(|known| known.purl).map_or_else(
            || format!("pkg:npm/{}", name.replace('@', "%40")),
            str::to_owned,
        );
        stated(found, file, purl, name, version);
    }
}

#[cfg(test)]
mod tests {
    use super::{coordinates, maven};

    #[test]
    fn coordinates_are_those_of_the_repository() {
        let purl = |group: &str, name: &str| coordinates(group, name).0;
        assert_eq!(
            purl("kotlinx", "coroutines_core").as_deref(),
            Some("pkg:maven/org.jetbrains.kotlinx/kotlinx-coroutines-core")
        );
        assert_eq!(
            purl("", "play-services-base").as_deref(),
            Some("pkg:maven/com.google.android.gms/play-services-base")
        );
        assert_eq!(purl("", "something"), None);
    }

    #[test]
    fn dependencies_are_told_from_other_texts() {
        assert_eq!(maven("com.a:b:1.2@aar"), Some(("com.a", "b", "1.2")));
        assert_eq!(maven("com.a:b:latest.release"), None);
        assert_eq!(maven("https://maven.example:8080/x:1"), None);
    }
}
