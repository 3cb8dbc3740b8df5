//! Whether the app answers URL schemes of its own, which any other app can claim as well.
//!
//! Clauses: JR-6.1.3.b.b, JR-6.1.3.a.a.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-url-scheme",
    title: words("Custom URL schemes", "自定义 URL 方案"),
    purpose: words(
        "Nobody owns a custom scheme: another app that declares it gets the links, with the tokens \
         and orders in them; and any web page can call the app.",
        "自定义方案不属于任何人：声明同一方案的应用可截获链接及其中的令牌和订单，任何网页也能唤起应用。",
    ),
    procedure: words(
        "List the schemes of intent filters that browsers reach, other than http and https.",
        "列出可由浏览器触达的 intent-filter 中除 http、https 之外的方案。",
    ),
    criterion: words(
        "There is none that the owners have not declared to be needed.",
        "不存在未声明为业务需要的自定义方案。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[939],
    maswe: &["MASWE-0029"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || link("bank"),
        evidence: &[
            "links with a custom scheme reach this component: bank at com.bank.Link in \
             AndroidManifest.xml (/manifest/application/activity/intent-filter)",
        ],
        good: || link("bank").declared("[declared]\nurl_schemes = [\"bank\"]"),
        broken: || link("bank").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn link(scheme: &str) -> Sample {
    Sample::apk(&format!(
        "<application><activity android:name=\".Link\" android:exported=\"true\"><intent-filter>\
         <action android:name=\"android.intent.action.VIEW\"/>\
         <category android:name=\"android.intent.category.DEFAULT\"/>\
         <category android:name=\"android.intent.category.BROWSABLE\"/>\
         <data android:scheme=\"{scheme}\" android:host=\"pay\"/></intent-filter></activity></application>"
    ))
}

/// Schemes that mean something to the platform.
const PLATFORM: [&str; 9] = [
    "http", "https", "content", "file", "mailto", "tel", "sms", "smsto", "geo",
];

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let mut findings = Findings::new();
    for component in android.components().filter(|component| component.exported) {
        let browsable = component.intent_filters.iter().filter(|filter| {
            filter
                .categories
                .iter()
                .any(|category| category == "android.intent.category.BROWSABLE")
        });
        for filter in browsable {
            for scheme in filter.schemes() {
                if PLATFORM.contains(&scheme) {
                    continue;
                }
                let at = |what| {
                    Evidence::in_xml(what, &component.file, &filter.xml_path)
                        .class(&component.name)
                        .string(scheme)
                };
                let declared = &subject.configuration.declared.url_schemes;
                match declared.iter().any(|known| known == scheme) {
                    true => findings
                        .right
                        .push(at(words("a declared scheme", "已声明的方案"))),
                    false => findings.doubtful.push(at(words(
                        "links with a custom scheme reach this component",
                        "自定义方案的链接可触达此组件",
                    ))),
                }
            }
        }
    }
    findings.into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn web_links_are_another_matter() {
        assert_eq!(link("https").judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
