//! Whether the app insists on the certificates of its own servers.
//!
//! Clauses: AP-5.2, JR-6.1.4.d, CJ-4.3.3.b.

use crate::ask::components::is_of_library;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Area, Code};
use crate::package::PackageKind;

#[cfg(test)]
use super::net_user_certificates::network;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-pinning",
    title: words("Certificates are not pinned", "未进行证书绑定"),
    purpose: words(
        "Without pins any of the hundreds of authorities that the phone trusts, or one that was \
         added to it, can vouch for a false server.",
        "没有证书绑定时，手机信任的数百个机构（或被添加的机构）都能为虚假服务器背书。",
    ),
    procedure: words(
        "Look for pins in the network security configuration, for CertificatePinner, and for trust \
         managers made from certificates in the package.",
        "查找网络安全配置中的 pin、CertificatePinner 以及基于包内证书构造的信任管理器。",
    ),
    criterion: words(
        "Pins, or certificates of the app's own, are configured.",
        "配置了 pin 或自有证书。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[295],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Xml, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || network("").declared("[declared]\npins_certificates = true"),
        evidence: &["no pins were found, though the owners say that there are"],
        good: || {
            network(
                "<domain-config><domain>bank.example</domain><pin-set><pin digest=\"SHA-256\">AAAA</pin>\
                 </pin-set></domain-config>",
            )
        },
        broken: || network("").damaged("res/xml/net.xml"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let is_online = android
        .uses_permissions()
        .any(|permission| permission.name == "android.permission.INTERNET");
    if !is_online {
        return Outcome::NotApplicable(words("it does not use the network", "不使用网络"));
    }
    let mut findings = Findings::new();
    if let Some(network) = &android.network_security {
        let domains = network.domains.iter().map(|domain| &domain.config);
        for config in domains.chain([&network.base]) {
            let at = |what| Evidence::in_xml(what, &network.file, &config.xml_path);
            if config
                .pins
                .as_ref()
                .is_some_and(|pins| !pins.pins.is_empty())
            {
                findings.right.push(at(words("pins", "配置了 pin")));
            }
            let own = config.trust_anchors.iter().flatten();
            if own
                .into_iter()
                .any(|anchor| !matches!(anchor.source.as_str(), "system" | "user"))
            {
                findings
                    .right
                    .push(at(words("certificates of the app's own", "自有证书")));
            }
        }
    }
    in_code(&facts.code, &mut findings);
    if findings.right.is_empty() && facts.kind == PackageKind::Source {
        return Outcome::NotTestable(words(
            "the configuration has no pins, and sources are not compiled here",
            "配置中没有 pin，且此处不编译源码",
        ));
    }
    if findings.right.is_empty() {
        match subject.configuration.declared.pins_certificates {
            true => findings.wrong.push(Evidence::new(words(
                "no pins were found, though the owners say that there are",
                "声明已绑定证书，但未找到任何 pin",
            ))),
            false => findings.doubtful.push(Evidence::new(words(
                "no pins were found: every authority that the phone trusts can vouch for the servers",
                "未找到 pin：手机信任的任何机构都能为服务器背书",
            ))),
        }
    }
    findings.into()
}

/// Pins and certificates that code configures.
fn in_code(code: &Code, findings: &mut Findings) {
    let what = words("pins in code", "代码中的 pin");
    for (class, method) in [
        ("okhttp3.CertificatePinner$Builder", "add"),
        ("com.squareup.okhttp.CertificatePinner$Builder", "add"),
        (
            "com.datatheorem.android.trustkit.TrustKit",
            "initializeWithNetworkSecurityConfiguration",
        ),
    ] {
        let calls = code.calls_to(class, method);
        let configured = calls
            .iter()
            .filter(|call| !call.method().class().name().starts_with("okhttp3."));
        findings
            .right
            .extend(configured.map(|call| Evidence::at(what, &call.site())));
    }
    let own = words(
        "trust from a key store of the app's own",
        "信任来自应用自有密钥库",
    );
    for call in code.calls_to("javax.net.ssl.TrustManagerFactory", "init") {
        let store = call.argument(0).filter(|store| store.int() != Some(0));
        let is_own = store.is_some() && call.target().descriptor().contains("KeyStore");
        if is_own && !is_of_library(&call.method().class().name()) {
            findings.right.push(Evidence::at(own, &call.site()));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn absence_is_doubtful_unless_pins_were_promised() {
        assert_eq!(network("").judged_by(&CHECK).verdict, Verdict::Partial);
        let offline = Sample::apk("<application/>").judged_by(&CHECK);
        assert_eq!(offline.verdict, Verdict::NotApplicable);
    }
}
