//! Whether others choose which pages the app shows.
//!
//! Clauses: JR-6.1.3.a.b, AP-2.1.

use crate::ask::{flow, own::Own, webview};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::Method;
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-untrusted-load",
    title: words("Others choose which pages the app shows", "页面由外部决定"),
    purpose: words(
        "A page of an attacker's inside of a bank's app looks like the bank.",
        "攻击者的页面显示在银行应用内，看起来就是银行。",
    ),
    procedure: words(
        "Follow what WebViews load to extras and data of intents, and look whether \
         shouldOverrideUrlLoading opens links without looking at them.",
        "追踪 WebView 加载的地址是否来自 Intent，并检查 shouldOverrideUrlLoading 是否不加检查即打开链接。",
    ),
    criterion: words(
        "Addresses from outside and links are compared with a list of allowed hosts.",
        "外部地址与链接须与允许的主机列表比对。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[601, 939],
    maswe: &["MASWE-0035"],
    mastg: &["MASTG-TEST-0031"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        let code = &facts.code;
        if !webview::is_used(code) {
            return webview::absent(subject.facts);
        }
        let mut findings = Findings::new();
        for sink in flow::sinks(webview::loads(code), &[0]) {
            let mut values = sink.given();
            if let Some(extra) = values.find_map(flow::from_outside)
                && !compares(sink.call.method())
            {
                let what = words("another app chooses the page", "页面由其他应用指定");
                findings
                    .wrong
                    .push(Evidence::at(what, &sink.call.site()).string(extra));
            }
        }
        let own = Own::of(facts);
        let clients = webview::CLIENTS.iter();
        let overrides =
            clients.flat_map(|class| code.overrides_of(class, "shouldOverrideUrlLoading"));
        for method in overrides.filter(|method| own.may_have_written(&method.class().name())) {
            let load = method.calls().find(|call| {
                call.target().name() == "loadUrl"
                    && call.argument(0).is_some_and(|url| is_of_caller(&url))
            });
            if let Some(load) = load
                && !compares(method)
            {
                let what = words("every link is opened in the app", "任意链接均在应用内打开");
                findings.wrong.push(Evidence::at(what, &load.site()));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(&client("")),
        evidence: &[
            "every link is opened in the app at com.bank.Client.shouldOverrideUrlLoading(Landroid/webkit/WebView;Ljava/lang/String;)Z @0x0000",
        ],
        good: || {
            Sample::code(&client(
                "const-string v0, \"https://bank.example/\"\n\
                 invoke-virtual {p2, v0}, Ljava/lang/String;->startsWith(Ljava/lang/String;)Z\n",
            ))
        },
        broken: || Sample::code(&client("")).damaged("classes.dex"),
    },
};

/// Whether a method looks at an address before it uses it.
fn compares(method: Method<'_>) -> bool {
    method.calls().any(|call| {
        let target = call.target();
        matches!(
            target.name().as_ref(),
            "startsWith"
                | "endsWith"
                | "equals"
                | "equalsIgnoreCase"
                | "contains"
                | "matches"
                | "getHost"
                | "getScheme"
                | "getAuthority"
                | "indexOf"
        )
    })
}

/// Whether a value is a parameter of its method or taken from one.
fn is_of_caller(value: &Origin<'_>) -> bool {
    flow::ingredients(value)
        .iter()
        .any(|ingredient| match ingredient {
            Origin::Parameter(parameter) => !parameter.is_this(),
            Origin::Result(call) => match call.receiver() {
                Some(Origin::Parameter(parameter)) => {
                    !parameter.is_this() && call.target().name() == "getUrl"
                }
                Some(Origin::Result(inner)) => inner.target().name() == "getUrl",
                _ => false,
            },
            _ => false,
        })
}

#[cfg(test)]
fn client(check: &str) -> String {
    format!(
        ".class public Lcom/bank/Client;\n.super Landroid/webkit/WebViewClient;\n\
         .method public shouldOverrideUrlLoading(Landroid/webkit/WebView;Ljava/lang/String;)Z\n\
         .registers 4\n{check}\
         invoke-virtual {{p1, p2}}, Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V\n\
         const/4 v0, 1\nreturn v0\n.end method\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pages_from_intents_are_found() {
        let body = "const/4 v0, 0\nconst-string v1, \"url\"\n\
             invoke-virtual {v0, v1}, Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;\n\
             move-result-object v1\n\
             invoke-virtual {v0, v1}, Lcom/tencent/smtt/sdk/WebView;->loadUrl(Ljava/lang/String;)V\n";
        let finding = Sample::method(body).judged_by(&CHECK);
        assert!(
            finding.evidence[0]
                .to_string()
                .contains("another app chooses the page: url")
        );
    }
}
