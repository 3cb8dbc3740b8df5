//! Whether keyboards may learn what is typed into sensitive fields.
//!
//! Clauses: CJ-4.3.4.b, JR-6.1.7.1.

use crate::ask::sensitive;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::android::View;
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "input-keyboard-cache",
    title: words(
        "Keyboards may learn sensitive input",
        "输入法可学习敏感输入",
    ),
    purpose: words(
        "Keyboards keep what they learn, suggest it elsewhere and synchronise it to servers.",
        "输入法会保存所学内容，在别处联想，并同步到服务器。",
    ),
    procedure: words(
        "Look at input fields in layouts whose id or hint is about numbers of cards, identities or \
         accounts or codes, and read whether their inputType forbids suggestions.",
        "查找布局中与卡号、证件号、账号或验证码有关的输入框，读取 inputType 是否禁止联想。",
    ),
    criterion: words(
        "Such fields take numbers, hide their content or have textNoSuggestions.",
        "此类输入框仅接受数字、隐藏内容或设置 textNoSuggestions。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[524],
    maswe: &["MASWE-0036"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Xml, Area::Resources],
    judge: |subject| {
        let views = subject.facts.android.iter().flat_map(Android::views);
        let fields: Vec<View<'_>> = views.filter(takes_sensitive).collect();
        if fields.is_empty() {
            return Outcome::NotApplicable(words(
                "no layout has a sensitive input field",
                "布局中没有敏感输入框",
            ));
        }
        let learned = fields.iter().filter(|view| is_learned(view));
        Findings::wrong(learned.map(|view| {
            let what = words("a keyboard may learn the input", "输入法可学习该输入");
            Evidence::in_xml(what, view.file(), view.xml_path())
                .string(view.id().or_else(|| view.hint()).unwrap_or_default())
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || layout("0x1"),
        evidence: &[
            "a keyboard may learn the input: card_number in res/layout/pay.xml (/LinearLayout/EditText)",
        ],
        good: || layout("0x80001"),
        broken: || layout("0x1").damaged("res/layout/pay.xml"),
    },
};

fn takes_sensitive(view: &View<'_>) -> bool {
    let about = |text: Option<String>| {
        text.is_some_and(|text| {
            matches!(
                sensitive::kind_of_label(&text),
                Some(sensitive::Kind::Credential | sensitive::Kind::Personal)
            )
        })
    };
    view.is_input() && (about(view.id()) || about(view.hint()))
}

/// Whether a keyboard learns from the field. It learns no numbers.
fn is_learned(view: &View<'_>) -> bool {
    const CLASS: u32 = 0xf;
    const TEXT: u32 = 1;
    let is_text = view.input_type().is_none_or(|flags| flags & CLASS <= TEXT);
    is_text && !view.is_visible_password() && view.permits_suggestions()
}

#[cfg(test)]
fn layout(input_type: &str) -> Sample {
    let namespace = crate::xml::ANDROID_NAMESPACE;
    Sample::apk("<application/>").xml(
        "res/layout/pay.xml",
        &format!(
            "<LinearLayout xmlns:android=\"{namespace}\">\
             <EditText android:id=\"@+id/card_number\" android:inputType=\"{input_type}\"/>\
             </LinearLayout>"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn numbers_are_not_learned() {
        assert_eq!(layout("0x2").judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
