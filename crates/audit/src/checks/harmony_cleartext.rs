//! Whether a HarmonyOS app may talk in the clear.
//!
//! The newer model permits it unless the network configuration says not; the older one refuses it
//! unless the module says so.
//!
//! Clauses: JR-6.1.5.2.a, CJ-5.7.d, CJ-6.3.d.1.

use crate::ask::harmony as ask;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-cleartext",
    title: words("HarmonyOS: traffic in the clear", "鸿蒙：允许明文通信"),
    purpose: words(
        "What is sent in the clear is read and changed by whoever is on the way.",
        "明文传输的数据可被途经者读取与篡改。",
    ),
    procedure: words(
        "Read cleartextTrafficPermitted of the network configuration, and \
         cleartextTraffic of older modules.",
        "读取网络配置的 cleartextTrafficPermitted 与旧模型的 cleartextTraffic。",
    ),
    criterion: words(
        "Traffic in the clear is refused for all hosts.",
        "对所有主机拒绝明文通信。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[319],
    maswe: &["MASWE-0026"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        let Some(harmony) = ask::harmony(subject) else {
            return ask::NO_MODULE;
        };
        let mut findings = Findings::new();
        for network in &harmony.network {
            let evidence = |what, path: &str| Evidence::in_xml(what, network.file.as_str(), path);
            let base = "/network-security-config/base-config";
            match network.cleartext_permitted {
                Some(true) => findings.wrong.push(evidence(
                    words("traffic in the clear is permitted", "允许明文通信"),
                    base,
                )),
                Some(false) => findings.right.push(evidence(
                    words("traffic in the clear is refused", "拒绝明文通信"),
                    base,
                )),
                None => {}
            }
            for domain in network
                .domains
                .iter()
                .filter(|domain| domain.cleartext_permitted == Some(true))
            {
                findings.wrong.push(
                    evidence(
                        words(
                            "traffic in the clear is permitted to a host",
                            "允许对该主机明文通信",
                        ),
                        "/network-security-config/domain-config",
                    )
                    .string(domain.name.as_str()),
                );
            }
        }
        let says = harmony
            .network
            .iter()
            .any(|network| network.cleartext_permitted.is_some());
        for module in harmony.modules.iter().filter(|_| !says) {
            if ask::is_older_model(module) {
                findings.right.push(ask::in_module(
                    words(
                        "traffic in the clear is refused by default",
                        "默认拒绝明文通信",
                    ),
                    module,
                    "/deviceConfig",
                ));
            } else {
                findings.doubtful.push(ask::in_module(
                    words("nothing refuses traffic in the clear", "未拒绝明文通信"),
                    module,
                    "/module",
                ));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample("").file(
                "resources/base/profile/network_config.json",
                r#"{"network-security-config":{"base-config":{"cleartextTrafficPermitted":true}}}"#,
            )
        },
        evidence: &[
            "traffic in the clear is permitted in resources/base/profile/network_config.json (/network-security-config/base-config)",
        ],
        good: || {
            ask::sample("").file("resources/base/profile/network_config.json", r#"{"network-security-config":{"base-config":{"cleartextTrafficPermitted":false}}}"#)
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
    use crate::judgement::fixtures::Sample;

    #[test]
    fn one_host_in_the_clear_is_enough() {
        let network = "{\"network-security-config\":{\"base-config\":{\"cleartextTrafficPermitted\":false},\
                       \"domain-config\":[{\"domains\":[{\"name\":\"a.example\"}],\"cleartextTrafficPermitted\":true}]}}";
        let finding = ask::sample("")
            .file("resources/base/profile/network_config.json", network)
            .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert_eq!(finding.evidence[0].string.as_deref(), Some("a.example"));
    }

    #[test]
    fn the_defaults_of_the_models_differ() {
        assert_eq!(ask::sample("").judged_by(&CHECK).verdict, Verdict::Partial);
        let older = r#"{"app":{"bundleName":"b"},"module":{}}"#;
        let finding = Sample::hap("{}")
            .file("config.json", older)
            .judged_by(&CHECK);
        assert_eq!(
            finding.evidence[0].what().en,
            "traffic in the clear is refused by default"
        );
    }
}
