//! Whether the signature could be forged: short keys, digests with collisions.
//!
//! Clauses: JR-6.1.1.1.a, JR-6.1.8.b.

use crate::ask::signers::signers;
use crate::certificate::Certificate;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::configuration::Thresholds;
use crate::facts::Area;
use crate::signature::{PackageSignature, Scheme, Verification};

#[cfg(test)]
use super::sign_verified::{app, signed};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sign-weak-key",
    title: words("Weak signing key or digest", "签名密钥或摘要强度不足"),
    purpose: words(
        "A short key can be computed from the certificate, and a digest with collisions signs two \
         contents at once.",
        "过短的密钥可由证书推算；存在碰撞的摘要会同时为两份内容签名。",
    ),
    procedure: words(
        "Read kind and length of the signers' keys, and the digests of signatures and certificates.",
        "读取签名密钥类型与长度，以及签名和证书所用摘要。",
    ),
    criterion: words(
        "RSA keys have 2048 bits or more, curves 224 or more (or what the configuration sets); no \
         MD5 or SHA-1.",
        "RSA 不低于 2048 位，椭圆曲线不低于 224 位（或按配置）；不使用 MD5、SHA-1。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[326, 328],
    maswe: &["MASWE-0056"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            let sample = app().declared("[thresholds]\ncurve_bits_min = 384");
            let bytes = signed(sample.files());
            sample.archive(bytes)
        },
        evidence: &["the key is too short: EC 256 bits, CN=Signer 1"],
        good: || {
            let sample = app();
            let bytes = signed(sample.files());
            sample.archive(bytes)
        },
        broken: || Sample::apk("<application/>").damaged("AndroidManifest.xml"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let thresholds = &subject.configuration.thresholds;
    let mut findings = Findings::new();
    match subject.signature {
        PackageSignature::NotJudged => {
            return Outcome::NotApplicable(words("it is not signed yet", "尚未签名"));
        }
        PackageSignature::Android(parts) => {
            for (_, verification) in parts {
                digests(verification, &mut findings);
            }
        }
        PackageSignature::Ios(Some(ipa)) => {
            let slices = ipa.bundles.iter().flat_map(|bundle| &bundle.slices);
            for directory in slices.flat_map(|slice| slice.directories.first()) {
                if directory.has_weak_digest {
                    let what = words(
                        "the signed code directory has weak digests",
                        "被签名的代码目录使用弱摘要",
                    );
                    let shown = format!("{}, {}", directory.hash, directory.identifier);
                    findings.doubtful.push(Evidence::new(what).string(shown));
                }
            }
        }
        _ => {}
    }
    let certificates = signers(subject.signature);
    if certificates.is_empty() && findings.wrong.is_empty() {
        let what = words("there is no signer to judge", "没有可判定的签名者");
        findings.wrong.push(Evidence::new(what));
    }
    for certificate in certificates {
        certificate_of_signer(certificate, thresholds, &mut findings);
    }
    findings.into()
}

fn digests(verification: &Verification, findings: &mut Findings) {
    let newer = verification
        .signers
        .iter()
        .any(|signer| signer.scheme != Scheme::V1 && !signer.has_weak_digest);
    let weak = verification
        .signers
        .iter()
        .filter(|signer| signer.has_weak_digest);
    for signer in weak {
        let shown = format!("{}, {}", signer.scheme, signer.algorithms.join(", "));
        match newer {
            true => findings.doubtful.push(
                Evidence::new(words(
                    "weak digests, for platforms that do not know the newer scheme",
                    "使用弱摘要，仅影响不识别新方案的平台",
                ))
                .string(shown),
            ),
            false => findings.wrong.push(
                Evidence::new(words("the signature uses weak digests", "签名使用弱摘要"))
                    .string(shown),
            ),
        }
    }
}

fn certificate_of_signer(
    certificate: &Certificate,
    thresholds: &Thresholds,
    findings: &mut Findings,
) {
    let shown = format!(
        "{} {} bits, {}",
        certificate.key_algorithm, certificate.key_bits, certificate.subject
    );
    let needed = match certificate.key_algorithm.as_str() {
        "RSA" | "DSA" => thresholds.rsa_bits_min,
        "EC" => thresholds.curve_bits_min,
        _ => 0,
    };
    match certificate.key_bits < needed {
        true => findings
            .wrong
            .push(Evidence::new(words("the key is too short", "密钥过短")).string(shown)),
        false => findings
            .right
            .push(Evidence::new(words("the key", "密钥")).string(shown)),
    }
    // Nobody checks the signature of a certificate that vouches for itself.
    if certificate.has_weak_digest && !certificate.is_self_issued() {
        let what = words(
            "the certificate is signed over a weak digest",
            "证书使用弱摘要签名",
        );
        let shown = format!(
            "{}, {}",
            certificate.signature_algorithm, certificate.subject
        );
        findings.doubtful.push(Evidence::new(what).string(shown));
    }
}
