//! Where programs look for the libraries that they load.
//!
//! Clauses: AP-3.2.1, JR-6.1.3.b.b, JR-7.3.6.a.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-search-paths",
    title: words("Libraries loaded from foreign paths", "从外部路径加载库"),
    purpose: words(
        "A search path outside of the app loads code that nobody signed with it.",
        "应用之外的搜索路径会加载未随应用签名的代码。",
    ),
    procedure: words(
        "Read search paths and libraries in the load commands of every program and \
         library.",
        "读取每个程序与库装载命令中的搜索路径与库。",
    ),
    criterion: words(
        "All are inside of the app or of the system.",
        "均位于应用或系统之内。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[426],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            for path in &program.slice.rpaths {
                let (what, found) = match is_inside(path) {
                    true => (
                        words("looks for libraries inside", "在内部查找库"),
                        &mut findings.right,
                    ),
                    false => (
                        words("looks for libraries outside of the app", "在应用之外查找库"),
                        &mut findings.wrong,
                    ),
                };
                found.push(program.evidence_of(what, path));
            }
            let outside = program
                .slice
                .libraries
                .iter()
                .filter(|path| !is_inside(path));
            findings.wrong.extend(outside.map(|path| {
                program.evidence_of(
                    words(
                        "loads a library from outside of the app",
                        "加载应用之外的库",
                    ),
                    path,
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
                    rpaths: vec!["/Users/dev/Frameworks"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "looks for libraries outside of the app: /Users/dev/Frameworks (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    rpaths: vec!["@executable_path/Frameworks"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

/// Whether a path is inside of the app or of the system.
fn is_inside(path: &str) -> bool {
    [
        "@executable_path",
        "@loader_path",
        "@rpath",
        "/usr/lib/",
        "/System/",
    ]
    .iter()
    .any(|start| path.starts_with(start))
}
