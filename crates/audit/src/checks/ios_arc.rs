//! Whether reference counts are managed by the compiler, in programs with Objective-C.
//!
//! Clauses: JR-7.3.6.a, AP-1.3.1.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-arc",
    title: words("Reference counts managed by hand", "手工管理引用计数"),
    purpose: words(
        "Counts managed by hand end in objects that are used after they are freed.",
        "手工管理引用计数会导致对象释放后仍被使用。",
    ),
    procedure: words(
        "Look for the functions that the compiler inserts among the imports of every \
         program.",
        "在每个程序的导入中查找编译器插入的函数。",
    ),
    criterion: words(
        "Programs with Objective-C code import them.",
        "含 Objective-C 代码的程序均导入。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[416],
    maswe: &["MASWE-0045"],
    mastg: &["MASTG-TEST-0230"],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            let slice = program.slice;
            if slice.arc {
                findings.right.push(program.evidence(words(
                    "counts are managed by the compiler",
                    "引用计数由编译器管理",
                )));
            } else if !slice.objc_classes.is_empty() || slice.imports("_objc_msgSend") {
                findings.wrong.push(
                    program.evidence(words("counts are managed by hand", "引用计数由手工管理")),
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_objc_msgSend"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["counts are managed by hand: arm64 at 0x0 in Payload/Bank.app/Bank"],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_objc_msgSend", "_objc_release"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn code_without_objects_needs_none() {
        let program = native::Macho {
            imports: vec!["_memcpy"],
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &program).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
