//! Whether texts of an iOS app can grow with the size that the user sets.
//!
//! Interface files can ask for it too, and are not read; without any sign in the code the answer is
//! open unless the code asks for fixed sizes.
//!
//! Clauses: CJ-4.4.e.

use crate::ask::ios as ask;
use crate::ask::untestable;
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-ios-text-size",
    title: words("iOS texts of fixed size", "iOS 固定字号文本"),
    purpose: words(
        "Whoever sets a larger font needs it; texts of fixed size stay small.",
        "设置大字号的用户确有需要，固定字号的文本保持过小。",
    ),
    procedure: words(
        "Look for the selectors that ask for fonts by style, and by size.",
        "查找按样式与按字号取字体的选择器。",
    ),
    criterion: words(
        "Fonts are asked for by style or scaled.",
        "按样式取字体或进行缩放。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        let programs = ask::programs(subject.facts);
        let mut findings = Findings::new();
        for program in &programs {
            let scaled = SCALED
                .iter()
                .find(|name| program.mentions(name) || program.uses_class(name));
            let fixed = FIXED.iter().find(|name| program.mentions(name));
            match (scaled, fixed) {
                (Some(name), _) => findings.right.push(
                    program.evidence_of(words("asks for fonts that grow", "取可缩放字体"), name),
                ),
                (None, Some(name)) => findings.doubtful.push(program.evidence_of(
                    words("asks for fonts of a fixed size only", "仅取固定字号字体"),
                    name,
                )),
                (None, None) => {}
            }
        }
        match findings == Findings::new() {
            true => untestable(
                subject,
                CHECK.areas,
                words("the code does not ask for fonts", "代码未取字体"),
            ),
            false => findings.into(),
        }
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    strings: b"systemFontOfSize:\0".to_vec(),
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "asks for fonts of a fixed size only: systemFontOfSize: (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    strings: b"systemFontOfSize:\0preferredFontForTextStyle:\0".to_vec(),
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const SCALED: [&str; 4] = [
    "preferredFontForTextStyle:",
    "UIFontMetrics",
    "scaledFontForFont:",
    "setAdjustsFontForContentSizeCategory:",
];
const FIXED: [&str; 3] = [
    "systemFontOfSize:",
    "fontWithName:size:",
    "boldSystemFontOfSize:",
];
