//! For whom the profile of a HarmonyOS app is, and until when.
//!
//! The profile that counts stands in the signature; packages before signing carry one as a file.
//!
//! Clauses: JR-6.1.1.1.a, JR-6.1.1.1.b, AP-1.4.1.

use crate::ask::harmony as ask;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::harmony::{HarmonyProfile, json};
use crate::limits::Limits;
use crate::package::PackageKind;
use crate::signature::PackageSignature;
use crate::signature::hap::HapVerification;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-profile",
    title: words("HarmonyOS profile", "鸿蒙应用描述文件"),
    purpose: words(
        "A profile for debugging runs on listed devices only, and lets debuggers attach.",
        "调试描述文件仅限列出的设备运行，并允许调试器附加。",
    ),
    procedure: words(
        "Read type, validity, devices and privileges of the profile in the signature \
         and in the package.",
        "读取签名与包内描述文件的类型、有效期、设备与特权。",
    ),
    criterion: words(
        "A profile is there, for release, valid, and for an ordinary app.",
        "存在描述文件，类型为发布、有效，且为普通应用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony, Area::Archive],
    judge: |subject| {
        if subject.facts.kind == PackageKind::Source {
            return Outcome::NotApplicable(words(
                "sources name neither; the build adds them",
                "源码不含此信息，由构建添加",
            ));
        }
        let Some(harmony) = subject.facts.harmony.as_ref() else {
            return ask::NO_MODULE;
        };
        let in_signature = signed_profiles(subject);
        let mut findings = Findings::new();
        for profile in harmony.profiles.iter().chain(&in_signature) {
            judge_profile(profile, subject, &mut findings);
        }
        if findings == Findings::new() {
            findings
                .doubtful
                .push(Evidence::new(words("there is no profile", "没有描述文件")));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample("").file("profile.json", r#"{"type":"debug","validity":{"not-before":1,"not-after":4000000000},"bundle-info":{"app-feature":"hos_normal_app"}}"#)
        },
        evidence: &["not a profile for release: debug in profile.json (/type)"],
        good: || {
            ask::sample("").file("profile.json", r#"{"type":"release","validity":{"not-before":1,"not-after":4000000000},"bundle-info":{"app-feature":"hos_normal_app"}}"#)
        },
        broken: || {
            ask::sample("")
                .file("profile.json", r#"{"type":"release"}"#)
                .damaged("profile.json")
        },
    },
};

/// The profiles in the signatures of the packages.
fn signed_profiles(subject: &Subject<'_>) -> Vec<HarmonyProfile> {
    let PackageSignature::Harmony(packages) = subject.signature else {
        return Vec::new();
    };
    let limits = Limits::default();
    let read = |(part, verification): &(String, HapVerification)| {
        let values = json(verification.profile.as_deref()?, &limits).ok()?;
        HarmonyProfile::read(&format!("{part}signature"), values)
    };
    packages.iter().filter_map(read).collect()
}

fn judge_profile(profile: &HarmonyProfile, subject: &Subject<'_>, findings: &mut Findings) {
    let evidence = |what, path: &str, text: &str| {
        Evidence::in_xml(what, profile.file.as_str(), path).string(text)
    };
    match profile.kind() {
        Some("release") => findings.right.push(evidence(
            words("a profile for release", "发布类型描述文件"),
            "/type",
            "release",
        )),
        kind => findings.wrong.push(evidence(
            words("not a profile for release", "非发布类型描述文件"),
            "/type",
            kind.unwrap_or("?"),
        )),
    }
    if let Some((from, to)) = profile.validity() {
        let text = format!("{from} to {to}");
        let (what, found) = match (from..=to).contains(&subject.now) {
            true => (words("valid", "有效"), &mut findings.right),
            false => (
                words("the profile is not valid now", "描述文件当前无效"),
                &mut findings.wrong,
            ),
        };
        found.push(evidence(what, "/validity", &text));
    }
    let devices = profile.devices().len();
    if devices > 0 {
        findings.wrong.push(evidence(
            words("for listed devices only", "仅限列出的设备"),
            "/debug-info/device-ids",
            &devices.to_string(),
        ));
    }
    if let Some(feature) = profile
        .text("/bundle-info/app-feature")
        .filter(|feature| *feature != "hos_normal_app")
    {
        findings.doubtful.push(evidence(
            words("claims the privileges of a system app", "声称系统应用特权"),
            "/bundle-info/app-feature",
            feature,
        ));
    }
    for path in [
        "/bundle-info/bundle-name",
        "/version-name",
        "/bundle-info/developer-id",
        "/issuer",
    ] {
        if let Some(text) = profile.text(path) {
            findings
                .right
                .push(evidence(words("names", "载明"), path, text));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn what_has_expired_or_claims_privileges_is_found() {
        let judged = |text: &str| {
            ask::sample("")
                .file("profile.json", text)
                .judged_by(&CHECK)
                .verdict
        };
        let expired =
            r#"{"type":"release","validity":{"not-before":1,"not-after":2},"bundle-info":{}}"#;
        assert_eq!(judged(expired), Verdict::Fail);
        let system = r#"{"type":"release","bundle-info":{"app-feature":"hos_system_app"}}"#;
        assert_eq!(judged(system), Verdict::Partial);
    }

    #[test]
    fn no_profile_at_all_is_doubtful() {
        assert_eq!(ask::sample("").judged_by(&CHECK).verdict, Verdict::Partial);
    }
}
