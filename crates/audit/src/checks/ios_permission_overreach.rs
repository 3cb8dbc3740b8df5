//! Whether the app asks for permissions beyond its need.
//!
//! Needs are declared under the key of the property list, for instance `NSCameraUsageDescription`.
//! Without a declaration a permission is doubtful whose interface nothing in the package uses.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b, JR-6.1.3.b.a.

use crate::ask::ios as ask;
use crate::ask::usage::{USES, Usage};
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-permission-overreach",
    title: words("Permissions beyond the need", "超出需要的权限"),
    purpose: words(
        "What the app may read without need, it can lose without need.",
        "无必要而可读取的数据，也会无必要地泄露。",
    ),
    procedure: words(
        "Compare the usage descriptions with the declared needs and with the \
         interfaces that programs use.",
        "将用途说明与已声明的需要及程序使用的接口比较。",
    ),
    criterion: words(
        "Every permission is declared or at least used.",
        "每项权限均已声明或至少被使用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[250],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        let Some((_, info)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let programs = ask::programs(subject.facts);
        let is_unused = |usage: &&Usage| {
            let mut classes = usage.classes.iter();
            !classes.any(|class| programs.iter().any(|program| program.uses_class(class)))
        };
        let unused: Vec<&Usage> = USES.iter().filter(is_unused).collect();
        let declared = subject.configuration.declared.permissions.as_ref();
        let mut findings = Findings::new();
        for (key, text) in info.usage_descriptions() {
            let evidence = |what| ask::in_info(what, info, key).string(text);
            let is_used = unused.iter().all(|usage| !usage.keys.contains(&key));
            match declared {
                Some(needs) if needs.contains_key(key) => findings
                    .right
                    .push(evidence(words("a declared need", "已声明的需要"))),
                Some(_) => findings.wrong.push(evidence(words(
                    "asked for beyond the declared need",
                    "超出已声明的需要",
                ))),
                None if is_used => findings.right.push(evidence(words(
                    "a permission whose interface is used",
                    "权限对应接口被使用",
                ))),
                None => findings.doubtful.push(evidence(words(
                    "a permission whose interface nothing uses",
                    "权限对应接口未被使用",
                ))),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(CONTACTS, &crate::fixture::native::Macho::default()),
        evidence: &[
            "a permission whose interface nothing uses: Finds friends to pay in Payload/Bank.app/Info.plist (NSContactsUsageDescription)",
        ],
        good: || {
            ask::sample(
                CONTACTS,
                &crate::fixture::native::Macho {
                    imports: vec!["_OBJC_CLASS_$_CNContactStore"],
                    ..crate::fixture::native::Macho::default()
                },
            )
        },
        broken: || Sample::ipa("<key>A</key><true/>").damaged("Payload/Bank.app/Info.plist"),
    },
};

#[cfg(test)]
const CONTACTS: &str = "<key>NSContactsUsageDescription</key><string>Finds friends to pay</string>";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn declared_needs_decide_where_there_are_some() {
        let judged = |toml| {
            let sample = ask::sample(CONTACTS, &crate::fixture::native::Macho::default());
            sample.declared(toml).judged_by(&CHECK).verdict
        };
        assert_eq!(
            judged("[declared.permissions]\nNSContactsUsageDescription = \"x\""),
            Verdict::Pass
        );
        assert_eq!(
            judged("[declared.permissions]\nNSCameraUsageDescription = \"x\""),
            Verdict::Fail
        );
    }
}
