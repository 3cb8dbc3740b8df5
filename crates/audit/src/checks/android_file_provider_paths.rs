//! Which folders FileProviders can give out.
//!
//! Clauses: JR-6.1.3.a.b, CJ-4.3.2.e.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::Area;
use crate::facts::android::ProviderPath;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-file-provider-paths",
    title: words(
        "A FileProvider gives out too much",
        "FileProvider 共享范围过大",
    ),
    purpose: words(
        "Every file below the configured folders can be reached by whoever is given, or obtains, \
         an address: a root folder gives out databases and keys.",
        "配置目录下的任何文件都可被取得地址者访问：共享根目录等于交出数据库和密钥。",
    ),
    procedure: words(
        "Read the path configuration of each FileProvider.",
        "读取每个 FileProvider 的路径配置。",
    ),
    criterion: words(
        "No root-path, and no folder of all external or all private files.",
        "不使用 root-path，也不共享整个外部存储或全部私有文件。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[552],
    maswe: &["MASWE-0001", "MASWE-0018"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Xml, Area::Resources],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || paths("<root-path name=\"all\" path=\"\"/>"),
        evidence: &[
            "the whole file system is shared: root-path in res/xml/paths.xml (/paths/root-path)",
        ],
        good: || paths("<cache-path name=\"shots\" path=\"shots/\"/>"),
        broken: || paths("<root-path name=\"all\" path=\"\"/>").damaged("res/xml/paths.xml"),
    },
};

#[cfg(test)]
fn paths(paths: &str) -> Sample {
    let mut table = crate::fixture::table::Table::default();
    let id = table.add("xml", "paths", "res/xml/paths.xml");
    Sample::apk(&format!(
        "<application><provider android:name=\"androidx.core.content.FileProvider\">\
         <meta-data android:name=\"android.support.FILE_PROVIDER_PATHS\" \
         android:resource=\"@0x{id:08x}\"/></provider></application>"
    ))
    .file("resources.arsc", table.build())
    .xml("res/xml/paths.xml", &format!("<paths>{paths}</paths>"))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let paths = android.provider_paths();
    if paths.is_empty() {
        return Outcome::NotApplicable(words("there is no FileProvider", "没有 FileProvider"));
    }
    let mut findings = Findings::new();
    for path in &paths {
        let at = |what| {
            let shown = match path.path.is_empty() {
                true => path.kind.clone(),
                false => format!("{} {}", path.kind, path.path),
            };
            Evidence::in_xml(what, &path.file, &path.xml_path).string(shown)
        };
        match path.kind.as_str() {
            "root-path" => findings.wrong.push(at(words(
                "the whole file system is shared",
                "共享了整个文件系统",
            ))),
            "external-path" if is_all(path) => findings.wrong.push(at(words(
                "the whole external storage is shared",
                "共享了整个外部存储",
            ))),
            "files-path" if is_all(path) || path.path.contains("..") => {
                findings.doubtful.push(at(words(
                    "all private files are shared",
                    "共享了全部私有文件",
                )));
            }
            _ if path.path.contains("..") => findings.wrong.push(at(words(
                "the folder leads out of its root",
                "目录越出其根",
            ))),
            _ => findings
                .right
                .push(at(words("a folder is shared", "共享了一个目录"))),
        }
    }
    findings.into()
}

fn is_all(path: &ProviderPath) -> bool {
    matches!(path.path.as_str(), "" | "." | "./" | "/")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn the_folder_decides() {
        let verdict = |text: &str| paths(text).judged_by(&CHECK).verdict;
        assert_eq!(
            verdict("<external-path name=\"a\" path=\".\"/>"),
            Verdict::Fail
        );
        assert_eq!(
            verdict("<external-path name=\"a\" path=\"bank/\"/>"),
            Verdict::Pass
        );
        assert_eq!(
            verdict("<files-path name=\"a\" path=\"\"/>"),
            Verdict::Partial
        );
        assert_eq!(
            verdict("<cache-path name=\"a\" path=\"../databases\"/>"),
            Verdict::Fail
        );
        assert_eq!(
            Sample::apk("<application/>").judged_by(&CHECK).verdict,
            Verdict::NotApplicable
        );
    }
}
