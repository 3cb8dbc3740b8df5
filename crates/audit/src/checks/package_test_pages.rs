//! Whether pages for tests and developers were shipped.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-test-pages",
    title: words("Pages for tests and developers", "测试页面与开发者页面"),
    purpose: words(
        "A menu for developers does what developers need: it switches hosts, accounts and checks.",
        "开发者菜单可切换主机、账号与校验。",
    ),
    procedure: words(
        "Compare the names of components, switched on or off, and of pages in the package with \
         those of tests, demonstrations and developer menus.",
        "将组件（无论启用与否）与包内页面的名称同测试、演示、开发者菜单的常用名称比对。",
    ),
    criterion: words("There are none.", "不存在此类页面。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[489, 912],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        if facts.android.as_ref().and_then(Android::manifest).is_none() {
            return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
        }
        let mut findings = Findings::new();
        for component in facts.android.iter().flat_map(Android::components) {
            if !is_for_tests(component.name.rsplit(['.', '$']).next().unwrap_or_default()) {
                continue;
            }
            let evidence = |what| {
                Evidence::in_xml(what, &component.file, &component.xml_path)
                    .string(component.name.clone())
            };
            match component.enabled {
                true => findings.wrong.push(evidence(words(
                    "a page for tests or developers",
                    "测试或开发者页面",
                ))),
                false => findings.doubtful.push(evidence(words(
                    "a page for tests or developers, switched off",
                    "已停用的测试或开发者页面",
                ))),
            }
        }
        let pages = facts.files.iter().filter(|file| {
            matches!(file.extension().as_str(), "html" | "htm")
                && is_for_tests(file.name().split('.').next().unwrap_or_default())
        });
        findings.doubtful.extend(pages.map(|file| {
            let what = words("a web page for tests", "测试网页");
            Evidence::in_file(what, file.location())
        }));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || component("DebugMenuActivity", true),
        evidence: &[
            "a page for tests or developers: com.bank.DebugMenuActivity in AndroidManifest.xml",
        ],
        good: || component("MenuActivity", true),
        broken: || component("DebugMenuActivity", true).damaged("AndroidManifest.xml"),
    },
};

/// Whether a word of a name says that it is not for users.
fn is_for_tests(name: &str) -> bool {
    const WORDS: [&str; 8] = [
        "test",
        "tests",
        "debug",
        "dev",
        "developer",
        "demo",
        "mock",
        "backdoor",
    ];
    let mut words = Vec::new();
    for character in name.chars() {
        match words.last_mut() {
            Some(word) if character.is_lowercase() => String::push(word, character),
            _ => words.push(character.to_lowercase().collect()),
        }
    }
    words
        .iter()
        .map(|word| word.trim_matches(|c: char| !c.is_alphabetic()))
        .any(|word| WORDS.contains(&word))
}

#[cfg(test)]
fn component(name: &str, enabled: bool) -> Sample {
    Sample::apk(&format!(
        "<application><activity android:name=\".{name}\" android:enabled=\"{enabled}\"/></application>"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn words_count_and_parts_of_words_do_not() {
        for name in [
            "TestActivity",
            "LoginTest",
            "DevTools",
            "DemoPage",
            "test",
            "debug_menu",
        ] {
            assert!(is_for_tests(name), "{name}");
        }
        for name in [
            "ContestActivity",
            "LatestNews",
            "DeviceActivity",
            "Attestation",
        ] {
            assert!(!is_for_tests(name), "{name}");
        }
        let off = component("DebugMenu", false).judged_by(&CHECK);
        assert_eq!(off.verdict, Verdict::Partial);
    }
}
