//! Whether links say what they lead to, beside being coloured.
//!
//! Looked at are links in pages and in texts with markup, and texts of layouts that react to
//! touches. Links that code makes of spans cannot be seen.
//!
//! Clauses: CJ-4.4.b.

use crate::ask::layout as ask;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::Place;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "access-link-purpose",
    title: words("Links that do not say their purpose", "链接未说明用途"),
    purpose: words(
        "A link that says here means nothing to a screen reader that lists the links \
         of a page.",
        "读屏列出页面链接时，仅写“这里”的链接毫无意义。",
    ),
    procedure: words(
        "Read the texts of links in pages, in texts with markup and in layouts.",
        "读取网页、带标记文本与布局中链接的文字。",
    ),
    criterion: words(
        "Every link names what it leads to, and pages do not take its underline away.",
        "链接均说明去向，网页不去除下划线。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[1059],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Text, Area::Xml, Area::Resources],
    judge: |subject| {
        let mut findings = Findings::new();
        let android = subject.facts.android.as_ref();
        for view in android.into_iter().flat_map(ask::views) {
            let is_link = view.simple_class().ends_with("TextView") && view.is_clickable();
            if is_link && view.text().is_some_and(|text| says_nothing(&text)) {
                ask::note(
                    &mut findings.wrong,
                    words("a link that does not say its purpose", "链接未说明用途"),
                    &view,
                );
            }
        }
        for literal in subject.facts.resource_literals() {
            let Place::Resource { index } = literal.place else {
                continue;
            };
            let mut texts = links(&literal.text).peekable();
            // A name costs a walk through the table.
            let is_named = texts.peek().is_some() && findings.wrong.len() < NAMED_MAX;
            let name = is_named
                .then(|| subject.facts.resource_of(index))
                .flatten()
                .unwrap_or_default();
            for text in texts {
                judge_link(
                    text,
                    |what| Evidence::in_xml(what, "resources.arsc", name.as_str()),
                    &mut findings,
                );
            }
        }
        for page in subject
            .facts
            .texts
            .iter()
            .filter(|file| is_page(&file.path))
        {
            for text in links(&page.text) {
                judge_link(
                    text,
                    |what| Evidence::in_file(what, page.path.as_str()),
                    &mut findings,
                );
            }
        }
        match findings == Findings::new() {
            true => Outcome::NotApplicable(words("there is no link to be seen", "未见链接")),
            false => findings.into(),
        }
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample("<View/>").file(
                "assets/help.html",
                r#"<p>Read <a href="terms.html">here</a></p>"#,
            )
        },
        evidence: &["a link that does not say its purpose: here in assets/help.html"],
        good: || {
            ask::sample("<View/>").file(
                "assets/help.html",
                r#"<p>Read <a href="terms.html">the terms of trade</a></p>"#,
            )
        },
        broken: ask::damaged,
    },
};

/// Resources whose names are looked up; no report shows more.
const NAMED_MAX: usize = 200;

fn judge_link(text: &str, evidence: impl Fn(Words) -> Evidence, findings: &mut Findings) {
    let (what, found) = match says_nothing(text) {
        true => (
            words("a link that does not say its purpose", "链接未说明用途"),
            &mut findings.wrong,
        ),
        false => (
            words("a link that says its purpose", "链接说明用途"),
            &mut findings.right,
        ),
    };
    found.push(evidence(what).string(text.trim()));
}

fn is_page(path: &str) -> bool {
    let extension = path.rsplit('.').next().unwrap_or_default();
    extension.eq_ignore_ascii_case("html") || extension.eq_ignore_ascii_case("htm")
}

/// The texts of the links of a page, without the markup inside. A page without an end of a link
/// ends there.
fn links(page: &str) -> impl Iterator<Item = &str> {
    let mut rest = page;
    std::iter::from_fn(move || {
        let start = memchr::memmem::find(rest.as_bytes(), b"<a ")?;
        let link = rest.get(start..)?;
        let (_, inside) = link.split_once('>')?;
        let (text, after) = inside.split_once("</a>")?;
        rest = after;
        Some(
            text.rsplit('>')
                .next()
                .filter(|tail| !tail.trim().is_empty())
                .unwrap_or(text),
        )
    })
}

/// Whether a text could lead anywhere.
fn says_nothing(text: &str) -> bool {
    const GENERIC: [&str; 20] = [
        "click",
        "click here",
        "click me",
        "go",
        "here",
        "link",
        "more",
        "this",
        "this link",
        "点击",
        "点击此处",
        "点击这里",
        "点我",
        "点这里",
        "点此",
        "此处",
        "这里",
        "链接",
        "更多",
        "查看",
    ];
    let text = text
        .trim()
        .trim_end_matches(['>', '.', '!', '。', '！', '…', '»'])
        .trim();
    GENERIC.contains(&text.to_ascii_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn links_are_taken_out_of_pages() {
        let page = "<a href=1>here</a> and <a href=2><b>the terms</b></a><a href=3>never closed";
        assert_eq!(
            links(page).collect::<Vec<_>>(),
            ["here", "<b>the terms</b>"]
        );
        assert!(says_nothing("点击这里。") && says_nothing("Here!") && !says_nothing("the terms"));
    }

    #[test]
    fn buttons_are_no_links() {
        let views = r#"<Button android:onClick="open" android:text="Go"/>"#;
        let finding = ask::sample(views).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::NotApplicable);
    }

    #[test]
    fn texts_of_layouts_count() {
        let views = r#"<TextView android:onClick="open" android:text="点击这里"/>"#;
        assert_eq!(ask::sample(views).judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
