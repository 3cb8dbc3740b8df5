//! Whether the package is signed with a key for development.
//!
//! Clauses: JR-6.1.1.1.a, AP-1.4.1.

use crate::ask::signers::signers;
use crate::certificate::Certificate;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::signature::PackageSignature;

#[cfg(test)]
use super::sign_verified::{app, signed, signed_by};
#[cfg(test)]
use crate::fixture::signer::{C, CN, Key, O};
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sign-debug-certificate",
    title: words("Signed with a key for development", "使用开发证书签名"),
    purpose: words(
        "The debug key lies unprotected on every developer's computer: whoever has it can replace \
         the app on every phone.",
        "调试密钥无保护地存放在每台开发机上：持有者可替换所有手机上的应用。",
    ),
    procedure: words(
        "Compare the signers' names with those that development kits give their keys, and read the \
         kind of HarmonyOS profiles.",
        "将签名者名称与开发工具默认密钥名称比对，并读取鸿蒙 profile 类型。",
    ),
    criterion: words("The key is one for release.", "使用发布密钥。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[489, 321],
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
            let key = Key::named(2, &[(C, "US"), (O, "Android"), (CN, "Android Debug")]);
            let sample = app();
            let bytes = signed_by(&key, sample.files());
            sample.archive(bytes)
        },
        evidence: &["signed with a key for development: CN=Android Debug, O=Android, C=US"],
        good: || {
            let sample = app();
            let bytes = signed(sample.files());
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
    let what = words("signed with a key for development", "使用开发密钥签名");
    let certificates = signers(subject.signature);
    if certificates.is_empty() {
        let what = words("there is no signer to judge", "没有可判定的签名者");
        findings.wrong.push(Evidence::new(what));
    }
    for certificate in certificates {
        let found = Evidence::new(what).string(certificate.subject.to_string());
        if is_for_development(certificate) {
            findings.wrong.push(found);
        }
    }
    if let PackageSignature::Harmony(parts) = subject.signature {
        let what = words("the profile is one for debugging", "profile 为调试类型");
        for (part, verification) in parts {
            let profile = verification.profile.as_deref().unwrap_or_default();
            if is_debug_profile(profile) {
                findings.wrong.push(match part.is_empty() {
                    true => Evidence::new(what),
                    false => Evidence::in_file(what, part.as_str()),
                });
            }
        }
    }
    findings.into()
}

fn is_for_development(certificate: &Certificate) -> bool {
    let name = certificate.subject.value("CN").unwrap_or_default();
    certificate.is_android_debug
        || ["iPhone Developer", "Apple Development", "Mac Developer"]
            .iter()
            .any(|start| name.starts_with(start))
}

fn is_debug_profile(profile: &[u8]) -> bool {
    let values: Option<serde_json::Value> = serde_json::from_slice(profile).ok();
    values.is_some_and(|values| values.get("type").and_then(|kind| kind.as_str()) == Some("debug"))
}

#[cfg(test)]
mod tests {
    use super::is_debug_profile;

    #[test]
    fn profiles_say_what_they_are_for() {
        assert!(is_debug_profile(b"{\"type\":\"debug\"}"));
        assert!(!is_debug_profile(b"{\"type\":\"release\"}") && !is_debug_profile(b"debug"));
    }
}
