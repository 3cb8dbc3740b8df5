//! Whether the package was hardened with a shell.
//!
//! Clauses: CJ-4.2.3.a, CJ-4.2.3.d, JR-6.1.2.a, AP-3.2.1, AP-1.2.4, JR-7.3.6.a, AN-3.

use crate::ask::{obfuscation::Measure, packer, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "harden-packer",
    title: words("Shell against decompiling", "加固壳"),
    purpose: words(
        "Code that lies in the open is decompiled in seconds and put together again changed.",
        "裸露的代码数秒即可反编译，并可修改后重新打包。",
    ),
    procedure: words(
        "Look for files and stub classes of known shells, and whether their makers have replaced \
         the generation. Without a shell, look at the share of obfuscated names.",
        "按文件与存根类识别已知加固壳，并判断是否为已淘汰的代次；无壳时查看名称混淆比例。",
    ),
    criterion: words(
        "The package has a shell of a current generation.",
        "安装包使用当前代次的加固壳。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[693],
    maswe: &["MASWE-0059"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        let without_code = without_code(facts).filter(|_| facts.libraries.is_empty());
        if let Some(outcome) = without_code {
            return outcome;
        }
        let evidence = |what: Words, found: packer::Packer| {
            let mut evidence = Evidence::new(what).string(found.name);
            evidence.file = found.file;
            evidence.class = found.class;
            evidence
        };
        let mut findings = Findings::new();
        let (outdated, current): (Vec<_>, Vec<_>) = packer::found(facts)
            .into_iter()
            .partition(|found| found.outdated);
        let what = words("a shell", "加固壳");
        findings
            .right
            .extend(current.into_iter().map(|found| evidence(what, found)));
        let what = words(
            "a shell of a generation that is undone by tools",
            "已可自动脱壳的旧代加固壳",
        );
        findings
            .doubtful
            .extend(outdated.into_iter().map(|found| evidence(what, found)));
        if !findings.right.is_empty() || !findings.doubtful.is_empty() {
            return findings.into();
        }
        let is_incomplete = [Area::Archive, Area::Code, Area::Manifest]
            .iter()
            .any(|area| facts.coverage.is_incomplete(*area));
        let percent = Measure::of(facts).percent().unwrap_or(0);
        if is_incomplete {
            return findings.into();
        }
        if percent >= subject.configuration.thresholds.obfuscated_percent_min {
            findings.doubtful.push(Evidence::new(words(
                "no known shell, though names are obfuscated",
                "未识别到加固壳，但名称已混淆",
            )));
        } else {
            findings.wrong.push(Evidence::new(words(
                "no known shell, and names are not obfuscated",
                "未识别到加固壳，名称也未混淆",
            )));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method("nop"),
        evidence: &["no known shell, and names are not obfuscated"],
        good: || Sample::method("nop").file("assets/libjiagu.so", *b"shell"),
        broken: || Sample::method("nop").damaged("classes.dex"),
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn old_generations_are_doubtful() {
        let sample = Sample::method("nop").file("lib/armeabi/libsecexe.so", *b"shell");
        let finding = sample.judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
        assert!(finding.evidence[0].to_string().contains("Bangcle"));
    }
}
