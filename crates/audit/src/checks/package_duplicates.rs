//! Whether the same file lies in the package several times.
//!
//! Clauses: CJ-5.3.o.e.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Area, File};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Groups of duplicates that are shown.
const SHOWN: usize = 20;

pub(crate) static CHECK: Check = Check {
    id: "package-duplicates",
    title: words("Duplicate resources", "重复资源"),
    purpose: words(
        "What could be shared and is not makes the package larger for everybody.",
        "可共用而未共用的资源会增大所有用户的下载体积。",
    ),
    procedure: words(
        "Compare the contents of all files by digest, and add up what the copies cost.",
        "按摘要比较全部文件内容，并累计副本所占体积。",
    ),
    criterion: words(
        "The copies together stay below the configured limit (1 MiB).",
        "副本合计低于配置的上限（1 MiB）。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || copies("the same picture, the same picture"),
        evidence: &[
            "the same content: in 2 places: 34 bytes each in res/a.txt, res/b.txt in res/a.txt",
        ],
        good: || copies("another picture, another picture"),
        broken: || copies("the same picture, the same picture").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn copies(second: &str) -> Sample {
    Sample::apk("<application/>")
        .file("res/a.txt", "the same picture, the same picture")
        .file("res/b.txt", second)
        .declared("[thresholds]\nwaste_bytes_max = 10")
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let max = subject.configuration.thresholds.waste_bytes_max;
    let is_signature = |file: &File| file.path.starts_with("META-INF/");
    let groups: Vec<Vec<&File>> = facts
        .files
        .duplicates(1)
        .into_iter()
        .map(|group| {
            group
                .into_iter()
                .filter(|file| !is_signature(file))
                .collect::<Vec<_>>()
        })
        .filter(|group| group.len() > 1)
        .collect();
    let waste: u64 = groups
        .iter()
        .flat_map(|group| group.iter().skip(1))
        .map(|file| file.packed_size)
        .sum();
    let mut findings = Findings::new();
    let total = words("copies of other files, in all", "副本合计");
    let total = Evidence::new(total).string(format!("{waste} bytes, limit {max}"));
    if waste <= max {
        findings.right.push(total);
        return findings.into();
    }
    findings.wrong.push(total);
    for group in groups.iter().take(SHOWN) {
        if let Some(first) = group.first() {
            let what = words("the same content", "内容相同");
            let places: Vec<String> = group.iter().skip(1).map(|file| file.location()).collect();
            let shown = format!(
                "in {} places: {} bytes each in {}, {}",
                group.len(),
                first.size,
                first.location(),
                places.join(", ")
            );
            findings
                .wrong
                .push(Evidence::in_file(what, first.location()).string(shown));
        }
    }
    findings.into()
}
