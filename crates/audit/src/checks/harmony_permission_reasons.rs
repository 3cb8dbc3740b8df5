//! Whether HarmonyOS users are told why and when a permission is used.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b, JR-6.1.6.2.a.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-permission-reasons",
    title: words("Reasons for HarmonyOS permissions", "鸿蒙权限的使用理由"),
    purpose: words(
        "Users decide by the reason; the system refuses some permissions without \
         reason and scene.",
        "用户依据理由作决定；缺少理由与场景时系统会拒绝部分权限。",
    ),
    procedure: words(
        "Read reason and usedScene of each permission that the user is asked for.",
        "读取每项须向用户申请的权限的 reason 与 usedScene。",
    ),
    criterion: words(
        "Each has a reason, names its abilities, and is used only while the app is in \
         use.",
        "均给出理由、指明能力，且仅在使用期间使用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[357],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        ask::each_module(subject, |module, findings| {
            for (number, permission) in module.permissions.iter().enumerate() {
                if !ask::ASKED_OF_USER.contains(&permission.name.as_str()) {
                    continue;
                }
                let evidence = |what| {
                    ask::in_module(
                        what,
                        module,
                        &format!("/module/requestPermissions/{number}"),
                    )
                    .string(permission.name.as_str())
                };
                let has_reason = permission
                    .reason
                    .as_deref()
                    .is_some_and(|reason| !reason.trim().is_empty());
                if !has_reason {
                    findings.wrong.push(evidence(words(
                        "asked for without a reason",
                        "申请时未给出理由",
                    )));
                }
                if permission.abilities.is_empty() || permission.when.is_none() {
                    findings.wrong.push(evidence(words(
                        "asked for without a scene",
                        "申请时未给出使用场景",
                    )));
                }
                if permission.when.as_deref() == Some("always") {
                    findings.doubtful.push(evidence(words(
                        "used always, also while the app is not",
                        "始终使用，应用未使用时亦然",
                    )));
                }
                if has_reason {
                    findings
                        .right
                        .push(evidence(words("asked for with a reason", "申请时给出理由")));
                }
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                r#","requestPermissions":[{"name":"ohos.permission.CAMERA","usedScene":{"abilities":["Main"],"when":"inuse"}}]"#,
            )
        },
        evidence: &[
            "asked for without a reason: ohos.permission.CAMERA in module.json (/module/requestPermissions/0)",
        ],
        good: || {
            ask::sample(
                r#","requestPermissions":[{"name":"ohos.permission.CAMERA","reason":"$string:scan","usedScene":{"abilities":["Main"],"when":"inuse"}}]"#,
            )
        },
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn the_scene_counts_too() {
        let judged = |scene: &str| {
            let text = format!(
                r#","requestPermissions":[{{"name":"ohos.permission.LOCATION","reason":"$string:near"{scene}}}]"#
            );
            ask::sample(&text).judged_by(&CHECK).verdict
        };
        assert_eq!(judged(""), Verdict::Fail);
        let always = r#","usedScene":{"abilities":["Main"],"when":"always"}"#;
        assert_eq!(judged(always), Verdict::Partial);
    }

    #[test]
    fn permissions_of_the_system_need_no_reason() {
        let text = r#","requestPermissions":[{"name":"ohos.permission.INTERNET"}]"#;
        assert_eq!(ask::sample(text).judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
