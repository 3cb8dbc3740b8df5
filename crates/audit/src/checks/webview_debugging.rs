//! Whether web pages in the app can be debugged.
//!
//! Clauses: JR-6.1.2.d, AP-3.2.1, CJ-4.2.3.a.

use crate::ask::webview;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::Method;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-debugging",
    title: words("Web pages in the app can be debugged", "应用内网页可被调试"),
    purpose: words(
        "A browser on a cable then reads and changes every page, its storage and its traffic.",
        "连接数据线的浏览器即可读取和修改页面、存储与流量。",
    ),
    procedure: words(
        "Look where setWebContentsDebuggingEnabled gets true, and whether the method asks first \
         whether this is a debug build.",
        "查找 setWebContentsDebuggingEnabled 设为 true 之处，以及该方法是否先判断调试构建。",
    ),
    criterion: words(
        "Debugging of pages is never switched on in a release.",
        "发布版不启用网页调试。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &["MASWE-0063"],
    mastg: &["MASTG-TEST-0227"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if !webview::is_used(code) {
            return webview::absent(subject.facts);
        }
        let mut findings = Findings::new();
        for call in webview::view_calls(code, "setWebContentsDebuggingEnabled") {
            let on = call.ints(0).contains(&1);
            if on && !asks_for_debug_build(call.method()) {
                let what = words("debugging of web pages is on", "启用网页调试");
                findings.wrong.push(Evidence::at(what, &call.site()));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&debugging(1)),
        evidence: &["debugging of web pages is on at com.bank.Main.run()V @0x0005"],
        good: || Sample::method(&debugging(0)),
        broken: || Sample::method(&debugging(1)).damaged("classes.dex"),
    },
};

/// Whether a method reads what tells debug builds from releases.
fn asks_for_debug_build(method: Method<'_>) -> bool {
    method.branches()
        && method.field_accesses().any(|access| {
            let field = access.field();
            field.name() == "DEBUG"
                || (field.name() == "flags"
                    && field.class_name() == "android.content.pm.ApplicationInfo")
        })
}

#[cfg(test)]
fn debugging(on: u8) -> String {
    format!(
        "const/4 v0, 0\nconst/4 v1, {on}\n\
         invoke-virtual {{v0}}, Landroid/webkit/WebView;->getSettings()Landroid/webkit/WebSettings;\n\
         invoke-static {{v1}}, Landroid/webkit/WebView;->setWebContentsDebuggingEnabled(Z)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn debug_builds_may() {
        let body = format!(
            "sget-boolean v3, Lcom/bank/BuildConfig;->DEBUG:Z\nif-eqz v3, :end\n{}:end\nnop\n",
            debugging(1)
        );
        assert_eq!(
            Sample::method(&body).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
