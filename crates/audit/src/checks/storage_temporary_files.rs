//! Whether temporary files are left behind.
//!
//! Clauses: JR-6.1.7.1, CJ-4.3.4.b.

use crate::ask::{flow, own::Own, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::Class;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-temporary-files",
    title: words("Temporary files are left behind", "临时文件未清理"),
    purpose: words(
        "What was meant for a moment stays on the device, forgotten and unprotected.",
        "原本临时的内容被遗留在设备上，无人保护。",
    ),
    procedure: words(
        "For each File.createTempFile of the app's own code, look whether it is on external \
         storage and whether its class ever deletes files.",
        "检查应用自身代码每处 File.createTempFile 是否位于外部存储，以及其所在类是否删除文件。",
    ),
    criterion: words(
        "Temporary files are in private storage, and the class that makes them deletes them.",
        "临时文件位于私有存储，且由创建它的类删除。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[377, 459],
    maswe: &["MASWE-0001", "MASWE-0002"],
    mastg: &[],
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
        let names = ["createTempFile", "createTempDirectory"];
        let mut calls = flow::calls_to_any(&facts.code, "java.io.File", &names);
        calls.extend(flow::calls_to_any(
            &facts.code,
            "java.nio.file.Files",
            &names,
        ));
        let mut findings = Findings::new();
        for call in calls {
            let site = call.site();
            let folder = call.argument(2);
            if folder.is_some_and(|folder| flow::is_on_external_storage(&folder)) {
                let what = words(
                    "a temporary file on external storage",
                    "临时文件位于外部存储",
                );
                findings.wrong.push(Evidence::at(what, &site));
            } else if own.may_have_written(&site.class) && !deletes(&call.method().class()) {
                let what = words("a temporary file is never deleted", "临时文件从不删除");
                findings.doubtful.push(Evidence::at(what, &site));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(TEMPORARY),
        evidence: &["a temporary file is never deleted at com.bank.Main.run()V @0x0002"],
        good: || {
            Sample::method(&format!(
                "{TEMPORARY}move-result-object v0\ninvoke-virtual {{v0}}, Ljava/io/File;->deleteOnExit()V\n"
            ))
        },
        broken: || Sample::method(TEMPORARY).damaged("classes.dex"),
    },
};

/// Whether a class deletes files at all.
fn deletes(class: &Class<'_>) -> bool {
    class.methods().any(|method| {
        method.calls().any(|call| {
            let target = call.target();
            target.class_name().starts_with("java.") && target.name().starts_with("delete")
        })
    })
}

#[cfg(test)]
const TEMPORARY: &str = "const-string v0, \"bill\"\n\
    invoke-static {v0, v0}, Ljava/io/File;->createTempFile(Ljava/lang/String;Ljava/lang/String;)Ljava/io/File;\n";
