//! Whether files of the workshop were shipped.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-leftovers",
    title: words("Files of the workshop in the package", "安装包残留开发文件"),
    purpose: words(
        "Maps of obfuscated names, source maps and folders of version control undo protections \
         and tell how the app is built.",
        "混淆映射、源码映射与版本库目录会使保护失效，并暴露构建方式。",
    ),
    procedure: words(
        "Compare the names of all files with those of version control, editors, systems, build \
         tools, mappings and source maps.",
        "将全部文件名与版本库、编辑器、操作系统、构建工具、混淆映射及源码映射的文件名比对。",
    ),
    criterion: words("The package has no such files.", "安装包不含此类文件。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[530, 538],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge: |subject| {
        let files = subject.facts.files.iter();
        Findings::wrong(files.filter_map(|file| {
            // Sources are the workshop.
            let what = leftover(&file.path)?;
            Some(Evidence::in_file(what, file.location()))
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::apk("<application/>").file("lib/arm64-v8a/.DS_Store", *b"x"),
        evidence: &["a file of an editor or system in lib/arm64-v8a/.DS_Store"],
        good: || Sample::apk("<application/>").file("lib/arm64-v8a/store.bin", *b"x"),
        broken: || {
            Sample::apk("<application/>")
                .file("assets/a.bin", *b"some content")
                .unpackable("assets/a.bin")
        },
    },
};

/// What a file is that should not have been shipped.
fn leftover(path: &str) -> Option<Words> {
    let name = path.rsplit('/').next().unwrap_or(path);
    let lower = name.to_ascii_lowercase();
    let has_folder = |folder: &str| path.split('/').rev().skip(1).any(|part| part == folder);
    let ends = |endings: &[&str]| endings.iter().any(|ending| lower.ends_with(ending));
    if [".git", ".svn", ".hg", ".idea", ".vscode"]
        .iter()
        .any(|folder| has_folder(folder))
        || matches!(
            name,
            ".gitignore" | ".gitattributes" | ".gitmodules" | ".gitkeep"
        )
    {
        return Some(words(
            "a file of version control or an editor",
            "版本库或编辑器文件",
        ));
    }
    if matches!(name, ".DS_Store" | "Thumbs.db" | "desktop.ini")
        || has_folder("__MACOSX")
        || ends(&[".swp", ".bak", ".orig", ".rej", "~"])
    {
        return Some(words(
            "a file of an editor or system",
            "编辑器或操作系统文件",
        ));
    }
    if matches!(
        lower.as_str(),
        "mapping.txt" | "seeds.txt" | "usage.txt" | "configuration.txt"
    ) && (path.contains("proguard") || path.contains("r8") || !path.contains('/'))
        || lower == "proguard.map"
        || lower == "mapping.txt"
    {
        return Some(words("a map of obfuscated names", "混淆映射文件"));
    }
    if ends(&[".js.map", ".css.map", ".bundle.map", ".jsbundle.map"]) {
        return Some(words("a source map", "源码映射文件"));
    }
    let is_build = matches!(
        lower.as_str(),
        "build.gradle"
            | "gradle.properties"
            | "local.properties"
            | "proguard-rules.pro"
            | "cmakelists.txt"
            | "podfile"
            | "podfile.lock"
            | "makefile"
            | "jenkinsfile"
            | ".travis.yml"
            | ".gitlab-ci.yml"
            | "package-lock.json"
            | "yarn.lock"
            | "buildconfig.java"
    ) || ends(&[
        ".iml",
        ".xcconfig",
        ".pbxproj",
        ".xcuserstate",
        ".pdb",
        ".keystore",
        ".jks",
    ]);
    is_build.then(|| words("a file of the build", "构建文件"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn leftovers_are_told_by_name() {
        for path in [
            "assets/.git/HEAD",
            "mapping.txt",
            "assets/www/app.js.map",
            "assets/main.js~",
            "Payload/A.app/Podfile.lock",
            "__MACOSX/a",
            "META-INF/proguard/mapping.txt",
        ] {
            assert!(leftover(path).is_some(), "{path}");
        }
        for path in [
            "META-INF/proguard/androidx-annotations.pro",
            "assets/map.json",
            "assets/usage.txt",
            "res/raw/tiles.map",
            "META-INF/com/android/build/gradle/app-metadata.properties",
        ] {
            assert!(leftover(path).is_none(), "{path}");
        }
    }
}
