//! Whether programs write to the log of the device.
//!
//! Clauses: JR-6.1.7.2, AP-1.4.1.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-logging",
    title: words("Writing to the device log", "写入设备日志"),
    purpose: words(
        "The log is read by other tools on the device and ends in reports that leave it.",
        "日志可被设备上的其他工具读取，并会随报告外传。",
    ),
    procedure: words(
        "Look for the logging functions among the imports of every program and library.",
        "在每个程序与库的导入中查找日志函数。",
    ),
    criterion: words(
        "None is imported but the one that hides what is not marked as public.",
        "除默认隐藏未公开内容的函数外均未导入。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[532],
    maswe: &["MASWE-0005"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            let open = program.imports_of(&OPEN).into_iter();
            findings.doubtful.extend(open.map(|function| {
                program.evidence_of(words("writes to the log", "写入日志"), function)
            }));
            let hiding = program.imports_of(&HIDING).into_iter();
            findings.right.extend(hiding.map(|function| {
                program.evidence_of(
                    words(
                        "writes to the log, hidden unless marked as public",
                        "写入日志，未标记公开的内容默认隐藏",
                    ),
                    function,
                )
            }));
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_NSLog"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["writes to the log: _NSLog (arm64) at 0x0 in Payload/Bank.app/Bank"],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "__os_log_impl"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const OPEN: [&str; 10] = [
    "_NSLog",
    "_NSLogv",
    "_CFShow",
    "_printf",
    "_vprintf",
    "_puts",
    "_putchar",
    "_asl_log",
    "_syslog",
    "_$ss5print_9separator10terminatoryypd_S2StF",
];
const HIDING: [&str; 2] = ["__os_log_impl", "__os_log_default"];
