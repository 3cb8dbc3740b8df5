//! Whether the app keeps keyboards of other apps out.
//!
//! The app's delegate is asked before such a keyboard is shown; without an answer it is.
//!
//! Clauses: AP-4.1.1.1, AP-4.1.1.2.

use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-foreign-keyboards",
    title: words("Keyboards of other apps", "第三方键盘"),
    purpose: words(
        "A keyboard of another app sees every key, and may send it away.",
        "第三方键盘可见每次按键并可能外传。",
    ),
    procedure: words(
        "Look for the delegate method that is asked about extensions.",
        "查找针对扩展询问的代理方法。",
    ),
    criterion: words(
        "A class of the app implements it.",
        "应用中有类实现该方法。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &["MASWE-0031"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        let programs = ask::programs(subject.facts);
        let Some(first) = programs.iter().find(|program| program.is_executable()) else {
            return ask::NO_PROGRAM;
        };
        let asked = programs
            .iter()
            .filter_map(|program| Some((program, program.implements(SELECTOR)?)));
        let mut findings = Findings::new();
        findings.right.extend(asked.map(|(program, class)| {
            program
                .evidence_of(
                    words("answers which keyboards are allowed", "回应允许哪些键盘"),
                    SELECTOR,
                )
                .class(class.name.as_str())
        }));
        if findings.right.is_empty() {
            findings.doubtful.push(first.evidence(words(
                "nobody answers which keyboards are allowed, so that all are",
                "无人回应允许哪些键盘，因此全部允许",
            )));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    classes: vec![("AppDelegate", vec!["applicationDidEnterBackground:"])],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "nobody answers which keyboards are allowed, so that all are: arm64 at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    classes: vec![(
                        "AppDelegate",
                        vec!["application:shouldAllowExtensionPointIdentifier:"],
                    )],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const SELECTOR: &str = "application:shouldAllowExtensionPointIdentifier:";
