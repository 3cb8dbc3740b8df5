//! Whether screen readers can say what goes into an input field.
//!
//! A hint, a description, another view that is the label of the field, or a hint of the frame
//! around it will do.
//!
//! Clauses: CJ-4.4.h, CJ-4.4.k.

use std::collections::BTreeSet;

use crate::ask::absences;
use crate::ask::layout as ask;
use crate::attributes;
use crate::check::{Check, Level, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::View;
use crate::xml::Value;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-input-labels",
    title: words("Input fields without label", "输入框缺少标签"),
    purpose: words(
        "Whoever cannot see what a field is for cannot fill it in.",
        "无法得知输入框用途者无法填写。",
    ),
    procedure: words(
        "Look for hint, description and label of every input field in layouts.",
        "查找布局中每个输入框的提示、描述与标签。",
    ),
    criterion: words("Every one has one of them.", "每个输入框均具备其一。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Xml, Area::Resources, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        let mut hinted = ask::ids_with_call(code, "android.widget.TextView", "setHint");
        hinted.extend(ask::ids_with_call(
            code,
            "android.view.View",
            "setContentDescription",
        ));
        let labelled = labelled(subject);
        ask::each_view(subject, |view, findings| {
            if !view.is_input() || view.is_hidden_from_accessibility() {
                return;
            }
            let has_words = |text: Option<String>| text.is_some_and(|text| !text.trim().is_empty());
            let by_frame = view.parent().is_some_and(|frame| {
                has_hint(&frame) || frame.parent().is_some_and(|outer| has_hint(&outer))
            });
            let by_code = ask::number_of(view).is_some_and(|id| hinted.contains(&id));
            let by_label = view
                .id()
                .is_some_and(|id| labelled.contains(&(view.file().to_owned(), id)));
            if has_words(view.hint())
                || has_words(view.content_description())
                || by_frame
                || by_code
                || by_label
            {
                ask::note(
                    &mut findings.right,
                    words("an input field with a label", "输入框带有标签"),
                    view,
                );
            } else {
                ask::note(
                    absences(subject, CHECK.areas, findings),
                    words("an input field without label", "输入框缺少标签"),
                    view,
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(r#"<EditText android:id="@+id/amount"/>"#),
        evidence: &[
            "an input field without label: amount in res/layout/pay.xml (/LinearLayout/EditText)",
        ],
        good: || ask::sample(r#"<EditText android:id="@+id/amount" android:hint="Amount"/>"#),
        broken: ask::damaged,
    },
};

/// The fields that other views are labels of: layout and name of the id.
fn labelled(subject: &Subject<'_>) -> BTreeSet<(String, String)> {
    let Some(android) = subject.facts.android.as_ref() else {
        return BTreeSet::new();
    };
    let name = |value: &Value| match value {
        Value::Reference(id) => android.resources.as_ref()?.name_of(*id),
        Value::Text(text) => Some(text.to_string()),
        _ => None,
    };
    let labels = ask::views(android).filter_map(|view| {
        let of = name(view.node().platform(attributes::LABEL_FOR)?)?;
        Some((view.file().to_owned(), of.rsplit('/').next()?.to_owned()))
    });
    labels.collect()
}

/// Whether a frame says what stands in it, as `TextInputLayout` does.
fn has_hint(frame: &View<'_>) -> bool {
    frame.simple_class().ends_with("TextInputLayout") && frame.node().any("hint").is_some()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn labels_and_frames_count() {
        let judged = |views: &str| ask::sample(views).judged_by(&CHECK).verdict;
        let label = r#"<TextView android:text="Amount" android:labelFor="@id/amount"/><EditText android:id="@+id/amount"/>"#;
        assert_eq!(judged(label), Verdict::Pass);
        let frame = "<com.google.android.material.textfield.TextInputLayout app:hint=\"Amount\"><EditText/>\
                     </com.google.android.material.textfield.TextInputLayout>";
        assert_eq!(judged(frame), Verdict::Pass);
        let other = r#"<TextView android:text="Amount" android:labelFor="@id/other"/><EditText android:id="@+id/amount"/>"#;
        assert_eq!(judged(other), Verdict::Fail);
    }
}
