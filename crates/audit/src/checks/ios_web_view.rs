//! Whether web pages run inside the process of the app, or read its files.
//!
//! `UIWebView` shares the process and cannot switch scripts off; `WKWebView` has switches that let
//! pages from files read other files.
//!
//! Clauses: AP-1.3.1, AP-3.3.1, JR-7.3.5.b.

use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-web-view",
    title: words("Web views without isolation", "网页视图缺乏隔离"),
    purpose: words(
        "A page that is taken over takes over the app with it, or reads its files.",
        "被劫持的网页会连带控制应用或读取其文件。",
    ),
    procedure: words(
        "Look for the classes of web views and for the switches among the constants of \
         every program.",
        "查找每个程序使用的网页视图类及常量中的开关。",
    ),
    criterion: words(
        "Only WKWebView is used, without access from files to files.",
        "仅使用 WKWebView，且不允许文件页面访问其他文件。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[749],
    maswe: &["MASWE-0034", "MASWE-0035"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        let programs = ask::programs(subject.facts);
        let mut findings = Findings::new();
        for program in &programs {
            if program.uses_class("UIWebView") {
                findings.wrong.push(program.evidence_of(
                    words(
                        "pages run in the process of the app",
                        "网页在应用进程内运行",
                    ),
                    "UIWebView",
                ));
            }
            if !program.uses_class("WKWebView") {
                continue;
            }
            findings.right.push(program.evidence_of(
                words(
                    "pages run in a process of their own",
                    "网页在独立进程中运行",
                ),
                "WKWebView",
            ));
            let switches = FILE_ACCESS.iter().filter(|switch| program.mentions(switch));
            findings.wrong.extend(switches.map(|switch| {
                program.evidence_of(
                    words(
                        "pages from files may read other files",
                        "文件页面可读取其他文件",
                    ),
                    switch,
                )
            }));
            if program.mentions("setInspectable:") {
                findings.doubtful.push(program.evidence_of(
                    words(
                        "pages can be made open to debuggers",
                        "网页可被设为允许调试",
                    ),
                    "setInspectable:",
                ));
            }
        }
        match findings == Findings::new() {
            true if programs.is_empty() => ask::NO_PROGRAM,
            true => Outcome::NotApplicable(words("there is no web view", "没有网页视图")),
            false => findings.into(),
        }
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_OBJC_CLASS_$_UIWebView"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "pages run in the process of the app: UIWebView (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["_OBJC_CLASS_$_WKWebView"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const FILE_ACCESS: [&str; 2] = [
    "allowFileAccessFromFileURLs",
    "allowUniversalAccessFromFileURLs",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn access_to_files_is_found() {
        let program = native::Macho {
            imports: vec!["_OBJC_CLASS_$_WKWebView"],
            strings: b"allowFileAccessFromFileURLs\0".to_vec(),
            ..native::Macho::default()
        };
        assert_eq!(
            ask::sample("", &program).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
