//! Whether the app asks for more than its owners say that it needs.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "permission-need",
    title: words(
        "Permissions beyond the declared need",
        "权限超出声明的业务需要",
    ),
    purpose: words(
        "Each permission is data that can leak; those without a business reason are over-reach.",
        "每项权限都意味着可能泄露的数据；没有业务理由的权限即为过度索取。",
    ),
    procedure: words(
        "Compare the permissions that the package asks for with those that the configuration \
         gives a reason for.",
        "将安装包申请的权限与配置中写明理由的权限对照。",
    ),
    criterion: words(
        "Every permission that is asked for is declared, with a reason.",
        "申请的每项权限均已声明且写明理由。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[250],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Manifest, Area::Harmony],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk(
                "<uses-permission android:name=\"android.permission.READ_SMS\"/><application/>",
            )
            .declared(DECLARED)
        },
        evidence: &[
            "asked for, without a declared reason: android.permission.READ_SMS in \
             AndroidManifest.xml (/manifest/uses-permission)",
        ],
        good: || {
            Sample::apk(
                "<uses-permission android:name=\"android.permission.CAMERA\"/><application/>",
            )
            .declared(DECLARED)
        },
        broken: || {
            Sample::apk(
                "<uses-permission android:name=\"android.permission.CAMERA\"/><application/>",
            )
            .declared(DECLARED)
            .damaged("AndroidManifest.xml")
        },
    },
};

#[cfg(test)]
const DECLARED: &str =
    "[declared.permissions]\n\"android.permission.CAMERA\" = \"scans payment codes\"";

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(declared) = &subject.configuration.declared.permissions else {
        return Outcome::NotTestable(words(
            "nobody declared what the app needs: list it under [declared.permissions]",
            "未声明业务所需权限：请在 [declared.permissions] 中列出",
        ));
    };
    let mut asked: Vec<Evidence> = Vec::new();
    let what = words(
        "asked for, without a declared reason",
        "申请了未声明理由的权限",
    );
    for manifest in facts.android.iter().flat_map(|android| &android.manifests) {
        let own = |name: &str| {
            manifest
                .declared_permissions
                .iter()
                .any(|permission| permission.name == name)
        };
        let undeclared = manifest
            .uses_permissions
            .iter()
            .filter(|permission| !own(&permission.name));
        asked.extend(undeclared.map(|permission| {
            Evidence::in_xml(what, &manifest.file, &permission.xml_path).string(&permission.name)
        }));
    }
    for module in facts.harmony.iter().flat_map(|harmony| &harmony.modules) {
        asked.extend(
            module
                .permissions
                .iter()
                .map(|permission| Evidence::in_file(what, &module.file).string(&permission.name)),
        );
    }
    let mut findings = Findings::new();
    for found in asked {
        let reason = found.string.as_ref().and_then(|name| declared.get(name));
        match reason.is_some_and(|reason| !reason.trim().is_empty()) {
            true => findings.right.push(found),
            false => findings.wrong.push(found),
        }
    }
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn nobody_can_tell_without_a_declaration() {
        let found = Sample::apk("<application/>").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::NotTestable);
    }

    #[test]
    fn modules_of_harmony_are_compared_too() {
        let module = "{\"app\":{\"bundleName\":\"com.bank\"},\"module\":{\"name\":\"entry\",\
             \"requestPermissions\":[{\"name\":\"ohos.permission.CAMERA\"}]}}";
        let verdict = |declared: &str| {
            Sample::hap(module)
                .declared(&format!("[declared.permissions]\n{declared}"))
                .judged_by(&CHECK)
                .verdict
        };
        assert_eq!(verdict(""), Verdict::Fail);
        assert_eq!(
            verdict("\"ohos.permission.CAMERA\" = \"codes\""),
            Verdict::Pass
        );
    }
}
