//! Whether texts grow with the font size that the user sets.
//!
//! Only sizes in `sp` do.
//!
//! Clauses: CJ-4.4.e.

use crate::ask::layout as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::android::TextSize;
use crate::xml::DimensionUnit;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-text-size",
    title: words("Texts of fixed size", "固定字号文本"),
    purpose: words(
        "Whoever sets a larger font needs it; texts of fixed size stay small.",
        "设置大字号的用户确有需要，固定字号的文本保持过小。",
    ),
    procedure: words(
        "Read the unit of every text size in layouts.",
        "读取布局中每个字号的单位。",
    ),
    criterion: words(
        "All are in sp or come from the theme.",
        "均使用 sp 或来自主题。",
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
        ask::each_view(subject, |view, findings| match view.text_size() {
            Some(TextSize::Fixed(size)) if size.unit == DimensionUnit::Sp => {
                ask::note(
                    &mut findings.right,
                    words("grows with the font size of the user", "随用户字号缩放"),
                    view,
                );
            }
            Some(TextSize::Fixed(_)) => {
                ask::note(
                    &mut findings.wrong,
                    words("a text of fixed size", "固定字号文本"),
                    view,
                );
            }
            Some(TextSize::Theme | TextSize::Other) | None => {}
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(r#"<TextView android:id="@+id/balance" android:textSize="14dp"/>"#),
        evidence: &["a text of fixed size: balance in res/layout/pay.xml (/LinearLayout/TextView)"],
        good: || ask::sample(r#"<TextView android:id="@+id/balance" android:textSize="14sp"/>"#),
        broken: ask::damaged,
    },
};
