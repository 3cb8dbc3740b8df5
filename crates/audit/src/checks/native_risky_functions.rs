//! Which functions that are known for their misuse native libraries import.
//!
//! `gets` has no right use. The others have, and need to be looked at where they are called: shells
//! that are started, copies without a bound, predictable random numbers and names of files.
//!
//! Clauses: AP-1.3.1, JR-7.3.5.a, JR-7.3.5.b.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-risky-functions",
    title: words("Risky functions in native code", "本机代码使用高风险函数"),
    purpose: words(
        "These functions overflow buffers, start shells or guess badly when input is \
         hostile.",
        "输入恶意时，这些函数会溢出缓冲区、启动 shell 或生成可预测值。",
    ),
    procedure: words(
        "Look for them among the imported functions of each native library.",
        "在每个本机库导入的函数中查找。",
    ),
    criterion: words("None is imported.", "均未导入。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[242, 676],
    maswe: &["MASWE-0045"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            for (what, functions) in RISKY {
                let imported = functions
                    .iter()
                    .filter(|function| library.elf.imports(function));
                let evidence = imported.map(|function| ask::about(what, library).string(*function));
                findings.doubtful.extend(evidence);
            }
            if library.elf.imports("gets") {
                findings.wrong.push(
                    ask::about(
                        words("reads a line without any bound", "无界读取一行"),
                        library,
                    )
                    .string("gets"),
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                imports: vec!["__stack_chk_fail", "system"],
                ..native::Elf::default()
            })
        },
        evidence: &["starts programs or shells: system in lib/arm64-v8a/libpay.so"],
        good: || {
            ask::sample(&native::Elf {
                imports: vec!["__stack_chk_fail", "snprintf"],
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};

/// What these functions do, and their names.
const RISKY: [(Words, &[&str]); 4] = [
    (
        words("starts programs or shells", "启动程序或 shell"),
        &[
            "system", "popen", "execl", "execlp", "execle", "execv", "execvp", "execve",
        ],
    ),
    (
        words("copies without a bound", "无界复制"),
        &[
            "strcpy", "strcat", "stpcpy", "sprintf", "vsprintf", "scanf", "sscanf", "vscanf",
            "vsscanf",
        ],
    ),
    (
        words("makes numbers that can be predicted", "生成可预测数值"),
        &["rand", "random", "drand48", "lrand48"],
    ),
    (
        words(
            "makes names of files that can be predicted",
            "生成可预测的文件名",
        ),
        &["mktemp", "tmpnam", "tempnam"],
    ),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn gets_is_always_wrong() {
        let library = native::Elf {
            imports: vec!["gets"],
            ..native::Elf::default()
        };
        assert_eq!(
            ask::sample(&library).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
