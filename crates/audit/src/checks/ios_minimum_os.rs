//! Whether the app installs on the oldest system that has to be supported.
//!
//! The program says so too, and the system refuses a program that asks for more than the property
//! list promises.
//!
//! Clauses: CJ-5.2.b, JR-6.1.1.1.b.

use crate::ask::ios as ask;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-minimum-os",
    title: words("Oldest supported iOS version", "最低支持的 iOS 版本"),
    purpose: words(
        "Customers with older devices are shut out where the app asks for a newer \
         system than it has to.",
        "要求过高的系统版本会将旧设备客户拒之门外。",
    ),
    procedure: words(
        "Read MinimumOSVersion and the version in the load commands of the program.",
        "读取 MinimumOSVersion 与程序装载命令中的版本。",
    ),
    criterion: words(
        "Both are at most the version that has to be supported.",
        "两者均不高于须支持的版本。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        let Some((bundle, info)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let supported = subject.configuration.thresholds.ios_supported.as_str();
        let Some(declared) = info.minimum_os() else {
            let evidence = ask::in_info(
                words("no oldest version is named", "未声明最低版本"),
                info,
                KEY,
            );
            return Findings {
                doubtful: vec![evidence],
                ..Findings::new()
            }
            .into();
        };
        let mut findings = Findings::new();
        let named = |what| ask::in_info(what, info, KEY).string(declared);
        if ask::version(declared) > ask::version(supported) {
            findings.wrong.push(named(words(
                "asks for a newer system than has to be supported",
                "要求的系统版本高于须支持的版本",
            )));
        } else {
            findings
                .right
                .push(named(words("the oldest version", "最低版本")));
        }
        let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        for platform in bundle
            .slices
            .iter()
            .filter_map(|slice| slice.platform.as_ref())
        {
            if ask::version(&platform.minimum) > ask::version(declared) {
                findings.wrong.push(
                    Evidence::in_file(
                        words(
                            "the program asks for a newer system than the property list",
                            "程序要求的系统版本高于属性列表",
                        ),
                        file,
                    )
                    .string(platform.minimum.as_str()),
                );
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::ipa("<key>MinimumOSVersion</key><string>15.0</string>"),
        evidence: &[
            "asks for a newer system than has to be supported: 15.0 in Payload/Bank.app/Info.plist (MinimumOSVersion)",
        ],
        good: || {
            ask::sample(
                "<key>MinimumOSVersion</key><string>9.0</string>",
                &native::Macho {
                    minimum_os: 0x0009_0000,
                    ..native::Macho::default()
                },
            )
        },
        broken: || {
            Sample::ipa("<key>MinimumOSVersion</key><string>15.0</string>")
                .damaged("Payload/Bank.app/Info.plist")
        },
    },
};

const KEY: &str = "MinimumOSVersion";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_program_that_asks_for_more_is_refused_by_the_system() {
        let info = "<key>MinimumOSVersion</key><string>9.0</string>";
        let finding = ask::sample(info, &native::Macho::default()).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(finding.evidence[0].string.as_deref(), Some("15.0"));
    }

    #[test]
    fn owners_may_support_newer_systems_only() {
        let info = "<key>MinimumOSVersion</key><string>15.0</string>";
        let finding = ask::sample(info, &native::Macho::default())
            .declared("[thresholds]\nios_supported = \"15.0\"")
            .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Pass);
    }
}
