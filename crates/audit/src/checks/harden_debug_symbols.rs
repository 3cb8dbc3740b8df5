//! Whether the code still carries names of files and variables.
//!
//! Clauses: JR-6.1.2.d, AP-1.2.4, AP-3.2.1.

use crate::ask::{obfuscation::is_generated, own::Own, webview::outer_class, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::Class;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-debug-symbols",
    title: words("Debug information in code", "代码含调试信息"),
    purpose: words(
        "Names of source files and variables turn decompiled code back into what was written.",
        "源文件名与变量名会让反编译代码几乎还原为源代码。",
    ),
    procedure: words(
        "Count classes of the app's own that name their source file, and methods with names of \
         local variables.",
        "统计应用自身代码中带源文件名的类与带局部变量名的方法。",
    ),
    criterion: words(
        "No class of the app's own names its source file, no method its variables.",
        "应用自身的类不含源文件名，方法不含变量名。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[215],
    maswe: &["MASWE-0061"],
    mastg: &["MASTG-TEST-0040"],
    severity: Severity::Low,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let mut findings = Findings::new();
        for class in facts.code.classes() {
            let name = class.name();
            if !own.may_have_written(&name) || is_generated(outer_class(&name)) {
                continue;
            }
            let variables = class
                .methods()
                .filter(|method| method.debug_names().locals)
                .count();
            if variables > 0 {
                let what = words("methods name their variables", "方法含变量名");
                let evidence = Evidence::in_file(what, class.file()).class(name.clone());
                findings.wrong.push(evidence.string(variables.to_string()));
            }
            // Inner classes are in the file of the outer one.
            let source = source_file(&class).filter(|_| !name.contains('$'));
            if let Some(source) = source {
                let what = words("a class names its source file", "类含源文件名");
                findings.wrong.push(
                    Evidence::in_file(what, class.file())
                        .class(name)
                        .string(source),
                );
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(&source("PaymentKeys.java")),
        evidence: &[
            "a class names its source file: PaymentKeys.java at com.bank.Main in classes.dex",
        ],
        good: || Sample::code(&source("SourceFile")),
        broken: || Sample::code(&source("PaymentKeys.java")).damaged("classes.dex"),
    },
};

/// The name of a source file, unless an obfuscator put something else there.
fn source_file(class: &Class<'_>) -> Option<String> {
    let name = class.source_file()?;
    let is_source = [".java", ".kt", ".scala", ".groovy"]
        .iter()
        .any(|extension| name.len() > extension.len() && name.ends_with(extension));
    is_source.then(|| name.into_owned())
}

#[cfg(test)]
fn source(name: &str) -> String {
    format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.source \"{name}\"\n\
         .method public static run()V\n.registers 1\nreturn-void\n.end method\n"
    )
}
