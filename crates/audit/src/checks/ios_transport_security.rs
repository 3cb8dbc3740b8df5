//! Whether App Transport Security is switched off as a whole.
//!
//! From iOS 10 on the general switch does not count if one of the narrower ones is there, whatever
//! that one says.
//!
//! Clauses: JR-6.1.5.2.a, CJ-6.3.d.1, CJ-5.7.d.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-transport-security",
    title: words(
        "App Transport Security is switched off",
        "应用传输安全（ATS）被整体关闭",
    ),
    purpose: words(
        "Without it the system lets the app talk in the clear to any host.",
        "关闭后系统允许应用与任意主机明文通信。",
    ),
    procedure: words(
        "Read the switches of NSAppTransportSecurity in the property list of the app \
         and its extensions.",
        "读取应用及扩展属性列表中 NSAppTransportSecurity 的各开关。",
    ),
    criterion: words(
        "No switch allows arbitrary loads.",
        "没有任何开关允许任意加载。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[319],
    maswe: &["MASWE-0026"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        ask::each_application(subject, |_, info, findings| {
            let Some(security) = info.transport_security() else {
                findings.right.push(ask::in_info(
                    words(
                        "the defaults apply: TLS everywhere",
                        "采用默认设置：全部使用 TLS",
                    ),
                    info,
                    ATS,
                ));
                return;
            };
            let settings = info.value(ATS);
            let is_there = |key: &str| settings.is_some_and(|settings| settings.get(key).is_some());
            let key = |name: &str| format!("{ATS}/{name}");
            if security.arbitrary_loads && NARROWER.iter().any(|name| is_there(name)) {
                findings.doubtful.push(ask::in_info(
                    words(
                        "loads in the clear are allowed before iOS 10",
                        "iOS 10 之前允许明文加载",
                    ),
                    info,
                    &key(ARBITRARY),
                ));
            } else if security.arbitrary_loads {
                findings.wrong.push(ask::in_info(
                    words(
                        "loads in the clear are allowed from any host",
                        "允许从任意主机明文加载",
                    ),
                    info,
                    &key(ARBITRARY),
                ));
            }
            if security.arbitrary_loads_in_web_content {
                findings.doubtful.push(ask::in_info(
                    words("web views may load in the clear", "网页视图可明文加载"),
                    info,
                    &key("NSAllowsArbitraryLoadsInWebContent"),
                ));
            }
            if security.arbitrary_loads_for_media {
                findings.doubtful.push(ask::in_info(
                    words("media may be loaded in the clear", "媒体可明文加载"),
                    info,
                    &key("NSAllowsArbitraryLoadsForMedia"),
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::ipa(
                "<key>NSAppTransportSecurity</key><dict><key>NSAllowsArbitraryLoads</key><true/></dict>",
            )
        },
        evidence: &[
            "loads in the clear are allowed from any host in Payload/Bank.app/Info.plist (NSAppTransportSecurity/NSAllowsArbitraryLoads)",
        ],
        good: || {
            Sample::ipa(
                "<key>NSAppTransportSecurity</key><dict><key>NSAllowsArbitraryLoads</key><false/></dict>",
            )
        },
        broken: || {
            Sample::ipa("<key>NSAppTransportSecurity</key><dict><key>NSAllowsArbitraryLoads</key><true/></dict>").damaged("Payload/Bank.app/Info.plist")
        },
    },
};

const ATS: &str = "NSAppTransportSecurity";
const ARBITRARY: &str = "NSAllowsArbitraryLoads";

/// Switches that take the place of the general one.
const NARROWER: [&str; 3] = [
    "NSAllowsArbitraryLoadsInWebContent",
    "NSAllowsArbitraryLoadsForMedia",
    "NSAllowsLocalNetworking",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_narrower_switch_takes_the_place_of_the_general_one() {
        let finding = Sample::ipa(
            "<key>NSAppTransportSecurity</key><dict><key>NSAllowsArbitraryLoads</key><true/>\
             <key>NSAllowsLocalNetworking</key><true/></dict>",
        )
        .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }

    #[test]
    fn saying_nothing_is_right() {
        assert_eq!(Sample::ipa("").judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
