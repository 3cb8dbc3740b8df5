//! Whether backups copy the app's private data out of the device.
//!
//! Clauses: JR-6.1.7.1, CJ-4.3.2.e.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::{Android, Manifest};
use crate::xml::{Node, Value};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-backup",
    title: words("Private data go into backups", "私有数据进入备份"),
    purpose: words(
        "A backup takes preferences and databases to a computer, a cloud or another device, where \
         the sandbox no longer protects them.",
        "备份会把偏好设置和数据库带到电脑、云端或另一台设备，沙箱不再提供保护。",
    ),
    procedure: words(
        "Read android:allowBackup and the backup rules that apply to the platform the app targets.",
        "读取 android:allowBackup 以及适用于目标平台的备份规则。",
    ),
    criterion: words(
        "Backup is switched off, or the rules leave out preferences, databases and files.",
        "已关闭备份，或备份规则排除了偏好设置、数据库和文件。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[530],
    maswe: &["MASWE-0006"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Xml],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::apk("<application android:allowBackup=\"true\"/>"),
        evidence: &["backup is allowed in AndroidManifest.xml (/manifest/application)"],
        good: || Sample::apk("<application android:allowBackup=\"false\"/>"),
        broken: || {
            Sample::apk("<application android:allowBackup=\"false\"/>")
                .damaged("AndroidManifest.xml")
        },
    },
};

/// The domains that hold what apps store by themselves.
const DOMAINS: [&str; 3] = ["sharedpref", "database", "file"];

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let Some(manifest) = android.manifest() else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let application = &manifest.application;
    let at = |what| Evidence::in_xml(what, &manifest.file, "/manifest/application");
    let mut findings = Findings::new();
    if !application.allows_backup() {
        let off = words("backup is switched off", "已关闭备份");
        findings.right.push(at(off));
        return findings.into();
    }
    let rules = rules(android, manifest);
    let open = open_domains(&rules);
    match (rules.is_empty(), open.is_empty()) {
        (true, _) => findings.wrong.push(match application.allow_backup {
            Some(_) => at(words("backup is allowed", "允许备份")),
            None => at(words(
                "backup is allowed, as it is not switched off",
                "未关闭备份，默认允许",
            )),
        }),
        (false, true) => {
            let kept = words(
                "backup rules leave out private data",
                "备份规则排除了私有数据",
            );
            findings.right.push(at(kept));
        }
        (false, false) => {
            let what = words(
                "backup is allowed, and the rules do not leave this out",
                "允许备份，且备份规则未排除",
            );
            findings.doubtful.extend(
                open.iter()
                    .map(|(file, domain)| Evidence::in_file(what, file.as_str()).string(*domain)),
            );
        }
    }
    findings.into()
}

/// A set of rules: the file and the element around them.
type Rules<'a> = (String, Node<'a>);

/// The rules that the platform follows: those of Android 12 for apps that target it, and the older
/// ones as long as older platforms are supported.
fn rules<'a>(android: &'a Android, manifest: &Manifest) -> Vec<Rules<'a>> {
    let application = &manifest.application;
    let behind = |value: &Option<Value>| -> Vec<(String, Node<'a>)> {
        let files = value
            .iter()
            .flat_map(|value| android.documents_behind(value));
        files
            .filter_map(|file| Some((file.path.clone(), file.document.root()?)))
            .collect()
    };
    let new = behind(&application.data_extraction_rules);
    let new = new.into_iter().flat_map(|(file, root)| {
        let parts = root.children();
        parts
            .map(move |part| (file.clone(), part))
            .collect::<Vec<_>>()
    });
    let old = behind(&application.full_backup_content);
    new.chain(old).collect()
}

/// The domains that some set of rules leaves open, with its file.
fn open_domains<'r>(rules: &'r [Rules<'_>]) -> Vec<(&'r String, &'static str)> {
    let mut open = Vec::new();
    for (file, part) in rules {
        let text = |node: &Node<'_>, name: &str| {
            let value = node.any(name)?;
            value.text().map(str::to_owned)
        };
        let names = |node: &Node<'_>, domain: &str| text(node, "domain").as_deref() == Some(domain);
        let has_includes = part.children_named("include").next().is_some();
        for domain in DOMAINS {
            let included = part
                .children_named("include")
                .any(|node| names(&node, domain));
            let excluded = part.children_named("exclude").any(|node| {
                let all =
                    text(&node, "path").is_none_or(|path| matches!(path.as_str(), "." | "/" | ""));
                (names(&node, domain) || names(&node, "root")) && all
            });
            if (included || !has_includes) && !excluded {
                open.push((file, domain));
            }
        }
    }
    open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fixture::table::Table;
    use crate::judgement::Verdict;

    fn with_rules(attribute: &str, rules: &str) -> crate::judgement::Finding {
        let mut table = Table::default();
        let id = table.add("xml", "rules", "res/xml/rules.xml");
        Sample::apk(&format!(
            "<application android:{attribute}=\"@0x{id:08x}\"/>"
        ))
        .file("resources.arsc", table.build())
        .xml("res/xml/rules.xml", rules)
        .judged_by(&CHECK)
    }

    #[test]
    fn rules_count_for_what_they_leave_out() {
        let all = "<full-backup-content><exclude domain=\"sharedpref\" path=\".\"/>\
             <exclude domain=\"database\" path=\".\"/><exclude domain=\"file\" path=\".\"/></full-backup-content>";
        assert_eq!(with_rules("fullBackupContent", all).verdict, Verdict::Pass);
        let one = "<full-backup-content><exclude domain=\"sharedpref\" path=\"device.xml\"/></full-backup-content>";
        let found = with_rules("fullBackupContent", one);
        assert_eq!(found.verdict, Verdict::Partial);
        assert_eq!(found.evidence[0].string.as_deref(), Some("database"));
        let new = "<data-extraction-rules><cloud-backup><include domain=\"external\" path=\".\"/></cloud-backup>\
             <device-transfer/></data-extraction-rules>";
        assert_eq!(
            with_rules("dataExtractionRules", new).verdict,
            Verdict::Partial
        );
    }

    #[test]
    fn silence_means_backup() {
        let found = Sample::apk("<application/>").judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Fail);
    }
}
