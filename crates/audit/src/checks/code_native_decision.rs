//! Whether native code decides about texts, where this audit does not follow.
//!
//! Clauses: JR-7.3.5.a.

use crate::ask::own::Own;
use crate::ask::without_code;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::Method;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-native-decision",
    title: words("Decisions taken in native code", "由原生代码作出的判断"),
    purpose: words(
        "A comparison with a secret, or a check of a licence, is no safer in native code, and a \
         reader of Java does not see it. Somebody has to look there.",
        "在原生代码中比较秘密或校验授权并不更安全，阅读 Java 代码的人也看不到，须另行查看。",
    ),
    procedure: words(
        "List native methods that answer yes or no about a text or bytes, and who asks them.",
        "列出就文本或字节作出是/否回答的原生方法及其调用处。",
    ),
    criterion: words(
        "No native method decides about a text.",
        "不存在就文本作出判断的原生方法。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[656],
    maswe: &[],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let mut findings = Findings::new();
        for method in facts.code.methods().filter(decides_about_text) {
            for call in method.callers() {
                let site = call.site();
                if own.may_have_written(&site.class) {
                    let what = words(
                        "native code decides, which is not read here",
                        "由原生代码判断，此处不予解读",
                    );
                    let evidence = Evidence::at(what, &site).string(method.qualified_name());
                    findings.doubtful.push(evidence);
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || asks("Z"),
        evidence: &[
            "native code decides, which is not read here: com.bank.Main.check([B)Z at \
             com.bank.Main.run([B)V @0x0000 in classes.dex",
        ],
        good: || asks("I"),
        broken: || asks("Z").damaged("classes.dex"),
    },
};

/// A native method from texts or bytes to a boolean.
fn decides_about_text(method: &Method<'_>) -> bool {
    const ABOUT: [&str; 4] = ["[B", "[C", "Ljava/lang/String;", "Ljava/lang/CharSequence;"];
    if !method.is_native() {
        return false;
    }
    let descriptor = method.descriptor();
    let Some(parameters) = descriptor.strip_suffix(")Z") else {
        return false;
    };
    ABOUT.iter().any(|text| parameters.contains(text))
}

#[cfg(test)]
fn asks(returns: &str) -> Sample {
    Sample::code(&format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static native check([B){returns}\n.end method\n\
         .method public static run([B)V\n.registers 1\n\
         invoke-static {{p0}}, Lcom/bank/Main;->check([B){returns}\nreturn-void\n.end method\n"
    ))
}
