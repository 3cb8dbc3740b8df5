//! Whether tools that only developers need are shipped.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::check::Subject;
use crate::check::{Check, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::{Purpose, inventory};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sdk-test-tools",
    title: words("Tools for tests in the release", "发布包内含测试工具"),
    purpose: words(
        "Inspectors and leak finders open the memory, the database and the traffic of the app to whoever connects.",
        "调试检查工具会向连接者开放应用的内存、数据库与流量。",
    ),
    procedure: words("Look for the classes of such tools.", "查找此类工具的类。"),
    criterion: words("There is none.", "不存在此类工具。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &["MASWE-0061"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(".class public Lcom/facebook/stetho/Stetho;\n.super Ljava/lang/Object;\n")
        },
        evidence: &[
            "a tool for developers is shipped: Stetho at com.facebook.stetho.Stetho in classes.dex",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/facebook/soloader/SoLoader;\n.super Ljava/lang/Object;\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/facebook/stetho/Stetho;\n.super Ljava/lang/Object;\n")
                .damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let sdks = inventory(subject.facts).iter();
    let tools = sdks.filter(|sdk| sdk.purpose == Some(Purpose::Test));
    Findings::wrong(tools.flat_map(|sdk| {
        let places = sdk.evidence.iter().take(1).cloned();
        places.map(|place| place.saying(TOOL).string(sdk.title()))
    }))
    .into()
}

const TOOL: Words = words("a tool for developers is shipped", "发布包内含开发工具");
