//! Whether a HarmonyOS app is made for phones and tablets.
//!
//! Clauses: CJ-5.2.a, CJ-5.2.c, CJ-5.2.e.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-device-types",
    title: words("HarmonyOS devices", "支持的鸿蒙设备"),
    purpose: words(
        "The store offers an app only to the kinds of device that it names.",
        "商店仅向声明的设备类型提供应用。",
    ),
    procedure: words(
        "Read deviceTypes of every entry module.",
        "读取每个入口模块的 deviceTypes。",
    ),
    criterion: words("Phones and tablets are among them.", "包含手机与平板。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

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
