//! Whether the app looks for debuggers.
//!
//! Clauses: AP-3.2.1, AP-3.2.3, AP-1.2.4, CJ-4.2.3.d, JR-6.1.2.a.

use crate::ask::environment::{self, Threat};
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::ask::environment::look;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-debugger-detection",
    title: words("Debugger detection", "调试器检测"),
    purpose: words(
        "A debugger stops the app where it decides, and changes the decision.",
        "调试器可在判断处暂停应用并篡改判断。",
    ),
    procedure: words(
        "Look in code, native libraries and programs for the files, packages, properties, calls \
         and symbols by which debuggers are recognised, and name each place.",
        "在代码、本地库与程序中查找用于识别调试器的文件、包名、属性、调用与符号，并列出位置。",
    ),
    criterion: words(
        "The app's own code or a library that it ships looks for debuggers.",
        "应用自身代码或所带本地库检测调试器。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0064"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android, Platform::Ios],
    areas: &[Area::Archive, Area::Code, Area::Native],
    judge: |subject| {
        let absent = words("no code looks for a debugger", "没有代码检测调试器");
        environment::judge(subject, Threat::Debugger, absent)
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&look("/data/system")),
        evidence: &["no code looks for a debugger"],
        good: || Sample::method(&look("TracerPid")),
        broken: || Sample::method(&look("/data/system")).damaged("classes.dex"),
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn flags(mask: u8) -> String {
        format!(
            "const/4 v0, 0\n\
             iget v1, v0, Landroid/content/pm/ApplicationInfo;->flags:I\n\
             and-int/lit8 v1, v1, {mask}\n"
        )
    }

    #[test]
    fn the_debuggable_flag_counts_and_others_do_not() {
        assert_eq!(
            Sample::method(&flags(2)).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        assert_eq!(
            Sample::method(&flags(1)).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
