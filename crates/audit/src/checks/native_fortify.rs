//! Whether native libraries use the checked variants of functions that copy.
//!
//! The compiler takes a checked variant only where it knows the size of the buffer; a library that
//! uses none at all was most likely built without asking for them.
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
    id: "native-fortify",
    title: words("No FORTIFY in native code", "本机代码未启用 FORTIFY"),
    purpose: words(
        "Checked variants stop copies that run over the end of a buffer.",
        "带检查的变体可阻止越过缓冲区末端的复制。",
    ),
    procedure: words(
        "Compare the imported functions of each native library with their checked \
         variants.",
        "将每个本机库导入的函数与其带检查变体比较。",
    ),
    criterion: words(
        "A library that imports such functions imports checked variants too.",
        "导入此类函数的库也导入其带检查变体。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[120],
    maswe: &["MASWE-0045"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            let elf = &library.elf;
            match (elf.fortified.first(), elf.fortifiable.as_slice()) {
                (Some(function), _) => findings.right.push(
                    ask::about(words("uses checked variants", "使用带检查的变体"), library)
                        .string(function.as_str()),
                ),
                (None, []) => findings.right.push(ask::about(
                    words(
                        "calls no function that has a checked variant",
                        "未调用存在带检查变体的函数",
                    ),
                    library,
                )),
                (None, functions) => findings.doubtful.push(
                    ask::about(
                        words("uses none of the checked variants of", "未使用其带检查变体"),
                        library,
                    )
                    .string(functions.join(", ")),
                ),
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                imports: vec!["__stack_chk_fail", "memcpy", "strlen"],
                ..native::Elf::default()
            })
        },
        evidence: &[
            "uses none of the checked variants of: memcpy, strlen in lib/arm64-v8a/libpay.so",
        ],
        good: || {
            ask::sample(&native::Elf {
                imports: vec!["__memcpy_chk", "memcpy"],
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};
