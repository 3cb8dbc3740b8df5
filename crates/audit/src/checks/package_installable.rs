//! Whether the package installs, shows up, and can be removed again.
//!
//! Clauses: JR-6.1.1.1.b.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::android::{Android, ComponentKind, Manifest};
use crate::facts::{Area, Facts};
use crate::signature::PackageSignature;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-installable",
    title: words("Installing, finding and removing", "安装、查询与卸载"),
    purpose: words(
        "A package that phones refuse, that has no icon, or that resists removal, is no app that \
         people can be given.",
        "被手机拒绝安装、没有图标或阻碍卸载的安装包不可交付。",
    ),
    procedure: words(
        "Read what phones look at when they install: signature, versions, start of the app, \
         programs and minimum versions; and whether it asks to administer the device, which keeps \
         it from being removed.",
        "读取安装时检查的内容：签名、版本、启动入口、可执行文件和最低版本；以及是否申请阻碍卸载的设备管理权。",
    ),
    criterion: words(
        "It is signed, not for tests only, has a start, and no device administration.",
        "已签名、非测试包、有启动入口且不申请设备管理。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive, Area::Manifest, Area::Ios, Area::Harmony],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            signed(
                "<receiver android:name=\".Admin\" android:permission=\"android.permission.BIND_DEVICE_ADMIN\"/>",
            )
        },
        evidence: &[
            "it administers the device, and cannot be removed while it does: com.bank.Admin at \
             com.bank.Admin in AndroidManifest.xml (/manifest/application/receiver)",
        ],
        good: || signed(""),
        broken: || Sample::apk("<application/>").damaged("AndroidManifest.xml"),
    },
};

/// A signed APK with a start, and further components.
#[cfg(test)]
fn signed(components: &str) -> Sample {
    let sample = Sample::apk(&format!(
        "<uses-sdk android:minSdkVersion=\"24\"/><application><activity android:name=\".Main\" \
         android:exported=\"true\"><intent-filter><action android:name=\"android.intent.action.MAIN\"/>\
         <category android:name=\"android.intent.category.LAUNCHER\"/></intent-filter></activity>\
         {components}</application>"
    ));
    let bytes = super::sign_verified::signed(sample.files());
    sample.archive(bytes)
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    if let Some(manifest) = facts.android.as_ref().and_then(Android::manifest) {
        android(facts, manifest, &mut findings);
    }
    if facts.is_ios() {
        ios(facts, &mut findings);
    }
    if facts.is_harmony() {
        harmony(facts, &mut findings);
    }
    let signed = match subject.signature {
        PackageSignature::NotJudged => None,
        judged => judged.verified(),
    };
    if signed == Some(false) {
        findings.wrong.push(Evidence::new(words(
            "phones refuse it: the signature is missing or wrong",
            "手机拒绝安装：签名缺失或错误",
        )));
    }
    findings.into()
}

fn android(facts: &Facts, manifest: &Manifest, findings: &mut Findings) {
    let at = |what, path: &str| Evidence::in_xml(what, &manifest.file, path);
    if manifest.application.test_only == Some(true) {
        let what = words(
            "it installs by force only: testOnly",
            "仅能强制安装：testOnly",
        );
        findings.wrong.push(at(what, "/manifest/application"));
    }
    if manifest
        .max_sdk
        .is_some_and(|max| max < manifest.target_sdk.api)
    {
        let what = words(
            "it does not install on newer platforms",
            "无法在更新的平台上安装",
        );
        findings.wrong.push(at(what, "/manifest/uses-sdk"));
    }
    if manifest.install_location == Some(2) {
        let what = words(
            "it prefers the external card, which can be pulled",
            "优先安装到可拔出的外部存储卡",
        );
        findings.doubtful.push(at(what, "/manifest"));
    }
    let android = facts.android.iter();
    let components: Vec<_> = android.flat_map(|android| android.components()).collect();
    match components.iter().find(|component| component.is_launcher()) {
        Some(start) => {
            let what = words("it has a start", "有启动入口");
            findings
                .right
                .push(Evidence::in_xml(what, &start.file, &start.xml_path).class(&start.name));
        }
        None => {
            let what = words(
                "no icon: nothing answers MAIN and LAUNCHER",
                "没有图标：无组件响应 MAIN/LAUNCHER",
            );
            findings.doubtful.push(at(what, "/manifest/application"));
        }
    }
    let admins = components.iter().filter(|component| {
        component.kind == ComponentKind::Receiver
            && component.permission.as_deref() == Some("android.permission.BIND_DEVICE_ADMIN")
    });
    let what = words(
        "it administers the device, and cannot be removed while it does",
        "申请设备管理权，启用期间无法卸载",
    );
    findings.wrong.extend(admins.map(|component| {
        Evidence::in_xml(what, &component.file, &component.xml_path)
            .class(&component.name)
            .string(&component.name)
    }));
    if manifest.application.has_fragile_user_data == Some(true) {
        let what = words("removal may leave its data behind", "卸载时可能保留数据");
        findings.doubtful.push(at(what, "/manifest/application"));
    }
}

fn ios(facts: &Facts, findings: &mut Findings) {
    let Some(app) = facts.ios.as_ref().and_then(|ios| ios.app()) else {
        return;
    };
    let has_program = app
        .executable_path
        .as_ref()
        .is_some_and(|path| facts.files.find(path).is_some());
    match has_program {
        true => findings.right.push(Evidence::in_file(
            words("it has a program", "有可执行文件"),
            app.executable_path.as_deref().unwrap_or_default(),
        )),
        false => findings.wrong.push(Evidence::in_file(
            words(
                "the program that Info.plist names is not there",
                "Info.plist 指定的可执行文件不存在",
            ),
            &app.path,
        )),
    }
    let info = app.info.as_ref();
    if let Some(info) = info
        && info.minimum_os().is_none()
    {
        let what = words("MinimumOSVersion is not set", "未设置 MinimumOSVersion");
        findings
            .doubtful
            .push(Evidence::in_xml(what, &info.file, "MinimumOSVersion"));
    }
}

fn harmony(facts: &Facts, findings: &mut Findings) {
    let module = facts.harmony.as_ref().and_then(|harmony| harmony.module());
    let Some(module) = module else {
        return;
    };
    let start = module.abilities.iter().find(|ability| {
        ability.actions.iter().any(|action| {
            matches!(
                action.as_str(),
                "ohos.want.action.home" | "action.system.home"
            )
        })
    });
    match start {
        Some(ability) => findings.right.push(
            Evidence::in_file(words("it has a start", "有启动入口"), &module.file)
                .string(&ability.name),
        ),
        None => findings.doubtful.push(Evidence::in_file(
            words(
                "no icon: no ability answers the home action",
                "没有图标：无 ability 响应桌面 action",
            ),
            &module.file,
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn what_is_not_signed_does_not_install() {
        let found = Sample::apk("<application/>").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Fail);
    }

    #[test]
    fn a_module_without_a_start_has_no_icon() {
        let start = |abilities: &str| {
            let found = Sample::hap(&format!(
                "{{\"app\":{{\"bundleName\":\"com.bank\"}},\"module\":{{\"name\":\"entry\",\
                 \"type\":\"entry\",\"abilities\":[{abilities}]}}}}"
            ))
            .judged_by(&CHECK);
            let shown: Vec<String> = found.evidence.iter().map(ToString::to_string).collect();
            shown.join("\n")
        };
        assert!(start("{\"name\":\"Main\"}").contains("no icon"));
        let home = "{\"name\":\"Main\",\"skills\":[{\"actions\":[\"ohos.want.action.home\"]}]}";
        assert!(!start(home).contains("no icon"));
    }

    #[test]
    fn a_program_that_is_not_there_is_noticed() {
        let found = Sample::ipa("").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Fail);
    }
}
