//! Whether native libraries carry information for debuggers.
//!
//! Clauses: AP-3.2.1, JR-6.1.2.a, JR-6.1.2.d, AP-1.4.1.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-debug-information",
    title: words(
        "Debug information left in native libraries",
        "本机库保留调试信息",
    ),
    purpose: words(
        "It gives the source back: names, types, lines and paths of the build machine.",
        "调试信息可还原源码：名称、类型、行号与构建机路径。",
    ),
    procedure: words(
        "Look for debug sections in each native library.",
        "在每个本机库中查找调试节。",
    ),
    criterion: words("No library has them.", "没有任何库含调试节。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[215],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            if library.elf.has_debug_info {
                findings.wrong.push(ask::about(
                    words("keeps debug sections", "保留了调试节"),
                    library,
                ));
            } else {
                findings
                    .right
                    .push(ask::about(words("no debug sections", "无调试节"), library));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                sections: vec![".text", ".debug_info"],
                ..native::Elf::default()
            })
        },
        evidence: &["keeps debug sections in lib/arm64-v8a/libpay.so"],
        good: || {
            ask::sample(&native::Elf {
                sections: vec![".text"],
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};
