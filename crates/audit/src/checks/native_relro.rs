//! Whether the tables of a native library are read-only once it is loaded.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::elf::Relro;
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-relro",
    title: words(
        "Native relocation tables stay writable",
        "本机重定位表保持可写",
    ),
    purpose: words(
        "Writable tables of function addresses let one stray write take over the \
         control flow.",
        "函数地址表可写时，一次越界写入即可劫持控制流。",
    ),
    procedure: words(
        "Read the GNU_RELRO header and whether everything is bound at load time.",
        "读取 GNU_RELRO 头，以及是否在装载时完成全部绑定。",
    ),
    criterion: words(
        "Full RELRO: the header is there and binding is immediate.",
        "完全 RELRO：存在该头且立即绑定。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[119],
    maswe: &["MASWE-0045"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| match library.elf.relro {
            Relro::Full => findings
                .right
                .push(ask::about(words("full RELRO", "完全 RELRO"), library)),
            Relro::Partial => findings.doubtful.push(ask::about(
                words(
                    "partial RELRO: the table of late-bound functions stays writable",
                    "部分 RELRO：延迟绑定表仍可写",
                ),
                library,
            )),
            Relro::None => findings.wrong.push(ask::about(
                words(
                    "no RELRO: all tables stay writable",
                    "无 RELRO：所有表仍可写",
                ),
                library,
            )),
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                relro: false,
                ..native::Elf::default()
            })
        },
        evidence: &["no RELRO: all tables stay writable in lib/arm64-v8a/libpay.so"],
        good: || ask::sample(&native::Elf::default()),
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn late_binding_is_partly_right() {
        let library = native::Elf {
            bind_now: false,
            ..native::Elf::default()
        };
        assert_eq!(
            ask::sample(&library).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
