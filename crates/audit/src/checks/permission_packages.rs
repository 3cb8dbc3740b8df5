//! Whether the app looks at which other apps are installed.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b.

use crate::ask::components::is_of_library;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

const PERMISSION: &str = "android.permission.QUERY_ALL_PACKAGES";

pub(crate) static CHECK: Check = Check {
    id: "permission-packages",
    title: words("It lists the installed apps", "读取已安装应用列表"),
    purpose: words(
        "The list of installed apps tells about health, faith and money of a person.",
        "已安装应用列表会透露个人的健康、信仰和财务情况。",
    ),
    procedure: words(
        "Look for the permission to see all packages and for calls that list them.",
        "查找可见全部应用的权限以及列出应用的调用。",
    ),
    criterion: words(
        "The permission is not asked for, or has a declared reason; the list is not read.",
        "未申请该权限或已声明理由；不读取列表。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[359],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || asking(PERMISSION),
        evidence: &[
            "it may see every installed app: android.permission.QUERY_ALL_PACKAGES in \
             AndroidManifest.xml (/manifest/uses-permission)",
        ],
        good: || asking("android.permission.INTERNET"),
        broken: || asking(PERMISSION).damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn asking(permission: &str) -> Sample {
    Sample::apk(&format!(
        "<uses-permission android:name=\"{permission}\"/><application/>"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let declared = subject.configuration.declared.permissions.as_ref();
    let has_reason = declared.is_some_and(|declared| declared.contains_key(PERMISSION));
    let mut findings = Findings::new();
    for manifest in &android.manifests {
        let asked = manifest
            .uses_permissions
            .iter()
            .filter(|asked| asked.name == PERMISSION);
        for permission in asked {
            let what = words("it may see every installed app", "可见全部已安装应用");
            let found = Evidence::in_xml(what, &manifest.file, &permission.xml_path)
                .string(&permission.name);
            match has_reason {
                true => findings.right.push(found),
                false => findings.wrong.push(found),
            }
        }
    }
    for name in ["getInstalledPackages", "getInstalledApplications"] {
        for call in facts
            .code
            .calls_to("android.content.pm.PackageManager", name)
        {
            if !is_of_library(&call.method().class().name()) {
                let what = words("it lists the installed apps here", "此处读取已安装应用列表");
                findings.doubtful.push(Evidence::at(what, &call.site()));
            }
        }
    }
    findings.into()
}
