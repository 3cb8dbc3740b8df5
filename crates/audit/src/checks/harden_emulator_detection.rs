//! Whether the app looks for emulators.
//!
//! Clauses: CJ-4.2.3, CJ-4.2.3.c, AP-3.1.1.

use crate::ask::environment::{self, Threat};
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::ask::environment::look;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-emulator-detection",
    title: words("Emulator detection", "模拟器检测"),
    purpose: words(
        "In an emulator many accounts are run at once, and everything can be recorded and changed.",
        "模拟器可批量操作账户，并可记录和修改一切。",
    ),
    procedure: words(
        "Look in code, native libraries and programs for the files, packages, properties, calls \
         and symbols by which emulators are recognised, and name each place.",
        "在代码、本地库与程序中查找用于识别模拟器的文件、包名、属性、调用与符号，并列出位置。",
    ),
    criterion: words(
        "The app's own code or a library that it ships looks for emulators.",
        "应用自身代码或所带本地库检测模拟器。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0053"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android, Platform::Ios],
    areas: &[Area::Archive, Area::Code, Area::Native],
    judge: |subject| {
        let absent = words("no code looks for an emulator", "没有代码检测模拟器");
        environment::judge(subject, Threat::Emulator, absent)
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&look("/data/system")),
        evidence: &["no code looks for an emulator"],
        good: || Sample::method(&look("ro.kernel.qemu")),
        broken: || Sample::method(&look("/data/system")).damaged("classes.dex"),
    },
};
