//! Whether other apps choose the paths of files that the app opens.
//!
//! Clauses: JR-6.1.3.a.b.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Call, Code, Method};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-path-traversal",
    title: words("Paths from outside", "路径由外部决定"),
    purpose: words(
        "A name with ../ in it, from an intent, a link or an archive, leads to files that were \
         not meant.",
        "来自 Intent、链接或压缩包、含 ../ 的名称可指向任意文件。",
    ),
    procedure: words(
        "Follow the paths that files are opened with to extras and data of intents and to names of \
         entries in archives, and see whether the method resolves or refuses dots.",
        "追踪打开文件所用路径是否来自 Intent 数据或压缩包条目名，并检查该方法是否规范化路径或拒绝“..”。",
    ),
    criterion: words(
        "Names from outside are resolved and compared with the folder that they belong to.",
        "外部名称经规范化并与所属目录比对后使用。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[22, 23],
    maswe: &["MASWE-0050"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let code = &subject.facts.code;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        for call in openings(code) {
            let method = call.method();
            let arguments: Vec<_> = call.arguments().collect();
            if resolves(method) {
                continue;
            }
            if let Some(name) = arguments.iter().find_map(flow::from_outside) {
                let what = words(
                    "another app chooses the path of a file",
                    "文件路径由其他应用决定",
                );
                findings
                    .wrong
                    .push(Evidence::at(what, &call.site()).string(name));
            } else if arguments.iter().any(is_entry_name) && writes(method) {
                let what = words(
                    "an archive chooses where its entries go",
                    "压缩包条目名决定写入位置",
                );
                findings.wrong.push(Evidence::at(what, &call.site()));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&unzip("")),
        evidence: &["an archive chooses where its entries go at com.bank.Main.run()V @0x0008"],
        good: || {
            Sample::method(&unzip(
                "invoke-virtual {v2}, Ljava/io/File;->getCanonicalPath()Ljava/lang/String;\n",
            ))
        },
        broken: || Sample::method(&unzip("")).damaged("classes.dex"),
    },
};

/// Constructors of files with a name.
fn openings(code: &Code) -> Vec<Call<'_>> {
    [
        "java.io.File",
        "java.io.FileInputStream",
        "java.io.FileOutputStream",
    ]
    .iter()
    .flat_map(|class| code.calls_to(class, "<init>"))
    .collect()
}

/// Whether a method looks at what a path comes to, or at dots in it.
fn resolves(method: Method<'_>) -> bool {
    method.calls().any(|call| {
        let target = call.target();
        match target.name().as_ref() {
            "getCanonicalPath" | "getCanonicalFile" | "normalize" | "toRealPath" => true,
            "contains" | "startsWith" | "indexOf" => {
                call.texts(0).iter().any(|text| text.contains(".."))
            }
            _ => false,
        }
    })
}

fn is_entry_name(value: &Origin<'_>) -> bool {
    flow::ingredients(value).iter().any(|ingredient| {
        matches!(ingredient, Origin::Result(call) if call.target().name() == "getName"
            && matches!(call.target().class_name().as_ref(),
                "java.util.zip.ZipEntry" | "java.util.jar.JarEntry"))
    })
}

/// Whether a method makes files or folders.
fn writes(method: Method<'_>) -> bool {
    method.calls().any(|call| {
        let target = call.target();
        let class = target.class_name();
        matches!(
            class.as_ref(),
            "java.io.FileOutputStream" | "java.io.RandomAccessFile" | "java.nio.file.Files"
        ) || (class == "java.io.File"
            && matches!(target.name().as_ref(), "mkdirs" | "mkdir" | "createNewFile"))
    })
}

#[cfg(test)]
fn unzip(check: &str) -> String {
    format!(
        "const/4 v0, 0\n\
         invoke-virtual {{v0}}, Ljava/util/zip/ZipEntry;->getName()Ljava/lang/String;\n\
         move-result-object v1\nnew-instance v2, Ljava/io/File;\nnop\n\
         invoke-direct {{v2, v0, v1}}, Ljava/io/File;-><init>(Ljava/io/File;Ljava/lang/String;)V\n\
         {check}new-instance v3, Ljava/io/FileOutputStream;\n\
         invoke-direct {{v3, v2}}, Ljava/io/FileOutputStream;-><init>(Ljava/io/File;)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn extras_in_paths_are_found() {
        let body = "const/4 v0, 0\nconst-string v1, \"uname\"\n\
             invoke-virtual {v0, v1}, Landroid/content/Intent;->getStringExtra(Ljava/lang/String;)Ljava/lang/String;\n\
             move-result-object v1\nnew-instance v2, Ljava/io/File;\n\
             invoke-direct {v2, v0, v1}, Ljava/io/File;-><init>(Ljava/io/File;Ljava/lang/String;)V\n";
        let finding = Sample::method(body).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(finding.evidence[0].to_string().contains("uname"));
    }
}
