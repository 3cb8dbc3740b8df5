//! Whether a HarmonyOS app asks for permissions beyond its need.
//!
//! Without a declaration of needs, permissions that only reviewed apps get are doubtful.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b, JR-6.1.3.b.a.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-permission-overreach",
    title: words(
        "HarmonyOS permissions beyond the need",
        "超出需要的鸿蒙权限",
    ),
    purpose: words(
        "What the app may read without need, it can lose without need.",
        "无必要而可读取的数据，也会无必要地泄露。",
    ),
    procedure: words(
        "Compare the permissions of every module with the declared needs and with the \
         restricted ones.",
        "将各模块权限与已声明的需要及受限权限比较。",
    ),
    criterion: words(
        "Every permission is declared; without a declaration none is restricted.",
        "每项权限均已声明；未声明时不含受限权限。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[250],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        let declared = subject.configuration.declared.permissions.as_ref();
        ask::each_module(subject, |module, findings| {
            for (number, permission) in module.permissions.iter().enumerate() {
                let name = permission.name.as_str();
                let is_restricted = ask::RESTRICTED.contains(&name);
                let (what, found) = match declared {
                    Some(needs) if needs.contains_key(name) => (
                        words("a declared need", "已声明的需要"),
                        &mut findings.right,
                    ),
                    Some(_) => (
                        words("asked for beyond the declared need", "超出已声明的需要"),
                        &mut findings.wrong,
                    ),
                    None if is_restricted => (
                        words(
                            "a restricted permission; nobody declared why",
                            "受限权限且未声明理由",
                        ),
                        &mut findings.doubtful,
                    ),
                    None => (words("asked for", "申请的权限"), &mut findings.right),
                };
                found.push(
                    ask::in_module(
                        what,
                        module,
                        &format!("/module/requestPermissions/{number}"),
                    )
                    .string(name),
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(r#","requestPermissions":[{"name":"ohos.permission.CAPTURE_SCREEN"}]"#),
        evidence: &[
            "a restricted permission; nobody declared why: ohos.permission.CAPTURE_SCREEN in module.json (/module/requestPermissions/0)",
        ],
        good: || ask::sample(r#","requestPermissions":[{"name":"ohos.permission.INTERNET"}]"#),
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn declared_needs_decide_where_there_are_some() {
        let text = r#","requestPermissions":[{"name":"ohos.permission.INTERNET"}]"#;
        let judged = |toml| ask::sample(text).declared(toml).judged_by(&CHECK).verdict;
        assert_eq!(
            judged("[declared.permissions]\n\"ohos.permission.INTERNET\" = \"trades\""),
            Verdict::Pass
        );
        assert_eq!(judged("[declared.permissions]\nx = \"y\""), Verdict::Fail);
    }
}
