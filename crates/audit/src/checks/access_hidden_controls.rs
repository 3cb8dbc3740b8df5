//! Whether controls that can be seen are kept from assistive tools.
//!
//! Clauses: CJ-4.4.h.

use crate::ask::layout as ask;
use crate::attributes;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-hidden-controls",
    title: words("Controls hidden from assistive tools", "控件对辅助工具隐藏"),
    purpose: words(
        "A control that is hidden from screen readers does not exist for those who \
         need them.",
        "对读屏隐藏的控件，对依赖读屏者等同不存在。",
    ),
    procedure: words(
        "Read the importance for accessibility of every control in layouts, and of the \
         views around it.",
        "读取布局中每个控件及其外层视图的无障碍重要性。",
    ),
    criterion: words(
        "No visible control is hidden; changes of texts are announced where a layout \
         says so.",
        "可见控件均未隐藏；文本变化按布局声明播报。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Xml],
    judge: |subject| {
        ask::each_view(subject, |view, findings| {
            if ask::is_control(view) && view.is_visible() && view.is_hidden_from_accessibility() {
                ask::note(
                    &mut findings.wrong,
                    words(
                        "a control that assistive tools pass over",
                        "辅助工具会略过的控件",
                    ),
                    view,
                );
            }
            if view
                .node()
                .platform(attributes::ACCESSIBILITY_LIVE_REGION)
                .is_some()
            {
                ask::note(
                    &mut findings.right,
                    words("changes of this part are announced", "该部分的变化会被播报"),
                    view,
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                r#"<FrameLayout android:importantForAccessibility="noHideDescendants"><Button android:id="@+id/buy"/></FrameLayout>"#,
            )
        },
        evidence: &[
            "a control that assistive tools pass over: buy in res/layout/pay.xml (/LinearLayout/FrameLayout/Button)",
        ],
        good: || ask::sample(r#"<FrameLayout><Button android:id="@+id/buy"/></FrameLayout>"#),
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn decoration_and_what_is_gone_may_be_hidden() {
        let judged = |views: &str| ask::sample(views).judged_by(&CHECK).verdict;
        assert_eq!(
            judged(r#"<ImageView android:importantForAccessibility="no"/>"#),
            Verdict::Pass
        );
        assert_eq!(
            judged(r#"<Button android:visibility="gone" android:importantForAccessibility="no"/>"#),
            Verdict::Pass
        );
    }
}
