//! For whom the provisioning profile is, and until when.
//!
//! Packages for the store need none once they are through it.
//!
//! Clauses: JR-6.1.1.1.a, JR-6.1.1.1.b, AP-1.4.1.

use crate::ask::ios as ask;
use crate::ask::time::unix_seconds;
use crate::certificate::Certificate;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::ios::Profile;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-profile",
    title: words("Provisioning profile", "描述文件"),
    purpose: words(
        "Apps with a profile for development or an enterprise bypass the review of the \
         store, and stop when it expires.",
        "使用开发或企业描述文件的应用绕过商店审核，并在到期后失效。",
    ),
    procedure: words(
        "Read devices, validity and certificates of every embedded profile.",
        "读取每个内嵌描述文件的设备、有效期与证书。",
    ),
    criterion: words(
        "A profile is valid, for the store, and its certificates are valid and strong.",
        "描述文件有效且面向商店，其证书有效且强度足够。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[298],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        ask::each_application(subject, |bundle, info, findings| {
            let Some(profile) = &bundle.profile else {
                findings.right.push(ask::in_info(
                    words(
                        "no profile inside, as after the store",
                        "不含描述文件，与商店分发一致",
                    ),
                    info,
                    "CFBundleIdentifier",
                ));
                return;
            };
            let name = format!(
                "{} ({})",
                profile.text("Name").unwrap_or("?"),
                profile.text("TeamName").unwrap_or("?")
            );
            let evidence = |what, key: &str, text: &str| {
                Evidence::in_xml(what, profile.file.as_str(), key).string(text)
            };
            findings.right.push(evidence(
                words("the profile and the team", "描述文件与团队"),
                "Name",
                &name,
            ));
            if profile.provisions_all_devices() {
                findings.doubtful.push(evidence(
                    words(
                        "for every device, by an enterprise and past the store",
                        "企业分发，面向所有设备并绕过商店",
                    ),
                    "ProvisionsAllDevices",
                    &name,
                ));
            }
            if let Some(devices) = profile.devices() {
                findings.wrong.push(evidence(
                    words(
                        "for development or tests: it lists devices",
                        "用于开发或测试：列出了设备",
                    ),
                    "ProvisionedDevices",
                    &devices.len().to_string(),
                ));
            }
            let expires = profile.text("ExpirationDate").unwrap_or("?");
            match unix_seconds(expires) {
                Some(moment) if moment > subject.now => {
                    findings.right.push(evidence(
                        words("valid until", "有效期至"),
                        "ExpirationDate",
                        expires,
                    ));
                }
                Some(_) => findings.wrong.push(evidence(
                    words("the profile has expired", "描述文件已过期"),
                    "ExpirationDate",
                    expires,
                )),
                None => findings.doubtful.push(evidence(
                    words("no day on which the profile expires", "描述文件无到期日"),
                    "ExpirationDate",
                    expires,
                )),
            }
            for certificate in profile.certificates() {
                judge_certificate(profile, certificate, subject, findings);
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || with_profile("<key>ExpirationDate</key><date>2018-01-27T09:18:04Z</date>"),
        evidence: &[
            "the profile has expired: 2018-01-27T09:18:04Z in Payload/Bank.app/embedded.mobileprovision (ExpirationDate)",
        ],
        good: || with_profile("<key>ExpirationDate</key><date>2027-01-27T09:18:04Z</date>"),
        broken: || with_profile("").damaged("Payload/Bank.app/embedded.mobileprovision"),
    },
};

fn judge_certificate(
    profile: &Profile,
    encoded: &[u8],
    subject: &Subject<'_>,
    findings: &mut Findings,
) {
    let evidence = |what, text: String| {
        Evidence::in_xml(what, profile.file.as_str(), "DeveloperCertificates").string(text)
    };
    let Ok(certificate) = Certificate::parse(encoded) else {
        findings.doubtful.push(evidence(
            words("a certificate cannot be read", "证书无法读取"),
            format!("{} bytes", encoded.len()),
        ));
        return;
    };
    let name = certificate.subject.to_string();
    if certificate.not_after < subject.now {
        findings.wrong.push(evidence(
            words("a certificate has expired", "证书已过期"),
            name.clone(),
        ));
    }
    if certificate.has_weak_digest {
        let text = format!("{name}: {}", certificate.signature_algorithm);
        findings.doubtful.push(evidence(
            words(
                "a certificate is signed over a weak digest",
                "证书以弱摘要签名",
            ),
            text,
        ));
    }
    let least = subject.configuration.thresholds.rsa_bits_min;
    if certificate.key_algorithm == "RSA" && certificate.key_bits < least {
        findings.wrong.push(evidence(
            words("a key is too short", "密钥过短"),
            format!("{name}: {} bits", certificate.key_bits),
        ));
    }
}

#[cfg(test)]
fn with_profile(values: &str) -> Sample {
    let profile = format!(r#"<?xml version="1.0"?><plist><dict>{values}</dict></plist>"#);
    Sample::ipa("").file("Payload/Bank.app/embedded.mobileprovision", profile)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn profiles_that_bypass_the_store_are_found() {
        let valid = "<key>ExpirationDate</key><date>2027-01-27T09:18:04Z</date>";
        let enterprise = format!("{valid}<key>ProvisionsAllDevices</key><true/>");
        assert_eq!(
            with_profile(&enterprise).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
        let listed =
            format!("{valid}<key>ProvisionedDevices</key><array><string>a</string></array>");
        assert_eq!(
            with_profile(&listed).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }

    #[test]
    fn the_same_profile_was_valid_once() {
        let profile = "<key>ExpirationDate</key><date>2018-01-27T09:18:04Z</date>";
        let finding = with_profile(profile).at(1_500_000_000).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Pass);
    }
}
