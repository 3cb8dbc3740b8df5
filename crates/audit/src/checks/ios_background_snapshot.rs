//! Whether the app can cover its pages before the system takes a picture of them.
//!
//! The system keeps a picture of the last page for the list of running apps. What a method does is
//! not read here, so that being told without any sign of a cover is right only in part.
//!
//! Clauses: CJ-4.2.5.e, CJ-4.3.5.c.

use crate::ask::absences;
use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-background-snapshot",
    title: words(
        "Pages kept as pictures in the background",
        "进入后台时页面被截图保存",
    ),
    purpose: words(
        "The picture shows balances and accounts to whoever picks the device up, and \
         stays on it.",
        "截图会向拿到设备的人显示余额与账号，并保留在设备上。",
    ),
    procedure: words(
        "Look for methods and notifications that tell of leaving the screen, and for \
         signs of a cover.",
        "查找离开前台的回调与通知，以及遮盖页面的迹象。",
    ),
    criterion: words(
        "The app is told, and has something to cover its pages with.",
        "应用获得通知，并具备遮盖页面的手段。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &["MASWE-0038"],
    mastg: &[],
    severity: Severity::Low,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        let programs = ask::programs(subject.facts);
        let Some(first) = programs.iter().find(|program| program.is_executable()) else {
            return ask::NO_PROGRAM;
        };
        let mut told = Vec::new();
        let mut covers = Vec::new();
        for program in &programs {
            let methods = LEAVING
                .iter()
                .filter_map(|selector| Some((*selector, program.implements(selector)?)));
            told.extend(methods.map(|(selector, class)| {
                program
                    .evidence_of(
                        words("is told of leaving the screen", "获知离开前台"),
                        selector,
                    )
                    .class(class.name.as_str())
            }));
            let notifications = program.imports_of(&NOTIFICATIONS).into_iter();
            told.extend(notifications.map(|name| {
                program.evidence_of(words("is told of leaving the screen", "获知离开前台"), name)
            }));
            let classes = COVERS.iter().filter(|class| program.uses_class(class));
            covers.extend(classes.map(|class| {
                program.evidence_of(
                    words("has something to cover pages with", "具备遮盖手段"),
                    class,
                )
            }));
            if program.mentions(IGNORE) {
                covers.push(program.evidence_of(
                    words("has something to cover pages with", "具备遮盖手段"),
                    IGNORE,
                ));
            }
        }
        let mut findings = Findings::new();
        if told.is_empty() {
            absences(subject, CHECK.areas, &mut findings).push(first.evidence(words(
                "is never told of leaving the screen, so that pages stay in the picture",
                "从未获知离开前台，页面会留在截图中",
            )));
        } else if covers.is_empty() {
            findings.doubtful.append(&mut told);
        } else {
            findings.right.append(&mut told);
            findings.right.append(&mut covers);
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    classes: vec![(
                        "AppDelegate",
                        vec!["application:didFinishLaunchingWithOptions:"],
                    )],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "is never told of leaving the screen, so that pages stay in the picture: arm64 at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    classes: vec![("AppDelegate", vec!["applicationWillResignActive:"])],
                    imports: vec!["_OBJC_CLASS_$_UIVisualEffectView"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

const LEAVING: [&str; 4] = [
    "applicationDidEnterBackground:",
    "applicationWillResignActive:",
    "sceneDidEnterBackground:",
    "sceneWillResignActive:",
];
const NOTIFICATIONS: [&str; 5] = [
    "_UIApplicationDidEnterBackgroundNotification",
    "_UIApplicationWillResignActiveNotification",
    "_UISceneDidEnterBackgroundNotification",
    "_UISceneWillDeactivateNotification",
    "_$s7SwiftUI10ScenePhaseO10backgroundyA2CmFWC",
];
const COVERS: [&str; 2] = ["UIVisualEffectView", "UIBlurEffect"];
const IGNORE: &str = "ignoreSnapshotOnNextApplicationLaunch";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn encrypted_programs_hide_the_answer() {
        let program = native::Macho {
            encrypted: true,
            classes: vec![("AppDelegate", vec!["applicationWillResignActive:"])],
            ..native::Macho::default()
        };
        let finding = ask::sample("", &program).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Incomplete);
    }

    #[test]
    fn being_told_alone_is_partly_right() {
        let program = native::Macho {
            classes: vec![("AppDelegate", vec!["applicationWillResignActive:"])],
            ..native::Macho::default()
        };
        let finding = ask::sample("", &program).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
        assert_eq!(finding.evidence[0].class.as_deref(), Some("AppDelegate"));
    }
}
