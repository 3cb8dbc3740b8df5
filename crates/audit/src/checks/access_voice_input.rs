//! Whether users can speak into input fields.
//!
//! The keyboard of the system offers voice input unless a field tells it not to, or code keeps the
//! keyboard away. Password fields have reason to do either.
//!
//! Clauses: CJ-4.4.c.

use crate::ask::layout as ask;
use crate::attributes;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-voice-input",
    title: words("Voice input is blocked", "语音输入被阻止"),
    purpose: words(
        "Whoever cannot type speaks; a field that takes no voice shuts them out.",
        "无法打字者使用语音，不接受语音的输入框将其排除。",
    ),
    procedure: words(
        "Read the options of every field that is no password, and the calls that keep \
         the keyboard away.",
        "读取每个非口令输入框的选项及阻止键盘的调用。",
    ),
    criterion: words(
        "No such field blocks the microphone of the keyboard or the keyboard.",
        "此类输入框不阻止键盘及其麦克风。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Xml, Area::Resources, Area::Code],
    judge: |subject| {
        let without_keyboard = ask::ids_with_call(
            &subject.facts.code,
            "android.widget.TextView",
            "setShowSoftInputOnFocus",
        );
        let android = subject.facts.android.as_ref();
        ask::each_view(subject, |view, findings| {
            if !view.is_input() || view.is_hidden_password() || view.is_visible_password() {
                return;
            }
            let options = view.node().platform(attributes::PRIVATE_IME_OPTIONS);
            let options = options
                .and_then(|value| android?.text_of(value))
                .unwrap_or_default();
            let blocks = |option: &str| {
                matches!(
                    option.rsplit('.').next(),
                    Some("nm" | "noMicrophone" | "noMicrophoneKey")
                )
            };
            if options.split(',').map(str::trim).any(blocks) {
                ask::note(
                    &mut findings.wrong,
                    words(
                        "tells the keyboard to offer no microphone",
                        "要求键盘不提供麦克风",
                    ),
                    view,
                );
            } else if ask::number_of(view).is_some_and(|id| without_keyboard.contains(&id)) {
                ask::note(
                    &mut findings.doubtful,
                    words(
                        "code may keep the keyboard of the system away",
                        "代码可能阻止系统键盘",
                    ),
                    view,
                );
            } else {
                ask::note(
                    &mut findings.right,
                    words(
                        "takes what the keyboard of the system offers",
                        "接受系统键盘提供的输入",
                    ),
                    view,
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(r#"<EditText android:id="@+id/search" android:privateImeOptions="nm"/>"#)
        },
        evidence: &[
            "tells the keyboard to offer no microphone: search in res/layout/pay.xml (/LinearLayout/EditText)",
        ],
        good: || ask::sample(r#"<EditText android:id="@+id/search"/>"#),
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn passwords_need_not_be_spoken() {
        let views =
            r#"<EditText android:inputType="textPassword" android:privateImeOptions="nm"/>"#;
        assert_eq!(ask::sample(views).judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
