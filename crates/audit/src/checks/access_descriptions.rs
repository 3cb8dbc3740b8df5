//! Whether screen readers can say what pictures and picture buttons are for.
//!
//! A picture that says `contentDescription="@null"` is declared as decoration. Descriptions that
//! code sets on a view that it finds by its id count.
//!
//! Clauses: CJ-4.4.h.

use crate::ask::absences;
use crate::ask::layout as ask;
use crate::attributes;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-descriptions",
    title: words("Pictures without description", "图片缺少描述"),
    purpose: words(
        "Whoever cannot see a button without description cannot tell what it does.",
        "看不见的用户无法得知无描述按钮的作用。",
    ),
    procedure: words(
        "Read the descriptions of pictures and picture buttons in every layout, and \
         the calls that set them.",
        "读取每个布局中图片与图片按钮的描述，以及设置描述的调用。",
    ),
    criterion: words(
        "Every picture that reacts to touches has one; others have one or are declared \
         as decoration.",
        "可点击图片均有描述；其他图片有描述或声明为装饰。",
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
        let described = ask::ids_with_call(
            &subject.facts.code,
            "android.view.View",
            "setContentDescription",
        );
        ask::each_view(subject, |view, findings| {
            if !ask::is_picture(view) || view.is_hidden_from_accessibility() {
                return;
            }
            let is_described_by_code =
                ask::number_of(view).is_some_and(|id| described.contains(&id));
            let says = view
                .node()
                .platform(attributes::CONTENT_DESCRIPTION)
                .is_some();
            let text = view
                .content_description()
                .filter(|text| !text.trim().is_empty());
            let reacts = view.is_clickable() || view.simple_class().ends_with("ImageButton");
            let is_shown =
                view.node().any("src").is_some() || view.node().any("srcCompat").is_some();
            if text.is_some()
                || is_described_by_code
                || view.node().platform(attributes::TOOLTIP_TEXT).is_some()
            {
                ask::note(
                    &mut findings.right,
                    words("a picture with description", "图片带有描述"),
                    view,
                );
            } else if reacts {
                ask::note(
                    absences(subject, CHECK.areas, findings),
                    words("a picture button without description", "图片按钮缺少描述"),
                    view,
                );
            } else if is_shown && !says {
                ask::note(
                    &mut findings.doubtful,
                    words(
                        "a picture that is neither described nor declared as decoration",
                        "图片未描述也未声明为装饰",
                    ),
                    view,
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample(r#"<ImageButton android:id="@+id/scan"/>"#),
        evidence: &[
            "a picture button without description: scan in res/layout/pay.xml (/LinearLayout/ImageButton)",
        ],
        good: || {
            ask::sample(
                r#"<ImageButton android:id="@+id/scan" android:contentDescription="Scan a code"/>"#,
            )
        },
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn decoration_is_right_when_it_says_so() {
        let judged = |views: &str| ask::sample(views).judged_by(&CHECK).verdict;
        assert_eq!(
            judged(r#"<ImageView android:src="@0x7f020001"/>"#),
            Verdict::Partial
        );
        assert_eq!(
            judged(r#"<ImageView android:src="@0x7f020001" android:contentDescription="@0x0"/>"#),
            Verdict::Pass
        );
        assert_eq!(
            judged(
                r#"<ImageView android:src="@0x7f020001" android:importantForAccessibility="no"/>"#
            ),
            Verdict::Pass
        );
    }

    #[test]
    fn code_can_describe_a_view_that_it_finds() {
        let smali = ".class public Lcom/bank/Pay;\n.super Landroid/app/Activity;\n\
            .method public run()V\n.registers 4\nconst v0, 0x7f0a0001\n\
            invoke-virtual {p0, v0}, Lcom/bank/Pay;->findViewById(I)Landroid/view/View;\n\
            move-result-object v0\nconst-string v1, \"Scan\"\n\
            invoke-virtual {v0, v1}, Landroid/view/View;->setContentDescription(Ljava/lang/CharSequence;)V\n\
            return-void\n.end method\n";
        let judged = |id: &str| {
            let views = format!(r#"<ImageButton android:id="@{id}"/>"#);
            ask::sample(&views).smali(smali).judged_by(&CHECK).verdict
        };
        assert_eq!(judged("0x7f0a0001"), Verdict::Pass);
        assert_eq!(judged("0x7f0a0002"), Verdict::Fail);
    }

    #[test]
    fn layouts_of_everybodys_libraries_are_left_out() {
        let sample = ask::sample_named("res/layout/abc_search_view.xml", "<ImageButton/>");
        assert_eq!(sample.judged_by(&CHECK).verdict, Verdict::NotApplicable);
    }
}
