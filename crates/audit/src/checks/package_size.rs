//! Whether the package is small enough to be downloaded over the air.
//!
//! Clauses: CJ-5.3.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Area, File};
use crate::package::PackageKind;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Files named of a package that is too large.
const LARGEST: usize = 10;

pub(crate) static CHECK: Check = Check {
    id: "package-size",
    title: words("Size of the package", "安装包大小"),
    purpose: words(
        "Large packages are not updated, and old versions stay in use.",
        "安装包过大使用户不更新，旧版本长期存留。",
    ),
    procedure: words(
        "Read the size of the package; name the largest files if it is over the limit.",
        "读取安装包大小；超限时列出最大的文件。",
    ),
    criterion: words(
        "At most 100 MB, or what the configuration sets.",
        "不超过 100 MB 或配置的上限。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::apk("<application/>").declared("[thresholds]\npackage_bytes_max = 100"),
        evidence: &["bytes, over the limit of 100", "one of the largest files"],
        good: || Sample::apk("<application/>"),
        broken: || {
            Sample::apk("<application/>")
                .declared("[thresholds]\npackage_bytes_max = 10")
                .damaged("AndroidManifest.xml")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    if facts.kind == PackageKind::Source {
        return Outcome::NotApplicable(words("sources are no package", "源码不是安装包"));
    }
    let max = subject.configuration.thresholds.package_bytes_max;
    let mut findings = Findings::new();
    let shown = |limit: &str| format!("{} bytes, {limit} the limit of {max}", facts.size);
    if facts.size <= max {
        let what = words("the package", "安装包");
        findings
            .right
            .push(Evidence::new(what).string(shown("within")));
        return findings.into();
    }
    let what = words("the package is too large", "安装包过大");
    findings
        .wrong
        .push(Evidence::new(what).string(shown("over")));
    let mut files: Vec<&File> = facts.files.iter().collect();
    files.sort_by_key(|file| std::cmp::Reverse(file.packed_size));
    let large = words("one of the largest files", "最大的文件之一");
    findings
        .wrong
        .extend(files.iter().take(LARGEST).map(|file| {
            Evidence::in_file(large, file.location()).string(format!("{} bytes", file.packed_size))
        }));
    findings.into()
}
