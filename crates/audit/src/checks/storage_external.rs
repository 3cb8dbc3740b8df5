//! Whether data is written where other apps and people reach it.
//!
//! Clauses: JR-6.1.7.1, CJ-4.3.2.e, CJ-4.3.4.b.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-external",
    title: words("Data written to external storage", "数据写入外部存储"),
    purpose: words(
        "External storage is read by other apps and computers, and outlives the app.",
        "外部存储可被其他应用和计算机读取，且在卸载后仍留存。",
    ),
    procedure: words(
        "Follow the paths that files and databases are written to, to Environment and Context \
         methods for external storage and to paths such as /sdcard.",
        "追踪文件与数据库的写入路径是否来自外部存储接口（Environment、Context）或 /sdcard 等路径。",
    ),
    criterion: words(
        "Nothing is written to external storage.",
        "不向外部存储写入数据。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[276, 922],
    maswe: &["MASWE-0002"],
    mastg: &["MASTG-TEST-0200"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        for sink in flow::sinks(writers(&facts.code), &[0]) {
            if sink.given().any(flow::is_on_external_storage) {
                let what = words(
                    "a file is written to external storage",
                    "向外部存储写入文件",
                );
                let evidence = Evidence::at(what, &sink.call.site());
                let name = sink.given().find_map(file_name);
                findings.wrong.push(match name {
                    Some(name) => evidence.string(name),
                    None => evidence,
                });
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(&write(
                "Landroid/os/Environment;->getExternalStorageDirectory()",
            ))
        },
        evidence: &["a file is written to external storage: bill.html at com.bank.Main.run()V"],
        good: || Sample::method(&write("Landroid/os/Environment;->getDataDirectory()")),
        broken: || {
            Sample::method(&write(
                "Landroid/os/Environment;->getExternalStorageDirectory()",
            ))
            .damaged("classes.dex")
        },
    },
};

/// Calls that open a file to write to it; the first argument says which.
fn writers(code: &Code) -> Vec<Call<'_>> {
    let constructors = [
        "java.io.FileOutputStream",
        "java.io.FileWriter",
        "java.io.PrintWriter",
    ];
    let opened = constructors
        .iter()
        .flat_map(|class| code.calls_to(class, "<init>"));
    let random = code.calls_to("java.io.RandomAccessFile", "<init>");
    let random = random
        .into_iter()
        .filter(|call| call.texts(1).iter().any(|mode| mode.contains('w')));
    let others = [
        (
            "android.database.sqlite.SQLiteDatabase",
            "openOrCreateDatabase",
        ),
        ("kotlin.io.FilesKt", "writeText"),
        ("kotlin.io.FilesKt", "appendText"),
        ("kotlin.io.FilesKt", "writeBytes"),
    ];
    let others = others
        .iter()
        .flat_map(|(class, name)| code.calls_to(class, name));
    opened.chain(random).chain(others).collect()
}

/// The last constant piece of a path.
fn file_name(path: &Origin<'_>) -> Option<String> {
    let texts = flow::ingredients(path);
    let mut texts = texts.iter().filter_map(Origin::text);
    texts
        .find(|text| text.contains('.'))
        .map(|text| text.into_owned())
}

#[cfg(test)]
fn write(folder: &str) -> String {
    format!(
        "invoke-static {{}}, {folder}Ljava/io/File;\nmove-result-object v0\n\
         new-instance v1, Ljava/io/File;\nconst-string v2, \"bill.html\"\n\
         invoke-direct {{v1, v0, v2}}, Ljava/io/File;-><init>(Ljava/io/File;Ljava/lang/String;)V\n\
         new-instance v3, Ljava/io/FileOutputStream;\n\
         invoke-direct {{v3, v1}}, Ljava/io/FileOutputStream;-><init>(Ljava/io/File;)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn reading_is_not_writing_and_paths_in_text_count() {
        let path = |class: &str| {
            format!(
                "const-string v0, \"/sdcard/bill.html\"\nnew-instance v1, {class}\n\
                 invoke-direct {{v1, v0}}, {class}-><init>(Ljava/lang/String;)V\n"
            )
        };
        let written = Sample::method(&path("Ljava/io/FileWriter;"));
        assert_eq!(written.judged_by(&CHECK).verdict, Verdict::Fail);
        let read = Sample::method(&path("Ljava/io/FileInputStream;"));
        assert_eq!(read.judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
