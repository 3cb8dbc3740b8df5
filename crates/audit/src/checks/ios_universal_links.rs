//! Whether web links that open the app belong to the app alone.
//!
//! The system asks a host whether the app is its own before it opens the app. In developer mode it
//! asks the host itself each time, and a wildcard trusts every host below.
//!
//! Clauses: JR-6.1.3.b.b, JR-6.1.3.a.b.

use crate::ask::ios as ask;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;
use crate::property_list::Value;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-universal-links",
    title: words("Universal links", "通用链接"),
    purpose: words(
        "Links that anybody can answer give away what stands in them.",
        "任何人都可响应的链接会泄露其内容。",
    ),
    procedure: words(
        "Read the associated domains in the entitlements of the app, and its custom \
         schemes.",
        "读取应用授权文件中的关联域名及自定义 Scheme。",
    ),
    criterion: words(
        "Associated domains name hosts, none in developer mode; an app with own \
         schemes has some.",
        "关联域名指明主机且非开发者模式；有自定义 Scheme 的应用具备关联域名。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[939],
    maswe: &["MASWE-0029"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        let Some((bundle, info)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let domains = bundle
            .entitlements()
            .and_then(|values| values.get(KEY))
            .map(Value::texts)
            .unwrap_or_default();
        let schemes = info.url_types();
        if domains.is_empty() && schemes.is_empty() {
            return Outcome::NotApplicable(words("no link opens the app", "没有链接可打开应用"));
        }
        let file = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
        let mut findings = Findings::new();
        for domain in &domains {
            let (what, found) = if domain.contains("mode=developer") {
                (
                    words(
                        "a host is trusted in developer mode",
                        "主机以开发者模式受信",
                    ),
                    &mut findings.wrong,
                )
            } else if domain.contains(":*.") {
                (
                    words("every host below is trusted", "信任其下所有主机"),
                    &mut findings.doubtful,
                )
            } else {
                (
                    words("an associated domain", "关联域名"),
                    &mut findings.right,
                )
            };
            found.push(Evidence::in_xml(what, file, KEY).string(*domain));
        }
        if domains.is_empty() {
            findings.doubtful.push(ask::in_info(
                words(
                    "links open the app by custom schemes only",
                    "仅通过自定义 Scheme 打开应用",
                ),
                info,
                "CFBundleURLTypes",
            ));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    entitlements: Some(
                        r#"<?xml version="1.0"?><plist><dict><key>com.apple.developer.associated-domains</key><array><string>applinks:bank.example?mode=developer</string></array></dict></plist>"#,
                    ),
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "a host is trusted in developer mode: applinks:bank.example?mode=developer in Payload/Bank.app/Bank (com.apple.developer.associated-domains)",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    entitlements: Some(
                        r#"<?xml version="1.0"?><plist><dict><key>com.apple.developer.associated-domains</key><array><string>applinks:bank.example</string></array></dict></plist>"#,
                    ),
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const KEY: &str = "com.apple.developer.associated-domains";
