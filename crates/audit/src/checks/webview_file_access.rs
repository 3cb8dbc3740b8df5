//! Whether web pages can read the app's files.
//!
//! Clauses: CJ-4.2.4.a, JR-6.1.3.a.b.

use crate::ask::webview;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-file-access",
    title: words("Web pages can read files", "网页可读取文件"),
    purpose: words(
        "A page that may open file: addresses reads the app's private files and sends them out.",
        "允许打开 file: 地址的页面可读取应用私有文件并外传。",
    ),
    procedure: words(
        "Look where setAllowFileAccessFromFileURLs, setAllowUniversalAccessFromFileURLs and \
         setAllowFileAccess get true, and, for targets below 30 with scripts on, whether \
         setAllowFileAccess ever gets false.",
        "查找 setAllowFileAccessFromFileURLs、setAllowUniversalAccessFromFileURLs、setAllowFileAccess 设为 true 之处；目标版本低于 30 且启用脚本时，检查是否曾设为 false。",
    ),
    criterion: words("No page gets at files.", "页面不能访问文件。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[200, 552],
    maswe: &["MASWE-0034"],
    mastg: &["MASTG-TEST-0032"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        let code = &facts.code;
        if !webview::is_used(code) {
            return webview::absent(subject.facts);
        }
        let mut findings = Findings::new();
        for name in [
            "setAllowFileAccessFromFileURLs",
            "setAllowUniversalAccessFromFileURLs",
        ] {
            let calls = webview::switched_on(code, name).into_iter();
            findings.wrong.extend(calls.map(|call| {
                let what = words("files may read other files", "允许文件页面读取其他文件");
                Evidence::at(what, &call.site()).string(name)
            }));
        }
        let files = webview::setting_calls(code, "setAllowFileAccess");
        let (on, off): (Vec<_>, Vec<_>) = files
            .into_iter()
            .partition(|call| call.ints(0).contains(&1));
        findings.doubtful.extend(on.iter().map(|call| {
            let what = words("pages may open files", "允许页面打开文件");
            Evidence::at(what, &call.site())
        }));
        let manifest = facts.android.as_ref().and_then(Android::manifest);
        let on_by_default = manifest.is_none_or(|manifest| manifest.target_sdk.api < 30);
        if on_by_default && off.is_empty() {
            let scripts = webview::switched_on(code, "setJavaScriptEnabled").into_iter();
            findings.doubtful.extend(scripts.map(|call| {
                let what = words(
                    "pages with scripts may open files, by default for targets below 30",
                    "目标版本低于 30 时，带脚本的页面默认可打开文件",
                );
                Evidence::at(what, &call.site())
            }));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&access(1)),
        evidence: &[
            "files may read other files: setAllowUniversalAccessFromFileURLs at com.bank.Main.run()V @0x0006",
        ],
        good: || Sample::method(&access(0)),
        broken: || Sample::method(&access(1)).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn access(on: u8) -> String {
    format!(
        "const/4 v0, 0\nconst/4 v1, {on}\nconst/4 v2, 0\n\
         invoke-virtual {{v0}}, Landroid/webkit/WebView;->getSettings()Landroid/webkit/WebSettings;\n\
         invoke-virtual {{v0, v1}}, Landroid/webkit/WebSettings;->setAllowUniversalAccessFromFileURLs(Z)V\n"
    )
}
