//! Whether native code is slim: 64-bit, and only for the processor at hand.
//!
//! Clauses: CJ-5.3.o.a.

use std::collections::BTreeMap;

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::package::PackageKind;

#[cfg(test)]
use crate::fixture::native::Elf;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-abi",
    title: words("Native code by processor", "原生库与处理器架构"),
    purpose: words(
        "Libraries for processors that a phone has not are dead weight; without 64-bit ones the \
         app does not run on new phones at all.",
        "不属于手机处理器的原生库是无用体积；缺少 64 位版本则无法在新手机上运行。",
    ),
    procedure: words(
        "Group the libraries below lib/ by processor, each archive of the package by itself.",
        "按处理器架构对各安装包的 lib/ 目录中的原生库分组。",
    ),
    criterion: words(
        "There are 64-bit libraries, none for processors that are no longer made, and each archive \
         holds those of one kind of phone.",
        "包含 64 位库，不含已淘汰架构，且每个安装包只含一类手机的库。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || library("armeabi-v7a"),
        evidence: &["32-bit libraries without 64-bit ones: lib/armeabi-v7a"],
        good: || library("arm64-v8a"),
        broken: || library("armeabi-v7a").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn library(abi: &str) -> Sample {
    Sample::apk("<application/>").file(&format!("lib/{abi}/libbank.so"), Elf::default().build())
}

/// Processors that phones had once.
const GONE: [&str; 3] = ["armeabi", "mips", "mips64"];

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut parts: BTreeMap<&str, BTreeMap<&str, u64>> = BTreeMap::new();
    for file in facts.files.iter() {
        if let Some(abi) = abi_of(&file.path) {
            let sizes = parts.entry(file.part.as_str()).or_default();
            *sizes.entry(abi).or_default() += file.packed_size;
        }
    }
    if parts.is_empty() {
        return Outcome::NotApplicable(words("there is no native code", "没有原生库"));
    }
    let all: Vec<&str> = parts
        .values()
        .flat_map(|abis| abis.keys().copied())
        .collect();
    let mut findings = Findings::new();
    let at = |what, abi: &str, bytes: u64| {
        Evidence::new(what).string(format!("lib/{abi}, {bytes} bytes"))
    };
    for (narrow, wide) in [("armeabi-v7a", "arm64-v8a"), ("x86", "x86_64")] {
        if all.contains(&narrow) && !all.contains(&wide) {
            let what = words(
                "32-bit libraries without 64-bit ones",
                "有 32 位库而无 64 位库",
            );
            findings
                .wrong
                .push(Evidence::new(what).string(format!("lib/{narrow}")));
        }
    }
    for (part, abis) in &parts {
        for (abi, bytes) in abis {
            match GONE.contains(abi) {
                true => findings.wrong.push(at(
                    words(
                        "for processors that are no longer made",
                        "面向已淘汰的处理器",
                    ),
                    abi,
                    *bytes,
                )),
                false => findings
                    .right
                    .push(at(words("libraries", "原生库"), abi, *bytes)),
            }
        }
        let is_split_later = facts.kind == PackageKind::Aab;
        let kept: Vec<&str> = abis
            .keys()
            .copied()
            .filter(|abi| !GONE.contains(abi))
            .collect();
        if kept.len() > 1 && !is_split_later {
            let what = words(
                "one archive for several kinds of processor: split it",
                "一个安装包含多种架构：应拆分",
            );
            let found = match part.is_empty() {
                true => Evidence::new(what),
                false => Evidence::in_file(what, *part),
            };
            findings.doubtful.push(found.string(kept.join(", ")));
        }
    }
    findings.into()
}

/// The processor that a library is for, to go by its folder: `lib/arm64-v8a/libbank.so`.
fn abi_of(path: &str) -> Option<&str> {
    // In bundles below the module.
    let rest = match path.strip_prefix("lib/") {
        Some(rest) => rest,
        None => path.split_once("/lib/").map(|(_, rest)| rest)?,
    };
    let (abi, name) = rest.split_once('/')?;
    (name.ends_with(".so") && !name.contains('/')).then_some(abi)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn several_processors_in_one_archive_are_too_many() {
        let both = library("arm64-v8a").file("lib/armeabi-v7a/libbank.so", Elf::default().build());
        assert_eq!(both.judged_by(&CHECK).verdict, Verdict::Partial);
        let old = library("arm64-v8a").file("lib/mips/libbank.so", Elf::default().build());
        assert_eq!(old.judged_by(&CHECK).verdict, Verdict::Fail);
        let none = Sample::apk("<application/>").file("lib/arm64-v8a/.DS_Store", "x");
        assert_eq!(none.judged_by(&CHECK).verdict, Verdict::NotApplicable);
    }
}
