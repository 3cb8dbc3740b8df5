//! Whether the signature of the package is right.
//!
//! Clauses: JR-6.1.1.1.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::signature::PackageSignature;
use crate::signature::Verification;
use crate::signature::hap::HapVerification;
use crate::signature::ios::IpaVerification;

#[cfg(test)]
use crate::fixture::{
    archive::{Entry, stored},
    signer::{ID_V2, ID_V3, Key, Parts, Plan, with_jar_signature},
};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sign-verified",
    title: words("The signature does not verify", "签名验证不通过"),
    purpose: words(
        "The signature is all that tells the bank's app from a changed one.",
        "签名是区分正版应用与被篡改应用的唯一依据。",
    ),
    procedure: words(
        "Verify the signature as the platform does, for every supported platform version: of APKs \
         all schemes, of iOS programs pages, seal and chain, of HarmonyOS packages block, profile \
         and chain.",
        "按平台规则在所有支持的版本上验证签名：APK 全部方案、iOS 程序页面/封印/证书链、鸿蒙签名块/profile/证书链。",
    ),
    criterion: words(
        "Every archive and program of the package is signed, and rightly.",
        "安装包的每个部分和程序均已正确签名。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[347],
    maswe: &[],
    mastg: &[],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            let sample = app().file("assets/rates", "rate=100");
            let mut bytes = signed(sample.files());
            // Contents that are not what was signed.
            let at = memchr::memmem::find(&bytes, b"rate=100").expect("the file is stored");
            bytes[at + 5] = b'9';
            sample.archive(bytes)
        },
        evidence: &["the signature is wrong: V3_SIG_APK_DIGEST_DID_NOT_VERIFY"],
        good: || {
            let sample = app();
            let bytes = signed(sample.files());
            sample.archive(bytes)
        },
        broken: || Sample::apk("<application/>").damaged("AndroidManifest.xml"),
    },
};

/// An app for platforms that know the newer schemes.
#[cfg(test)]
pub(crate) fn app() -> Sample {
    Sample::apk("<uses-sdk android:minSdkVersion=\"24\"/><application/>")
}

#[cfg(test)]
pub(crate) fn entries(files: &[(String, Vec<u8>)]) -> Vec<Entry> {
    files
        .iter()
        .map(|(name, content)| stored(name, content))
        .collect()
}

/// The files in an archive with signatures of schemes 2 and 3.
#[cfg(test)]
pub(crate) fn signed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    signed_by(&Key::new(1), files)
}

#[cfg(test)]
pub(crate) fn signed_by(key: &Key, files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let parts = Parts::new(&entries(files));
    let v2 = Plan::new(key, parts.digest());
    let v3 = Plan {
        sdk_versions: Some((28, i32::MAX)),
        ..v2.clone()
    };
    parts.with_block(&[(ID_V2, v2.block()), (ID_V3, v3.block())])
}

/// The files in an archive with a JAR signature alone.
#[cfg(test)]
pub(crate) fn jar_signed(files: &[(String, Vec<u8>)]) -> Vec<u8> {
    let entries = with_jar_signature(&Key::new(1), &entries(files), None);
    crate::fixture::archive::build(&entries).bytes
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let mut findings = Findings::new();
    match subject.signature {
        PackageSignature::Android(parts) => {
            for (part, verification) in parts {
                android(part, verification, &mut findings);
            }
        }
        PackageSignature::Ios(Some(ipa)) => ios(ipa, &mut findings),
        PackageSignature::Ios(None) => findings.wrong.push(Evidence::new(words(
            "the archive cannot be read",
            "安装包无法读取",
        ))),
        PackageSignature::Harmony(parts) => {
            for (part, verification) in parts {
                harmony(part, verification, &mut findings);
            }
        }
        PackageSignature::NotJudged => {
            return Outcome::NotApplicable(words(
                "bundles and sources are signed later",
                "Bundle 和源码尚未签名",
            ));
        }
    }
    findings.into()
}

fn of_part(mut evidence: Evidence, part: &str) -> Evidence {
    if !part.is_empty() {
        evidence.file = Some(part.to_owned());
    }
    evidence
}

fn android(part: &str, verification: &Verification, findings: &mut Findings) {
    if verification.verified {
        let schemes: Vec<&str> = verification
            .schemes
            .iter()
            .map(|scheme| scheme.name())
            .collect();
        let what = words("the signature is right", "签名正确");
        let found = Evidence::new(what).string(schemes.join(", "));
        findings.right.push(of_part(found, part));
        return;
    }
    let what = words("the signature is wrong", "签名错误");
    for note in &verification.issues {
        let shown = format!("{note} ({})", note.issue.meaning().trim_end_matches('.'));
        findings
            .wrong
            .push(of_part(Evidence::new(what).string(shown), part));
    }
    if verification.issues.is_empty() {
        findings.wrong.push(of_part(Evidence::new(what), part));
    }
}

fn ios(ipa: &IpaVerification, findings: &mut Findings) {
    let what = words("the code signature is wrong", "代码签名错误");
    for bundle in &ipa.bundles {
        if bundle.verified {
            let right = words("the code signature is right", "代码签名正确");
            findings
                .right
                .push(Evidence::in_file(right, &bundle.program));
            continue;
        }
        let issues = bundle.slices.iter().flat_map(|slice| {
            slice
                .issues
                .iter()
                .map(|issue| (slice.offset, issue.to_string()))
        });
        let before = findings.wrong.len();
        findings.wrong.extend(issues.map(|(offset, issue)| {
            Evidence::in_file(what, &bundle.program)
                .offset(offset)
                .string(issue)
        }));
        if findings.wrong.len() == before {
            let seal = words(
                "files of the bundle are not those that were sealed",
                "包内文件与封印不符",
            );
            findings.wrong.push(Evidence::in_file(seal, &bundle.path));
        }
    }
    if ipa.bundles.is_empty() {
        findings.wrong.push(Evidence::new(words(
            "no signed app was found",
            "未找到已签名的应用",
        )));
    }
    let skipped = words("this bundle could not be judged", "此 bundle 无法判定");
    findings.doubtful.extend(
        ipa.skipped
            .iter()
            .map(|path| Evidence::in_file(skipped, path)),
    );
}

fn harmony(part: &str, verification: &HapVerification, findings: &mut Findings) {
    if verification.verified {
        let what = words("the signature is right", "签名正确");
        let algorithm = verification.algorithm.clone().unwrap_or_default();
        findings
            .right
            .push(of_part(Evidence::new(what).string(algorithm), part));
        return;
    }
    let what = words("the signature is wrong", "签名错误");
    findings.wrong.extend(
        verification
            .issues
            .iter()
            .map(|issue| of_part(Evidence::new(what).string(issue.to_string()), part)),
    );
    if verification.issues.is_empty() {
        findings.wrong.push(of_part(Evidence::new(what), part));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn packages_of_all_platforms_have_to_be_signed() {
        for sample in [
            app(),
            Sample::ipa(""),
            Sample::hap("{\"module\":{\"name\":\"entry\"}}"),
        ] {
            assert_eq!(sample.judged_by(&CHECK).verdict, Verdict::Fail);
        }
    }
}
