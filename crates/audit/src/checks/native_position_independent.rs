//! Whether native programs are loaded at an address that cannot be guessed.
//!
//! Clauses: AP-3.2.1, JR-7.3.6.a, CJ-4.2.3.a.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::elf::FileType;
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-position-independent",
    title: words("Native programs at a fixed address", "本机程序装载地址固定"),
    purpose: words(
        "Code at a known address gives an attacker the pieces to build an attack from.",
        "地址已知的代码为攻击者提供了拼装攻击的片段。",
    ),
    procedure: words(
        "Read the ELF type of every native library and program.",
        "读取每个本机库与程序的 ELF 类型。",
    ),
    criterion: words(
        "Every one is a shared object or a position-independent executable.",
        "均为共享对象或位置无关的可执行文件。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[119],
    maswe: &["MASWE-0045"],
    mastg: &["MASTG-TEST-0222"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| match library.elf.file_type {
            FileType::Shared => findings.right.push(ask::about(
                words("can be loaded at any address", "可装载于任意地址"),
                library,
            )),
            FileType::Executable => findings.wrong.push(ask::about(
                words("a program for a fixed address", "固定地址的程序"),
                library,
            )),
            FileType::Other(_) => findings.doubtful.push(ask::about(
                words("neither a library nor a program", "既非库也非程序"),
                library,
            )),
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                fixed_address: true,
                ..native::Elf::default()
            })
        },
        evidence: &["a program for a fixed address in lib/arm64-v8a/libpay.so"],
        good: || ask::sample(&native::Elf::default()),
        broken: ask::damaged,
    },
};
