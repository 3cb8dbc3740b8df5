//! What this report proves about security tests: the static half, clause by clause, as far as the
//! code could be seen.
//!
//! Clauses: JR-7.3.5.a, JR-7.3.5.b.

use crate::ask::packer;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Every area: what is hidden from one check is hidden from the test as a whole.
const AREAS: &[Area] = &[
    Area::Archive,
    Area::Manifest,
    Area::Resources,
    Area::Xml,
    Area::Code,
    Area::Native,
    Area::Ios,
    Area::Harmony,
    Area::Text,
];

pub(crate) static CHECK: Check = Check {
    id: "test-static-coverage",
    title: words("How far the static test reached", "静态测试的覆盖范围"),
    purpose: words(
        "A test that could not see the code says nothing about the code.",
        "看不到代码的测试不能说明代码的安全性。",
    ),
    procedure: words(
        "See whether everything in the package could be read, and whether a shell hides the code. \
         Tests on the running system are no part of a package; hefu assess makes them.",
        "检查安装包内容是否全部可读、代码是否由加固壳隐藏。对运行系统的测试不在安装包内，由 hefu assess 完成。",
    ),
    criterion: words(
        "Everything could be read: then this report is the static half, and the other half is \
         shown elsewhere.",
        "全部可读：本报告即为静态部分的证据，其余部分另行举证。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: AREAS,
    judge: |subject| {
        let facts = subject.facts;
        let mut findings = Findings::new();
        if AREAS.iter().any(|area| facts.coverage.is_incomplete(*area)) {
            return findings.into();
        }
        if let Some(packer) = packer::found(facts).first() {
            let what = words(
                "a shell hides the code: test the package before it was hardened as well",
                "加固壳隐藏了代码：请同时测试加固前的安装包",
            );
            findings
                .doubtful
                .push(Evidence::new(what).string(packer.name));
            return findings.into();
        }
        Outcome::NotTestable(words(
            "everything was read, and this report is the static half of the test, clause by clause; \
             whether the running system was tested, no package can show",
            "已读取全部内容，本报告即逐条款的静态测试部分；是否测试过运行系统，安装包无法证明",
        ))
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method("nop").file("assets/libjiagu.so", *b"shell"),
        evidence: &[
            "a shell hides the code: test the package before it was hardened as well: 360 Jiagu (Qihoo)",
        ],
        good: || Sample::method("nop"),
        broken: || Sample::method("nop").damaged("classes.dex"),
    },
};
