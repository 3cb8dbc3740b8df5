//! Which links open a HarmonyOS app.
//!
//! Any app can answer the same custom scheme. Web links belong to the app alone where the system
//! asks their host (App Linking).
//!
//! Clauses: JR-6.1.3.b.b, JR-6.1.3.a.b.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-links",
    title: words("Links that open the HarmonyOS app", "打开鸿蒙应用的链接"),
    purpose: words(
        "Links that anybody can answer give away what stands in them, and anybody can \
         send them.",
        "任何人可响应的链接会泄露内容，且任何人可发起。",
    ),
    procedure: words(
        "Read the URIs in the skills of exported abilities.",
        "读取导出能力 skills 中的 URI。",
    ),
    criterion: words(
        "Custom schemes are declared; web links are verified with their host.",
        "自定义 Scheme 已声明；网页链接经主机验证。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[939],
    maswe: &["MASWE-0029"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        let declared = &subject.configuration.declared.url_schemes;
        ask::each_module(subject, |module, findings| {
            for ability in module.abilities.iter().filter(|ability| ability.exported) {
                for (scheme, host) in &ability.uris {
                    let Some(scheme) = scheme.as_deref() else {
                        continue;
                    };
                    let is_declared = declared
                        .iter()
                        .any(|known| known.eq_ignore_ascii_case(scheme));
                    let (what, found) = match scheme {
                        "https" if ability.domain_verify => (
                            words("a web link that its host confirms", "经主机验证的网页链接"),
                            &mut findings.right,
                        ),
                        "https" => (
                            words(
                                "a web link that its host does not confirm",
                                "未经主机验证的网页链接",
                            ),
                            &mut findings.doubtful,
                        ),
                        "http" => (
                            words("a web link in the clear", "明文网页链接"),
                            &mut findings.wrong,
                        ),
                        "file" | "content" | "datashare" => continue,
                        _ if is_declared => (
                            words("a declared scheme", "已声明的 Scheme"),
                            &mut findings.right,
                        ),
                        _ if declared.is_empty() => (
                            words(
                                "a scheme that other apps can answer too",
                                "其他应用也可响应的 Scheme",
                            ),
                            &mut findings.doubtful,
                        ),
                        _ => (
                            words("a scheme that is not declared", "未声明的 Scheme"),
                            &mut findings.wrong,
                        ),
                    };
                    let link = format!("{scheme}://{}", host.as_deref().unwrap_or_default());
                    found.push(
                        ask::in_module(
                            what,
                            module,
                            &format!("/module/abilities/{}/skills/uris", ability.name),
                        )
                        .string(link),
                    );
                }
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                r#","abilities":[{"name":"Main","exported":true,"skills":[{"uris":[{"scheme":"mybank","host":"pay"}]}]}]"#,
            )
        },
        evidence: &[
            "a scheme that other apps can answer too: mybank://pay in module.json (/module/abilities/Main/skills/uris)",
        ],
        good: || {
            ask::sample(
                r#","abilities":[{"name":"Main","exported":true,"skills":[{"domainVerify":true,"uris":[{"scheme":"https","host":"bank.example"}]}]}]"#,
            )
        },
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn web_links_need_their_host() {
        let text = r#","abilities":[{"name":"Main","exported":true,"skills":[{"uris":[{"scheme":"https","host":"bank.example"}]}]}]"#;
        assert_eq!(
            ask::sample(text).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
