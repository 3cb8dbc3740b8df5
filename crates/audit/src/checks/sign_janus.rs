//! Whether code can be put in front of the package without breaking its signature.
//!
//! Clauses: JR-6.1.1.1.a, JR-7.3.6.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::signature::{PackageSignature, Scheme};

#[cfg(test)]
use super::sign_verified::{app, jar_signed, signed};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sign-janus",
    title: words(
        "Code in front of the package (Janus)",
        "安装包前置代码（Janus 漏洞）",
    ),
    purpose: words(
        "Android 5 to 8 ran a file that starts like code as code, and checked the signature of the \
         archive behind it (CVE-2017-13156).",
        "Android 5 至 8 会执行以代码开头的文件，却校验其后归档的签名（CVE-2017-13156）。",
    ),
    procedure: words(
        "Look at the first bytes of the file, and at which schemes protect it on those platforms.",
        "检查文件起始字节，以及在这些平台上由哪些方案保护。",
    ),
    criterion: words(
        "It does not start like code, and a scheme that covers the whole file is there.",
        "文件不以代码开头，且有覆盖整个文件的签名方案。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[347],
    maswe: &["MASWE-0056"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            let sample = Sample::apk("<uses-sdk android:minSdkVersion=\"21\"/><application/>");
            let bytes = jar_signed(sample.files());
            sample.archive(bytes)
        },
        evidence: &["on platforms with the flaw the JAR signature alone protects the file"],
        good: || {
            let sample = app();
            let bytes = signed(sample.files());
            sample.archive(bytes)
        },
        broken: || Sample::apk("<application/>").damaged("AndroidManifest.xml"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let PackageSignature::Android(parts) = subject.signature else {
        return Outcome::NotApplicable(words("it is not signed yet", "尚未签名"));
    };
    let mut findings = Findings::new();
    for (part, verification) in parts {
        let at = |what| match part.is_empty() {
            true => Evidence::new(what),
            false => Evidence::in_file(what, part.as_str()),
        };
        if verification.janus.payload {
            let what = words("the file starts like code", "文件以代码开头");
            findings.wrong.push(at(what).offset(0));
        }
        let newer = verification
            .present
            .iter()
            .any(|scheme| matches!(scheme, Scheme::V2 | Scheme::V3 | Scheme::V31));
        if verification.janus.exposed && newer {
            findings.doubtful.push(at(words(
                "Android 5 and 6 have the flaw, and do not know the newer scheme",
                "Android 5 和 6 存在漏洞且不识别新方案",
            )));
        } else if verification.janus.exposed {
            findings.wrong.push(at(words(
                "on platforms with the flaw the JAR signature alone protects the file",
                "在存在漏洞的平台上仅由 JAR 签名保护",
            )));
        }
    }
    findings.into()
}
