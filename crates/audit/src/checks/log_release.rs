//! Whether log calls for developers were left in the release.
//!
//! Clauses: JR-6.1.7.2, AP-1.4.1, JR-6.1.2.d.

use crate::ask::{log, own::Own, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "log-release",
    title: words("Log calls left in the release", "发布版残留日志调用"),
    purpose: words(
        "Debug messages tell an attacker the business flow and where to look.",
        "调试日志向攻击者透露业务流程和下手位置。",
    ),
    procedure: words(
        "List the calls of the app's own code to Log.v, Log.d, Log.i, System.out, System.err and \
         the like of logging libraries. Libraries known by name are left out.",
        "列出应用自身代码对 Log.v、Log.d、Log.i、System.out、System.err 及日志库同类方法的调用，已知第三方库除外。",
    ),
    criterion: words(
        "The app's own code has no log call below the level of a warning.",
        "应用自身代码不含低于警告级别的日志调用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[532],
    maswe: &["MASWE-0005", "MASWE-0061"],
    mastg: &["MASTG-TEST-0203"],
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
        let calls = log::calls(&facts.code).into_iter();
        let calls = calls.filter(|found| found.is_verbose);
        let mut findings = Findings::new();
        for found in calls {
            let site = found.call.site();
            if own.may_have_written(&site.class) {
                let target = found.call.target();
                let evidence = Evidence::at(words("a log call", "日志调用"), &site);
                findings.doubtful.push(evidence.string(format!(
                    "{}.{}",
                    target.class_name(),
                    target.name()
                )));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&log("d")),
        evidence: &["a log call: android.util.Log.d at com.bank.Main.run()V @0x0004"],
        good: || Sample::method(&log("e")),
        broken: || Sample::method(&log("d")).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn log(level: &str) -> String {
    format!(
        "const-string v0, \"Pay\"\nconst-string v1, \"step 2\"\n\
         invoke-static {{v0, v1}}, Landroid/util/Log;->{level}(Ljava/lang/String;Ljava/lang/String;)I\n"
    )
}
