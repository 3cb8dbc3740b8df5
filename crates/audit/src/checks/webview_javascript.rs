//! Whether scripts run in pages that others can change.
//!
//! Clauses: JR-6.1.3.a.b.

use crate::ask::{flow, webview};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Words, words};
use crate::facts::code::Call;
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-javascript",
    title: words(
        "Scripts run in pages that others can change",
        "在可被篡改的页面中运行脚本",
    ),
    purpose: words(
        "A script in the view acts as the app: it reads what the page reads and calls what the app \
         offers.",
        "视图中的脚本以应用身份运行，可读取页面数据并调用应用接口。",
    ),
    procedure: words(
        "For each class that switches JavaScript on, follow what it and its inner classes load: \
         files on external storage, pages without TLS, addresses from other apps.",
        "对每个启用 JavaScript 的类，追踪该类及其内部类加载的内容：外部存储文件、未加密页面、来自其他应用的地址。",
    ),
    criterion: words(
        "Where scripts run, only pages of the package and pages over TLS are loaded.",
        "运行脚本的视图只加载安装包内页面与 TLS 页面。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[79, 749],
    maswe: &["MASWE-0035"],
    mastg: &["MASTG-TEST-0031"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if !webview::is_used(code) {
            return webview::absent(subject.facts);
        }
        let loads = webview::loads(code);
        let mut findings = Findings::new();
        for enabled in webview::switched_on(code, "setJavaScriptEnabled") {
            let site = enabled.site();
            let around = webview::outer_class(&site.class);
            let nearby = loads
                .iter()
                .filter(|load| webview::outer_class(&load.method().class().name()) == around);
            let untrusted: Vec<_> = nearby.filter_map(untrusted).collect();
            for (what, load) in &untrusted {
                findings.wrong.push(Evidence::at(*what, &load.site()));
            }
            let what = words("JavaScript is switched on", "启用 JavaScript");
            match untrusted.is_empty() {
                true => findings.right.push(Evidence::at(what, &site)),
                false => findings.wrong.push(Evidence::at(what, &site)),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&page("http://bank.example/")),
        evidence: &[
            "a page without TLS runs scripts at com.bank.Main.run()V @0x000a",
            "JavaScript is switched on at com.bank.Main.run()V @0x0005",
        ],
        good: || Sample::method(&page("https://bank.example/")),
        broken: || Sample::method(&page("http://bank.example/")).damaged("classes.dex"),
    },
};

/// What is wrong with what a call loads.
fn untrusted<'a>(load: &Call<'a>) -> Option<(Words, Call<'a>)> {
    let page = load.argument(0)?;
    let what = if flow::is_on_external_storage(&page) {
        words(
            "a file on external storage runs scripts",
            "外部存储文件可运行脚本",
        )
    } else if flow::from_outside(&page).is_some() {
        words(
            "another app chooses the page that runs scripts",
            "运行脚本的页面由其他应用指定",
        )
    } else if is_cleartext(&page) {
        words("a page without TLS runs scripts", "未加密页面可运行脚本")
    } else {
        return None;
    };
    Some((what, *load))
}

fn is_cleartext(page: &Origin<'_>) -> bool {
    flow::ingredients(page)
        .iter()
        .filter_map(Origin::text)
        .any(|text| text.starts_with("http://") && !text.starts_with("http://localhost"))
}

#[cfg(test)]
fn page(url: &str) -> String {
    format!(
        "const/4 v0, 0\nconst/4 v1, 1\n\
         invoke-virtual {{v0}}, Landroid/webkit/WebView;->getSettings()Landroid/webkit/WebSettings;\n\
         invoke-virtual {{v0, v1}}, Landroid/webkit/WebSettings;->setJavaScriptEnabled(Z)V\n\
         const-string v2, \"{url}\"\n\
         invoke-virtual {{v0, v2}}, Landroid/webkit/WebView;->loadUrl(Ljava/lang/String;)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn file(folder: &str) -> String {
        let load = format!(
            "invoke-static {{}}, Landroid/os/Environment;->{folder}()Ljava/io/File;\n\
             move-result-object v3\nnew-instance v2, Ljava/lang/StringBuilder;\n\
             invoke-direct {{v2}}, Ljava/lang/StringBuilder;-><init>()V\n\
             invoke-virtual {{v2, v3}}, Ljava/lang/StringBuilder;->append(Ljava/lang/Object;)Ljava/lang/StringBuilder;\n\
             invoke-virtual {{v2}}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;\n\
             move-result-object v2"
        );
        page("").replace("const-string v2, \"\"", &load)
    }

    #[test]
    fn files_that_others_write_count() {
        let outside = Sample::method(&file("getExternalStorageDirectory"));
        assert_eq!(outside.judged_by(&CHECK).verdict, Verdict::Fail);
        let inside = Sample::method(&file("getDataDirectory"));
        assert_eq!(inside.judged_by(&CHECK).verdict, Verdict::Pass);
    }

    #[test]
    fn pages_of_the_package_are_trusted() {
        for url in [
            "file:///android_asset/a.html",
            "about:blank",
            "http://localhost/",
        ] {
            let finding = Sample::method(&page(url)).judged_by(&CHECK);
            assert_eq!(finding.verdict, Verdict::Pass, "{url}");
        }
    }
}
