//! Whether sensitive data gets into the clipboard.
//!
//! Clauses: CJ-4.3.4.b, JR-6.1.7.1.

use crate::ask::{flow, own::Own, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-clipboard",
    title: words("Sensitive data in the clipboard", "敏感数据写入剪贴板"),
    purpose: words(
        "The clipboard is shared by all apps, synchronised between devices and shown by keyboards.",
        "剪贴板由所有应用共享，会跨设备同步并被输入法显示。",
    ),
    procedure: words(
        "Follow what ClipData.newPlainText and setText are given to sensitive fields, views and \
         keys, and look whether what the app copies is ever cleared or marked as sensitive.",
        "追踪 ClipData.newPlainText 与 setText 的内容是否来自敏感字段、控件或键，并检查应用复制的内容是否会清除或标记为敏感。",
    ),
    criterion: words(
        "Nothing sensitive is copied; what is copied is cleared again.",
        "不复制敏感数据；复制的内容会被清除。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &["MASWE-0030"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let clears = clears(&facts.code);
        let mut findings = Findings::new();
        for (calls, argument) in copies(&facts.code) {
            for sink in flow::sinks(calls, &[argument]) {
                let site = sink.call.site();
                let mut values = sink.given();
                if let Some(named) = values.find_map(|value| flow::named(facts, value)) {
                    let what = words("sensitive data is copied", "复制敏感数据");
                    findings
                        .wrong
                        .push(Evidence::at(what, &site).string(named.name));
                } else if !clears
                    && own.wrote(&site.class)
                    && is_copied(&sink.call)
                    && !sink.given().all(Origin::is_constant)
                {
                    let what = words("data is copied and never cleared", "复制的数据从不清除");
                    findings.doubtful.push(Evidence::at(what, &site));
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&copy("password")),
        evidence: &[
            "sensitive data is copied: com.bank.Main.password at com.bank.Main.run()V @0x0004",
        ],
        good: || {
            Sample::method(&copy("greeting").replace(
                "sget-object v1, Lcom/bank/Main;->greeting:Ljava/lang/String;",
                "const-string v1, \"hello\"",
            ))
        },
        broken: || Sample::method(&copy("password")).damaged("classes.dex"),
    },
};

/// Calls that copy a text, by the argument that it is.
fn copies(code: &Code) -> [(Vec<Call<'_>>, usize); 2] {
    let mut texts = code.calls_to("android.content.ClipboardManager", "setText");
    texts.extend(code.calls_to("android.text.ClipboardManager", "setText"));
    let mut clips = code.calls_to("android.content.ClipData", "newPlainText");
    clips.extend(code.calls_to("android.content.ClipData", "newHtmlText"));
    [(clips, 1), (texts, 0)]
}

/// Whether a clip goes to the clipboard and not, say, along with a finger.
fn is_copied(call: &Call<'_>) -> bool {
    let mut calls = call.method().calls();
    calls.any(|other| matches!(other.target().name().as_ref(), "setPrimaryClip" | "setText"))
}

/// Whether the package ever clears the clipboard or marks what is in it.
fn clears(code: &Code) -> bool {
    let cleared = !code
        .calls_to("android.content.ClipboardManager", "clearPrimaryClip")
        .is_empty();
    let emptied = code.calls_to("android.content.ClipData", "newPlainText");
    let emptied = emptied
        .iter()
        .any(|call| call.texts(1).iter().any(|text| text.is_empty()));
    let marked = !code
        .uses_of_text("android.content.extra.IS_SENSITIVE")
        .is_empty();
    cleared || emptied || marked
}

#[cfg(test)]
fn copy(field: &str) -> String {
    format!(
        "const-string v0, \"label\"\nsget-object v1, Lcom/bank/Main;->{field}:Ljava/lang/String;\n\
         invoke-static {{v0, v1}}, Landroid/content/ClipData;->newPlainText(Ljava/lang/CharSequence;Ljava/lang/CharSequence;)Landroid/content/ClipData;\n"
    )
}
