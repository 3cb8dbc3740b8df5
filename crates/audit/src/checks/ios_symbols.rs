//! Whether programs carry symbols that only developers need.
//!
//! Clauses: JR-6.1.2.a, JR-6.1.2.d, AP-1.4.1, AP-3.2.1.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-symbols",
    title: words("Symbols left in programs", "程序保留符号"),
    purpose: words(
        "Names of inner functions and paths of sources lead straight to what matters.",
        "内部函数名与源码路径会直接指向关键代码。",
    ),
    procedure: words(
        "Look for debug symbols and local symbols in every program and library.",
        "在每个程序与库中查找调试符号与局部符号。",
    ),
    criterion: words("Neither is left in.", "两者均未保留。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[215],
    maswe: &["MASWE-0061"],
    mastg: &["MASTG-TEST-0219"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            if program.slice.has_debug_symbols {
                findings
                    .wrong
                    .push(program.evidence(words("debug symbols are left in", "保留了调试符号")));
            } else if program.slice.stripped {
                findings
                    .right
                    .push(program.evidence(words("stripped of local symbols", "局部符号已剥离")));
            } else if program.is_executable() {
                findings
                    .wrong
                    .push(program.evidence(words("local symbols are left in", "保留了局部符号")));
            } else {
                findings.doubtful.push(program.evidence(words(
                    "local symbols are left in a library",
                    "库中保留了局部符号",
                )));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    locals: vec!["_check_pin"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["local symbols are left in: arm64 at 0x0 in Payload/Bank.app/Bank"],
        good: || ask::sample("", &native::Macho::default()),
        broken: ask::damaged_program,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn debug_symbols_are_found() {
        let program = native::Macho {
            debug_symbols: true,
            ..native::Macho::default()
        };
        let finding = ask::sample("", &program).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(
            finding.evidence[0]
                .to_string()
                .starts_with("debug symbols are left in")
        );
    }
}
