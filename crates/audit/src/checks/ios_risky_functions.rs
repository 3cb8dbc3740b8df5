//! Which functions that are known for their misuse programs import.
//!
//! `gets` has no right use. Functions that are right with care are named as supporting evidence.
//!
//! Clauses: AP-1.3.1, JR-7.3.5.a, JR-7.3.5.b.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-risky-functions",
    title: words("Risky functions", "使用高风险函数"),
    purpose: words(
        "These functions overflow buffers, start shells or guess badly when input is \
         hostile.",
        "输入恶意时，这些函数会溢出缓冲区、启动 shell 或产生可预测值。",
    ),
    procedure: words(
        "Look for them among the imports of every program and library.",
        "在每个程序与库的导入中查找。",
    ),
    criterion: words("None is imported.", "均未导入。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[242, 676],
    maswe: &["MASWE-0045"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            for (what, functions) in RISKY {
                let imported = program.imports_of(functions).into_iter();
                findings
                    .doubtful
                    .extend(imported.map(|function| program.evidence_of(what, function)));
            }
            if program.slice.imports("_gets") {
                findings.wrong.push(program.evidence_of(
                    words("reads a line without any bound", "无界读取一行"),
                    "_gets",
                ));
            }
            let careful = program.imports_of(&CAREFUL);
            if !careful.is_empty() {
                findings.right.push(program.evidence_of(
                    words("functions that are right with care", "需谨慎使用的函数"),
                    &careful.join(", "),
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_strcpy"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["copies without a bound: _strcpy (arm64) at 0x0 in Payload/Bank.app/Bank"],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_strlcpy"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

/// What these functions do, and their names.
const RISKY: [(Words, &[&str]); 3] = [
    (
        words("starts programs or shells", "启动程序或 shell"),
        &[
            "_system",
            "_popen",
            "_execl",
            "_execv",
            "_execve",
            "_execvp",
            "_posix_spawn",
        ],
    ),
    (
        words("copies without a bound", "无界复制"),
        &[
            "_strcpy",
            "_strcat",
            "_stpcpy",
            "_sprintf",
            "_vsprintf",
            "_scanf",
            "_sscanf",
            "_vsscanf",
        ],
    ),
    (
        words(
            "makes names of files that can be predicted",
            "生成可预测的文件名",
        ),
        &["_mktemp", "_tmpnam", "_tempnam"],
    ),
];

/// Functions whose bound the caller has to know.
const CAREFUL: [&str; 8] = [
    "_alloca", "_malloc", "_memcpy", "_memmove", "_strcmp", "_strlen", "_strncat", "_strncpy",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn gets_is_always_wrong() {
        let program = native::Macho {
            imports: vec!["_gets"],
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &program).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
