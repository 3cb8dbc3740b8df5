//! Whether the signature names who made the app, and the package what it is.
//!
//! Clauses: JR-6.1.1.1.a.

use crate::ask::signers::signers;
use crate::certificate::Certificate;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Android, Area};
use crate::signature::PackageSignature;

#[cfg(test)]
use super::sign_verified::{app, signed, signed_by};
#[cfg(test)]
use crate::fixture::signer::{CN, Key, O};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sign-supplier",
    title: words("The signer is not named", "签名未标明供应方"),
    purpose: words(
        "People and stores tell by the certificate who answers for the app.",
        "用户和应用商店通过证书判断由谁对应用负责。",
    ),
    procedure: words(
        "Read the subject of the signer's certificate, and label and version of the app.",
        "读取签名证书主体，以及应用名称和版本。",
    ),
    criterion: words(
        "The certificate names an organisation or a person; the app has a label and a version.",
        "证书标明组织或个人；应用有名称和版本。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive, Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            let sample = app();
            let bytes = signed(sample.files());
            sample.archive(bytes)
        },
        evidence: &["the certificate names no organisation: CN=Signer 1"],
        good: || {
            let key = Key::named(3, &[(O, "Bank of Example"), (CN, "Mobile Banking")]);
            let sample = app();
            let bytes = signed_by(&key, sample.files());
            sample.archive(bytes)
        },
        broken: || Sample::apk("<application/>").damaged("AndroidManifest.xml"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    if matches!(subject.signature, PackageSignature::NotJudged) {
        return Outcome::NotApplicable(words("it is not signed yet", "尚未签名"));
    }
    let mut findings = Findings::new();
    let signers = signers(subject.signature);
    if signers.is_empty() {
        let what = words("nobody signed it", "无人签名");
        findings.wrong.push(Evidence::new(what));
    }
    for certificate in signers {
        let at = |what| Evidence::new(what).string(certificate.subject.to_string());
        match names_maker(certificate) {
            true => findings.right.push(at(words("signed by", "签名者"))),
            false => findings.doubtful.push(at(words(
                "the certificate names no organisation",
                "证书未标明组织",
            ))),
        }
    }
    if let Some(manifest) = subject.facts.android.as_ref().and_then(Android::manifest) {
        let name = manifest
            .application
            .label
            .as_deref()
            .unwrap_or(&manifest.package);
        let version = manifest
            .version_name
            .as_deref()
            .unwrap_or("no version name");
        let what = words("software attributes", "软件属性");
        let found = Evidence::in_file(what, &manifest.file).string(format!("{name}, {version}"));
        findings.right.push(found);
    }
    findings.into()
}

/// Whether the subject says more than the questions of a key generator left unanswered.
fn names_maker(certificate: &Certificate) -> bool {
    let organisation = certificate.subject.value("O").unwrap_or_default().trim();
    !organisation.is_empty()
        && !["unknown", "android", "test", "none", "company"]
            .contains(&organisation.to_ascii_lowercase().as_str())
}
