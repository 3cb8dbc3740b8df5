//! Whether functions of native libraries check their stack frames before they return.
//!
//! Compilers leave the check out of functions without arrays, so a library without buffers may do
//! without; one that copies into buffers may not.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-stack-canary",
    title: words("No stack canaries in native code", "本机代码无栈保护"),
    purpose: words(
        "A canary turns an overwritten return address into a crash instead of an attack.",
        "栈保护值可使被覆盖的返回地址导致崩溃而非被利用。",
    ),
    procedure: words(
        "Look for the failure handler of the check among the symbols of each native \
         library.",
        "在每个本机库的符号中查找栈检查失败处理函数。",
    ),
    criterion: words(
        "Every library that handles buffers has it.",
        "凡处理缓冲区的库均具备。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[121],
    maswe: &["MASWE-0045"],
    mastg: &["MASTG-TEST-0223"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            let elf = &library.elf;
            if elf.stack_canary {
                findings.right.push(ask::about(
                    words("stack frames are checked", "栈帧受检查"),
                    library,
                ));
            } else if let Some(function) = COPIES.iter().find(|function| elf.imports(function)) {
                findings.wrong.push(
                    ask::about(
                        words(
                            "handles buffers without stack canaries",
                            "处理缓冲区但无栈保护",
                        ),
                        library,
                    )
                    .string(*function),
                );
            } else if !elf.imports.is_empty() {
                findings.doubtful.push(ask::about(
                    words(
                        "no stack canaries, nor functions that copy into buffers",
                        "无栈保护，也未见缓冲区复制函数",
                    ),
                    library,
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                imports: vec!["memcpy"],
                ..native::Elf::default()
            })
        },
        evidence: &["handles buffers without stack canaries: memcpy in lib/arm64-v8a/libpay.so"],
        good: || {
            ask::sample(&native::Elf {
                imports: vec!["__stack_chk_fail", "memcpy"],
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};

/// Functions that write into buffers.
const COPIES: [&str; 18] = [
    "fgets",
    "fread",
    "gets",
    "memcpy",
    "memmove",
    "memset",
    "read",
    "recv",
    "recvfrom",
    "snprintf",
    "sprintf",
    "strcat",
    "strcpy",
    "strlcpy",
    "strncat",
    "strncpy",
    "vsnprintf",
    "vsprintf",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn without_buffers_it_is_only_doubtful() {
        let library = native::Elf {
            imports: vec!["__cxa_finalize", "strlen"],
            ..native::Elf::default()
        };
        assert_eq!(
            ask::sample(&library).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }

    #[test]
    fn code_that_calls_nobody_is_left_alone() {
        let library = native::Elf {
            imports: Vec::new(),
            ..native::Elf::default()
        };
        assert_eq!(
            ask::sample(&library).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
