//! Whether what is copied reaches every other app, and other devices.
//!
//! The general pasteboard is one for all. Items can be kept on the device and be made to expire.
//!
//! Clauses: CJ-4.3.5.c, AP-4.1.1.1.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-pasteboard",
    title: words("The general pasteboard", "使用通用剪贴板"),
    purpose: words(
        "Whatever is on the general pasteboard is read by other apps and copied to \
         other devices.",
        "通用剪贴板内容可被其他应用读取并同步到其他设备。",
    ),
    procedure: words(
        "Look for the use of the general pasteboard, and for the options that keep \
         items local and short-lived.",
        "查找通用剪贴板的使用，以及限制本机与过期的选项。",
    ),
    criterion: words(
        "It is not used, or with both options.",
        "未使用，或同时设置两个选项。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &["MASWE-0030"],
    mastg: &["MASTG-TEST-0276", "MASTG-TEST-0279", "MASTG-TEST-0280"],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            if !program.uses_class("UIPasteboard") || !program.mentions("generalPasteboard") {
                return;
            }
            let options = program.imports_of(&OPTIONS);
            let (what, found) = match options.len() {
                0 => (
                    words(
                        "uses the general pasteboard without limits",
                        "无限制地使用通用剪贴板",
                    ),
                    &mut findings.wrong,
                ),
                1 => (
                    words(
                        "uses the general pasteboard with one limit only",
                        "使用通用剪贴板且仅有一项限制",
                    ),
                    &mut findings.doubtful,
                ),
                _ => (
                    words(
                        "uses the general pasteboard with limits",
                        "使用通用剪贴板并加以限制",
                    ),
                    &mut findings.right,
                ),
            };
            found.push(program.evidence_of(what, "UIPasteboard.generalPasteboard"));
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_OBJC_CLASS_$_UIPasteboard"],
                    strings: b"generalPasteboard\0".to_vec(),
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "uses the general pasteboard without limits: UIPasteboard.generalPasteboard (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec![
                        "_OBJC_CLASS_$_UIPasteboard",
                        "_UIPasteboardOptionExpirationDate",
                        "_UIPasteboardOptionLocalOnly",
                    ],
                    strings: b"generalPasteboard\0".to_vec(),
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const OPTIONS: [&str; 2] = [
    "_UIPasteboardOptionExpirationDate",
    "_UIPasteboardOptionLocalOnly",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_pasteboard_of_its_own_is_fine() {
        let program = native::Macho {
            imports: vec!["_OBJC_CLASS_$_UIPasteboard"],
            strings: b"pasteboardWithUniqueName\0".to_vec(),
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &program).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
