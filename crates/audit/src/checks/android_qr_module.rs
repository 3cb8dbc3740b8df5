//! Whether the module that reads payment codes keeps its functions to the app.
//!
//! Clauses: AP-1.2.3.2, AP-1.2.3.3.

use crate::ask::components::{class_of, is_of_library};
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::Component;
use crate::facts::code::Class;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-qr-module",
    title: words(
        "The QR module is open to other apps",
        "二维码模块对其他应用开放",
    ),
    purpose: words(
        "Whoever can call the module that reads or shows payment codes can feed it codes or take \
         them.",
        "能调用二维码识读或展示模块者，便可向其输入二维码或窃取二维码。",
    ),
    procedure: words(
        "Find components and classes for codes by their names and by the decoders they use, and \
         read whether the components are exported.",
        "按名称及所用解码库找出二维码组件和类，读取其组件是否导出。",
    ),
    criterion: words(
        "No component of the module is exported without a permission.",
        "该模块没有无权限保护的导出组件。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[926],
    maswe: &["MASWE-0018"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || scanner("true"),
        evidence: &[
            "a component of the QR module is open: com.bank.qr.ScanActivity at com.bank.qr.ScanActivity \
             in AndroidManifest.xml (/manifest/application/activity)",
        ],
        good: || scanner("false"),
        broken: || scanner("true").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn scanner(exported: &str) -> Sample {
    Sample::apk(&format!(
        "<application><activity android:name=\".qr.ScanActivity\" android:exported=\"{exported}\"/></application>"
    ))
}

/// Libraries that decode or make codes.
const DECODERS: [&str; 5] = [
    "com.google.zxing.",
    "com.google.mlkit.vision.barcode.",
    "com.journeyapps.barcodescanner.",
    "com.huawei.hms.hmsscankit.",
    "me.dm7.barcodescanner.",
];

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let module: Vec<&Component> = android
        .components()
        .filter(|component| is_for_codes(class_of(component)))
        .collect();
    let decodes = |class: &Class<'_>| {
        let name = class.name();
        DECODERS.iter().any(|decoder| name.starts_with(decoder))
    };
    if module.is_empty() && !facts.code.classes().any(|class| decodes(&class)) {
        return Outcome::NotApplicable(words("there is no QR module", "没有二维码模块"));
    }
    let mut findings = Findings::new();
    for component in module {
        let at = |what| {
            Evidence::in_xml(what, &component.file, &component.xml_path)
                .class(class_of(component))
                .string(&component.name)
        };
        match component.is_exported_without_permission() {
            true => findings.wrong.push(at(words(
                "a component of the QR module is open",
                "二维码模块的组件对外开放",
            ))),
            false => findings.right.push(at(words(
                "a component of the QR module, for the app alone",
                "二维码模块的组件，仅供本应用使用",
            ))),
        }
    }
    findings.into()
}

/// Whether a class is about QR or bar codes, to go by its name.
fn is_for_codes(class: &str) -> bool {
    const PARTS: [&str; 6] = [
        "qrcode", "barcode", "zxing", "scancode", "codescan", "scanqr",
    ];
    let lower = class.to_ascii_lowercase();
    let in_package = lower
        .split('.')
        .any(|part| matches!(part, "qr" | "scan" | "scanner"));
    !is_of_library(class) && (in_package || PARTS.iter().any(|part| lower.contains(part)))
        || DECODERS.iter().any(|decoder| class.starts_with(decoder))
}

#[cfg(test)]
mod tests {
    use super::is_for_codes;

    #[test]
    fn media_scanners_scan_no_codes() {
        assert!(is_for_codes("com.bank.pay.QRCodeActivity"));
        assert!(is_for_codes(
            "com.google.zxing.client.android.CaptureActivity"
        ));
        assert!(!is_for_codes(
            "io.appium.settings.receivers.MediaScannerReceiver"
        ));
        assert!(!is_for_codes("androidx.scan.A"));
    }
}
