//! Whether 64-bit native libraries load on devices with memory pages of 16 KiB.
//!
//! Clauses: CJ-5.2.a, CJ-5.3.o.a, JR-6.1.1.1.b.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-page-size",
    title: words(
        "Native libraries unfit for 16 KiB pages",
        "本机库不支持 16 KiB 页",
    ),
    purpose: words(
        "Devices with 16 KiB pages refuse libraries whose segments are aligned to less.",
        "16 KiB 页设备拒绝加载段对齐不足的库。",
    ),
    procedure: words(
        "Read the alignment of the loaded segments of each 64-bit native library.",
        "读取每个 64 位本机库装载段的对齐。",
    ),
    criterion: words(
        "All are aligned to 16 KiB or more.",
        "均按 16 KiB 或以上对齐。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            let alignment = format!("{} bytes", library.elf.segment_alignment);
            if library.elf.supports_16k_pages() {
                findings.right.push(
                    ask::about(
                        words("fit for pages of 16 KiB", "适用于 16 KiB 页"),
                        library,
                    )
                    .string(alignment),
                );
            } else {
                findings.wrong.push(
                    ask::about(
                        words(
                            "segments are aligned to less than 16 KiB",
                            "段对齐小于 16 KiB",
                        ),
                        library,
                    )
                    .string(alignment),
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                alignment: 4_096,
                ..native::Elf::default()
            })
        },
        evidence: &[
            "segments are aligned to less than 16 KiB: 4096 bytes in lib/arm64-v8a/libpay.so",
        ],
        good: || ask::sample(&native::Elf::default()),
        broken: ask::damaged,
    },
};
