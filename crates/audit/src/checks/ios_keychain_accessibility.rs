//! When items of the keychain can be read, and whether backups carry them to other devices.
//!
//! The default is open while the device is unlocked, and moves with backups.
//!
//! Clauses: JR-6.1.4.b, AP-4.2.2, JR-6.1.7.1.

use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-keychain-accessibility",
    title: words("Accessibility of keychain items", "钥匙串条目可访问性"),
    purpose: words(
        "Items that can be read while the device is locked, or elsewhere, are lost \
         with the device or its backup.",
        "锁定时或他处可读的条目会随设备或备份一同泄露。",
    ),
    procedure: words(
        "Look for the accessibility constants among the imports of programs that use \
         the keychain.",
        "在使用钥匙串的程序的导入中查找可访问性常量。",
    ),
    criterion: words(
        "Items are for this device only, and open only while it is unlocked.",
        "条目仅限本机，且仅在解锁时可读。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[522],
    maswe: &["MASWE-0001", "MASWE-0016"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        let programs = ask::programs(subject.facts);
        let users: Vec<_> = programs
            .iter()
            .filter(|program| program.slice.imports("_SecItemAdd"))
            .collect();
        if users.is_empty() {
            return Outcome::NotApplicable(words("the keychain is not written", "未写入钥匙串"));
        }
        let mut findings = Findings::new();
        for program in users {
            let of = |what, symbols: &[&'static str]| {
                let found = program.imports_of(symbols).into_iter();
                found
                    .map(move |symbol| program.evidence_of(what, symbol))
                    .collect::<Vec<_>>()
            };
            findings.wrong.extend(of(
                words("items can always be read", "条目始终可读"),
                &ALWAYS,
            ));
            findings.doubtful.extend(of(
                words(
                    "items move to other devices with backups",
                    "条目随备份转移到其他设备",
                ),
                &MOVING,
            ));
            findings.right.extend(of(
                words("items stay on this device", "条目保留在本机"),
                &STAYING,
            ));
            let names_any = [&ALWAYS[..], &MOVING, &STAYING]
                .iter()
                .any(|symbols| !program.imports_of(symbols).is_empty());
            if !names_any {
                findings.doubtful.push(program.evidence_of(
                    words(
                        "items have the default accessibility",
                        "条目采用默认可访问性",
                    ),
                    "_SecItemAdd",
                ));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_SecItemAdd", "_kSecAttrAccessibleAlways"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "items can always be read: _kSecAttrAccessibleAlways (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec![
                        "_SecItemAdd",
                        "_kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
                    ],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const ALWAYS: [&str; 2] = [
    "_kSecAttrAccessibleAlways",
    "_kSecAttrAccessibleAlwaysThisDeviceOnly",
];
const MOVING: [&str; 2] = [
    "_kSecAttrAccessibleWhenUnlocked",
    "_kSecAttrAccessibleAfterFirstUnlock",
];
const STAYING: [&str; 3] = [
    "_kSecAttrAccessibleWhenUnlockedThisDeviceOnly",
    "_kSecAttrAccessibleAfterFirstUnlockThisDeviceOnly",
    "_kSecAttrAccessibleWhenPasscodeSetThisDeviceOnly",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn the_default_is_doubtful() {
        let program = native::Macho {
            imports: vec!["_SecItemAdd"],
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &program).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
