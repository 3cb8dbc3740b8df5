//! Whether web pages can call into the app.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.3.

use crate::ask::webview;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-javascript-interface",
    title: words("Web pages can call into the app", "网页可调用应用接口"),
    purpose: words(
        "Every page in the view, also one that an attacker got in there, can call what the app \
         registers; before Android 4.2 that is any code at all.",
        "视图中的任何页面（包括攻击者植入的）均可调用所注册的接口；Android 4.2 之前等同任意代码执行。",
    ),
    procedure: words(
        "List the calls of addJavascriptInterface of WebViews, also X5 and UC, and compare minSdk \
         with 17.",
        "列出 WebView（含 X5 与 UC 内核）的 addJavascriptInterface 调用，并比较 minSdk 与 17。",
    ),
    criterion: words(
        "No object is registered; if one is, minSdk is 17 or more and somebody has reviewed which \
         pages get at it.",
        "不注册对象；如需注册，minSdk 不低于 17，且可访问的页面经过评审。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[749],
    maswe: &["MASWE-0033"],
    mastg: &["MASTG-TEST-0033"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        let calls = webview::view_calls(&facts.code, "addJavascriptInterface");
        if calls.is_empty() && !webview::is_used(&facts.code) {
            return webview::absent(subject.facts);
        }
        let manifest = facts.android.as_ref().and_then(Android::manifest);
        let reflects = manifest.is_none_or(|manifest| manifest.min_sdk.api < 17);
        let mut findings = Findings::new();
        for call in calls {
            let evidence = |what| {
                let name = call.texts(1).into_iter().next();
                Evidence::at(what, &call.site()).string(name.unwrap_or_default())
            };
            match reflects {
                true => findings.wrong.push(evidence(words(
                    "pages get a whole object, on platforms below 17 with any code behind it",
                    "向页面暴露对象，且在 17 以下平台可执行任意代码",
                ))),
                false => findings
                    .doubtful
                    .push(evidence(words("pages get an object", "向页面暴露对象"))),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&interface()),
        evidence: &["with any code behind it: bank at com.bank.Main.run()V @0x0003"],
        good: || Sample::method(&interface().replace("addJavascriptInterface", "setTag")),
        broken: || Sample::method(&interface()).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn interface() -> String {
    "const/4 v0, 0\nconst-string v1, \"bank\"\n\
     invoke-virtual {v0, v0, v1}, Landroid/webkit/WebView;->addJavascriptInterface(Ljava/lang/Object;Ljava/lang/String;)V\n\
     invoke-virtual {v0, v1}, Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V\n"
        .to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn newer_platforms_and_other_kernels_are_doubtful() {
        let sample = Sample::apk("<uses-sdk android:minSdkVersion=\"24\"/>");
        let code = format!(
            ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
             .method public static run()V\n.registers 2\n{}return-void\n.end method\n",
            interface().replace("android/webkit", "com/tencent/smtt/sdk")
        );
        let finding = sample.smali(&code).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }
}
