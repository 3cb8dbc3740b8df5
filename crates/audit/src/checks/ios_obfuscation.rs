//! How many class names of the app still tell what they are for.
//!
//! A name tells if it has a word of four letters or more that can be spoken. Names of Swift classes
//! are taken out of their mangled form.
//!
//! Clauses: JR-6.1.2.a, AP-1.2.4, AP-3.2.1, CJ-4.2.3.d, JR-7.3.6.a, AN-3.

use crate::ask::ios as ask;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-obfuscation",
    title: words("Class names that tell", "类名未混淆"),
    purpose: words(
        "Names of classes and methods are a map of the app for whoever takes it apart.",
        "类名与方法名是逆向者的应用地图。",
    ),
    procedure: words(
        "Measure the share of the class names of the app that are made of words.",
        "统计应用类名中由可读单词构成的比例。",
    ),
    criterion: words(
        "At least the demanded share is obfuscated.",
        "至少达到要求的混淆比例。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[656],
    maswe: &["MASWE-0059"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        let programs = ask::programs(subject.facts);
        let main = programs
            .iter()
            .find(|program| program.is_executable() && !program.slice.objc_classes.is_empty());
        let Some(program) = main else {
            if programs.is_empty() {
                return ask::NO_PROGRAM;
            }
            return Outcome::NotTestable(words(
                "the program keeps no class names that can be read",
                "程序未保留可读的类名",
            ));
        };
        let names = program
            .slice
            .objc_classes
            .iter()
            .map(|class| class_name(&class.name));
        let names: Vec<&str> = names.filter(|name| !name.starts_with("__")).collect();
        let telling: Vec<&str> = names.iter().copied().filter(|name| tells(name)).collect();
        let hidden = names.len() - telling.len();
        let least = subject.configuration.thresholds.obfuscated_percent_min as usize;
        let share = format!("{hidden} of {} are obfuscated", names.len());
        let mut findings = Findings::new();
        if hidden * 100 >= names.len() * least {
            findings
                .right
                .push(program.evidence_of(words("class names", "类名"), &share));
        } else {
            findings.wrong.push(program.evidence_of(
                words("too few class names are obfuscated", "混淆的类名过少"),
                &share,
            ));
            let shown = telling.into_iter().take(NAMES_SHOWN);
            findings.wrong.extend(shown.map(|name| {
                program
                    .evidence(words("a class name that tells", "可读类名"))
                    .class(name)
            }));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    classes: vec![("LoginViewController", vec![]), ("PaymentService", vec![])],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "too few class names are obfuscated: 0 of 2 are obfuscated (arm64)",
            "a class name that tells: arm64 at LoginViewController in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    classes: vec![("aQ3x", vec![]), ("KzbWq", vec![])],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

/// Names that a report shows; a large app has thousands.
const NAMES_SHOWN: usize = 20;

/// The name of the class alone: `_TtC4Bank5Login` is `Login` of the module `Bank`.
fn class_name(name: &str) -> &str {
    let Some(mangled) = name.strip_prefix("_TtC") else {
        return name.rsplit('.').next().unwrap_or(name);
    };
    let mut rest = mangled.trim_start_matches('C');
    let mut last = name;
    while let Some((length, text)) = leading_number(rest) {
        let Some((identifier, after)) = text.split_at_checked(length) else {
            break;
        };
        (last, rest) = (identifier, after);
    }
    last
}

fn leading_number(text: &str) -> Option<(usize, &str)> {
    let end = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at_checked(end)?;
    Some((digits.parse().ok()?, rest))
}

/// Whether one of the words that a name is made of can be spoken: four letters or more, of which
/// a fifth to two thirds are vowels, without five consonants in a row.
fn tells(name: &str) -> bool {
    let is_vowel = |byte: u8| {
        matches!(
            byte.to_ascii_lowercase(),
            b'a' | b'e' | b'i' | b'o' | b'u' | b'y'
        )
    };
    words_of(name).any(|word| {
        let vowels = word.bytes().filter(|byte| is_vowel(*byte)).count();
        let consonants_in_row = word
            .as_bytes()
            .split(|byte| is_vowel(*byte))
            .map(<[u8]>::len)
            .max();
        word.len() >= 4
            && vowels * 5 >= word.len()
            && vowels * 3 <= word.len() * 2
            && consonants_in_row.is_none_or(|length| length < 5)
    })
}

/// The words of a name: `PINViewController2` is made of `PINView` and `Controller`; a capital
/// letter after a small one starts a word, and whatever is no letter ends one.
fn words_of(name: &str) -> impl Iterator<Item = &str> {
    let runs = name.split(|character: char| !character.is_ascii_alphabetic());
    runs.flat_map(|run| {
        let bytes = run.as_bytes();
        let mut starts = vec![0];
        let borders = bytes
            .windows(2)
            .enumerate()
            .filter_map(|(at, pair)| match pair {
                [left, right] if left.is_ascii_lowercase() && right.is_ascii_uppercase() => {
                    Some(at + 1)
                }
                _ => None,
            });
        starts.extend(borders);
        let ends: Vec<usize> = starts.iter().skip(1).copied().chain([run.len()]).collect();
        starts
            .into_iter()
            .zip(ends)
            .filter_map(|(from, to)| run.get(from..to))
            .collect::<Vec<_>>()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_words_tell_and_others_do_not() {
        for name in ["ViewController", "AppDelegate", "login", "XYZPayment"] {
            assert!(tells(name), "{name}");
        }
        for name in ["a", "aB", "Qzrtkplm", "O0O0lI", "x9f2c1", "KzbWq"] {
            assert!(!tells(name), "{name}");
        }
    }

    #[test]
    fn names_are_taken_out_of_their_mangled_form() {
        assert_eq!(class_name("_TtC4Bank5Login"), "Login");
        assert_eq!(class_name("_TtCC4Bank5Login4Cell"), "Cell");
        assert_eq!(class_name("Bank.Login"), "Login");
        assert_eq!(class_name("_TtC99Bank"), "_TtC99Bank");
    }
}
