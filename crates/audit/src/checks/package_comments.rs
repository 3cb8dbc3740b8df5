//! Whether comments and debug calls were left in pages and scripts.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, FileKind, Files};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-comments",
    title: words(
        "Comments and debug calls in pages and scripts",
        "页面与脚本残留注释和调试语句",
    ),
    purpose: words(
        "Notes that developers leave for each other tell what is unfinished and how it works.",
        "开发者之间的备注会透露未完成之处与工作原理。",
    ),
    procedure: words(
        "Read pages and scripts in the package line by line: notes such as TODO and FIXME, HTML \
         comments, debugger statements and calls to the console.",
        "逐行读取安装包内的页面与脚本，查找 TODO、FIXME 等备注、HTML 注释、debugger 语句与 console 调用。",
    ),
    criterion: words(
        "Pages and scripts have no notes, comments or debug calls; licences may stay.",
        "页面与脚本不含备注、注释与调试语句，许可证声明除外。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[546, 615],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive, Area::Text],
    judge: |subject| {
        let facts = subject.facts;
        let texts = facts.texts.iter();
        let mut pages = texts
            .filter(|file| is_page(&facts.files, &file.path))
            .peekable();
        if pages.peek().is_none() {
            return Outcome::NotApplicable(words(
                "the package has no pages or scripts",
                "安装包没有页面或脚本",
            ));
        }
        let mut findings = Findings::new();
        for file in pages {
            for (number, line) in (1..).zip(file.text.lines()) {
                if let Some((what, is_wrong)) = remark(line) {
                    let evidence = Evidence::in_xml(what, &file.path, format!("line {number}"))
                        .string(line.trim());
                    match is_wrong {
                        true => findings.wrong.push(evidence),
                        false => findings.doubtful.push(evidence),
                    }
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || page("// TODO remove the test account\nlogin();\n"),
        evidence: &[
            "a note of developers: // TODO remove the test account in assets/www/login.js (line 1)",
        ],
        good: || page("/*! A library, MIT licence */\nlogin();\n"),
        broken: || page("// TODO\n").unpackable("assets/www/login.js"),
    },
};

fn is_page(files: &Files, path: &str) -> bool {
    let kind = files.iter().find(|file| file.location() == path);
    kind.is_some_and(|file| matches!(file.kind, FileKind::Html | FileKind::Script))
}

/// Lines of minified scripts are one line; what stands in them is no remark to anybody.
const LINE_BYTES_MAX: usize = 400;

/// What a line is that should not have been shipped, and whether that is certain.
fn remark(line: &str) -> Option<(Words, bool)> {
    if line.len() > LINE_BYTES_MAX {
        return None;
    }
    let trimmed = line.trim_start();
    let comment = ["//", "/*", "* ", "<!--", "# "]
        .iter()
        .any(|start| trimmed.starts_with(start))
        || line.contains(" // ");
    let upper = line.to_ascii_uppercase();
    let is_note = ["TODO", "FIXME", "HACK", "XXX"].iter().any(|note| {
        upper
            .split(|c: char| !c.is_ascii_alphanumeric())
            .any(|word| word == *note)
    });
    if comment && is_note {
        return Some((words("a note of developers", "开发备注"), true));
    }
    if trimmed.starts_with("debugger;") || trimmed == "debugger" {
        return Some((words("a debugger statement", "debugger 语句"), true));
    }
    if trimmed.starts_with("console.log(") || trimmed.starts_with("console.debug(") {
        return Some((words("a call to the console", "console 调用"), false));
    }
    let is_licence = ["LICENSE", "LICENCE", "COPYRIGHT", "[IF "]
        .iter()
        .any(|word| upper.contains(word));
    let is_html = trimmed.starts_with("<!--") && !is_licence;
    is_html.then(|| (words("a comment in a page", "页面注释"), false))
}

#[cfg(test)]
fn page(script: &str) -> Sample {
    Sample::apk("<application/>").file("assets/www/login.js", script)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_are_comments_and_words() {
        assert!(remark("  // fixme: later").is_some());
        assert!(remark("var todoList = [];").is_none());
        assert!(remark("<!-- old login -->").is_some());
        assert!(remark("<!--[if IE]>").is_none());
        assert!(remark(&format!("// TODO {}", "x".repeat(500))).is_none());
    }
}
