//! Whether the code of native libraries is changed while it is loaded.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a, JR-6.1.1.1.b.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-text-relocations",
    title: words("Text relocations in native libraries", "本机库含代码重定位"),
    purpose: words(
        "Code that is changed while loading is writable for a moment; Android 6 and \
         later refuse it.",
        "装载时修改的代码会短暂可写；Android 6 及以上拒绝加载。",
    ),
    procedure: words(
        "Look for the text relocation flags in the dynamic section of each native \
         library.",
        "在每个本机库的动态节中查找代码重定位标志。",
    ),
    criterion: words("No library has them.", "没有任何库含该标志。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[119],
    maswe: &["MASWE-0045"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            if library.elf.text_relocations {
                findings.wrong.push(ask::about(
                    words("code is changed while it is loaded", "装载时修改代码"),
                    library,
                ));
            } else {
                findings.right.push(ask::about(
                    words("code is loaded as it stands", "代码按原样装载"),
                    library,
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                text_relocations: true,
                ..native::Elf::default()
            })
        },
        evidence: &["code is changed while it is loaded in lib/arm64-v8a/libpay.so"],
        good: || ask::sample(&native::Elf::default()),
        broken: ask::damaged,
    },
};
