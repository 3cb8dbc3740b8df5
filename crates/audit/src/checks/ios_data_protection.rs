//! Whether files of the app are encrypted while the device is locked.
//!
//! Without an entitlement files are open from the first unlocking until the device is switched off.
//!
//! Clauses: JR-6.1.5.2.c, AP-4.2.1, JR-6.1.7.1.

use crate::ask::ios as ask;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::property_list::Value;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-data-protection",
    title: words("Protection class of files", "文件数据保护级别"),
    purpose: words(
        "A lost device gives away files that are not encrypted while it is locked.",
        "设备丢失时，锁定状态下未加密的文件会泄露。",
    ),
    procedure: words(
        "Read the default data protection in the entitlements, and look for the class \
         without protection in programs.",
        "读取授权中的默认数据保护级别，并在程序中查找无保护级别。",
    ),
    criterion: words(
        "Files are protected while the device is locked, and none is left without \
         protection.",
        "设备锁定时文件受保护，且没有文件不受保护。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[311],
    maswe: &["MASWE-0001"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        let Some((bundle, _)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        let class = bundle
            .entitlements()
            .and_then(|values| values.get(KEY))
            .and_then(Value::text);
        let mut findings = Findings::new();
        let evidence = |what| {
            Evidence::in_xml(what, file, KEY)
                .string(class.unwrap_or("NSFileProtectionCompleteUntilFirstUserAuthentication"))
        };
        match class {
            Some("NSFileProtectionComplete" | "NSFileProtectionCompleteUnlessOpen") => {
                findings.right.push(evidence(words(
                    "files are encrypted while the device is locked",
                    "设备锁定时文件加密",
                )));
            }
            Some("NSFileProtectionNone") => {
                findings.wrong.push(evidence(words(
                    "files are never encrypted by a passcode",
                    "文件从不受密码加密",
                )));
            }
            _ => findings.doubtful.push(evidence(words(
                "files stay open once the device was unlocked",
                "设备首次解锁后文件保持可读",
            ))),
        }
        for program in ask::programs(subject.facts) {
            let open = program.imports_of(&WITHOUT).into_iter();
            findings.wrong.extend(open.map(|name| {
                program.evidence_of(
                    words("makes files without protection", "创建无保护的文件"),
                    name,
                )
            }));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    entitlements: Some(
                        r#"<?xml version="1.0"?><plist><dict><key>com.apple.developer.default-data-protection</key><string>NSFileProtectionNone</string></dict></plist>"#,
                    ),
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "files are never encrypted by a passcode: NSFileProtectionNone in Payload/Bank.app/Bank (com.apple.developer.default-data-protection)",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    entitlements: Some(
                        r#"<?xml version="1.0"?><plist><dict><key>com.apple.developer.default-data-protection</key><string>NSFileProtectionComplete</string></dict></plist>"#,
                    ),
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const KEY: &str = "com.apple.developer.default-data-protection";

/// Names of the class without protection.
const WITHOUT: [&str; 2] = ["_NSFileProtectionNone", "_NSURLFileProtectionNone"];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn the_default_is_partly_right() {
        let finding = ask::sample("", &native::Macho::default()).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }
}
