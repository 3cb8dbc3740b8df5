//! Whether programs are loaded at an address that cannot be guessed.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-position-independent",
    title: words("Programs at a fixed address", "程序装载地址固定"),
    purpose: words(
        "Code at a known address gives an attacker the pieces to build an attack from.",
        "地址已知的代码为攻击者提供了拼装攻击的片段。",
    ),
    procedure: words(
        "Read the PIE flag of every program.",
        "读取每个程序的 PIE 标志。",
    ),
    criterion: words("It is set.", "标志已设置。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[119],
    maswe: &["MASWE-0045"],
    mastg: &["MASTG-TEST-0228"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            if program.slice.pie {
                findings
                    .right
                    .push(program.evidence(words("loaded at a random address", "装载于随机地址")));
            } else if program.is_executable() {
                findings.wrong.push(
                    program.evidence(words("a program for a fixed address", "固定地址的程序")),
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
                    pie: false,
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["a program for a fixed address: arm64 at 0x0 in Payload/Bank.app/Bank"],
        good: || ask::sample("", &native::Macho::default()),
        broken: ask::damaged_program,
    },
};
