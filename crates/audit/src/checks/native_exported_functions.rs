//! Which native functions Java code finds by their names.
//!
//! A library can register its functions in `JNI_OnLoad` instead; then no name leads from the Java
//! method to the code behind it, and obfuscation covers both sides.
//!
//! Clauses: AP-1.2.4, AP-1.2.3.2, JR-6.1.2.a.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-exported-functions",
    title: words("Native functions exported by name", "本机函数按名导出"),
    purpose: words(
        "An exported name tells which code answers which Java method, and anybody can \
         call it.",
        "导出名揭示 Java 方法对应的本机代码，任何人都能调用。",
    ),
    procedure: words(
        "List the exported functions with names that Java code is bound by.",
        "列出以 Java 绑定名导出的函数。",
    ),
    criterion: words(
        "Functions are registered at load time; only JNI_OnLoad and JNI_OnUnload are \
         exported.",
        "装载时注册函数；仅导出 JNI_OnLoad 与 JNI_OnUnload。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[749],
    maswe: &["MASWE-0059"],
    mastg: &[],
    severity: Severity::Info,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            for function in library.elf.jni_exports() {
                findings.doubtful.push(
                    ask::about(
                        words("a native method is exported by name", "本机方法按名导出"),
                        library,
                    )
                    .string(function),
                );
            }
            if library.elf.exports.iter().any(|name| name == "JNI_OnLoad") {
                findings.right.push(ask::about(
                    words(
                        "can register its functions when it is loaded",
                        "可在装载时注册函数",
                    ),
                    library,
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                exports: vec!["Java_com_bank_Native_check"],
                ..native::Elf::default()
            })
        },
        evidence: &[
            "a native method is exported by name: Java_com_bank_Native_check in lib/arm64-v8a/libpay.so",
        ],
        good: || {
            ask::sample(&native::Elf {
                exports: vec!["JNI_OnLoad"],
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};
