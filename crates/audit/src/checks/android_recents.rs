//! Whether the list of recent tasks shows pictures of sensitive screens.
//!
//! Clauses: CJ-4.2.5.e, JR-6.1.7.1.

use std::collections::BTreeSet;

use crate::ask::screens;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;

#[cfg(test)]
use super::android_screen_capture::{login, showing};
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "android-recents",
    title: words(
        "Recent tasks show sensitive screens",
        "最近任务显示敏感页面",
    ),
    purpose: words(
        "The system keeps a picture of each screen for the list of recent tasks; whoever holds the \
         phone sees it, and it outlives the session.",
        "系统为最近任务列表保存页面快照；持机者可见，且在会话结束后仍存在。",
    ),
    procedure: words(
        "For each sensitive screen look for FLAG_SECURE, excludeFromRecents, noHistory or \
         setRecentsScreenshotEnabled(false).",
        "对每个敏感页面查找 FLAG_SECURE、excludeFromRecents、noHistory 或 setRecentsScreenshotEnabled(false)。",
    ),
    criterion: words("Each has one of them.", "每个敏感页面至少具备其一。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[200, 524],
    maswe: &["MASWE-0038"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code, Area::Xml, Area::Resources],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || login(""),
        evidence: &[
            "recent tasks show this sensitive screen: res/layout/login.xml at com.bank.Login",
        ],
        good: || {
            showing(
                "",
                "<EditText android:inputType=\"0x81\"/>",
                "android:excludeFromRecents=\"true\"",
            )
        },
        broken: || login("").damaged("res/layout/login.xml"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let screens = screens::sensitive(subject);
    if screens.is_empty() {
        return Outcome::NotApplicable(words(
            "no sensitive screen was declared or found",
            "未声明也未发现敏感页面",
        ));
    }
    let code = &subject.facts.code;
    let components = subject
        .facts
        .android
        .iter()
        .flat_map(|android| android.components());
    let left_out: BTreeSet<&str> = components
        .filter(|component| component.exclude_from_recents || component.no_history)
        .map(|component| component.name.as_str())
        .collect();
    let secure = screens::secure(code);
    let hidden = screens::hidden_in_recents(code);
    let mut findings = Findings::new();
    for screen in screens {
        let class = screen.class.as_str();
        let kept =
            left_out.contains(class) || secure.covers(code, class) || hidden.covers(code, class);
        let at = |what| {
            let found = Evidence::new(what).class(class);
            match &screen.layout {
                Some(layout) => found.string(layout),
                None => found,
            }
        };
        match kept {
            true => findings
                .right
                .push(at(words("kept out of recent tasks", "不出现在最近任务中"))),
            false => findings.wrong.push(at(words(
                "recent tasks show this sensitive screen",
                "最近任务会显示此敏感页面",
            ))),
        }
    }
    findings.into()
}
