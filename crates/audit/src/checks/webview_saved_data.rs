//! Whether web pages keep passwords and forms.
//!
//! Clauses: JR-6.1.7.1, JR-6.2.1.2.b, CJ-4.3.4.b.

use crate::ask::webview;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "webview-saved-data",
    title: words("Web pages keep passwords and forms", "网页保存口令与表单"),
    purpose: words(
        "The view keeps what is typed in a database of plain text in the app's folder.",
        "视图会将输入内容以明文保存在应用目录的数据库中。",
    ),
    procedure: words(
        "Look where setSavePassword and setSaveFormData of WebViews, also X5 and UC, get true.",
        "查找 WebView（含 X5 与 UC 内核）setSavePassword 与 setSaveFormData 设为 true 之处。",
    ),
    criterion: words("Neither is switched on.", "两者均未启用。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[522, 525],
    maswe: &["MASWE-0001"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if !webview::is_used(code) {
            return webview::absent(subject.facts);
        }
        let settings = [
            (
                "setSavePassword",
                words("pages keep passwords", "页面保存口令"),
            ),
            ("setSaveFormData", words("pages keep forms", "页面保存表单")),
        ];
        Findings::wrong(settings.into_iter().flat_map(|(name, what)| {
            let calls = webview::switched_on(code, name).into_iter();
            calls.map(move |call| Evidence::at(what, &call.site()))
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&saved(1)),
        evidence: &["pages keep forms at com.bank.Main.run()V @0x0005"],
        good: || Sample::method(&saved(0)),
        broken: || Sample::method(&saved(1)).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn saved(on: u8) -> String {
    format!(
        "const/4 v0, 0\nconst/4 v1, {on}\n\
         invoke-virtual {{v0}}, Landroid/webkit/WebView;->getSettings()Landroid/webkit/WebSettings;\n\
         invoke-virtual {{v0, v1}}, Landroid/webkit/WebSettings;->setSaveFormData(Z)V\n"
    )
}
