//! Whether the package ships databases in plain text.
//!
//! Clauses: AP-1.4.1, CJ-4.2.4.a.

use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::{Area, FileKind};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-shipped-database",
    title: words("Databases shipped in plain text", "安装包内含明文数据库"),
    purpose: words(
        "Whatever a database in the package holds, everybody who has the package can read.",
        "安装包内数据库的内容，任何拿到安装包的人均可读取。",
    ),
    procedure: words(
        "Look for files that start like SQLite and Realm databases, whatever their names.",
        "按文件头查找 SQLite 与 Realm 数据库，不看文件名。",
    ),
    criterion: words(
        "The package has no unencrypted database, or somebody has reviewed what is in it.",
        "安装包内没有未加密数据库，或其内容已经评审。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[312, 538],
    maswe: &["MASWE-0004"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge: |subject| {
        let files = subject.facts.files.iter();
        let databases =
            files.filter(|file| file.kind == FileKind::Database || file.extension() == "realm");
        let mut findings = Findings::new();
        findings.doubtful.extend(databases.map(|file| {
            let what = words("an unencrypted database", "未加密的数据库");
            Evidence::in_file(what, file.location())
        }));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk("<application/>").file("assets/cities.bin", *b"SQLite format 3\0\x10\0")
        },
        evidence: &["an unencrypted database in assets/cities.bin"],
        good: || {
            Sample::apk("<application/>").file("assets/cities.bin", *b"\x8a\x01encrypted\0\x10\0")
        },
        broken: || {
            Sample::apk("<application/>")
                .file("assets/cities.bin", *b"SQLite format 3\0\x10\0")
                .unpackable("assets/cities.bin")
        },
    },
};
