//! Whether web links that the app answers are bound to its hosts.
//!
//! Clauses: JR-6.1.3.b.b.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::IntentFilter;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-app-links",
    title: words("Web links are not verified", "网页链接未验证归属"),
    purpose: words(
        "Without verification any app can offer itself for the bank's links, and gets what is in \
         them.",
        "未验证归属时，任何应用都可以自荐打开银行的链接并取得其中内容。",
    ),
    procedure: words(
        "Look at the intent filters for http and https that browsers reach, and at autoVerify.",
        "检查可由浏览器触达的 http/https intent-filter 及其 autoVerify。",
    ),
    criterion: words(
        "Each names its hosts and has autoVerify set.",
        "每个过滤器都写明主机并设置了 autoVerify。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[940],
    maswe: &["MASWE-0029"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || link("", "android:host=\"bank.example\""),
        evidence: &[
            "web links reach this component unverified: bank.example at com.bank.Link in \
             AndroidManifest.xml (/manifest/application/activity/intent-filter)",
        ],
        good: || {
            link(
                "android:autoVerify=\"true\"",
                "android:host=\"bank.example\"",
            )
        },
        broken: || link("", "android:host=\"bank.example\"").damaged("AndroidManifest.xml"),
    },
};

#[cfg(test)]
fn link(filter: &str, data: &str) -> Sample {
    Sample::apk(&format!(
        "<application><activity android:name=\".Link\" android:exported=\"true\"><intent-filter {filter}>\
         <action android:name=\"android.intent.action.VIEW\"/>\
         <category android:name=\"android.intent.category.BROWSABLE\"/>\
         <data android:scheme=\"https\" {data}/></intent-filter></activity></application>"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let mut findings = Findings::new();
    let mut any = false;
    for component in android.components().filter(|component| component.exported) {
        for filter in component
            .intent_filters
            .iter()
            .filter(|filter| is_for_web_links(filter))
        {
            any = true;
            let hosts = filter.hosts();
            let at = |what| {
                Evidence::in_xml(what, &component.file, &filter.xml_path)
                    .class(&component.name)
                    .string(hosts.join(", "))
            };
            if hosts.is_empty() || hosts.contains(&"*") {
                findings.doubtful.push(at(words(
                    "answers web links of every host",
                    "响应任意主机的网页链接",
                )));
            } else if filter.auto_verify {
                let kept = words("verified with its hosts", "与主机验证归属");
                findings.right.push(at(kept));
            } else {
                findings.wrong.push(at(words(
                    "web links reach this component unverified",
                    "网页链接未经验证即可触达此组件",
                )));
            }
        }
    }
    match any {
        true => findings.into(),
        false => Outcome::NotApplicable(words("it answers no web links", "不响应网页链接")),
    }
}

fn is_for_web_links(filter: &IntentFilter) -> bool {
    let schemes = filter.schemes();
    let is_browsable = filter
        .categories
        .iter()
        .any(|category| category == "android.intent.category.BROWSABLE");
    is_browsable
        && schemes
            .iter()
            .any(|scheme| matches!(*scheme, "http" | "https"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_host_is_needed_to_verify_with() {
        let every = link("android:autoVerify=\"true\"", "").judged_by(&CHECK);
        assert_eq!(every.verdict, Verdict::Partial);
        let none = Sample::apk("<application/>").judged_by(&CHECK);
        assert_eq!(none.verdict, Verdict::NotApplicable);
    }
}
