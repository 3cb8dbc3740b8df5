//! Whether test and debug libraries were shipped.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use std::collections::BTreeMap;

use crate::ask::without_code;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "package-test-code",
    title: words(
        "Test and debug libraries in the package",
        "安装包含测试或调试库",
    ),
    purpose: words(
        "Debug libraries open databases, traffic and views to whoever connects.",
        "调试库会向连接者开放数据库、流量与界面。",
    ),
    procedure: words(
        "Look for classes of known test and debug libraries, variants without function left out, \
         and for test cases.",
        "查找已知测试与调试库的类（无功能变体除外）以及测试用例。",
    ),
    criterion: words("The package has none.", "安装包不含此类代码。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[489, 1164],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut found: BTreeMap<&str, (Evidence, usize)> = BTreeMap::new();
        for class in code.classes() {
            let name = class.name();
            let Some((library, _)) = LIBRARIES.iter().find(|(_, start)| name.starts_with(start))
            else {
                continue;
            };
            let what = words("a library for tests or debugging", "测试或调试库");
            let entry = found
                .entry(library)
                .or_insert_with(|| (Evidence::in_file(what, class.file()).class(name.clone()), 0));
            entry.1 += 1;
        }
        let libraries = found.into_iter().map(|(library, (evidence, classes))| {
            evidence.string(format!("{library} ({classes} classes)"))
        });
        let cases = code.descendants_of("junit.framework.TestCase").into_iter();
        let cases = cases
            .filter(|class| {
                !LIBRARIES
                    .iter()
                    .any(|(_, start)| class.name().starts_with(start))
            })
            .map(|class| {
                let what = words("a test case", "测试用例");
                Evidence::in_file(what, class.file()).class(class.name())
            });
        Findings::wrong(libraries.chain(cases)).into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(&class("com/facebook/stetho/Stetho")),
        evidence: &[
            "a library for tests or debugging: Stetho (1 classes) at com.facebook.stetho.Stetho in classes.dex",
        ],
        good: || Sample::code(&class("com/facebook/Session")),
        broken: || Sample::code(&class("com/facebook/stetho/Stetho")).damaged("classes.dex"),
    },
};

/// Libraries, and what the names of their classes start with.
const LIBRARIES: &[(&str, &str)] = &[
    ("JUnit", "junit.framework."),
    ("JUnit", "org.junit."),
    ("Mockito", "org.mockito."),
    ("PowerMock", "org.powermock."),
    ("MockK", "io.mockk."),
    ("Hamcrest", "org.hamcrest."),
    ("Robolectric", "org.robolectric."),
    ("AndroidX Test", "androidx.test."),
    ("Android Test Support", "android.support.test."),
    ("LeakCanary", "com.squareup.leakcanary.internal."),
    ("LeakCanary", "leakcanary.internal."),
    ("Stetho", "com.facebook.stetho."),
    ("Flipper", "com.facebook.flipper.core."),
    ("Flipper", "com.facebook.sonar."),
    ("Chuck", "com.readystatesoftware.chuck.internal."),
    ("Chucker", "com.chuckerteam.chucker.internal."),
    ("Android Debug Database", "com.amitshekhar.debug."),
    ("Hyperion", "com.willowtreeapps.hyperion."),
    ("DoKit", "com.didichuxing.doraemonkit.kit."),
    ("BlockCanary", "com.github.moduth.blockcanary.internal."),
    ("Pandora", "tech.linjiang.pandora."),
];

#[cfg(test)]
fn class(name: &str) -> String {
    format!(
        ".class public L{name};\n.super Ljava/lang/Object;\n\
         .method public static run()V\n.registers 1\nreturn-void\n.end method\n"
    )
}
