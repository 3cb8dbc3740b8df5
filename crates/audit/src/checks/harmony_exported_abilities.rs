//! Which abilities other HarmonyOS apps can start without a permission.
//!
//! The ability that the desktop opens has to be exported.
//!
//! Clauses: JR-6.1.3.a.a, JR-6.1.3.a.b, AP-1.2.3.3.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-exported-abilities",
    title: words("Exported HarmonyOS abilities", "导出的鸿蒙能力"),
    purpose: words(
        "Every other app can start an exported ability, with parameters of its own.",
        "其他任意应用可携带自定参数启动导出的能力。",
    ),
    procedure: words(
        "Read exported, permissions and skills of every ability and extension ability.",
        "读取每个能力与扩展能力的 exported、permissions 与 skills。",
    ),
    criterion: words(
        "Besides the start of the app, what is exported demands a permission or is \
         declared.",
        "除应用入口外，导出项均要求权限或已声明。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[926],
    maswe: &["MASWE-0018"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        let declared = &subject.configuration.declared;
        ask::each_module(subject, |module, findings| {
            for ability in &module.abilities {
                let demands = !ability.permissions.is_empty()
                    || ability.read_permission.is_some() && ability.write_permission.is_some();
                let (what, found) = if !ability.exported {
                    (words("not exported", "未导出"), &mut findings.right)
                } else if ask::is_launcher(ability) {
                    (
                        words("the start of the app", "应用入口"),
                        &mut findings.right,
                    )
                } else if demands {
                    (
                        words("exported to those with a permission", "仅对持有权限者导出"),
                        &mut findings.right,
                    )
                } else if declared.allows_export(&ability.name) {
                    (
                        words("exported as declared", "按声明导出"),
                        &mut findings.right,
                    )
                } else {
                    (
                        words("any app can start it", "任意应用可启动"),
                        &mut findings.wrong,
                    )
                };
                found.push(ask::in_ability(what, module, ability));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(r#","abilities":[{"name":"PayAbility","exported":true}]"#),
        evidence: &["any app can start it: PayAbility in module.json (/module/abilities)"],
        good: || ask::sample(r#","abilities":[{"name":"PayAbility","exported":false}]"#),
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn the_start_and_what_demands_a_permission_are_right() {
        let start = r#","abilities":[{"name":"Main","exported":true,"skills":[{"actions":["ohos.want.action.home"]}]}]"#;
        assert_eq!(ask::sample(start).judged_by(&CHECK).verdict, Verdict::Pass);
        let demanding = r#","extensionAbilities":[{"name":"Data","exported":true,"permissions":["com.bank.DATA"]}]"#;
        assert_eq!(
            ask::sample(demanding).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        let extension = r#","extensionAbilities":[{"name":"Data","exported":true}]"#;
        assert_eq!(
            ask::sample(extension).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn declared_exports_are_right() {
        let text = r#","abilities":[{"name":"Share","exported":true}]"#;
        let finding = ask::sample(text)
            .declared("[declared]\nexported = [\"Share\"]")
            .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Pass);
    }
}
