//! Whether the package is a test build that stores refuse and phones install only by force.
//!
//! Clauses: JR-6.1.1.1.b, AP-1.4.1.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-test-only",
    title: words("The package is for tests only", "安装包仅供测试"),
    purpose: words(
        "A test build can be given device administration by a command, and phones refuse to \
         install it in the normal way.",
        "测试构建可被命令授予设备管理权，且手机拒绝以正常方式安装。",
    ),
    procedure: words(
        "Read android:testOnly of the application element.",
        "读取 application 元素的 android:testOnly 属性。",
    ),
    criterion: words(
        "The attribute is absent or false.",
        "该属性不存在或为 false。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &[],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge: |subject| {
        let Some(manifest) = subject.facts.android.as_ref().and_then(Android::manifest) else {
            return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
        };
        let test_only = manifest.application.test_only == Some(true);
        Findings::wrong(test_only.then(|| {
            Evidence::in_xml(
                words("android:testOnly is true", "android:testOnly 为 true"),
                &manifest.file,
                "/manifest/application",
            )
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::apk("<application android:testOnly=\"true\"/>"),
        evidence: &["android:testOnly is true in AndroidManifest.xml (/manifest/application)"],
        good: || Sample::apk("<application android:testOnly=\"false\"/>"),
        broken: || {
            Sample::apk("<application android:testOnly=\"true\"/>").damaged("AndroidManifest.xml")
        },
    },
};
