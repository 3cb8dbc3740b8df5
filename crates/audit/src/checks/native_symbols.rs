//! Whether native libraries carry the names of their inner functions.
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
    id: "native-symbols",
    title: words("Symbols left in native libraries", "本机库保留符号"),
    purpose: words(
        "Names of inner functions lead whoever takes the library apart straight to \
         what matters.",
        "内部函数名会把逆向者直接引向关键代码。",
    ),
    procedure: words(
        "Look for a table of local symbols among the sections of each native library.",
        "在每个本机库的节中查找局部符号表。",
    ),
    criterion: words("No library has one.", "没有任何库含该表。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            if library.elf.stripped {
                findings.right.push(ask::about(
                    words("stripped of local symbols", "局部符号已剥离"),
                    library,
                ));
            } else {
                findings.wrong.push(ask::about(
                    words("keeps its table of local symbols", "保留了局部符号表"),
                    library,
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                sections: vec![".text", ".symtab"],
                ..native::Elf::default()
            })
        },
        evidence: &["keeps its table of local symbols in lib/arm64-v8a/libpay.so"],
        good: || {
            ask::sample(&native::Elf {
                sections: vec![".text"],
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};
