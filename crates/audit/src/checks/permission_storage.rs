//! Whether the app asks for the storage that all apps share, and for how long.
//!
//! Clauses: CJ-4.3.2.e, CJ-4.3.2.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::UsesPermission;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "permission-storage",
    title: words("Shared storage", "共享存储权限"),
    purpose: words(
        "What lies in shared storage is read and changed by other apps; an app that keeps to its \
         own directories needs no permission for them.",
        "共享存储中的内容可被其他应用读取和修改；只使用自有目录的应用不需要存储权限。",
    ),
    procedure: words(
        "List the storage permissions with the newest platform they are asked on, and read \
         requestLegacyExternalStorage.",
        "列出存储权限及其申请的最高平台版本，并读取 requestLegacyExternalStorage。",
    ),
    criterion: words(
        "None is asked for, only on platforms that need it for the app's own files, or with a \
         declared reason.",
        "未申请存储权限，或仅在自有文件需要的旧平台申请，或已声明理由。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[250, 276],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || asking(""),
        evidence: &[
            "shared storage on every platform: android.permission.WRITE_EXTERNAL_STORAGE in \
             AndroidManifest.xml (/manifest/uses-permission)",
        ],
        good: || asking("android:maxSdkVersion=\"28\""),
        broken: || asking("").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn asking(attributes: &str) -> Sample {
    Sample::apk(&format!(
        "<uses-permission android:name=\"android.permission.WRITE_EXTERNAL_STORAGE\" {attributes}/>\
         <application/>"
    ))
}

/// From this platform on, files that the app itself puts into shared collections need no
/// permission.
const SCOPED_SDK: u32 = 29;

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let declared = subject.configuration.declared.permissions.as_ref();
    let has_reason = |permission: &UsesPermission| {
        declared
            .and_then(|declared| declared.get(&permission.name))
            .is_some_and(|reason| !reason.trim().is_empty())
    };
    let mut findings = Findings::new();
    for manifest in &android.manifests {
        for permission in &manifest.uses_permissions {
            let at = |what| {
                Evidence::in_xml(what, &manifest.file, &permission.xml_path)
                    .string(&permission.name)
            };
            let bounded = permission.max_sdk.is_some_and(|api| api < SCOPED_SDK + 4);
            match permission.name.strip_prefix("android.permission.") {
                Some("MANAGE_EXTERNAL_STORAGE") if !has_reason(permission) => {
                    findings.wrong.push(at(words(
                        "all files of shared storage, of every app",
                        "可管理所有应用的全部共享文件",
                    )));
                }
                Some("WRITE_EXTERNAL_STORAGE" | "READ_EXTERNAL_STORAGE") => {
                    if has_reason(permission) {
                        findings
                            .right
                            .push(at(words("with a declared reason", "已声明理由")));
                    } else if bounded {
                        findings.right.push(at(words(
                            "only on platforms that need it",
                            "仅在需要的旧平台申请",
                        )));
                    } else {
                        findings.wrong.push(at(words(
                            "shared storage on every platform",
                            "在所有平台申请共享存储",
                        )));
                    }
                }
                Some("READ_MEDIA_IMAGES" | "READ_MEDIA_VIDEO" | "READ_MEDIA_AUDIO")
                    if !has_reason(permission) =>
                {
                    findings.doubtful.push(at(words(
                        "all pictures or recordings, where the system's picker would do",
                        "读取全部媒体文件；系统选择器即可满足",
                    )));
                }
                _ => {}
            }
        }
        if manifest.application.request_legacy_external_storage == Some(true) {
            let what = words(
                "asks for the old, unscoped storage",
                "请求使用旧的非分区存储",
            );
            findings.doubtful.push(Evidence::in_xml(
                what,
                &manifest.file,
                &manifest.application.xml_path,
            ));
        }
    }
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_reason_makes_it_right() {
        let declared = "[declared.permissions]\n\
             \"android.permission.WRITE_EXTERNAL_STORAGE\" = \"statements the user saves\"";
        assert_eq!(
            asking("").declared(declared).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        assert_eq!(asking("").judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
