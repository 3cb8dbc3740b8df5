//! Whether an iOS app gives its own controls names for screen readers.
//!
//! Labels of interface files are not read; an app that draws controls itself and never sets one in
//! code leaves them without.
//!
//! Clauses: CJ-4.4.h.

use crate::ask::ios as ask;
use crate::ask::untestable;
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-ios-labels",
    title: words("iOS controls without names", "iOS 控件缺少名称"),
    purpose: words(
        "A control that the app draws itself has no name for a screen reader unless it \
         gets one.",
        "自绘控件若不赋名，读屏无法读出。",
    ),
    procedure: words(
        "Look for the selectors that set names, and for classes that draw themselves.",
        "查找设置名称的选择器与自绘控件的类。",
    ),
    criterion: words(
        "Programs that draw controls set names too.",
        "自绘控件的程序同时设置名称。",
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
            let named = NAMING.iter().find(|name| program.mentions(name));
            match (named, program.implements("drawRect:")) {
                (Some(name), _) => findings.right.push(
                    program.evidence_of(words("gives names to controls", "为控件赋名"), name),
                ),
                (None, Some(class)) => findings.doubtful.push(
                    program
                        .evidence(words(
                            "draws itself and never gets a name",
                            "自绘且从未赋名",
                        ))
                        .class(class.name.as_str()),
                ),
                (None, None) => {}
            }
        }
        match findings == Findings::new() {
            true => untestable(
                subject,
                CHECK.areas,
                words("the code draws no controls", "代码未自绘控件"),
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
                    classes: vec![("PinPad", vec!["drawRect:"])],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &["draws itself and never gets a name: arm64 at PinPad in Payload/Bank.app/Bank"],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    classes: vec![("PinPad", vec!["drawRect:"])],
                    strings: b"setAccessibilityLabel:\0".to_vec(),
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const NAMING: [&str; 4] = [
    "setAccessibilityLabel:",
    "accessibilityLabel",
    "setIsAccessibilityElement:",
    "setAccessibilityElements:",
];
