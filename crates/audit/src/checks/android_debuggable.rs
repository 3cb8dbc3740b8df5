//! Whether anybody can attach a debugger to the installed app.
//!
//! Clauses: JR-6.1.2.d, AP-1.4.1, AP-3.2.1, CJ-4.2.3.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-debuggable",
    title: words("The app can be debugged", "应用可被调试"),
    purpose: words(
        "A debugger reads every key, password and decision of the running app, on any device.",
        "调试器可在任意设备上读取运行中应用的密钥、口令与判断结果。",
    ),
    procedure: words(
        "Read android:debuggable of the application element in every manifest.",
        "读取每个清单中 application 元素的 android:debuggable 属性。",
    ),
    criterion: words(
        "The attribute is absent or false.",
        "该属性不存在或为 false。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &["MASWE-0063"],
    mastg: &["MASTG-TEST-0226"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge: |subject| {
        let Some(manifest) = subject.facts.android.as_ref().and_then(Android::manifest) else {
            return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
        };
        let debuggable = manifest.application.is_debuggable();
        Findings::wrong(debuggable.then(|| {
            Evidence::in_xml(
                words("android:debuggable is true", "android:debuggable 为 true"),
                &manifest.file,
                "/manifest/application",
            )
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::apk("<application android:debuggable=\"true\"/>"),
        evidence: &["android:debuggable is true in AndroidManifest.xml (/manifest/application)"],
        good: || Sample::apk("<application android:debuggable=\"false\"/>"),
        broken: || {
            Sample::apk("<application android:debuggable=\"true\"/>").damaged("AndroidManifest.xml")
        },
    },
};
