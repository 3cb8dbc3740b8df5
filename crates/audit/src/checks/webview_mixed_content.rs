//! Whether pages over TLS may load parts without it.
//!
//! Clauses: CJ-4.2.4.a, CJ-4.2.4.c.

use crate::ask::webview;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-mixed-content",
    title: words("Mixed content in web pages", "网页混合内容"),
    purpose: words(
        "One script without TLS gives a page over TLS to whoever is on the network.",
        "一个未加密脚本即可让网络上的攻击者控制整个 TLS 页面。",
    ),
    procedure: words(
        "Read the argument of setMixedContentMode, and the target SDK where it is not called.",
        "读取 setMixedContentMode 的参数；未调用时查看目标 SDK 版本。",
    ),
    criterion: words("Mixed content is never allowed.", "不允许混合内容。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[319],
    maswe: &["MASWE-0026"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        const ALWAYS_ALLOW: i64 = 0;
        const COMPATIBILITY: i64 = 2;
        let facts = subject.facts;
        if !webview::is_used(&facts.code) {
            return webview::absent(subject.facts);
        }
        let mut findings = Findings::new();
        let calls = webview::setting_calls(&facts.code, "setMixedContentMode");
        for call in &calls {
            let modes = call.ints(0);
            let site = call.site();
            if modes.contains(&ALWAYS_ALLOW) {
                let what = words("mixed content is always allowed", "始终允许混合内容");
                findings.wrong.push(Evidence::at(what, &site));
            } else if modes.contains(&COMPATIBILITY) {
                let what = words("mixed content is allowed in part", "部分允许混合内容");
                findings.doubtful.push(Evidence::at(what, &site));
            }
        }
        let manifest = facts.android.as_ref().and_then(Android::manifest);
        if let Some(manifest) = manifest
            && calls.is_empty()
            && manifest.target_sdk.api < 21
        {
            let what = words(
                "mixed content is allowed by default for targets below 21",
                "目标版本低于 21 时默认允许混合内容",
            );
            findings
                .wrong
                .push(Evidence::in_xml(what, &manifest.file, "/manifest/uses-sdk"));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || mixed(0),
        evidence: &["mixed content is always allowed at com.bank.Main.run()V @0x0005"],
        good: || mixed(1),
        broken: || mixed(0).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn mixed(mode: u8) -> Sample {
    Sample::apk("<uses-sdk android:targetSdkVersion=\"34\"/><application/>").smali(&format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static run()V\n.registers 2\nconst/4 v0, 0\nconst/4 v1, {mode}\n\
         invoke-virtual {{v0}}, Landroid/webkit/WebView;->getSettings()Landroid/webkit/WebSettings;\n\
         invoke-virtual {{v0, v1}}, Landroid/webkit/WebSettings;->setMixedContentMode(I)V\n\
         return-void\n.end method\n"
    ))
}
