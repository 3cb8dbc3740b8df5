//! Whether the app looks for root.
//!
//! Clauses: AP-3.1.1, CJ-4.2.3, JR-6.1.9.2.a.

use crate::ask::environment::{self, Threat};
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::ask::environment::look;
#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-root-detection",
    title: words("Root and jailbreak detection", "root 与越狱检测"),
    purpose: words(
        "On a rooted or jailbroken device other programs read and change everything that the app does.",
        "在已 root 或越狱的设备上，其他程序可读取和修改应用的一切行为。",
    ),
    procedure: words(
        "Look in code, native libraries and programs for the files, packages, properties, calls \
         and symbols by which root are recognised, and name each place.",
        "在代码、本地库与程序中查找用于识别root 或越狱的文件、包名、属性、调用与符号，并列出位置。",
    ),
    criterion: words(
        "The app's own code or a library that it ships looks for root.",
        "应用自身代码或所带本地库检测root 或越狱。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0051"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android, Platform::Ios],
    areas: &[Area::Archive, Area::Code, Area::Native],
    judge: |subject| {
        let absent = words(
            "no code looks for root or a jailbreak",
            "没有代码检测 root 或越狱",
        );
        environment::judge(subject, Threat::Root, absent)
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&look("/data/system")),
        evidence: &["no code looks for root or a jailbreak"],
        good: || Sample::method(&look("/system/xbin/su")),
        broken: || Sample::method(&look("/data/system")).damaged("classes.dex"),
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::native::{Elf, Macho};
    use crate::judgement::Verdict;

    #[test]
    fn native_code_and_programs_count() {
        let elf = Elf {
            data: b"\0/sbin/.magisk\0".to_vec(),
            ..Elf::default()
        };
        let sample = Sample::method("nop\n").file("lib/arm64-v8a/libpay.so", elf.build());
        let finding = sample.judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Pass);
        assert!(
            finding.evidence[0]
                .to_string()
                .contains("lib/arm64-v8a/libpay.so")
        );
        let macho = Macho {
            strings: b"/Applications/Cydia.app\0".to_vec(),
            ..Macho::default()
        };
        let sample = Sample::ipa("").file("Payload/Bank.app/Bank", macho.build());
        assert_eq!(sample.judged_by(&CHECK).verdict, Verdict::Pass);
        let sample = Sample::ipa("").file("Payload/Bank.app/Bank", Macho::default().build());
        assert_eq!(sample.judged_by(&CHECK).verdict, Verdict::Fail);
    }

    #[test]
    fn the_word_su_counts_only_where_files_are_looked_for() {
        let text = "const-string v1, \"su\"\n";
        assert_eq!(
            Sample::method(text).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
        assert_eq!(
            Sample::method(&look("su")).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn an_encrypted_program_is_not_judged() {
        let macho = Macho {
            encrypted: true,
            ..Macho::default()
        };
        let sample = Sample::ipa("").file("Payload/Bank.app/Bank", macho.build());
        assert_eq!(sample.judged_by(&CHECK).verdict, Verdict::Incomplete);
    }
}
