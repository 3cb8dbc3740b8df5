//! Whether third-party code in the package has published vulnerabilities.
//!
//! Clauses: AP-1.2.3.5, AP-1.3.1, AP-3.3.1, AP-3.3.2, JR-6.1.3.b.c.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use std::collections::BTreeSet;

use crate::advisories::notorious;
use crate::check::Subject;
use crate::inventory::{Sdk, inventory};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sdk-known-vulnerabilities",
    title: words(
        "Published vulnerabilities of third-party code",
        "第三方组件的已公开漏洞",
    ),
    purpose: words(
        "What is published is used: attackers compare versions as fast as anybody.",
        "漏洞一经公开即被利用，攻击者同样会比对版本。",
    ),
    procedure: words(
        "Take the versions of libraries from files, constants and native strings, and compare them with a database of osv.dev that was given, and with a short list of notorious vulnerabilities that is built in.",
        "从文件、常量与原生字符串获取组件版本，与所给 osv.dev 数据库及内置的典型漏洞清单比对。",
    ),
    criterion: words(
        "No library has a known vulnerability. Without a database that cannot be told.",
        "组件均无已知漏洞；未提供数据库时无法判断。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1395, 937],
    maswe: &["MASWE-0044"],
    mastg: &["MASTG-TEST-0272"],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[
        Area::Archive,
        Area::Code,
        Area::Native,
        Area::Text,
        Area::Ios,
    ],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/alibaba/fastjson/JSON;\n.super Ljava/lang/Object;\n.field public static final VERSION:Ljava/lang/String; = \"1.2.24\"\n",
            )
        },
        evidence: &[
            "a published vulnerability: Alibaba fastjson 1.2.24: CVE-2022-25845",
            "com.alibaba.fastjson.JSON",
        ],
        good: || {
            Sample::code(".class public Lcom/alibaba/fastjson/JSON;\n.super Ljava/lang/Object;\n.field public static final VERSION:Ljava/lang/String; = \"1.2.83\"\n").advisory(ADVISORY)
        },
        broken: || {
            Sample::code(".class public Lcom/alibaba/fastjson/JSON;\n.super Ljava/lang/Object;\n.field public static final VERSION:Ljava/lang/String; = \"1.2.24\"\n").advisory(ADVISORY).damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let mut findings = Findings::new();
    for sdk in inventory(subject.facts) {
        let Some(purl) = sdk.purl.as_deref() else {
            continue;
        };
        let Some(version) = sdk.version.as_deref() else {
            if subject.advisories.is_some() {
                findings
                    .doubtful
                    .push(place(sdk, UNKNOWN).string(sdk.title()));
            }
            continue;
        };
        let mut ids = BTreeSet::new();
        for known in notorious(purl, version) {
            ids.insert(known.id.to_owned());
            let text = format!("{}: {}, {}", sdk.title(), known.id, known.summary);
            findings.wrong.push(place(sdk, VULNERABLE).string(text));
        }
        let listed = subject
            .advisories
            .map(|advisories| advisories.matching(purl, version));
        for advisory in listed.into_iter().flatten() {
            if ids.insert(advisory.name().to_owned()) {
                let text = format!("{}: {}, {}", sdk.title(), advisory.name(), advisory.summary);
                findings.wrong.push(place(sdk, VULNERABLE).string(text));
            }
        }
        if ids.is_empty() && subject.advisories.is_some() {
            findings
                .right
                .push(place(sdk, COMPARED).string(sdk.title()));
        }
    }
    if subject.advisories.is_none() && findings.wrong.is_empty() {
        return Outcome::NotTestable(words(
            "no database of vulnerabilities was given; the few that are built in are not there",
            "未提供漏洞数据库；内置的典型漏洞均未发现",
        ));
    }
    findings.into()
}

const VULNERABLE: Words = words("a published vulnerability", "已公开的漏洞");
const UNKNOWN: Words = words(
    "its version is not known, so that it cannot be compared",
    "版本未知，无法比对",
);
const COMPARED: Words = words(
    "compared, and nothing is known against it",
    "已比对，无已知漏洞",
);

/// Where the version of an SDK shows, or the SDK itself.
fn place(sdk: &Sdk, what: Words) -> Evidence {
    let stated = sdk
        .evidence
        .iter()
        .find(|evidence| evidence.string.is_some());
    let shown = stated.or_else(|| sdk.evidence.first());
    shown.map_or_else(
        || Evidence::new(what),
        |evidence| evidence.clone().saying(what),
    )
}

/// For fixtures: a vulnerability of a library that no fixture has, and one of fastjson.
#[cfg(test)]
const ADVISORY: &str = r#"{"id":"GHSA-1","aliases":["CVE-2023-0001"],"summary":"made up","affected":[
    {"package":{"ecosystem":"Maven","name":"com.alibaba:fastjson"},
     "ranges":[{"type":"ECOSYSTEM","events":[{"introduced":"1.1.0"},{"fixed":"1.1.9"}]}]}]}"#;

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    const FASTJSON: &str = ".class public Lcom/alibaba/fastjson/JSON;\n.super Ljava/lang/Object;\n\
        .field public static final VERSION:Ljava/lang/String; = ";

    #[test]
    fn the_database_decides_where_it_knows_more() {
        let text = format!("{FASTJSON}\"1.2.90\"\n");
        let listed = super::ADVISORY.replace("1.1.9", "1.2.91");
        let finding = Sample::code(&text).advisory(&listed).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(finding.evidence[0].to_string().contains("CVE-2023-0001"));
    }

    #[test]
    fn without_a_database_nobody_can_tell() {
        let text = format!("{FASTJSON}\"1.2.90\"\n");
        let finding = Sample::code(&text).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::NotTestable);
        assert!(finding.reason.is_some());
    }

    #[test]
    fn old_openssl_in_a_native_library_is_found() {
        let library = crate::fixture::native::Elf {
            data: b"\0OpenSSL 1.0.1f 6 Jan 2014\0".to_vec(),
            ..crate::fixture::native::Elf::default()
        };
        let sample = Sample::apk("<application/>").file("lib/arm64-v8a/libnet.so", library.build());
        let finding = sample.judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        let shown: Vec<_> = finding.evidence.iter().map(ToString::to_string).collect();
        assert!(
            shown
                .iter()
                .any(|line| line.contains("CVE-2014-0160") && line.contains("libnet.so")),
            "{shown:?}"
        );
    }
}
