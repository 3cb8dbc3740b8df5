//! Whether libraries are there twice, or several that do the same, and how large the code is.
//!
//! Clauses: CJ-5.3.o.g, CJ-5.7.e.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, Facts, FileKind};
use std::collections::HashMap;

use crate::check::Subject;
use crate::inventory::inventory;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-libraries",
    title: words("Too much third-party code", "第三方代码冗余"),
    purpose: words(
        "Code that is there twice makes the package larger, slower and harder to keep safe.",
        "重复的代码使安装包更大、更慢且更难维护其安全。",
    ),
    procedure: words(
        "Add up the dex files, count third-party libraries, look for two generations of one library, for several libraries with the same purpose, and for classes that several dex files define.",
        "统计 dex 大小与第三方库数量，查找同一库的新旧两代、用途相同的多个库以及在多个 dex 中重复定义的类。",
    ),
    criterion: words(
        "Dex files and libraries are within the thresholds, and nothing is there twice.",
        "dex 大小与库数量在阈值内，且无重复。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1041],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lrx/Observable;\n.super Ljava/lang/Object;\n.class public Lio/reactivex/Observable;\n.super Ljava/lang/Object;\n",
            )
        },
        evidence: &["two generations of one library: RxJava 2, RxJava 1"],
        good: || {
            Sample::code(".class public Lio/reactivex/Observable;\n.super Ljava/lang/Object;\n")
        },
        broken: || {
            Sample::code(".class public Lrx/Observable;\n.super Ljava/lang/Object;\n.class public Lio/reactivex/Observable;\n.super Ljava/lang/Object;\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let limits = &subject.configuration.thresholds;
    if facts.files.of_kind(FileKind::Dex).next().is_none() {
        return Outcome::NotApplicable(words("there is no code", "没有代码"));
    }
    let mut findings = Findings::new();
    let bytes: u64 = facts
        .files
        .of_kind(FileKind::Dex)
        .map(|file| file.size)
        .sum();
    let size = |what| Evidence::new(what).string(format!("{bytes} bytes"));
    match bytes > limits.dex_bytes_max {
        true => findings.wrong.push(size(LARGE)),
        false => findings.right.push(size(SIZE)),
    }
    let sdks: Vec<_> = inventory(facts)
        .iter()
        .filter(|sdk| sdk.classes > 0)
        .collect();
    let count = u32::try_from(sdks.len()).unwrap_or(u32::MAX);
    if count > limits.sdks_max {
        findings
            .wrong
            .push(Evidence::new(MANY).string(format!("{count} libraries")));
    }
    let there = |names: &[&'static str]| {
        let there = names
            .iter()
            .filter(|name| sdks.iter().any(|sdk| sdk.name == **name));
        there.copied().collect::<Vec<_>>()
    };
    for generations in GENERATIONS {
        let there = there(generations);
        if there.len() > 1 {
            findings
                .wrong
                .push(Evidence::new(TWICE).string(there.join(", ")));
        }
    }
    for alternatives in ALTERNATIVES {
        let there = there(alternatives);
        if there.len() > 1 {
            findings
                .doubtful
                .push(Evidence::new(ALIKE).string(there.join(", ")));
        }
    }
    findings.wrong.extend(defined_twice(facts));
    findings.into()
}

const LARGE: Words = words("the code is larger than allowed", "代码体积超出限制");
const SIZE: Words = words("the size of the code", "代码体积");
const MANY: Words = words("more libraries than allowed", "第三方库数量超出限制");
const TWICE: Words = words("two generations of one library", "同一库的新旧两代并存");
const ALIKE: Words = words("several libraries for the same purpose", "多个用途相同的库");
const DEFINED: Words = words(
    "a class that several dex files define",
    "在多个 dex 中重复定义的类",
);

/// One library, or its successor.
const GENERATIONS: &[&[&str]] = &[
    &["RxJava 3", "RxJava 2", "RxJava 1"],
    &["OkHttp", "OkHttp 2"],
    &["Retrofit", "Retrofit 1"],
    &["AndroidX", "Android Support Library"],
    &["Bouncy Castle", "Spongy Castle"],
    &["Alibaba fastjson2", "Alibaba fastjson"],
];

/// Libraries of which one would do.
const ALTERNATIVES: &[&[&str]] = &[
    &[
        "Glide",
        "Picasso",
        "Fresco",
        "Coil",
        "Universal Image Loader",
    ],
    &[
        "Gson",
        "Jackson",
        "Moshi",
        "Alibaba fastjson",
        "Alibaba fastjson2",
    ],
    &[
        "OkHttp",
        "Volley",
        "Android Async HTTP",
        "Apache HttpClient",
    ],
    &["AMap", "Baidu Map", "Tencent Map"],
    &[
        "UMeng Analytics",
        "SensorsData",
        "GrowingIO",
        "TalkingData",
        "ThinkingData",
        "Baidu MTJ",
        "Volcengine and AppLog",
    ],
    &[
        "JPush",
        "GeTui",
        "UMeng Push",
        "Alibaba Cloud Push",
        "Tencent Push (TPNS)",
        "Baidu Push",
    ],
];

/// Classes that are named one by one.
const CLASSES_MAX: usize = 16;

/// The classes that more than one dex file of the same archive defines.
fn defined_twice(facts: &Facts) -> Vec<Evidence> {
    if facts.code.files().len() < 2 {
        return Vec::new();
    }
    let mut first: HashMap<String, &str> = HashMap::new();
    let mut found = Vec::new();
    for class in facts.code.classes() {
        let file = class.file();
        let name = class.name().into_owned();
        match first.get(&name) {
            Some(other) if *other != file && found.len() < CLASSES_MAX => {
                found.push(Evidence::in_file(DEFINED, file).class(name));
            }
            Some(_) => {}
            None => {
                first.insert(name, file);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn classes_in_two_dex_files_are_seen() {
        let text = ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n";
        let finding = Sample::code(text).smali(text).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(
            finding.evidence[0]
                .to_string()
                .contains("com.bank.Main in classes2.dex"),
            "{:?}",
            finding.evidence
        );
    }
}
