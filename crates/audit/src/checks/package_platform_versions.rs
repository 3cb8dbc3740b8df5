//! Whether the platform versions that have to be supported are.
//!
//! Clauses: CJ-5.2.b.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// Android 5.0.
const ANDROID_SUPPORTED_SDK: u32 = 21;

pub(crate) static CHECK: Check = Check {
    id: "package-platform-versions",
    title: words("Supported platform versions", "支持的系统版本"),
    purpose: words(
        "People with older phones must be able to use the app, and those with new ones as well.",
        "使用旧手机和新手机的用户都应能使用应用。",
    ),
    procedure: words(
        "Read the oldest and newest platform version that the package installs on.",
        "读取安装包可安装的最低和最高系统版本。",
    ),
    criterion: words(
        "It installs on Android 5.0 (iOS 9.0, or what the configuration sets) and on everything \
         newer.",
        "可安装于 Android 5.0（iOS 9.0 或配置的版本）及所有更新版本。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios],
    areas: &[Area::Manifest, Area::Ios],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::apk("<uses-sdk android:minSdkVersion=\"26\"/><application/>"),
        evidence: &[
            "some versions that have to be supported are left out: minSdkVersion 26 in \
             AndroidManifest.xml (/manifest/uses-sdk)",
        ],
        good: || Sample::apk("<uses-sdk android:minSdkVersion=\"21\"/><application/>"),
        broken: || {
            Sample::apk("<uses-sdk android:minSdkVersion=\"21\"/><application/>")
                .damaged("AndroidManifest.xml")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    let left_out = words(
        "some versions that have to be supported are left out",
        "部分应支持的系统版本被排除",
    );
    let supported = words(
        "installs on all that have to be supported",
        "可安装于所有应支持的版本",
    );
    if let Some(manifest) = facts.android.as_ref().and_then(Android::manifest) {
        let at = |what, shown: String| {
            Evidence::in_xml(what, &manifest.file, "/manifest/uses-sdk").string(shown)
        };
        let min = format!("minSdkVersion {}", manifest.min_sdk.api);
        match manifest.min_sdk.api <= ANDROID_SUPPORTED_SDK {
            true => findings.right.push(at(supported, min)),
            false => findings.doubtful.push(at(left_out, min)),
        }
        if let Some(max) = manifest.max_sdk {
            let what = words("newer versions are left out", "排除了更新的系统版本");
            findings
                .wrong
                .push(at(what, format!("maxSdkVersion {max}")));
        }
    }
    let info = facts.ios.as_ref().and_then(|ios| ios.app()?.info.as_ref());
    if let Some(info) = info {
        let wanted = &subject.configuration.thresholds.ios_supported;
        let at = |what, shown: &str| {
            Evidence::in_xml(what, &info.file, "MinimumOSVersion").string(shown)
        };
        match info.minimum_os() {
            Some(minimum) if version(minimum) <= version(wanted) => {
                findings.right.push(at(supported, minimum));
            }
            Some(minimum) => findings.doubtful.push(at(left_out, minimum)),
            None => {
                let what = words("the oldest version is not set", "未设置最低版本");
                findings.doubtful.push(at(what, "MinimumOSVersion"));
            }
        }
    }
    findings.into()
}

/// The numbers of `9.0`; what is no number is 0.
fn version(text: &str) -> [u32; 2] {
    let mut numbers = text.split('.').map(|number| number.parse().unwrap_or(0));
    [numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)]
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn numbers_are_compared_as_numbers() {
        let verdict = |minimum: &str| {
            Sample::ipa(&format!(
                "<key>MinimumOSVersion</key><string>{minimum}</string>"
            ))
            .declared("[thresholds]\nios_supported = \"9.0\"")
            .judged_by(&CHECK)
            .evidence
            .first()
            .map(|found| found.what().en)
        };
        assert!(verdict("8.0").unwrap().starts_with("installs"));
        assert!(verdict("12.0").unwrap().starts_with("some"));
        let capped =
            "<uses-sdk android:minSdkVersion=\"21\" android:maxSdkVersion=\"28\"/><application/>";
        assert_eq!(Sample::apk(capped).judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
