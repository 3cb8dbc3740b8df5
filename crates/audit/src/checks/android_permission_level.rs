//! Whether the permissions that the package declares keep other apps out.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.3.

use crate::ask::components::is_weak;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::{Component, DeclaredPermission};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-permission-level",
    title: words(
        "Own permissions are granted to anybody",
        "自定义权限可被任意应用取得",
    ),
    purpose: words(
        "A permission of level normal or dangerous is granted to every app that asks; a component \
         behind it is as good as open.",
        "normal 或 dangerous 级别的权限会授予任何申请它的应用，由其保护的组件形同开放。",
    ),
    procedure: words(
        "Read the protection level of each declared permission, and which components rely on it.",
        "读取每个自定义权限的保护级别，以及依赖它的组件。",
    ),
    criterion: words(
        "Declared permissions have the level signature.",
        "自定义权限的保护级别为 signature。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[732],
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
                "<permission android:name=\"com.bank.PAY\"/><application>\
                 <service android:name=\".Pay\" android:exported=\"true\" \
                 android:permission=\"com.bank.PAY\"/></application>",
            )
        },
        evidence: &[
            "any app is granted this permission, which protects a component: com.bank.PAY",
            "in AndroidManifest.xml (/manifest/permission)",
        ],
        good: || {
            Sample::apk(
                "<permission android:name=\"com.bank.PAY\" android:protectionLevel=\"0x2\"/>\
                 <application><service android:name=\".Pay\" android:exported=\"true\" \
                 android:permission=\"com.bank.PAY\"/></application>",
            )
        },
        broken: || {
            Sample::apk("<permission android:name=\"com.bank.PAY\"/>")
                .damaged("AndroidManifest.xml")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    if android.declared_permissions().next().is_none() {
        return Outcome::NotApplicable(words("it declares no permission", "未声明自定义权限"));
    }
    let mut findings = Findings::new();
    for manifest in &android.manifests {
        for permission in &manifest.declared_permissions {
            let at = |what| {
                Evidence::in_xml(what, &manifest.file, &permission.xml_path)
                    .string(&permission.name)
            };
            if !is_weak(permission.protection) {
                let kept = words("granted to the same signer only", "仅授予相同签名者");
                findings.right.push(at(kept));
                continue;
            }
            let behind = android
                .components()
                .find(|component| relies_on(component, permission));
            match behind {
                Some(component) => findings.wrong.push(
                    at(words(
                        "any app is granted this permission, which protects a component",
                        "任意应用可取得此权限，而它保护着组件",
                    ))
                    .class(&component.name),
                ),
                None => findings.doubtful.push(at(words(
                    "any app is granted this permission; no component of the package relies on it",
                    "任意应用可取得此权限；包内没有组件依赖它",
                ))),
            }
        }
    }
    findings.into()
}

fn relies_on(component: &Component, permission: &DeclaredPermission) -> bool {
    let needed = [
        &component.permission,
        &component.read_permission,
        &component.write_permission,
    ];
    component.exported
        && needed
            .into_iter()
            .any(|needed| needed.as_deref() == Some(permission.name.as_str()))
}
