//! Whether the app can count on the protections of the platform.
//!
//! Clauses: JR-6.1.3.b.b, JR-7.3.6.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-sdk-versions",
    title: words("Old platform versions", "目标与最低平台版本过旧"),
    purpose: words(
        "An app that targets an old platform is run without the protections that came later, also \
         on new phones; platforms that are no longer repaired protect nobody.",
        "面向旧平台的应用即使在新手机上也不享有后来的保护；不再修复的平台无法提供保护。",
    ),
    procedure: words(
        "Compare targetSdkVersion and minSdkVersion with what the configuration demands.",
        "将 targetSdkVersion、minSdkVersion 与配置要求比较。",
    ),
    criterion: words(
        "The app targets a recent platform (33) and does not support platforms before 24, or what \
         the configuration sets.",
        "目标平台不低于 33，且不支持 24 以前的平台（或按配置）。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1104],
    maswe: &["MASWE-0041", "MASWE-0042"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge: |subject| {
        let Some(manifest) = subject.facts.android.as_ref().and_then(Android::manifest) else {
            return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
        };
        if !crate::ask::code::is_target_known(subject.facts) {
            return Outcome::NotTestable(words(
                "the build script does not say plainly which platforms it is for",
                "构建脚本未明确写出平台版本",
            ));
        }
        let thresholds = &subject.configuration.thresholds;
        let at = |what, name: &str, api: u32| {
            Evidence::in_xml(what, &manifest.file, "/manifest/uses-sdk")
                .string(format!("{name} {api}"))
        };
        let mut findings = Findings::new();
        let (target, min) = (manifest.target_sdk.api, manifest.min_sdk.api);
        match target < thresholds.android_target_sdk {
            true => findings.wrong.push(at(
                words(
                    "the targeted platform is old, and its rules apply on new phones too",
                    "目标平台过旧，其规则在新手机上同样适用",
                ),
                "targetSdkVersion",
                target,
            )),
            false => findings.right.push(at(
                words("a recent platform is targeted", "目标平台较新"),
                "targetSdkVersion",
                target,
            )),
        }
        if min < thresholds.android_min_sdk {
            findings.doubtful.push(at(
                words(
                    "platforms that lack protections are supported",
                    "支持缺乏保护的旧平台",
                ),
                "minSdkVersion",
                min,
            ));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || versions(24, 28),
        evidence: &[
            "its rules apply on new phones too: targetSdkVersion 28 in AndroidManifest.xml (/manifest/uses-sdk)",
        ],
        good: || versions(24, 34),
        broken: || versions(24, 34).damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn versions(min: u32, target: u32) -> Sample {
    Sample::apk(&format!(
        "<uses-sdk android:minSdkVersion=\"{min}\" android:targetSdkVersion=\"{target}\"/><application/>"
    ))
}
