//! Whether guide pages can be turned in more than one way.
//!
//! Guide pages are layouts named so that have a pager. Swiping is one way; a button or a row of
//! dots that reacts to touches is another.
//!
//! Clauses: CJ-4.4.j.

use std::collections::BTreeMap;

use crate::ask::layout as ask;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::android::View;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-guide-pages",
    title: words(
        "Guide pages that only turn by swiping",
        "引导页仅能滑动切换",
    ),
    purpose: words(
        "Whoever cannot swipe never gets past pages that turn in no other way.",
        "无法滑动的用户被困在仅能滑动的引导页。",
    ),
    procedure: words(
        "Look for controls beside the pager in layouts of guide pages.",
        "在引导页布局中查找翻页组件之外的控件。",
    ),
    criterion: words(
        "Every guide page has a control to go on, back or past it.",
        "每个引导页均有前进、后退或跳过的控件。",
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
        let mut findings = Findings::new();
        let android = subject.facts.android.as_ref();
        // Of each layout its first pager, and whether anything else turns the pages.
        let mut guides: BTreeMap<&str, (Option<View<'_>>, bool)> = BTreeMap::new();
        let views = android.into_iter().flat_map(ask::views);
        for view in views.filter(|view| is_guide(view.file())) {
            let (pager, turns) = guides.entry(view.file()).or_default();
            if view.simple_class().starts_with("ViewPager") {
                pager.get_or_insert(view);
            } else {
                *turns |= turns_pages(&view);
            }
        }
        for (pager, turns) in guides.into_values() {
            let Some(pager) = pager else { continue };
            match turns {
                true => ask::note(
                    &mut findings.right,
                    words(
                        "guide pages with another way to turn them",
                        "引导页另有切换方式",
                    ),
                    &pager,
                ),
                false => ask::note(
                    &mut findings.wrong,
                    words(
                        "guide pages that only turn by swiping",
                        "引导页仅能滑动切换",
                    ),
                    &pager,
                ),
            }
        }
        match findings == Findings::new() {
            true => {
                Outcome::NotApplicable(words("there are no guide pages to be seen", "未见引导页"))
            }
            false => findings.into(),
        }
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample_named(
                "res/layout/activity_guide.xml",
                r#"<androidx.viewpager2.widget.ViewPager2 android:id="@+id/pages"/>"#,
            )
        },
        evidence: &[
            "guide pages that only turn by swiping: pages in res/layout/activity_guide.xml (/LinearLayout/androidx.viewpager2.widget.ViewPager2)",
        ],
        good: || {
            ask::sample_named(
                "res/layout/activity_guide.xml",
                r#"<androidx.viewpager2.widget.ViewPager2 android:id="@+id/pages"/><Button android:id="@+id/next"/>"#,
            )
        },
        broken: ask::damaged,
    },
};

/// Whether a touch on a view can turn pages, or views that stand elsewhere may.
fn turns_pages(view: &View<'_>) -> bool {
    ask::is_control(view)
        || view.simple_class().contains("Indicator")
        || view.simple_class() == "TabLayout"
        || ask::stands_for_others(view)
}

/// Whether a layout is named for a guide.
fn is_guide(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path).to_ascii_lowercase();
    [
        "guide",
        "intro",
        "onboard",
        "tutorial",
        "welcome",
        "walkthrough",
        "yindao",
    ]
    .iter()
    .any(|word| name.contains(word))
}
