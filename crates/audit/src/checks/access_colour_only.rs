//! Whether texts rely on colour alone.
//!
//! A text that sends the user to the red button means nothing to those who do not see red. Pictures
//! and colours themselves cannot be judged from the bytes.
//!
//! Clauses: CJ-4.4.f.

use crate::ask::untestable;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::Place;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "access-colour-only",
    title: words("Texts that rely on colour", "仅依靠颜色表意的文本"),
    purpose: words(
        "One man in twelve does not tell red from green, in which markets rise and fall.",
        "约每十二名男性中就有一人难辨红绿，而行情涨跌以红绿区分。",
    ),
    procedure: words(
        "Look for texts that name a thing by its colour only.",
        "查找仅以颜色指代事物的文本。",
    ),
    criterion: words(
        "There is none; whether pages have signs beside colours has to be seen.",
        "不存在此类文本；页面是否在颜色之外另有标识需人工查看。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Resources, Area::Text],
    judge: |subject| {
        let mut findings = Findings::new();
        for literal in subject.facts.resource_literals() {
            let Place::Resource { index } = literal.place else {
                continue;
            };
            if findings.doubtful.len() >= SHOWN {
                break;
            }
            let is_sentence = literal.text.contains(' ') || !literal.text.is_ascii();
            if is_sentence && literal.text.len() <= TEXT_BYTES_MAX && names_by_colour(&literal.text)
            {
                let name = subject.facts.resource_of(index).unwrap_or_default();
                findings.doubtful.push(
                    Evidence::in_xml(
                        words(
                            "a text that names a thing by its colour",
                            "文本仅以颜色指代事物",
                        ),
                        "resources.arsc",
                        name,
                    )
                    .string(literal.text),
                );
            }
        }
        match findings.doubtful.is_empty() {
            true => untestable(
                subject,
                CHECK.areas,
                words(
                    "whether pages rely on colour has to be seen",
                    "页面是否仅依靠颜色需人工查看",
                ),
            ),
            false => findings.into(),
        }
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || with_text("Press the red button to sell"),
        evidence: &[
            "a text that names a thing by its colour: Press the red button to sell in resources.arsc (string/hint)",
        ],
        good: || with_text("Press Sell"),
        broken: || with_text("Press Sell").damaged("resources.arsc"),
    },
};

/// Texts that a report shows; each costs a walk through the table for its name.
const SHOWN: usize = 50;

/// Longer texts are licences and pages, not what stands beside a button.
const TEXT_BYTES_MAX: usize = 400;

/// Whether a text has a colour right before a thing, or right after a word that marks.
fn names_by_colour(text: &str) -> bool {
    const COLOURS: [&str; 10] = [
        "red", "green", "yellow", "blue", "grey", "gray", "orange", "红色", "绿色", "黄色",
    ];
    const THINGS: [&str; 16] = [
        "button",
        "icon",
        "line",
        "text",
        "area",
        "dot",
        "number",
        "的按钮",
        "按钮",
        "图标",
        "部分",
        "区域",
        "字体",
        "数字",
        "圆点",
        "表示",
    ];
    const MARKS: [&str; 8] = [
        "in ",
        "marked ",
        "marked in ",
        "shown in ",
        "标为",
        "标记为",
        "显示为",
        "以",
    ];
    let text = text.to_ascii_lowercase();
    COLOURS.iter().any(|colour| {
        text.match_indices(colour).any(|(at, _)| {
            let before = text.get(..at).unwrap_or_default();
            let after = text.get(at + colour.len()..).unwrap_or_default();
            let is_word = !before.ends_with(|c: char| c.is_ascii_alphabetic())
                && !after.starts_with(|c: char| c.is_ascii_alphabetic());
            let thing = THINGS
                .iter()
                .any(|thing| after.trim_start().starts_with(thing));
            let marked = MARKS.iter().any(|mark| before.ends_with(mark)) && !after.starts_with('-');
            is_word && (thing || marked)
        })
    })
}

#[cfg(test)]
fn with_text(text: &str) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    table.add("string", "hint", text);
    Sample::apk("<application/>").file("resources.arsc", table.build())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_inside_of_words_are_none() {
        for text in [
            "Your order was triggered",
            "registered text",
            "Greenwich",
            "redness",
            "Go green",
        ] {
            assert!(!names_by_colour(text), "{text}");
        }
        for text in [
            "红色表示上涨",
            "Losses are shown in green",
            "Tap the yellow icon",
            "已标为红色",
        ] {
            assert!(names_by_colour(text), "{text}");
        }
    }
}
