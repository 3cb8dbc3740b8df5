//! Which data of a HarmonyOS app backups take off the device.
//!
//! Where backups are permitted and nothing names what they take, they take everything.
//!
//! Clauses: JR-6.1.7.1, AP-4.4, CJ-4.3.2.e.

use crate::ask::harmony as ask;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "harmony-backup",
    title: words("HarmonyOS backups", "鸿蒙数据备份"),
    purpose: words(
        "A backup takes data off the device, past its lock and its encryption.",
        "备份会将数据带离设备，绕过锁屏与加密。",
    ),
    procedure: words(
        "Read the backup configurations of the package, and the switch of older modules.",
        "读取包内备份配置及旧模型的备份开关。",
    ),
    criterion: words(
        "Backups are off, or name what they take.",
        "关闭备份，或指明备份范围。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[530],
    maswe: &["MASWE-0006"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Harmony],
    areas: &[Area::Harmony],
    judge: |subject| {
        let Some(harmony) = ask::harmony(subject) else {
            return ask::NO_MODULE;
        };
        let mut findings = Findings::new();
        for backup in &harmony.backups {
            let evidence =
                |what| Evidence::in_xml(what, backup.file.as_str(), "/allowToBackupRestore");
            if !backup.allowed {
                findings
                    .right
                    .push(evidence(words("backups are off", "已关闭备份")));
            } else if backup.includes.is_empty() && backup.excludes.is_empty() {
                findings
                    .wrong
                    .push(evidence(words("backups take everything", "备份全部数据")));
            } else {
                let taken = backup.includes.join(", ");
                findings.doubtful.push(
                    evidence(words("backups take what is named", "备份指定数据")).string(taken),
                );
            }
        }
        for module in &harmony.modules {
            let switch = module.values.pointer("/deviceConfig/default/supportBackup");
            if switch.and_then(serde_json::Value::as_bool) == Some(true) {
                findings.wrong.push(ask::in_module(
                    words("backups take everything", "备份全部数据"),
                    module,
                    "/deviceConfig/default/supportBackup",
                ));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample("").file(
                "resources/base/profile/backup_config.json",
                r#"{"allowToBackupRestore":true}"#,
            )
        },
        evidence: &[
            "backups take everything in resources/base/profile/backup_config.json (/allowToBackupRestore)",
        ],
        good: || {
            ask::sample("").file(
                "resources/base/profile/backup_config.json",
                r#"{"allowToBackupRestore":false}"#,
            )
        },
        broken: ask::damaged,
    },
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn named_data_are_partly_right() {
        let text =
            r#"{"allowToBackupRestore":true,"includes":["/data/storage/el2/base/files/skins/"]}"#;
        let finding = ask::sample("")
            .file("resources/base/profile/backup_config.json", text)
            .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }
}
