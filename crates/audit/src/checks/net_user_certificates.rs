//! Whether certificates that a user, or someone with the phone in hand, installed are trusted.
//!
//! Clauses: JR-6.1.8.a, AP-5.2, JR-6.1.4.d.

use crate::ask::code::is_target_known;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::NetworkConfig;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

/// From this platform on, apps do not trust certificates of the user unless they say so.
const DISTRUSTING_SDK: u32 = 24;

pub(crate) static CHECK: Check = Check {
    id: "net-user-certificates",
    title: words("Certificates of the user are trusted", "信任用户安装的证书"),
    purpose: words(
        "Whoever gets a certificate onto the phone, by a link or by hand, then reads all traffic.",
        "只要通过链接或手工把证书装进手机，即可读取全部流量。",
    ),
    procedure: words(
        "Read the trust anchors of the network security configuration, and the targeted platform.",
        "读取网络安全配置的信任锚以及目标平台。",
    ),
    criterion: words(
        "Only certificates of the system, or the app's own, are trusted.",
        "只信任系统证书或应用自带证书。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &["MASWE-0027"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Xml],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            network(
                "<base-config><trust-anchors><certificates src=\"user\"/></trust-anchors></base-config>",
            )
        },
        evidence: &[
            "certificates of the user are trusted for all hosts in res/xml/net.xml \
             (/network-security-config/base-config)",
        ],
        good: || {
            network(
                "<base-config><trust-anchors><certificates src=\"system\"/></trust-anchors></base-config>",
            )
        },
        broken: || network("").damaged("res/xml/net.xml"),
    },
};

/// An APK for platform 33 with this network security configuration.
#[cfg(test)]
pub(crate) fn network(configuration: &str) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    let id = table.add("xml", "net", "res/xml/net.xml");
    Sample::apk(&format!(
        "<uses-sdk android:targetSdkVersion=\"33\"/>\
         <uses-permission android:name=\"android.permission.INTERNET\"/>\
         <application android:networkSecurityConfig=\"@0x{id:08x}\"/>"
    ))
    .file("resources.arsc", table.build())
    .xml(
        "res/xml/net.xml",
        &format!("<network-security-config>{configuration}</network-security-config>"),
    )
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let Some(manifest) = android.manifest() else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let mut findings = Findings::new();
    let known = is_target_known(subject.facts);
    let old = known && manifest.target_sdk.api < DISTRUSTING_SDK;
    let Some(network) = &android.network_security else {
        findings.wrong.extend(old.then(|| {
            let what = words(
                "the targeted platform trusts certificates of the user, and nothing says otherwise",
                "目标平台默认信任用户证书，且未作限制",
            );
            Evidence::in_xml(what, &manifest.file, "/manifest/uses-sdk")
                .string(format!("targetSdkVersion {}", manifest.target_sdk.api))
        }));
        return findings.into();
    };
    if trusts_user(&network.base) || old && network.base.trust_anchors.is_none() {
        let what = words(
            "certificates of the user are trusted for all hosts",
            "对所有主机信任用户证书",
        );
        let path = match network.base.xml_path.as_str() {
            "" => "/network-security-config",
            path => path,
        };
        findings
            .wrong
            .push(Evidence::in_xml(what, &network.file, path));
    }
    for domain in network
        .domains
        .iter()
        .filter(|domain| trusts_user(&domain.config))
    {
        let hosts: Vec<&str> = domain
            .domains
            .iter()
            .map(|host| host.name.as_str())
            .collect();
        let what = words(
            "certificates of the user are trusted for these hosts",
            "对这些主机信任用户证书",
        );
        findings.wrong.push(
            Evidence::in_xml(what, &network.file, &domain.config.xml_path).string(hosts.join(", ")),
        );
    }
    findings.into()
}

fn trusts_user(config: &NetworkConfig) -> bool {
    let anchors = config.trust_anchors.iter().flatten();
    anchors.into_iter().any(|anchor| anchor.source == "user")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn what_holds_in_debug_builds_only_is_another_check_s() {
        let debug = "<debug-overrides><trust-anchors><certificates src=\"user\"/></trust-anchors></debug-overrides>";
        assert_eq!(network(debug).judged_by(&CHECK).verdict, Verdict::Pass);
        let old = Sample::apk("<uses-sdk android:targetSdkVersion=\"22\"/><application/>");
        assert_eq!(old.judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
