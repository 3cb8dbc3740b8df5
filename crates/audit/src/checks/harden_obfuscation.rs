//! Whether the names of the app's own code were taken away.
//!
//! Clauses: AP-1.2.4, AP-3.2.1, CJ-4.2.3.a, CJ-4.2.3.d, JR-6.1.2.a, JR-7.3.6.a, AN-3.

use crate::ask::{obfuscation::Measure, packer, without_code};
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-obfuscation",
    title: words("Names are obfuscated", "名称混淆"),
    purpose: words(
        "Names lead an attacker straight to logins, keys and checks.",
        "有意义的名称会把攻击者直接引向登录、密钥与校验逻辑。",
    ),
    procedure: words(
        "Count the app's own classes and methods, without those that the manifest names and those \
         that tools generate, and the share whose names tell nothing.",
        "统计应用自身的类与方法（清单声明的与工具生成的除外）中名称无意义者所占比例。",
    ),
    criterion: words(
        "At least the configured share of classes (obfuscated_percent_min) has such names.",
        "名称无意义的类不低于配置的比例（obfuscated_percent_min）。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0059"],
    mastg: &["MASTG-TEST-0051"],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let measure = Measure::of(facts);
        let mut findings = Findings::new();
        if let Some(packer) = packer::found(facts).first() {
            let what = words("the code is hidden by a shell", "代码由加固壳隐藏");
            findings.right.push(Evidence::new(what).string(packer.name));
            return findings.into();
        }
        let Some(percent) = measure.percent() else {
            return Outcome::NotApplicable(words(
                "the app has no classes that could be renamed",
                "应用没有可混淆的类",
            ));
        };
        let counted =
            Evidence::new(words("names that tell nothing", "无意义名称")).string(format!(
                "{} of {} classes ({percent} %), {} of {} methods",
                measure.classes_renamed, measure.classes, measure.methods_renamed, measure.methods
            ));
        if percent >= subject.configuration.thresholds.obfuscated_percent_min {
            findings.right.push(counted);
            return findings.into();
        }
        findings.wrong.push(counted);
        findings
            .wrong
            .extend(measure.examples.iter().map(|(file, class)| {
                let what = words("a name that tells what it is", "含义清晰的名称");
                Evidence::in_file(what, file).class(class)
            }));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(&class("PaymentKeys", "sign")),
        evidence: &[
            "names that tell nothing: 0 of 1 classes (0 %), 0 of 1 methods",
            "a name that tells what it is at com.bank.PaymentKeys in classes.dex",
        ],
        good: || Sample::code(&class("a", "b")),
        broken: || Sample::code(&class("a", "b")).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn class(name: &str, method: &str) -> String {
    format!(
        ".class public Lcom/bank/{name};\n.super Ljava/lang/Object;\n\
         .method public static {method}()V\n.registers 1\nreturn-void\n.end method\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn the_share_is_configured_and_components_keep_their_names() {
        let sample = || {
            Sample::apk("<application><activity android:name=\".Login\"/></application>").smali(
                &[
                    class("Login", "open"),
                    class("a", "b"),
                    class("Key", "c"),
                    class("c", "d"),
                ]
                .concat(),
            )
        };
        let finding = sample().judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Pass);
        assert!(
            finding.evidence[0]
                .to_string()
                .contains("2 of 3 classes (66 %)")
        );
        let strict = sample().declared("[thresholds]\nobfuscated_percent_min = 67\n");
        assert_eq!(strict.judged_by(&CHECK).verdict, Verdict::Fail);
    }
}
