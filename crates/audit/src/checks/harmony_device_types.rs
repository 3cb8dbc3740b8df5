//! Whether there is a HarmonyOS app, made for phones and tablets.
//!
//! A package for another platform does not tell whether there is one.
//!
//! Clauses: CJ-5.2.a, CJ-5.2.c, CJ-5.2.e.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-device-types",
    title: words("HarmonyOS devices", "支持的鸿蒙设备"),
    purpose: words(
        "HarmonyOS from version 5 on runs no Android packages, and its store offers an app only to \
         the kinds of device that it names.",
        "鸿蒙 5 起不再运行 Android 安装包，商店仅向声明的设备类型提供应用。",
    ),
    procedure: words(
        "Read deviceTypes of every module. Packages for other platforms cannot tell whether there \
         is one for HarmonyOS.",
        "读取每个模块的 deviceTypes。其他平台的安装包无法说明是否存在鸿蒙安装包。",
    ),
    criterion: words("Phones and tablets are among them.", "包含手机与平板。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        if !subject.facts.is_harmony() {
            return ANOTHER_PLATFORM;
        }
        ask::each_module(subject, |module, findings| {
            let has = |kinds: &[&str]| {
                module
                    .device_types
                    .iter()
                    .any(|kind| kinds.contains(&kind.as_str()))
            };
            let evidence = |what| {
                ask::in_module(what, module, "/module/deviceTypes")
                    .string(module.device_types.join(", "))
            };
            match (has(&["phone", "default"]), has(&["tablet", "default"])) {
                (true, true) => findings.right.push(evidence(words(
                    "made for phones and tablets",
                    "支持手机与平板",
                ))),
                (true, false) => findings
                    .doubtful
                    .push(evidence(words("not made for tablets", "不支持平板"))),
                (false, _) => findings
                    .wrong
                    .push(evidence(words("not made for phones", "不支持手机"))),
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(r#","deviceTypes":["tv"]"#),
        evidence: &["not made for phones: tv in module.json (/module/deviceTypes)"],
        good: || ask::sample(r#","deviceTypes":["phone","tablet"]"#),
        broken: ask::damaged,
    },
};

const ANOTHER_PLATFORM: Outcome = Outcome::NotTestable(words(
    "a package for another platform does not tell",
    "其他平台的安装包无法说明",
));

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn other_platforms_do_not_tell() {
        let app = Sample::apk("<application/>");
        assert_eq!(app.judged_by(&CHECK).verdict, Verdict::NotTestable);
    }

    #[test]
    fn an_app_for_phones_is_partly_right() {
        assert_eq!(
            ask::sample(r#","deviceTypes":["phone"]"#)
                .judged_by(&CHECK)
                .verdict,
            Verdict::Partial
        );
    }
}
