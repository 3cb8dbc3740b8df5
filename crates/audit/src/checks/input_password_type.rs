//! Whether password fields hide what is typed.
//!
//! Clauses: JR-6.2.1.2.a.

use crate::ask::sensitive::{self, Kind};
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::android::View;
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "input-password-type",
    title: words("Password fields show what is typed", "密码框明文显示"),
    purpose: words(
        "A password that is shown is read over the shoulder, on recordings and by keyboards that \
         learn it.",
        "明文显示的口令会被旁窥、录屏以及有学习功能的输入法获取。",
    ),
    procedure: words(
        "Look at input fields in layouts whose id, hint or tag is about a password or PIN, and \
         read their inputType.",
        "查找布局中 id、提示等与口令或 PIN 有关的输入框，读取其 inputType。",
    ),
    criterion: words(
        "Every such field has a hidden password type.",
        "此类输入框均使用隐藏口令的输入类型。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[549],
    maswe: &["MASWE-0036"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Xml, Area::Resources],
    judge: |subject| {
        let views = subject.facts.android.iter().flat_map(Android::views);
        let fields: Vec<View<'_>> = views.filter(takes_password).collect();
        if fields.is_empty() {
            return Outcome::NotApplicable(words(
                "no layout has a password field",
                "布局中没有密码输入框",
            ));
        }
        let mut findings = Findings::new();
        for view in fields {
            let evidence = |what| {
                Evidence::in_xml(what, view.file(), view.xml_path())
                    .string(view.id().or_else(|| view.hint()).unwrap_or_default())
            };
            match view.is_hidden_password() {
                true => findings.right.push(evidence(words("hidden", "隐藏输入"))),
                false => findings
                    .wrong
                    .push(evidence(words("a password is shown", "口令明文显示"))),
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || layout("0x1"),
        evidence: &[
            "a password is shown: login_password in res/layout/login.xml (/LinearLayout/EditText)",
        ],
        good: || layout("0x81"),
        broken: || layout("0x1").damaged("res/layout/login.xml"),
    },
};

/// Whether a field is for passwords, to go by its id or hint.
pub(crate) fn takes_password(view: &View<'_>) -> bool {
    let about = |text: Option<String>| text.is_some_and(|text| is_password_name(&text));
    view.is_input()
        && (view.is_hidden_password()
            || view.is_visible_password()
            || about(view.id())
            || about(view.hint()))
}

/// Passwords and PINs: what has to be hidden. Codes sent by SMS are shown on purpose.
fn is_password_name(name: &str) -> bool {
    const SHOWN: [&str; 5] = ["otp", "code", "sms", "验证码", "captcha"];
    let lower = name.to_lowercase();
    sensitive::kind_of_label(name) == Some(Kind::Credential)
        && !lower.contains("token")
        && !SHOWN.iter().any(|word| lower.contains(word))
}

#[cfg(test)]
fn layout(input_type: &str) -> Sample {
    let namespace = crate::xml::ANDROID_NAMESPACE;
    Sample::apk("<application/>").xml(
        "res/layout/login.xml",
        &format!(
            "<LinearLayout xmlns:android=\"{namespace}\">\
             <EditText android:id=\"@+id/login_password\" android:inputType=\"{input_type}\"/>\
             </LinearLayout>"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn visible_passwords_are_shown() {
        assert_eq!(layout("0x91").judged_by(&CHECK).verdict, Verdict::Fail);
        assert_eq!(layout("0x12").judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
