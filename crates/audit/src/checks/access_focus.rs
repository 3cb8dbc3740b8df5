//! Whether controls take the focus of keys and switches, and are large enough to be touched.
//!
//! The platform asks for 48 density-independent pixels each way.
//!
//! Clauses: CJ-4.4.k.

use crate::ask::layout as ask;
use crate::attributes;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-focus",
    title: words("Controls that are hard to reach", "难以获得焦点的控件"),
    purpose: words(
        "Controls that take no focus or are too small cannot be used with switches or \
         unsteady hands.",
        "无法获得焦点或过小的控件，借助开关或手部不稳者无法使用。",
    ),
    procedure: words(
        "Read focus and size of every control in layouts.",
        "读取布局中每个控件的焦点与尺寸。",
    ),
    criterion: words(
        "No control refuses the focus; none with a fixed size is smaller than 48 dp.",
        "控件不拒绝焦点；固定尺寸控件不小于 48 dp。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Xml, Area::Resources],
    judge: |subject| {
        let android = subject.facts.android.as_ref();
        ask::each_view(subject, |view, findings| {
            if !ask::is_control(view) {
                return;
            }
            let is_small = |size, least| {
                let length =
                    |attribute| android.and_then(|android| ask::dp_of(android, view, attribute));
                length(size).is_some_and(|length| length < LEAST_DP)
                    && length(least).is_none_or(|length| length < LEAST_DP)
            };
            if view.focusable() == Some(false) {
                ask::note(
                    &mut findings.wrong,
                    words("a control that refuses the focus", "拒绝焦点的控件"),
                    view,
                );
            }
            if is_small(attributes::LAYOUT_WIDTH, attributes::MIN_WIDTH)
                || is_small(attributes::LAYOUT_HEIGHT, attributes::MIN_HEIGHT)
            {
                ask::note(
                    &mut findings.doubtful,
                    words("a control smaller than 48 dp", "小于 48 dp 的控件"),
                    view,
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(r#"<Button android:id="@+id/buy" android:focusable="false"/>"#),
        evidence: &[
            "a control that refuses the focus: buy in res/layout/pay.xml (/LinearLayout/Button)",
        ],
        good: || {
            ask::sample(
                r#"<Button android:id="@+id/buy" android:layout_width="48dp" android:layout_height="48dp"/>"#,
            )
        },
        broken: ask::damaged,
    },
};

/// What the platform asks for, so that a finger hits it.
const LEAST_DP: f32 = 48.0;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn small_controls_are_doubtful() {
        let judged = |views: &str| ask::sample(views).judged_by(&CHECK).verdict;
        assert_eq!(
            judged(r#"<Button android:layout_height="32dp"/>"#),
            Verdict::Partial
        );
        assert_eq!(
            judged(r#"<Button android:layout_height="32dp" android:minHeight="48dp"/>"#),
            Verdict::Pass
        );
        assert_eq!(
            judged(r#"<TextView android:layout_height="32dp"/>"#),
            Verdict::Pass
        );
    }
}
