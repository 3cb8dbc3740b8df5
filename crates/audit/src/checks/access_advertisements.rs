//! Whether pages with advertisements can be skipped.
//!
//! Looked at are layouts named for advertisements, and the advertising kits that show a page of
//! their own at start, which have a button to skip.
//!
//! Clauses: CJ-4.4.i.

use std::collections::BTreeMap;

use crate::ask::layout as ask;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::android::View;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-advertisements",
    title: words("Advertisements that cannot be skipped", "无法跳过的广告页"),
    purpose: words(
        "An advertisement that has to be waited for keeps customers from their money.",
        "必须等待的广告妨碍客户使用。",
    ),
    procedure: words(
        "Look for a way to skip in layouts of advertisements, and for kits that show \
         them at start.",
        "在广告布局中查找跳过方式，并查找开屏广告组件。",
    ),
    criterion: words(
        "Every layout of an advertisement has a control to skip or close it.",
        "每个广告布局均有跳过或关闭控件。",
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
        let mut findings = Findings::new();
        let android = subject.facts.android.as_ref();
        // Of each layout whether it can be skipped, and whether parts of it stand elsewhere.
        let mut pages: BTreeMap<&str, (bool, bool)> = BTreeMap::new();
        let views = android.into_iter().flat_map(ask::views);
        for view in views.filter(|view| is_advertisement(view.file())) {
            let (can_be_skipped, is_open) = pages.entry(view.file()).or_default();
            *can_be_skipped |= skips(&view);
            *is_open |= ask::stands_for_others(&view);
        }
        for (path, (can_be_skipped, is_open)) in pages {
            let (what, found) = match (can_be_skipped, is_open) {
                (true, _) => (
                    words(
                        "a page of advertisements with a way to skip it",
                        "广告页可跳过",
                    ),
                    &mut findings.right,
                ),
                (false, true) => (
                    words(
                        "a page of advertisements with parts from elsewhere",
                        "广告页部分内容来自其他布局",
                    ),
                    &mut findings.doubtful,
                ),
                (false, false) => (
                    words(
                        "a page of advertisements without a way to skip it",
                        "广告页无跳过方式",
                    ),
                    &mut findings.wrong,
                ),
            };
            found.push(Evidence::in_file(what, path));
        }
        for class in KITS {
            if let Some(kit) = subject.facts.code.class(class) {
                findings.right.push(
                    Evidence::in_file(
                        words(
                            "a kit whose page has a button to skip",
                            "组件的广告页自带跳过按钮",
                        ),
                        kit.file(),
                    )
                    .class(class),
                );
            }
        }
        match findings == Findings::new() {
            true => Outcome::NotApplicable(words(
                "there is no page of advertisements to be seen",
                "未见广告页",
            )),
            false => findings.into(),
        }
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample_named(
                "res/layout/activity_ad.xml",
                r#"<ImageView android:id="@+id/poster"/>"#,
            )
        },
        evidence: &[
            "a page of advertisements without a way to skip it in res/layout/activity_ad.xml",
        ],
        good: || {
            ask::sample_named(
                "res/layout/activity_ad.xml",
                r#"<ImageView android:id="@+id/poster"/><TextView android:text="跳过"/>"#,
            )
        },
        broken: ask::damaged,
    },
};

/// Classes of the usual kits that stand for a page at start.
const KITS: [&str; 6] = [
    "com.qq.e.ads.splash.SplashAD",
    "com.baidu.mobads.sdk.api.SplashAd",
    "com.huawei.hms.ads.splash.SplashView",
    "com.bytedance.sdk.openadsdk.TTSplashAd",
    "com.kwad.sdk.api.KsSplashScreenAd",
    "com.beizi.fusion.SplashAd",
];

/// Whether a layout is named for advertisements: `ad`, `ads` or `advert…` is one of its words.
fn is_advertisement(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or(path);
    let stem = name.strip_suffix(".xml").unwrap_or(name);
    stem.split('_').any(|word| {
        matches!(word, "ad" | "ads" | "guanggao" | "interstitial") || word.starts_with("advert")
    })
}

/// Whether a view is there to skip or close.
fn skips(view: &View<'_>) -> bool {
    let id = view.id().unwrap_or_default().to_ascii_lowercase();
    let by_id = ["skip", "jump", "close", "dismiss", "countdown"]
        .iter()
        .any(|word| id.contains(word));
    let words = [view.text(), view.content_description()]
        .into_iter()
        .flatten();
    let by_words = words.map(|text| text.to_lowercase()).any(|text| {
        ["跳过", "关闭", "skip", "close"]
            .iter()
            .any(|word| text.contains(word))
    });
    by_id || by_words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn what_is_included_may_have_the_button() {
        let views = r#"<include layout="@layout/skip"/>"#;
        let finding = ask::sample_named("res/layout/activity_ad.xml", views).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }

    #[test]
    fn only_words_of_their_own_name_advertisements() {
        assert!(
            is_advertisement("res/layout/splash_ad.xml")
                && is_advertisement("res/layout/advertisement.xml")
        );
        assert!(
            !is_advertisement("res/layout/add_card.xml")
                && !is_advertisement("res/layout/loading.xml")
        );
    }
}
