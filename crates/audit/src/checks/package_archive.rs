//! Whether two readers of the package could see different files.
//!
//! Clauses: JR-6.1.1.1.a, JR-7.3.6.a.

use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::{ArchiveFacts, Area};
use crate::zip::Disagreement;

#[cfg(test)]
use crate::fixture::archive::{build, stored};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-archive",
    title: words("The archive contradicts itself", "归档自相矛盾"),
    purpose: words(
        "Where headers disagree, a scanner or the store sees other files than the phone runs.",
        "头部信息不一致时，扫描器或商店看到的文件与手机运行的不同。",
    ),
    procedure: words(
        "Compare the central directory with the local headers, and look for entries of the same \
         name, that overlap, or that claim encryption, and for contents with another checksum.",
        "比较中央目录与本地头，查找同名、重叠、声称加密的条目以及校验和不符的内容。",
    ),
    criterion: words(
        "All readers see the same files.",
        "所有读取者看到的文件一致。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[436],
    maswe: &[],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            let sample = Sample::apk("<application/>");
            let mut entries = super::sign_verified::entries(sample.files());
            entries.push(stored("classes.dex", b"one"));
            entries.push(stored("classes.dex", b"two"));
            sample.archive(build(&entries).bytes)
        },
        evidence: &["two entries of the same name in classes.dex"],
        good: || {
            let sample = Sample::apk("<application/>");
            let mut entries = super::sign_verified::entries(sample.files());
            entries.push(stored("assets/one", b"one"));
            entries.push(stored("assets/two", b"two"));
            sample.archive(build(&entries).bytes)
        },
        broken: || {
            let sample = Sample::apk("<application/>");
            let entries = super::sign_verified::entries(sample.files());
            let mut built = build(&entries);
            // Another name in the local header.
            let at = built.locals.first().copied().unwrap_or_default() + 30;
            built.patch(at, b"X");
            sample.archive(built.bytes)
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    if facts.archives.is_empty() {
        return Outcome::NotApplicable(words("there is no archive", "没有归档"));
    }
    let mut findings = Findings::new();
    for archive in &facts.archives {
        for disagreement in &archive.disagreements {
            let found = evidence(meaning(disagreement), archive, disagreement);
            match misleads(disagreement) {
                true => findings.wrong.push(found),
                false => findings.doubtful.push(found),
            }
        }
    }
    let what = words("the content has another checksum", "内容校验和不符");
    let changed = facts
        .files
        .iter()
        .filter(|file| !file.crc_matches && file.sha256.is_some());
    findings
        .wrong
        .extend(changed.map(|file| Evidence::in_file(what, file.location())));
    findings.into()
}

fn evidence(what: Words, archive: &ArchiveFacts, disagreement: &Disagreement) -> Evidence {
    let name = disagreement
        .entries()
        .last()
        .and_then(|entry| archive.disagreeing_names.get(&entry));
    let found = match (name, archive.part.is_empty()) {
        (Some(name), true) => Evidence::in_file(what, name),
        (Some(name), false) => Evidence::in_file(what, format!("{}!/{name}", archive.part)),
        (None, true) => Evidence::new(what),
        (None, false) => Evidence::in_file(what, &archive.part),
    };
    match *disagreement {
        Disagreement::Prefix { bytes } => found.bytes(&(0..bytes)),
        Disagreement::SecondEndRecord { offset } => found.offset(offset),
        Disagreement::DirectoryTrailing { bytes } | Disagreement::BeforeEndRecord { bytes } => {
            found.string(format!("{bytes} bytes"))
        }
        Disagreement::Method { central, local, .. }
        | Disagreement::Flags { central, local, .. } => {
            found.string(format!("{central:#x} and {local:#x}"))
        }
        Disagreement::UnknownMethod { method, .. } => found.string(method.to_string()),
        _ => found,
    }
}

/// Whether a disagreement makes readers see different files; the others are left by careless
/// tools.
fn misleads(disagreement: &Disagreement) -> bool {
    !matches!(
        disagreement,
        Disagreement::Flags { .. }
            | Disagreement::Descriptor { .. }
            | Disagreement::DirectoryTrailing { .. }
            | Disagreement::BeforeEndRecord { .. }
    )
}

/// What a disagreement means.
#[rustfmt::skip]
fn meaning(disagreement: &Disagreement) -> Words {
    match disagreement {
        Disagreement::NoLocalHeader { .. } => words("there is no local header", "缺少本地头"),
        Disagreement::DataOutOfRange { .. } => words("the data reach into the directory", "数据延伸至目录区"),
        Disagreement::Name { .. } => words("the local header has another name", "本地头名称不同"),
        Disagreement::Method { .. } => words("the local header has another method", "本地头压缩方法不同"),
        Disagreement::Crc { .. } => words("the local header has another checksum", "本地头校验和不同"),
        Disagreement::CompressedSize { .. } => words("the local header has another packed size", "本地头压缩大小不同"),
        Disagreement::UncompressedSize { .. } => words("the local header has another size", "本地头大小不同"),
        Disagreement::StoredSize { .. } => words("stored, with two sizes", "未压缩但有两个大小"),
        Disagreement::EncryptedFlag { .. } => words("claims to be encrypted", "声称已加密"),
        Disagreement::UnknownMethod { .. } => words("an unknown method of compression", "未知压缩方法"),
        Disagreement::DuplicateName { .. } => words("two entries of the same name", "两个同名条目"),
        Disagreement::Overlap { .. } => words("entries share bytes", "条目重叠"),
        Disagreement::SecondEndRecord { .. } => words("there is a second end record", "存在第二个结尾记录"),
        Disagreement::Prefix { .. } => words("bytes before the first entry", "首个条目前有多余字节"),
        Disagreement::Flags { .. } => words("the local header has other flags", "本地头标志不同"),
        Disagreement::Descriptor { .. } => words("the data descriptor is missing or differs", "数据描述符缺失或不同"),
        Disagreement::DirectoryTrailing { .. } => words("bytes after the last record of the directory", "目录末尾有多余字节"),
        Disagreement::BeforeEndRecord { .. } => words("bytes before the end record", "结尾记录前有多余字节"),
    }
}
