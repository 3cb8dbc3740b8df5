//! Whether an iOS app writes to the system log.
//!
//! Clauses: JR-6.1.7.2, AP-1.4.1.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;
use crate::macho::Slice;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "log-ios",
    title: words("An iOS app writes to the log", "iOS 应用写系统日志"),
    purpose: words(
        "The system log is read by anybody with a cable, and kept in diagnoses that users send.",
        "系统日志可由任何连接数据线的人读取，并随用户发送的诊断信息留存。",
    ),
    procedure: words(
        "Look for imports of NSLog and of standard output in the app's programs and libraries. The \
         unified log hides values by default and is passed over.",
        "查找应用程序与库是否导入 NSLog 与标准输出函数；统一日志默认隐藏变量，不计入。",
    ),
    criterion: words(
        "No program imports NSLog or prints.",
        "没有程序导入 NSLog 或打印函数。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[532],
    maswe: &["MASWE-0001"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Archive, Area::Native, Area::Ios],
    judge: |subject| {
        let facts = subject.facts;
        let bundles = facts.ios.iter().flat_map(|ios| &ios.bundles);
        let programs = bundles.flat_map(|bundle| {
            let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
            bundle.slices.iter().map(move |slice| (file, slice))
        });
        let others = facts.macho_files.iter().flat_map(|file| {
            let slices = file.slices.iter();
            slices.map(|slice| (file.path.as_str(), slice))
        });
        let programs: Vec<(&str, &Slice)> = programs.chain(others).collect();
        if programs.is_empty() {
            return Outcome::NotApplicable(words("there is no program", "没有程序"));
        }
        let mut findings = Findings::new();
        for (file, slice) in programs {
            for symbol in ["_NSLog", "_NSLogv", "_printf", "_puts"] {
                if slice.imports(symbol) {
                    let what = words("it can write to the log", "可写日志");
                    let evidence = Evidence::in_file(what, file).string(symbol);
                    match symbol.starts_with("_NSLog") {
                        true => findings.wrong.push(evidence),
                        false => findings.doubtful.push(evidence),
                    }
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || program("_NSLog"),
        evidence: &["it can write to the log: _NSLog in Payload/Bank.app/Bank"],
        good: || program("_objc_release"),
        broken: || program("_NSLog").damaged("Payload/Bank.app/Bank"),
    },
};

#[cfg(test)]
fn program(import: &'static str) -> Sample {
    let program = crate::fixture::native::Macho {
        imports: vec![import],
        ..crate::fixture::native::Macho::default()
    };
    Sample::ipa("").file("Payload/Bank.app/Bank", program.build())
}
