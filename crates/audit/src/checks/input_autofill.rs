//! Whether password managers and the system may keep what is typed into password fields.
//!
//! Clauses: JR-6.2.1.2.b.

use super::input_password_type::takes_password;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::android::View;
use crate::facts::{Android, Area, Facts};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "input-autofill",
    title: words(
        "Passwords may be kept by autofill services",
        "口令可被自动填充服务保存",
    ),
    purpose: words(
        "From Android 8 on a service of the user's choice may read and keep what is typed; for \
         transaction passwords nobody but the user should.",
        "自 Android 8 起，用户选择的服务可读取并保存输入内容；交易口令不应由任何服务保存。",
    ),
    procedure: words(
        "Read android:importantForAutofill of password fields and of the views around them, and \
         look for setImportantForAutofill in code.",
        "读取密码框及其外层控件的 android:importantForAutofill，并查找代码中的 setImportantForAutofill。",
    ),
    criterion: words(
        "Password fields are left out of autofill.",
        "密码框不参与自动填充。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[522],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Xml, Area::Resources, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        let views = facts.android.iter().flat_map(Android::views);
        let fields: Vec<View<'_>> = views.filter(takes_password).collect();
        if fields.is_empty() {
            return Outcome::NotApplicable(words(
                "no layout has a password field",
                "布局中没有密码输入框",
            ));
        }
        let mut findings = Findings::new();
        if switched_off_in_code(facts) {
            return findings.into();
        }
        let open = fields.iter().filter(|view| !is_left_out(view));
        findings.doubtful.extend(open.map(|view| {
            let what = words("autofill may keep the password", "自动填充可保存该口令");
            Evidence::in_xml(what, view.file(), view.xml_path())
                .string(view.id().unwrap_or_default())
        }));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || layout(""),
        evidence: &[
            "autofill may keep the password: pwd in res/layout/login.xml (/LinearLayout/EditText)",
        ],
        good: || layout("android:importantForAutofill=\"0x2\""),
        broken: || layout("").damaged("res/layout/login.xml"),
    },
};

/// `no` and `noExcludeDescendants` of `android:importantForAutofill`.
const LEFT_OUT: [i32; 2] = [2, 8];

fn is_left_out(view: &View<'_>) -> bool {
    let value = view.node().any("importantForAutofill");
    value.is_some_and(|value| {
        value.int().is_some_and(|flag| LEFT_OUT.contains(&flag))
            || value.text().is_some_and(|text| text.starts_with("no"))
    })
}

fn switched_off_in_code(facts: &Facts) -> bool {
    let calls = facts.code.calls_named("setImportantForAutofill");
    let mut modes = calls.flat_map(|call| call.ints(0));
    modes.any(|mode| LEFT_OUT.iter().any(|left_out| i64::from(*left_out) == mode))
}

#[cfg(test)]
fn layout(attribute: &str) -> Sample {
    let namespace = crate::xml::ANDROID_NAMESPACE;
    Sample::apk("<application/>").xml(
        "res/layout/login.xml",
        &format!(
            "<LinearLayout xmlns:android=\"{namespace}\">\
             <EditText android:id=\"@+id/pwd\" android:inputType=\"0x81\" {attribute}/>\
             </LinearLayout>"
        ),
    )
}
