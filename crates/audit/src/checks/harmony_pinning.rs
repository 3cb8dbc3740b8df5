//! Whether a HarmonyOS app pins the certificates of its hosts.
//!
//! Clauses: JR-6.1.4.d, CJ-5.7.d, AP-5.2.

use crate::ask::absences;
use crate::ask::harmony as ask;
use crate::ask::time::unix_seconds;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-pinning",
    title: words("HarmonyOS: certificate pins", "鸿蒙：证书锁定"),
    purpose: words(
        "Without pins any authority that the device trusts can vouch for a false host.",
        "未锁定证书时，设备信任的任一机构都可为假冒主机背书。",
    ),
    procedure: words(
        "Read pins and their expiry of every host in the network configuration.",
        "读取网络配置中各主机的证书锁定及其到期日。",
    ),
    criterion: words(
        "Some host is pinned with two pins or more, and no pin set has expired.",
        "至少一台主机以两个以上锁定值锁定，且无锁定过期。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0028"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        let Some(harmony) = ask::harmony(subject) else {
            return ask::NO_MODULE;
        };
        let mut findings = Findings::new();
        for network in &harmony.network {
            for domain in network.domains.iter().filter(|domain| domain.pins > 0) {
                let evidence = |what| {
                    Evidence::in_xml(
                        what,
                        network.file.as_str(),
                        "/network-security-config/domain-config",
                    )
                    .string(domain.name.as_str())
                };
                let expires = domain.pins_expire.as_deref().and_then(unix_seconds);
                if expires.is_some_and(|moment| moment < subject.now) {
                    findings.wrong.push(evidence(words(
                        "the pins of a host have expired",
                        "主机的证书锁定已过期",
                    )));
                } else if domain.pins == 1 {
                    findings.doubtful.push(evidence(words(
                        "one pin only, without another for the next certificate",
                        "仅一个锁定值，未为下一张证书备份",
                    )));
                } else {
                    findings
                        .right
                        .push(evidence(words("a host is pinned", "主机已锁定")));
                }
            }
        }
        if findings == Findings::new() {
            let evidence = Evidence::new(words("no host is pinned", "没有主机被锁定"));
            match subject.configuration.declared.pins_certificates {
                true => absences(subject, CHECK.areas, &mut findings).push(evidence),
                false => findings.doubtful.push(evidence),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample("").file("resources/base/profile/network_config.json", r#"{"network-security-config":{"domain-config":[{"domains":[{"name":"bank.example"}],"pin-set":{"expiration":"2024-11-08","pin":[{},{}]}}]}}"#)
        },
        evidence: &[
            "the pins of a host have expired: bank.example in resources/base/profile/network_config.json (/network-security-config/domain-config)",
        ],
        good: || {
            ask::sample("").file("resources/base/profile/network_config.json", r#"{"network-security-config":{"domain-config":[{"domains":[{"name":"bank.example"}],"pin-set":{"expiration":"2027-11-08","pin":[{},{}]}}]}}"#)
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
    fn no_pins_are_wrong_only_where_they_are_claimed() {
        assert_eq!(ask::sample("").judged_by(&CHECK).verdict, Verdict::Partial);
        let claimed = ask::sample("").declared("[declared]\npins_certificates = true");
        assert_eq!(claimed.judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
