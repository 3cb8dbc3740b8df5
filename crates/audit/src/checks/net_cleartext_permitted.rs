//! Whether the app's configuration lets unencrypted traffic through.
//!
//! Clauses: JR-6.1.8.a, JR-6.1.5.2.a, CJ-6.4.3.e, AP-5.1.

use crate::ask::code::is_target_known;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::NetworkSecurity;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-cleartext-permitted",
    title: words("Unencrypted traffic is permitted", "允许明文流量"),
    purpose: words(
        "What goes over the network unencrypted is read and changed by whoever is on the way.",
        "未加密的网络数据可被途中任何人读取和篡改。",
    ),
    procedure: words(
        "Read usesCleartextTraffic, the network security configuration and, where neither speaks, \
         what the targeted platform does.",
        "读取 usesCleartextTraffic、网络安全配置；均未说明时按目标平台的默认行为判断。",
    ),
    criterion: words(
        "Unencrypted traffic is refused for all hosts.",
        "对所有主机拒绝明文流量。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[319],
    maswe: &["MASWE-0026"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Xml],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || application("android:usesCleartextTraffic=\"true\""),
        evidence: &["permitted for all hosts in AndroidManifest.xml (/manifest/application)"],
        good: || application("android:usesCleartextTraffic=\"false\""),
        broken: || application("").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn application(attributes: &str) -> Sample {
    Sample::apk(&format!(
        "<uses-sdk android:targetSdkVersion=\"33\"/><application {attributes}/>"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let Some(manifest) = android.manifest() else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let (file, path, declared) = match &android.network_security {
        Some(network) if network.base.xml_path.is_empty() => {
            (&network.file, "/network-security-config", None)
        }
        Some(network) => (
            &network.file,
            network.base.xml_path.as_str(),
            network.base.cleartext_permitted,
        ),
        None => (
            &manifest.file,
            "/manifest/application",
            manifest.application.uses_cleartext_traffic,
        ),
    };
    let mut findings = Findings::new();
    if android.permits_cleartext_by_default() == Some(true) {
        let at = |what| Evidence::in_xml(what, file, path);
        if declared.is_some() {
            findings
                .wrong
                .push(at(words("permitted for all hosts", "对所有主机允许明文")));
        } else if is_target_known(subject.facts) {
            let what = words(
                "nothing refuses unencrypted traffic, and the targeted platform permits it",
                "未拒绝明文流量，而目标平台默认允许",
            );
            let target = format!("targetSdkVersion {}", manifest.target_sdk.api);
            findings.wrong.push(at(what).string(target));
        } else {
            findings.doubtful.push(at(words(
                "nothing refuses unencrypted traffic; whether the targeted platform does is not known",
                "未拒绝明文流量；目标平台是否拒绝未知",
            )));
        }
    }
    if let Some(network) = &android.network_security {
        domains(network, &mut findings);
    }
    findings.into()
}

/// Hosts for which the configuration permits it.
fn domains(network: &NetworkSecurity, findings: &mut Findings) {
    for domain in &network.domains {
        if domain.config.cleartext_permitted == Some(true) {
            let hosts: Vec<&str> = domain
                .domains
                .iter()
                .map(|host| host.name.as_str())
                .collect();
            let local = !hosts.is_empty() && hosts.iter().all(|host| is_local(host));
            let at = |what| {
                Evidence::in_xml(what, &network.file, &domain.config.xml_path)
                    .string(hosts.join(", "))
            };
            match local {
                true => findings.doubtful.push(at(words(
                    "permitted for the device itself",
                    "对本机允许明文",
                ))),
                false => findings
                    .wrong
                    .push(at(words("permitted for these hosts", "对这些主机允许明文"))),
            }
        }
    }
}

fn is_local(host: &str) -> bool {
    matches!(host, "localhost" | "127.0.0.1" | "10.0.2.2" | "::1")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::table::Table;
    use crate::judgement::Finding;
    use crate::judgement::Verdict;

    fn configured(target: u32, configuration: &str) -> Finding {
        let mut table = Table::default();
        let id = table.add("xml", "net", "res/xml/net.xml");
        Sample::apk(&format!(
            "<uses-sdk android:targetSdkVersion=\"{target}\"/><application \
             android:usesCleartextTraffic=\"true\" android:networkSecurityConfig=\"@0x{id:08x}\"/>"
        ))
        .file("resources.arsc", table.build())
        .xml(
            "res/xml/net.xml",
            &format!("<network-security-config>{configuration}</network-security-config>"),
        )
        .judged_by(&CHECK)
    }

    #[test]
    fn the_configuration_outweighs_the_attribute() {
        assert_eq!(configured(33, "").verdict, Verdict::Pass);
        assert_eq!(configured(27, "").verdict, Verdict::Fail);
        let all = "<base-config cleartextTrafficPermitted=\"true\"/>";
        assert_eq!(configured(33, all).verdict, Verdict::Fail);
        let one = "<domain-config cleartextTrafficPermitted=\"true\"><domain>old.bank.example</domain></domain-config>";
        let found = configured(33, one);
        assert_eq!(
            found.evidence[0].string.as_deref(),
            Some("old.bank.example")
        );
        let local = "<domain-config cleartextTrafficPermitted=\"true\"><domain>localhost</domain></domain-config>";
        assert_eq!(configured(33, local).verdict, Verdict::Partial);
    }

    #[test]
    fn the_platform_decides_where_nobody_speaks() {
        let verdict = |target: u32| {
            Sample::apk(&format!(
                "<uses-sdk android:targetSdkVersion=\"{target}\"/><application/>"
            ))
            .judged_by(&CHECK)
            .verdict
        };
        assert_eq!((verdict(27), verdict(28)), (Verdict::Fail, Verdict::Pass));
    }
}
