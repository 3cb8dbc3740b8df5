//! Whether the user is told why each permission is asked for, in words that mean something.
//!
//! Without the text the system ends the app as soon as it asks.
//!
//! Clauses: CJ-4.3.2.a, JR-6.1.6.2.b, JR-6.1.6.2.a.

use crate::ask::ios as ask;
use crate::ask::usage::USES;
use crate::check::{Check, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "ios-usage-descriptions",
    title: words("Reasons for permissions", "权限用途说明"),
    purpose: words(
        "Users decide by the text; without it, or with an empty one, they decide blindly.",
        "用户依据说明作决定；缺失或空洞的说明使其盲目选择。",
    ),
    procedure: words(
        "Compare the interfaces that programs use with the usage descriptions, and \
         read these.",
        "将程序使用的接口与用途说明比较，并审阅说明内容。",
    ),
    criterion: words(
        "Every permission that can be asked for has a text of several words.",
        "每项可能请求的权限均有数词以上的说明。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[357],
    maswe: &["MASWE-0066"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Ios, Area::Native],
    judge: |subject| {
        let Some((_, info)) = ask::app(subject.facts) else {
            return ask::NO_APP;
        };
        let mut findings = Findings::new();
        for (key, text) in info.usage_descriptions() {
            let evidence = |what| ask::in_info(what, info, key).string(text);
            if is_empty_talk(key, text) {
                findings
                    .wrong
                    .push(evidence(words("a reason that says nothing", "说明空洞")));
            } else {
                findings
                    .right
                    .push(evidence(words("a reason that is given", "已给出的说明")));
            }
        }
        for usage in &USES {
            if usage.keys.iter().any(|key| info.value(key).is_some()) {
                continue;
            }
            for program in ask::programs(subject.facts) {
                let Some(class) = usage.classes.iter().find(|class| program.uses_class(class))
                else {
                    continue;
                };
                let evidence = program.evidence_of(
                    words(
                        "can ask for a permission without a reason",
                        "可在无说明的情况下请求权限",
                    ),
                    &format!("{class}: {}", usage.keys.join(", ")),
                );
                // A library may offer what the app never calls.
                match program.is_executable() {
                    true => findings.wrong.push(evidence),
                    false => findings.doubtful.push(evidence),
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample("", &camera()),
        evidence: &[
            "can ask for a permission without a reason: AVCaptureDevice: NSCameraUsageDescription (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "<key>NSCameraUsageDescription</key><string>Scans the code you pay with</string>",
                &camera(),
            )
        },
        broken: || Sample::ipa("<key>A</key><true/>").damaged("Payload/Bank.app/Info.plist"),
    },
};

/// Whether a text is no reason: empty, as short as one word, or what templates are filled with.
fn is_empty_talk(key: &str, text: &str) -> bool {
    /// Letters of a short sentence, in scripts with and without an alphabet.
    const LATIN_MIN: usize = 12;
    const HAN_MIN: usize = 5;
    let text = text.trim();
    let is_han = |character: &char| matches!(character, '\u{3400}'..='\u{9fff}');
    let han = text.chars().filter(is_han).count();
    let letters = text
        .chars()
        .filter(|character| character.is_alphabetic())
        .count();
    let is_short = if han > 0 {
        han < HAN_MIN
    } else {
        letters < LATIN_MIN
    };
    let lower = text.to_ascii_lowercase();
    let fillers = [
        "todo",
        "lorem ipsum",
        "xxx",
        "usage description",
        "description here",
        "your reason",
    ];
    is_short || text == key || fillers.iter().any(|filler| lower.contains(filler))
}

#[cfg(test)]
fn camera() -> crate::fixture::native::Macho {
    crate::fixture::native::Macho {
        imports: vec!["_OBJC_CLASS_$_AVCaptureDevice"],
        ..crate::fixture::native::Macho::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_reason_has_to_say_something() {
        for (text, verdict) in [
            ("camera", Verdict::Fail),
            ("TODO: write a description here", Verdict::Fail),
            ("用于扫描付款二维码", Verdict::Pass),
            ("相机", Verdict::Fail),
        ] {
            let info = format!("<key>NSCameraUsageDescription</key><string>{text}</string>");
            assert_eq!(
                ask::sample(&info, &camera()).judged_by(&CHECK).verdict,
                verdict,
                "{text}"
            );
        }
    }
}
