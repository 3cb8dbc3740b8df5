//! Whether the certificates of the signers are valid, and for how long.
//!
//! Clauses: JR-6.1.1.1.a, CJ-6.3.b.

use crate::ask::signers::signers;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::signature::PackageSignature;

#[cfg(test)]
use super::sign_verified::{app, signed};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

const DAY_S: i64 = 86_400;

pub(crate) static CHECK: Check = Check {
    id: "sign-validity",
    title: words("Validity of the signing certificate", "签名证书有效期"),
    purpose: words(
        "Updates have to be signed with the same key: once its certificate has expired, stores \
         refuse them, and on iOS the app no longer starts.",
        "更新须使用同一密钥签名：证书过期后商店拒绝更新，iOS 上应用将无法启动。",
    ),
    procedure: words(
        "Read the validity of the signers' certificates and compare it with today.",
        "读取签名证书有效期并与当前日期比较。",
    ),
    criterion: words(
        "Each is valid today and, for Android, for a year more (or what the configuration sets).",
        "均在有效期内；Android 签名证书剩余有效期不少于一年（或按配置）。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[298],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        // 2050-01-01, a second after the certificate's end.
        bad: || signed_at(2_524_608_000),
        evidence: &["the certificate has expired: CN=Signer 1"],
        good: || signed_at(crate::judgement::fixtures::NOW),
        broken: || Sample::apk("<application/>").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn signed_at(now: i64) -> Sample {
    let sample = app().at(now);
    let bytes = signed(sample.files());
    sample.archive(bytes)
}

fn judge(subject: &Subject<'_>) -> Outcome {
    if matches!(subject.signature, PackageSignature::NotJudged) {
        return Outcome::NotApplicable(words("it is not signed yet", "尚未签名"));
    }
    let certificates = signers(subject.signature);
    let mut findings = Findings::new();
    if certificates.is_empty() {
        let what = words("there is no signer to judge", "没有可判定的签名者");
        findings.wrong.push(Evidence::new(what));
    }
    // Makers of iOS apps get certificates for a year; those are renewed with the app.
    let spare_days = match subject.signature {
        PackageSignature::Android(_) => subject.configuration.thresholds.certificate_days_min,
        _ => 0,
    };
    for certificate in certificates {
        let at = |what| Evidence::new(what).string(certificate.subject.to_string());
        let left = certificate.not_after.saturating_sub(subject.now);
        if certificate.not_after < subject.now {
            findings
                .wrong
                .push(at(words("the certificate has expired", "证书已过期")));
        } else if certificate.not_before > subject.now {
            findings.wrong.push(at(words(
                "the certificate is not valid yet",
                "证书尚未生效",
            )));
        } else if left < i64::from(spare_days) * DAY_S {
            findings
                .doubtful
                .push(at(words("the certificate expires soon", "证书即将过期")));
        } else {
            findings
                .right
                .push(at(words("the certificate is valid", "证书有效")));
        }
    }
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn before_and_shortly_before_the_end() {
        // 2019-12-31 and 2049-12-01.
        assert_eq!(
            signed_at(1_577_750_400).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
        assert_eq!(
            signed_at(2_521_929_600).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
