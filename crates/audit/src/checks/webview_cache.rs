//! Whether pages stay in the cache.
//!
//! Clauses: JR-6.1.7.1, CJ-4.3.4.b.

use crate::ask::{own::Own, webview};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::Call;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-cache",
    title: words("Web pages stay in the cache", "网页缓存未清理"),
    purpose: words(
        "Pages with account data stay on the device after the user has left.",
        "用户退出后，含账户数据的页面仍留存于设备。",
    ),
    procedure: words(
        "If web pages are shown, look for clearCache, LOAD_NO_CACHE, deletion of web storage or \
         removal of cookies.",
        "若显示网页，查找 clearCache、LOAD_NO_CACHE、清除网页存储或 Cookie 的调用。",
    ),
    criterion: words(
        "The app clears or avoids the cache.",
        "应用清除或不使用缓存。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[524],
    maswe: &["MASWE-0001"],
    mastg: &["MASTG-TEST-0037"],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        const LOAD_NO_CACHE: i64 = 2;
        let code = &subject.facts.code;
        // Advertisements and payment kits load and clear pages of their own.
        let own = Own::of(subject.facts);
        let is_own = |call: &Call<'_>| own.may_have_written(&call.method().class().name());
        let mut loads = webview::loads(code).into_iter();
        let Some(first) = loads.find(is_own) else {
            return webview::absent(subject.facts);
        };
        let none = webview::setting_calls(code, "setCacheMode");
        let none = none
            .into_iter()
            .filter(|call| call.ints(0) == [LOAD_NO_CACHE]);
        let others = [
            ("android.webkit.WebStorage", "deleteAllData"),
            ("android.webkit.CookieManager", "removeAllCookies"),
            ("android.webkit.CookieManager", "removeAllCookie"),
            ("android.webkit.CookieManager", "removeSessionCookies"),
        ];
        let others = others
            .iter()
            .flat_map(|(class, name)| code.calls_to(class, name));
        let cleared = webview::view_calls(code, "clearCache").into_iter();
        let clearing: Vec<Call<'_>> = cleared.chain(none).chain(others).filter(is_own).collect();
        let mut findings = Findings::new();
        findings.right.extend(clearing.iter().map(|call| {
            Evidence::at(
                words("the cache is cleared or avoided", "清除或不使用缓存"),
                &call.site(),
            )
        }));
        if clearing.is_empty() {
            let what = words(
                "pages are loaded and their cache is never cleared",
                "加载网页但从不清除缓存",
            );
            findings.doubtful.push(Evidence::at(what, &first.site()));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(PAGE),
        evidence: &["their cache is never cleared at com.bank.Main.run()V @0x0004"],
        good: || {
            Sample::method(&format!(
                "{PAGE}invoke-virtual {{v0, v2}}, Landroid/webkit/WebView;->clearCache(Z)V\n"
            ))
        },
        broken: || Sample::method(PAGE).damaged("classes.dex"),
    },
};

#[cfg(test)]
const PAGE: &str = "const/4 v0, 0\nconst/4 v2, 1\nconst-string v1, \"https://bank.example/\"\n\
    invoke-virtual {v0, v1}, Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V\n";
