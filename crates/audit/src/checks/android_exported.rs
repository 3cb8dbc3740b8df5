//! Which components any other app can start, call or query.
//!
//! Clauses: JR-6.1.3.a.a, JR-6.1.3.a.b, AP-1.2.3.3.

use crate::ask::components::class_of;
use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::Area;
use crate::facts::android::{Component, ComponentKind};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-exported",
    title: words("Components are open to every app", "组件对所有应用开放"),
    purpose: words(
        "Whatever an exported component does, any app on the device can make it do.",
        "导出组件能做的事，设备上任何应用都能让它去做。",
    ),
    procedure: words(
        "List the components that are exported, by declaration or by default, without a permission \
         that callers need.",
        "列出（显式或默认）导出且未要求调用方权限的组件。",
    ),
    criterion: words(
        "Only the start of the app, and what the owners declare to be shared, is exported without \
         a permission.",
        "除应用启动入口和已声明共享的组件外，没有无权限保护的导出组件。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[926],
    maswe: &["MASWE-0018"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk(
                "<application><service android:name=\".Pay\" android:exported=\"true\"/></application>",
            )
        },
        evidence: &[
            "service exported without permission: com.bank.Pay at com.bank.Pay in \
             AndroidManifest.xml (/manifest/application/service)",
        ],
        good: || {
            Sample::apk(
                "<application><service android:name=\".Pay\" android:exported=\"true\" \
                 android:permission=\"com.bank.PAY\"/></application>",
            )
        },
        broken: || {
            Sample::apk("<application><service android:name=\".Pay\"/></application>")
                .damaged("AndroidManifest.xml")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let mut findings = Findings::new();
    let mut starts = Vec::new();
    for component in android.components() {
        if !component.is_exported_without_permission() {
            if component.exported {
                let kept = words("exported with a permission", "导出但要求权限");
                findings.right.push(evidence(kept, component));
            }
            continue;
        }
        let declared = &subject.configuration.declared;
        if component.is_launcher() {
            starts.push(evidence(
                words(
                    "the start of the app is exported, as it has to be",
                    "启动入口必须导出",
                ),
                component,
            ));
        } else if declared.allows_export(&component.name)
            || declared.allows_export(class_of(component))
        {
            let shared = words("exported, as the owners declare", "已声明需要导出");
            findings.right.push(evidence(shared, component));
        } else if component.enabled {
            findings
                .wrong
                .push(evidence(what(component.kind), component));
        } else {
            let off = words(
                "exported without permission, but switched off until code enables it",
                "导出且无权限保护，但默认停用",
            );
            findings.doubtful.push(evidence(off, component));
        }
    }
    // Whoever has to act on a failure wants the list to be complete.
    match findings.wrong.is_empty() {
        true => findings.right.append(&mut starts),
        false => findings.doubtful.append(&mut starts),
    }
    findings.into()
}

fn what(kind: ComponentKind) -> Words {
    match kind {
        ComponentKind::Activity => words(
            "activity exported without permission",
            "Activity 导出且无权限保护",
        ),
        ComponentKind::ActivityAlias => words(
            "alias of an activity exported without permission",
            "Activity 别名导出且无权限保护",
        ),
        ComponentKind::Service => words(
            "service exported without permission",
            "Service 导出且无权限保护",
        ),
        ComponentKind::Receiver => words(
            "receiver exported without permission",
            "Receiver 导出且无权限保护",
        ),
        ComponentKind::Provider => words(
            "provider exported without permission",
            "Provider 导出且无权限保护",
        ),
    }
}

fn evidence(what: Words, component: &Component) -> Evidence {
    Evidence::in_xml(what, &component.file, &component.xml_path)
        .class(class_of(component))
        .string(&component.name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    const LAUNCHER: &str = "<intent-filter><action android:name=\"android.intent.action.MAIN\"/>\
         <category android:name=\"android.intent.category.LAUNCHER\"/></intent-filter>";

    #[test]
    fn the_start_of_the_app_alone_is_no_defect() {
        let found = Sample::apk(&format!(
            "<application><activity android:name=\".Main\">{LAUNCHER}</activity></application>"
        ))
        .judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Pass);
        assert_eq!(found.evidence[0].class.as_deref(), Some("com.bank.Main"));
    }

    #[test]
    fn a_filter_exports_unless_the_manifest_says_not() {
        let filter = "<intent-filter><action android:name=\"pay\"/></intent-filter>";
        let receiver = |exported: &str| {
            Sample::apk(&format!(
                "<application><receiver android:name=\".R\" {exported}>{filter}</receiver></application>"
            ))
            .judged_by(&CHECK)
            .verdict
        };
        assert_eq!(receiver(""), Verdict::Fail);
        assert_eq!(receiver("android:exported=\"false\""), Verdict::Pass);
        assert_eq!(receiver("android:enabled=\"false\""), Verdict::Partial);
    }

    #[test]
    fn what_the_owners_declare_is_right() {
        let found = Sample::apk(
            "<application><receiver android:name=\".R\" android:exported=\"true\"/></application>",
        )
        .declared("[declared]\nexported = [\"com.bank.R\"]")
        .judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Pass);
    }
}
