//! Whether functions check their stack frames before they return.
//!
//! Swift checks bounds by itself and needs no canaries.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-stack-canary",
    title: words("No stack canaries", "无栈保护"),
    purpose: words(
        "A canary turns an overwritten return address into a crash instead of an attack.",
        "栈保护值可使被覆盖的返回地址导致崩溃而非被利用。",
    ),
    procedure: words(
        "Look for the failure handler of the check among the imports of every program \
         and library.",
        "在每个程序与库的导入中查找栈检查失败处理函数。",
    ),
    criterion: words(
        "It is imported wherever code is not Swift alone.",
        "凡非纯 Swift 代码均导入该函数。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[121],
    maswe: &["MASWE-0045"],
    mastg: &["MASTG-TEST-0229"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            let slice = program.slice;
            if slice.stack_canary {
                findings
                    .right
                    .push(program.evidence(words("stack frames are checked", "栈帧受检查")));
            } else if slice.swift {
                findings.right.push(
                    program.evidence(words("Swift checks bounds by itself", "Swift 自行检查边界")),
                );
            } else if let Some(function) = program.imports_of(&COPIES).first() {
                findings.wrong.push(program.evidence_of(
                    words(
                        "handles buffers without stack canaries",
                        "处理缓冲区但无栈保护",
                    ),
                    function,
                ));
            } else if !slice.imports.is_empty() {
                findings.doubtful.push(program.evidence(words(
                    "no stack canaries, nor functions that copy into buffers",
                    "无栈保护，也未见缓冲区复制函数",
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
                    imports: vec!["_objc_release", "_memcpy"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "handles buffers without stack canaries: _memcpy (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_objc_release", "_memcpy", "___stack_chk_fail"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

/// Functions that write into buffers.
const COPIES: [&str; 12] = [
    "_memcpy",
    "_memmove",
    "_memset",
    "_strcpy",
    "_strncpy",
    "_strlcpy",
    "_strcat",
    "_sprintf",
    "_snprintf",
    "_vsnprintf",
    "_read",
    "_recv",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn swift_needs_none() {
        let program = native::Macho {
            imports: vec!["_swift_release", "_memcpy"],
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &program).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
