//! Whether HarmonyOS is supported.
//!
//! Clauses: CJ-5.2.e.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-harmony",
    title: words("HarmonyOS", "鸿蒙系统支持"),
    purpose: words(
        "HarmonyOS from version 5 on runs no Android packages: the app needs one of its own.",
        "鸿蒙 5 起不再运行 Android 安装包，需要原生安装包。",
    ),
    procedure: words(
        "Read the kinds of devices of the entry module. Packages for other platforms cannot tell \
         whether there is one for HarmonyOS.",
        "读取入口模块的设备类型。其他平台的安装包无法说明是否存在鸿蒙安装包。",
    ),
    criterion: words(
        "There is a HarmonyOS package, and it is for phones.",
        "存在面向手机的鸿蒙安装包。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Harmony],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || module("[\"wearable\"]"),
        evidence: &["not for phones: wearable in module.json (module/deviceTypes)"],
        good: || module("[\"phone\",\"tablet\"]"),
        broken: || module("[\"phone\"]").damaged("module.json"),
    },
};

#[cfg(test)]
fn module(devices: &str) -> Sample {
    Sample::hap(&format!(
        "{{\"app\":{{\"bundleName\":\"com.bank\"}},\"module\":{{\"name\":\"entry\",\"type\":\"entry\",\
         \"deviceTypes\":{devices}}}}}"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    if !subject.facts.is_harmony() {
        return Outcome::NotTestable(words(
            "a package for another platform does not tell",
            "其他平台的安装包无法说明",
        ));
    }
    let module = subject
        .facts
        .harmony
        .as_ref()
        .and_then(|harmony| harmony.module());
    let Some(module) = module else {
        return Outcome::NotApplicable(words("it has no module", "没有模块"));
    };
    let devices = &module.device_types;
    let is_for_phones = devices
        .iter()
        .any(|device| matches!(device.as_str(), "phone" | "default"));
    let at = |what| {
        Evidence::in_xml(what, &module.file, "module/deviceTypes").string(devices.join(", "))
    };
    let mut findings = Findings::new();
    match is_for_phones {
        true => findings.right.push(at(words("for phones", "面向手机"))),
        false => findings
            .wrong
            .push(at(words("not for phones", "不面向手机"))),
    }
    findings.into()
}
