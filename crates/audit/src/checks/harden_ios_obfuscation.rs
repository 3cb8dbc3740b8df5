//! Whether the names of Objective-C classes in an iOS app were taken away.
//!
//! Clauses: JR-6.1.2.a, AP-1.2.4, AP-3.2.1, JR-7.3.6.a, AN-3.

use std::collections::BTreeSet;

use crate::ask::obfuscation::is_meaningless;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::{Area, Facts};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-ios-obfuscation",
    title: words("Names of classes are obfuscated on iOS", "iOS 类名混淆"),
    purpose: words(
        "Objective-C keeps every name of classes and methods; they lead straight to what matters.",
        "Objective-C 保留全部类名与方法名，会把攻击者直接引向关键逻辑。",
    ),
    procedure: words(
        "Count the classes that the app's program defines and those whose names tell nothing: a \
         letter or two, or random letters.",
        "统计应用程序定义的类，以及名称无意义（一两个字母或随机字母）的类。",
    ),
    criterion: words(
        "At least the configured share of classes (obfuscated_percent_min) has such names.",
        "名称无意义的类不低于配置的比例（obfuscated_percent_min）。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0089"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Ios],
    areas: &[Area::Archive, Area::Native, Area::Ios],
    judge: |subject| {
        let (file, names) = classes(subject.facts);
        if names.is_empty() {
            return Outcome::NotApplicable(words(
                "the app's program defines no Objective-C classes",
                "应用程序未定义 Objective-C 类",
            ));
        }
        let (renamed, clear): (Vec<&str>, Vec<&str>) = names
            .iter()
            .partition(|name| is_meaningless(name) || is_random(name));
        let percent = renamed.len() * 100 / names.len();
        let counted =
            Evidence::in_file(words("names that tell nothing", "无意义名称"), &file).string(
                format!("{} of {} classes ({percent} %)", renamed.len(), names.len()),
            );
        let mut findings = Findings::new();
        if percent >= subject.configuration.thresholds.obfuscated_percent_min as usize {
            findings.right.push(counted);
            return findings.into();
        }
        findings.wrong.push(counted);
        findings.wrong.extend(clear.into_iter().take(5).map(|name| {
            let what = words("a name that tells what it is", "含义清晰的名称");
            Evidence::in_file(what, &file).class(name)
        }));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || program("_OBJC_CLASS_$_PaymentKeys"),
        evidence: &["names that tell nothing: 0 of 1 classes (0 %) in Payload/Bank.app/Bank"],
        good: || program("_OBJC_CLASS_$_qZxVbNmKtRwPs"),
        broken: || program("_OBJC_CLASS_$_PaymentKeys").damaged("Payload/Bank.app/Bank"),
    },
};

/// The program of the app and its classes, without those that the system looks for by name.
fn classes(facts: &Facts) -> (String, BTreeSet<&str>) {
    let app = facts.ios.as_ref().and_then(|ios| ios.app());
    let file = app
        .and_then(|app| app.executable_path.clone())
        .unwrap_or_default();
    let slices = || app.into_iter().flat_map(|app| &app.slices);
    let listed = slices()
        .flat_map(|slice| &slice.objc_classes)
        .map(|class| class.name.as_str());
    let symbols = slices().flat_map(|slice| &slice.symbols);
    let symbols = symbols.filter_map(|symbol| symbol.strip_prefix("_OBJC_CLASS_$_"));
    let names = listed
        .chain(symbols)
        .filter(|name| !name.contains("AppDelegate") && !name.contains("SceneDelegate"))
        // Helpers that the compiler links in.
        .filter(|name| !name.starts_with("__") && !name.starts_with("PodsDummy"));
    (file, names.collect())
}

/// Whether nobody could say the name: long runs without vowels.
fn is_random(name: &str) -> bool {
    const RUN_MIN: usize = 6;
    let is_vowel = |letter: char| "aeiouyAEIOUY_0123456789".contains(letter);
    name.split(is_vowel)
        .any(|run| run.chars().count() >= RUN_MIN)
}

/// An app whose program keeps the symbol of one class.
#[cfg(test)]
fn program(symbol: &'static str) -> Sample {
    let program = crate::fixture::native::Macho {
        locals: vec![symbol],
        ..crate::fixture::native::Macho::default()
    };
    Sample::ipa("").file("Payload/Bank.app/Bank", program.build())
}
