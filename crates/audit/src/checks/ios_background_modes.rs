//! For what the app keeps running after the user has left it.
//!
//! Declared with the permissions, as `UIBackgroundModes.location`.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::property_list::Value;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-background-modes",
    title: words("Running in the background", "后台运行模式"),
    purpose: words(
        "An app that goes on listening, locating or connecting does so unseen.",
        "持续监听、定位或连接的应用在用户不可见时运行。",
    ),
    procedure: words(
        "Compare UIBackgroundModes with the declared needs.",
        "将 UIBackgroundModes 与已声明的需要比较。",
    ),
    criterion: words(
        "Modes that listen, locate or connect are declared with their reason.",
        "监听、定位或连接类模式已声明理由。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[250],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        let declared = subject.configuration.declared.permissions.as_ref();
        ask::each_application(subject, |_, info, findings| {
            let modes = info.value(KEY).map(Value::texts).unwrap_or_default();
            for mode in modes {
                let name = format!("{KEY}.{mode}");
                let is_declared = declared.is_some_and(|needs| needs.contains_key(&name));
                let (what, found) = match (SENSITIVE.contains(&mode), is_declared, declared) {
                    (false, ..) | (_, true, _) => (
                        words("runs in the background", "后台运行"),
                        &mut findings.right,
                    ),
                    (true, false, None) => (
                        words(
                            "runs in the background; nobody declared why",
                            "后台运行且未声明理由",
                        ),
                        &mut findings.doubtful,
                    ),
                    (true, false, Some(_)) => (
                        words(
                            "runs in the background beyond the declared need",
                            "后台运行超出已声明的需要",
                        ),
                        &mut findings.wrong,
                    ),
                };
                found.push(ask::in_info(what, info, KEY).string(mode));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::ipa("<key>UIBackgroundModes</key><array><string>location</string></array>"),
        evidence: &[
            "runs in the background; nobody declared why: location in Payload/Bank.app/Info.plist (UIBackgroundModes)",
        ],
        good: || {
            Sample::ipa(
                "<key>UIBackgroundModes</key><array><string>remote-notification</string></array>",
            )
        },
        broken: || {
            Sample::ipa("<key>UIBackgroundModes</key><array><string>location</string></array>")
                .damaged("Payload/Bank.app/Info.plist")
        },
    },
};

const KEY: &str = "UIBackgroundModes";
const SENSITIVE: [&str; 6] = [
    "audio",
    "bluetooth-central",
    "bluetooth-peripheral",
    "external-accessory",
    "location",
    "voip",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn what_is_not_declared_goes_beyond_the_need() {
        let info = "<key>UIBackgroundModes</key><array><string>location</string></array>";
        let judged = |toml| Sample::ipa(info).declared(toml).judged_by(&CHECK).verdict;
        assert_eq!(judged("[declared.permissions]\nx = \"y\""), Verdict::Fail);
        let declared = "[declared.permissions]\n\"UIBackgroundModes.location\" = \"couriers\"";
        assert_eq!(judged(declared), Verdict::Pass);
    }
}
