//! Whether the app's constants can be read.
//!
//! Clauses: AP-1.2.4, CJ-4.2.3.d.

use crate::ask::{own::Own, packer, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::{Area, Facts, Site};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-strings",
    title: words("Constants are encrypted", "常量加密"),
    purpose: words(
        "Readable constants tell addresses, statements and what is checked where.",
        "可读常量会暴露地址、语句以及校验位置。",
    ),
    procedure: words(
        "Count the strings of addresses, paths, SQL and sentences that the app's own code loads.",
        "统计应用自身代码加载的地址、路径、SQL 与语句字符串。",
    ),
    criterion: words(
        "The app's own code loads no such string in the clear.",
        "应用自身代码不含此类明文字符串。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0059"],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        if let Some(packer) = packer::found(facts).first() {
            let what = words("the code is hidden by a shell", "代码由加固壳隐藏");
            findings.right.push(Evidence::new(what).string(packer.name));
            return findings.into();
        }
        let what = words("a readable constant", "可读常量");
        findings.doubtful.extend(
            readable(facts)
                .into_iter()
                .take(EXAMPLES_MAX)
                .map(|(text, site)| Evidence::at(what, &site).string(text)),
        );
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method("const-string v0, \"https://bank.example/transfer\""),
        evidence: &[
            "a readable constant: https://bank.example/transfer at com.bank.Main.run()V @0x0000",
        ],
        good: || Sample::method("const-string v0, \"u8Jx0q9LmZ3vKc==\""),
        broken: || {
            Sample::method("const-string v0, \"https://bank.example/\"").damaged("classes.dex")
        },
    },
};

/// Constants shown. They stand for all others.
const EXAMPLES_MAX: usize = 20;

/// What the app's own code loads and tells something, with the first place.
fn readable(facts: &Facts) -> Vec<(String, Site)> {
    let own = Own::of(facts);
    let texts = facts.code.texts().filter(|text| tells(&text.value()));
    texts
        .filter_map(|text| {
            let mut sites = text.uses().map(|found| found.site());
            let site = sites.find(|site| own.may_have_written(&site.class))?;
            Some((text.value().into_owned(), site))
        })
        .collect()
}

/// Addresses, paths, SQL, sentences.
fn tells(text: &str) -> bool {
    const STARTS: [&str; 6] = [
        "http://",
        "https://",
        "file://",
        "SELECT ",
        "CREATE TABLE",
        "INSERT INTO",
    ];
    let text = text.trim_start();
    if text.len() < 8 {
        return false;
    }
    let is_path = text.starts_with('/') && text.bytes().filter(|byte| *byte == b'/').count() > 1;
    let words = || {
        let words = text.split(' ');
        words.filter(|word| word.len() > 2 && word.bytes().all(|byte| byte.is_ascii_alphabetic()))
    };
    STARTS.iter().any(|start| text.starts_with(start)) || is_path || words().take(3).count() == 3
}
