//! Whether anybody can attach a debugger to the installed HarmonyOS app.
//!
//! Clauses: JR-6.1.2.d, AP-1.4.1, AP-3.2.1, CJ-4.2.3.a.

use crate::ask::harmony as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-debuggable",
    title: words("The HarmonyOS app can be debugged", "鸿蒙应用可被调试"),
    purpose: words(
        "A debugger reads every key, password and decision of the running app.",
        "调试器可读取运行中应用的密钥、口令与判断结果。",
    ),
    procedure: words(
        "Read the debug flag of every module.",
        "读取每个模块的 debug 标志。",
    ),
    criterion: words("It is absent or false.", "不存在或为 false。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[489],
    maswe: &["MASWE-0063"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        ask::each_module(subject, |module, findings| {
            let path = if ask::is_older_model(module) {
                "/deviceConfig/default/debug"
            } else {
                "/app/debug"
            };
            if module.debug == Some(true) {
                findings.wrong.push(ask::in_module(
                    words("a debugger may attach", "允许调试器附加"),
                    module,
                    path,
                ));
            } else {
                findings.right.push(ask::in_module(
                    words("no debugger may attach", "不允许调试器附加"),
                    module,
                    path,
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || ask::sample_of(r#","debug":true"#, ""),
        evidence: &["a debugger may attach in module.json (/app/debug)"],
        good: || ask::sample_of(r#","debug":false"#, ""),
        broken: ask::damaged,
    },
};
