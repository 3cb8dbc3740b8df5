//! Whether relaxed rules for debug builds were left in the package.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use super::net_user_certificates::network;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "net-debug-overrides",
    title: words(
        "Network rules for debug builds were left in",
        "遗留调试用网络规则",
    ),
    purpose: words(
        "Once the package is made debuggable, by mistake or by repackaging, these rules let \
         traffic be read.",
        "一旦安装包因失误或重打包变为可调试，这些规则将使流量可被读取。",
    ),
    procedure: words(
        "Look for debug-overrides in the network security configuration, and whether the package \
         is debuggable.",
        "查找网络安全配置中的 debug-overrides，并判断安装包是否可调试。",
    ),
    criterion: words("There are none.", "不存在此类规则。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Xml],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            network(
                "<debug-overrides><trust-anchors><certificates src=\"user\"/></trust-anchors></debug-overrides>",
            )
        },
        evidence: &["rules for debug builds were left in in res/xml/net.xml \
             (/network-security-config/debug-overrides)"],
        good: || network("<base-config cleartextTrafficPermitted=\"false\"/>"),
        broken: || network("<debug-overrides/>").damaged("res/xml/net.xml"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let Some(network) = &android.network_security else {
        return Outcome::NotApplicable(words(
            "there is no network security configuration",
            "没有网络安全配置",
        ));
    };
    let mut findings = Findings::new();
    if let Some(overrides) = &network.debug_overrides {
        let in_force = android
            .manifest()
            .is_some_and(|manifest| manifest.application.is_debuggable());
        let at = |what| Evidence::in_xml(what, &network.file, &overrides.xml_path);
        match in_force {
            true => findings.wrong.push(at(words(
                "rules for debug builds are in force: the package is debuggable",
                "调试规则生效：安装包可调试",
            ))),
            false => findings.doubtful.push(at(words(
                "rules for debug builds were left in",
                "遗留调试用规则",
            ))),
        }
    }
    findings.into()
}
