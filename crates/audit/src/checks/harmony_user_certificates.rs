//! Whether a HarmonyOS app trusts certificates that users and device management installed.
//!
//! It does unless the network configuration says not.
//!
//! Clauses: JR-6.1.4.d, CJ-5.7.d, CJ-6.3.d.1.

use crate::ask::harmony as ask;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::harmony::HarmonyNetwork;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-user-certificates",
    title: words(
        "HarmonyOS: certificates of users are trusted",
        "鸿蒙：信任用户安装的证书",
    ),
    purpose: words(
        "Whoever gets a certificate onto the device reads and changes all traffic of \
         the app.",
        "能在设备上安装证书者即可读取与篡改应用全部流量。",
    ),
    procedure: words(
        "Read trust-current-user-ca and trust-global-user-ca of the network \
         configuration.",
        "读取网络配置的 trust-current-user-ca 与 trust-global-user-ca。",
    ),
    criterion: words("Both are false.", "两者均为 false。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0027"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        let Some(harmony) = ask::harmony(subject) else {
            return ask::NO_MODULE;
        };
        let mut findings = Findings::new();
        let file = harmony
            .network
            .first()
            .or(None)
            .map_or("module.json", |network| network.file.as_str());
        let switch = |of: fn(&HarmonyNetwork) -> Option<bool>| {
            let said: Vec<bool> = harmony.network.iter().filter_map(of).collect();
            (!said.is_empty()).then(|| said.contains(&true))
        };
        let user = switch(|network| network.trusts_user_certificates);
        let managed = switch(|network| network.trusts_managed_certificates);
        for (key, trusted) in [
            ("/trust-current-user-ca", user),
            ("/trust-global-user-ca", managed),
        ] {
            let (what, found) = match trusted {
                Some(true) => (
                    words(
                        "certificates installed on the device are trusted",
                        "信任设备上安装的证书",
                    ),
                    &mut findings.wrong,
                ),
                None => (
                    words(
                        "nothing refuses certificates installed on the device",
                        "未拒绝设备上安装的证书",
                    ),
                    &mut findings.doubtful,
                ),
                Some(false) => (
                    words(
                        "certificates installed on the device are refused",
                        "拒绝设备上安装的证书",
                    ),
                    &mut findings.right,
                ),
            };
            found.push(Evidence::in_xml(what, file, key));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample("").file(
                "resources/base/profile/network_config.json",
                r#"{"trust-current-user-ca":true,"trust-global-user-ca":false}"#,
            )
        },
        evidence: &[
            "certificates installed on the device are trusted in resources/base/profile/network_config.json (/trust-current-user-ca)",
        ],
        good: || {
            ask::sample("").file(
                "resources/base/profile/network_config.json",
                r#"{"trust-current-user-ca":false,"trust-global-user-ca":false}"#,
            )
        },
        broken: || {
            ask::sample("")
                .file(
                    "resources/base/profile/network_config.json",
                    r#"{"network-security-config":{"base-config":{}}}"#,
                )
                .damaged("resources/base/profile/network_config.json")
        },
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn the_default_trusts_them() {
        assert_eq!(ask::sample("").judged_by(&CHECK).verdict, Verdict::Partial);
    }
}
