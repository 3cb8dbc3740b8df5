//! Whether the signature covers the whole file, on every platform that can check that.
//!
//! Clauses: JR-6.1.1.1.a, JR-7.3.6.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Android, Area};
use crate::signature::{PackageSignature, Scheme, Verification};

#[cfg(test)]
use super::sign_verified::{app, jar_signed, signed};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// The first platform that knows scheme 2.
const V2_SDK: u32 = 24;

pub(crate) static CHECK: Check = Check {
    id: "sign-schemes",
    title: words("Only the old signature scheme", "仅使用旧签名方案"),
    purpose: words(
        "A JAR signature covers entries one by one: what stands between them can be changed, and \
         entries in META-INF added, without breaking it.",
        "JAR 签名逐项覆盖条目：条目之间的内容可改、META-INF 可增，而签名仍有效。",
    ),
    procedure: words(
        "Read by which schemes the package is signed, and whether the JAR signature promises the \
         others, which keeps them from being stripped.",
        "读取签名方案，以及 JAR 签名是否声明了其他方案以防剥离。",
    ),
    criterion: words(
        "Scheme 2 or newer is there; a JAR signature beside it names it.",
        "具备 v2 或更新方案；并存的 JAR 签名声明了该方案。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[347],
    maswe: &["MASWE-0056"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            let sample = Sample::apk("<uses-sdk android:minSdkVersion=\"21\"/><application/>");
            let bytes = jar_signed(sample.files());
            sample.archive(bytes)
        },
        evidence: &["signed by the JAR scheme alone: v1"],
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
    let manifest = subject.facts.android.as_ref().and_then(Android::manifest);
    let old_supported = manifest.is_none_or(|manifest| manifest.min_sdk.api < V2_SDK);
    let mut findings = Findings::new();
    for (part, verification) in parts {
        let at = |what| match part.is_empty() {
            true => Evidence::new(what),
            false => Evidence::in_file(what, part.as_str()),
        };
        let names: Vec<&str> = verification
            .present
            .iter()
            .map(|scheme| scheme.name())
            .collect();
        let newer = verification
            .present
            .iter()
            .any(|scheme| matches!(scheme, Scheme::V2 | Scheme::V3 | Scheme::V31));
        if names.is_empty() {
            findings.wrong.push(at(words("not signed", "未签名")));
        } else if !newer {
            let what = words("signed by the JAR scheme alone", "仅使用 JAR 签名");
            findings.wrong.push(at(what).string(names.join(", ")));
        } else if old_supported && !is_promised(verification) {
            let what = words(
                "the JAR signature does not name the newer one, which can be stripped on old platforms",
                "JAR 签名未声明新方案，在旧平台上可被剥离",
            );
            findings.doubtful.push(at(what).string(names.join(", ")));
        } else {
            findings
                .right
                .push(at(words("signed by", "签名方案")).string(names.join(", ")));
        }
    }
    findings.into()
}

/// Whether a JAR signature, if there is one, names the newer schemes.
fn is_promised(verification: &Verification) -> bool {
    let mut jars = verification
        .signers
        .iter()
        .filter_map(|signer| signer.jar.as_ref());
    jars.all(|jar| jar.promised_schemes.is_some())
}
