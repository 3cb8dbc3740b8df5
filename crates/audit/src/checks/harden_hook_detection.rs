//! Whether the app looks for Frida, Xposed and the like.
//!
//! Clauses: AP-3.2.3, CJ-4.2.3.d.

use crate::ask::environment::{self, Threat};
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::ask::environment::look;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-hook-detection",
    title: words("Hook detection", "Hook 检测"),
    purpose: words(
        "Frameworks such as Frida and Xposed replace methods while the app runs.",
        "Frida、Xposed 等框架可在运行时替换方法。",
    ),
    procedure: words(
        "Look in code, native libraries and programs for the files, packages, properties, calls \
         and symbols by which Frida, Xposed and the like are recognised, and name each place.",
        "在代码、本地库与程序中查找用于识别Frida、Xposed 等框架的文件、包名、属性、调用与符号，并列出位置。",
    ),
    criterion: words(
        "The app's own code or a library that it ships looks for Frida, Xposed and the like.",
        "应用自身代码或所带本地库检测Frida、Xposed 等框架。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0065"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android, Platform::Ios],
    areas: &[Area::Archive, Area::Code, Area::Native],
    judge: |subject| {
        let absent = words("no code looks for hooks", "没有代码检测 hook");
        environment::judge(subject, Threat::Hook, absent)
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&look("/data/system")),
        evidence: &["no code looks for hooks"],
        good: || Sample::method(&look("de.robv.android.xposed.XposedBridge")),
        broken: || Sample::method(&look("/data/system")).damaged("classes.dex"),
    },
};
