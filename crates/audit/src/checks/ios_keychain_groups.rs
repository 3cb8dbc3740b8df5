//! Which other apps share the keychain and files of the app.
//!
//! What counts is what the program is signed with; a wildcard in the profile only permits it.
//!
//! Clauses: JR-6.1.3.a.a, AP-1.2.3.3, JR-6.1.3.b.a.

use crate::ask::ios as ask;
use crate::check::{Check, Evidence, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::property_list::Value;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-keychain-groups",
    title: words(
        "Keychain and files shared between apps",
        "应用间共享钥匙串与文件",
    ),
    purpose: words(
        "Whatever is in a shared group is as safe as the weakest app of the team.",
        "共享组内数据的安全取决于团队中最弱的应用。",
    ),
    procedure: words(
        "Read keychain-access-groups and application groups of programs and profiles.",
        "读取程序与描述文件的钥匙串访问组与应用组。",
    ),
    criterion: words(
        "No program is signed for a wildcard group.",
        "没有程序以通配组签名。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[668],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        if !ask::is_built(subject) {
            return ask::NOT_BUILT;
        }
        ask::each_application(subject, |bundle, _, findings| {
            let program = bundle.executable_path.as_deref().unwrap_or(&bundle.path);
            let groups = |values: Option<&Value>, key: &str| -> Vec<String> {
                let groups = values.and_then(|values| values.get(key)).map(Value::texts);
                groups
                    .unwrap_or_default()
                    .into_iter()
                    .map(str::to_owned)
                    .collect()
            };
            for group in groups(bundle.entitlements(), KEYCHAIN) {
                let (what, found) = if group.contains('*') {
                    (
                        words(
                            "shares its keychain with every app of the team",
                            "与团队全部应用共享钥匙串",
                        ),
                        &mut findings.wrong,
                    )
                } else {
                    (
                        words("uses a keychain group", "使用钥匙串组"),
                        &mut findings.right,
                    )
                };
                found.push(Evidence::in_xml(what, program, KEYCHAIN).string(group));
            }
            for group in groups(bundle.entitlements(), APP_GROUPS) {
                findings.right.push(
                    Evidence::in_xml(
                        words("shares files in a group", "在应用组内共享文件"),
                        program,
                        APP_GROUPS,
                    )
                    .string(group),
                );
            }
            if let Some(profile) = &bundle.profile {
                for group in groups(profile.entitlements(), KEYCHAIN) {
                    findings.right.push(
                        Evidence::in_xml(
                            words(
                                "the profile permits a keychain group",
                                "描述文件允许的钥匙串组",
                            ),
                            profile.file.as_str(),
                            format!("Entitlements/{KEYCHAIN}"),
                        )
                        .string(group),
                    );
                }
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    entitlements: Some(
                        r#"<?xml version="1.0"?><plist><dict><key>keychain-access-groups</key><array><string>TEAM.*</string></array></dict></plist>"#,
                    ),
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "shares its keychain with every app of the team: TEAM.* in Payload/Bank.app/Bank (keychain-access-groups)",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    entitlements: Some(
                        r#"<?xml version="1.0"?><plist><dict><key>keychain-access-groups</key><array><string>TEAM.com.bank</string></array></dict></plist>"#,
                    ),
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const KEYCHAIN: &str = "keychain-access-groups";
const APP_GROUPS: &str = "com.apple.security.application-groups";
