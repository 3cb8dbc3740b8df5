//! Whether random numbers that can be predicted are made.
//!
//! They are right for pictures and games; whether a key or code comes of them, the imports do not
//! tell.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.4.a.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-random",
    title: words("Predictable random numbers", "可预测的随机数"),
    purpose: words(
        "Keys, codes and nonces that can be guessed protect nothing.",
        "可猜测的密钥、验证码与随机数起不到保护作用。",
    ),
    procedure: words(
        "Look for the generators of the C library among the imports of every program \
         and library.",
        "在每个程序与库的导入中查找 C 库随机数生成器。",
    ),
    criterion: words(
        "Random numbers come from the system only.",
        "随机数仅来自系统。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[338],
    maswe: &["MASWE-0012"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            let found = program.imports_of(&PREDICTABLE).into_iter();
            findings.doubtful.extend(found.map(|function| {
                program.evidence_of(
                    words("makes numbers that can be predicted", "生成可预测数值"),
                    function,
                )
            }));
            let found = program.imports_of(&OF_SYSTEM).into_iter();
            findings.right.extend(found.map(|function| {
                program.evidence_of(
                    words("takes random numbers of the system", "使用系统随机数"),
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
                    imports: vec!["___stack_chk_fail", "_rand"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "makes numbers that can be predicted: _rand (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_SecRandomCopyBytes"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const PREDICTABLE: [&str; 9] = [
    "_rand", "_rand_r", "_srand", "_random", "_srandom", "_drand48", "_srand48", "_lrand48",
    "_mrand48",
];
const OF_SYSTEM: [&str; 5] = [
    "_SecRandomCopyBytes",
    "_CCRandomGenerateBytes",
    "_arc4random",
    "_arc4random_buf",
    "_arc4random_uniform",
];
