//! Whether the package runs on the kinds of devices that it has to.
//!
//! Clauses: CJ-5.2.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-platforms",
    title: words("Kinds of devices", "设备种类"),
    purpose: words(
        "The app has to be there for iPhone, iPad and Android phones.",
        "应用须支持 iPhone、iPad 和 Android 手机。",
    ),
    procedure: words(
        "Read for which devices the package is. Whether there are packages for the other platforms, \
         one package cannot tell.",
        "读取安装包面向的设备。其他平台是否有对应安装包无法由单个安装包判断。",
    ),
    criterion: words(
        "An iOS package is for iPhone and iPad; an Android package demands nothing that phones lack.",
        "iOS 安装包支持 iPhone 和 iPad；Android 安装包不要求手机不具备的特性。",
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
        bad: || {
            Sample::apk(
                "<uses-feature android:name=\"android.hardware.type.watch\"/><application/>",
            )
        },
        evidence: &[
            "phones lack this: android.hardware.type.watch in AndroidManifest.xml (/manifest/uses-feature)",
        ],
        good: || {
            Sample::apk("<uses-feature android:name=\"android.hardware.camera\"/><application/>")
        },
        broken: || Sample::apk("<application/>").damaged("AndroidManifest.xml"),
    },
};

/// Features of devices that are no phones.
const NOT_PHONES: [&str; 5] = [
    "android.hardware.type.watch",
    "android.hardware.type.television",
    "android.hardware.type.automotive",
    "android.hardware.type.pc",
    "android.software.leanback",
];

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    let mut seen = false;
    if let Some(manifest) = facts.android.as_ref().and_then(Android::manifest) {
        seen = true;
        let what = words("phones lack this", "手机不具备此特性");
        let demanded = manifest.features.iter().filter(|(_, required)| *required);
        let foreign = demanded.filter(|(name, _)| NOT_PHONES.contains(&name.as_str()));
        findings.wrong.extend(foreign.map(|(name, _)| {
            Evidence::in_xml(what, &manifest.file, "/manifest/uses-feature").string(name)
        }));
    }
    let info = facts.ios.as_ref().and_then(|ios| ios.app()?.info.as_ref());
    if let Some(info) = info {
        seen = true;
        let families = info.device_families();
        for (family, what) in [
            (1, words("not for iPhone", "不支持 iPhone")),
            (2, words("not for iPad", "不支持 iPad")),
        ] {
            if !families.contains(&family) {
                let shown: Vec<String> = families.iter().map(ToString::to_string).collect();
                findings.wrong.push(
                    Evidence::in_xml(what, &info.file, "UIDeviceFamily").string(shown.join(", ")),
                );
            }
        }
    }
    match seen
        && findings.wrong.is_empty()
        && subject.facts.coverage.incomplete_areas().next().is_none()
    {
        true => Outcome::NotTestable(words(
            "it is right for its own platform; the others have packages of their own",
            "对自身平台适配正确；其他平台另有安装包",
        )),
        false => findings.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn both_families_are_needed() {
        let phone = "<key>UIDeviceFamily</key><array><integer>1</integer></array>";
        assert_eq!(Sample::ipa(phone).judged_by(&CHECK).verdict, Verdict::Fail);
        let optional = "<uses-feature android:name=\"android.software.leanback\" android:required=\"false\"/><application/>";
        assert_eq!(
            Sample::apk(optional).judged_by(&CHECK).verdict,
            Verdict::NotTestable
        );
    }
}
