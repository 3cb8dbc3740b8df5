//! Whether interfaces are used that the platform has given up.
//!
//! Clauses: AP-1.3.1, CJ-5.2.c, JR-6.1.1.1.b.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-deprecated-interfaces",
    title: words(
        "Interfaces that the platform has given up",
        "使用已废弃的系统接口",
    ),
    purpose: words(
        "They get no repairs any more, and new systems take them away.",
        "这些接口不再修复，新系统会将其移除。",
    ),
    procedure: words(
        "Look for their classes among the imports of every program and library.",
        "在每个程序与库的导入中查找其类。",
    ),
    criterion: words("None is used.", "均未使用。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[477],
    maswe: &["MASWE-0046"],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            let used = CLASSES.iter().filter(|class| program.uses_class(class));
            findings.doubtful.extend(used.map(|class| {
                program.evidence_of(
                    words(
                        "uses a class that the platform has given up",
                        "使用已废弃的类",
                    ),
                    class,
                )
            }));
            let imported = program.imports_of(&FUNCTIONS).into_iter();
            findings.doubtful.extend(imported.map(|function| {
                program.evidence_of(
                    words(
                        "uses a function that the platform has given up",
                        "使用已废弃的函数",
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
                    imports: vec!["_OBJC_CLASS_$_UIAlertView"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "uses a class that the platform has given up: UIAlertView (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_OBJC_CLASS_$_UIAlertController"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const CLASSES: [&str; 7] = [
    "UIAlertView",
    "UIActionSheet",
    "UISearchDisplayController",
    "NSURLConnection",
    "MPMoviePlayerController",
    "ALAssetsLibrary",
    "UIPopoverController",
];
const FUNCTIONS: [&str; 3] = [
    "_ABAddressBookCreateWithOptions",
    "_SecTrustEvaluate",
    "_OSAtomicCompareAndSwapPtr",
];
