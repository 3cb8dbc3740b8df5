//! Whether the documents of the app can be taken off the device, or are opened by other apps.
//!
//! Clauses: CJ-4.3.2.e, AP-4.4.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-file-sharing",
    title: words("Documents shared with others", "文档对外共享"),
    purpose: words(
        "Whoever connects the device to a computer copies shared documents, without a \
         password.",
        "连接电脑者无需口令即可复制共享文档。",
    ),
    procedure: words(
        "Read UIFileSharingEnabled, LSSupportsOpeningDocumentsInPlace and \
         UISupportsDocumentBrowser.",
        "读取 UIFileSharingEnabled、LSSupportsOpeningDocumentsInPlace 与 \
         UISupportsDocumentBrowser。",
    ),
    criterion: words("None of them is true.", "均不为 true。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[552],
    maswe: &["MASWE-0002"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios],
    judge: |subject| {
        ask::each_application(subject, |_, info, findings| {
            let is_on = |key: &str| info.bool(key) == Some(true);
            if is_on("UIFileSharingEnabled") {
                findings.wrong.push(ask::in_info(
                    words(
                        "documents can be copied off the device",
                        "文档可从设备中复制出去",
                    ),
                    info,
                    "UIFileSharingEnabled",
                ));
            }
            for key in [
                "LSSupportsOpeningDocumentsInPlace",
                "UISupportsDocumentBrowser",
            ] {
                if is_on(key) {
                    findings.doubtful.push(ask::in_info(
                        words(
                            "other apps open documents where they are",
                            "其他应用可就地打开文档",
                        ),
                        info,
                        key,
                    ));
                }
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::ipa("<key>UIFileSharingEnabled</key><true/>"),
        evidence: &[
            "documents can be copied off the device in Payload/Bank.app/Info.plist (UIFileSharingEnabled)",
        ],
        good: || Sample::ipa("<key>UIFileSharingEnabled</key><false/>"),
        broken: || {
            Sample::ipa("<key>UIFileSharingEnabled</key><true/>")
                .damaged("Payload/Bank.app/Info.plist")
        },
    },
};
