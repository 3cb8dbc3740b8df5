//! Whether the app is made for the iPhone and for the iPad.
//!
//! Clauses: CJ-5.2.a, CJ-5.2.c.

use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-device-families",
    title: words("iPhone and iPad", "支持 iPhone 与 iPad"),
    purpose: words(
        "Customers use phones and tablets; an app for phones runs on tablets only \
         scaled up.",
        "客户使用手机与平板；仅支持手机的应用在平板上只能放大运行。",
    ),
    procedure: words("Read UIDeviceFamily.", "读取 UIDeviceFamily。"),
    criterion: words(
        "It names 1 (iPhone) and 2 (iPad).",
        "包含 1（iPhone）与 2（iPad）。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[],
    maswe: &[],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        let Some((_, info)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let families = info.device_families();
        let mut findings = Findings::new();
        match (families.contains(&1), families.contains(&2)) {
            (true, true) => findings.right.push(ask::in_info(
                words("made for iPhone and iPad", "支持 iPhone 与 iPad"),
                info,
                KEY,
            )),
            (true, false) => findings.doubtful.push(ask::in_info(
                words(
                    "made for the iPhone, scaled up on the iPad",
                    "为 iPhone 制作，在 iPad 上放大运行",
                ),
                info,
                KEY,
            )),
            (false, true) => findings.wrong.push(ask::in_info(
                words("does not run on the iPhone", "无法在 iPhone 上运行"),
                info,
                KEY,
            )),
            (false, false) => findings.wrong.push(ask::in_info(
                words("names neither iPhone nor iPad", "未声明 iPhone 与 iPad"),
                info,
                KEY,
            )),
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::ipa("<key>UIDeviceFamily</key><array><integer>2</integer></array>"),
        evidence: &["does not run on the iPhone in Payload/Bank.app/Info.plist (UIDeviceFamily)"],
        good: || {
            Sample::ipa(
                "<key>UIDeviceFamily</key><array><integer>1</integer><integer>2</integer></array>",
            )
        },
        broken: || {
            Sample::ipa("<key>UIDeviceFamily</key><array><integer>2</integer></array>")
                .damaged("Payload/Bank.app/Info.plist")
        },
    },
};

const KEY: &str = "UIDeviceFamily";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn an_app_for_phones_is_partly_right() {
        let info = "<key>UIDeviceFamily</key><array><integer>1</integer></array>";
        assert_eq!(
            Sample::ipa(info).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
