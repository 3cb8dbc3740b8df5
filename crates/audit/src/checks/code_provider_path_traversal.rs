//! Whether a provider opens whatever file an address names.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.4.

use crate::ask::components::{is_of_library, outer_class};
use crate::ask::pieces::made_from;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::code::{Call, Method};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-provider-path-traversal",
    title: words(
        "A provider opens any file it is asked for",
        "内容提供者按请求打开任意文件",
    ),
    purpose: words(
        "The name in an address can contain encoded steps upwards; a provider that appends it to \
         a folder opens the app's databases and keys for other apps.",
        "地址中的名字可含编码后的上级目录；直接拼接到目录的内容提供者会为其他应用打开数据库和密钥。",
    ),
    procedure: words(
        "In openFile and its relatives, follow what comes from the Uri into file names, and look \
         for a test of the canonical path.",
        "在 openFile 等方法中跟踪 Uri 内容流向文件名，并查找对规范路径的检查。",
    ),
    criterion: words(
        "File names do not come from the Uri, or the canonical path is tested before the file is \
         opened.",
        "文件名不来自 Uri，或打开前检查了规范路径。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[22],
    maswe: &["MASWE-0050"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || provider(""),
        evidence: &[
            "a file is named by the address, without a test at com.bank.Files.openFile(\
             Landroid/net/Uri;Ljava/lang/String;)Landroid/os/ParcelFileDescriptor; @0x0006 in classes.dex",
        ],
        good: || {
            provider(
                "invoke-virtual {v1}, Ljava/io/File;->getCanonicalPath()Ljava/lang/String;\n\
                 move-result-object v2\n\
                 invoke-virtual {v2, v3}, Ljava/lang/String;->startsWith(Ljava/lang/String;)Z\n",
            )
        },
        broken: || provider("").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn provider(test: &str) -> Sample {
    Sample::apk(
        "<application><provider android:name=\".Files\" android:exported=\"true\" \
         android:authorities=\"com.bank\"/></application>",
    )
    .smali(&format!(
        ".class public Lcom/bank/Files;\n.super Landroid/content/ContentProvider;\n\
         .field private root:Ljava/io/File;\n\
         .method public openFile(Landroid/net/Uri;Ljava/lang/String;)Landroid/os/ParcelFileDescriptor;\n\
         .registers 8\n\
         invoke-virtual {{p1}}, Landroid/net/Uri;->getLastPathSegment()Ljava/lang/String;\n\
         move-result-object v0\n\
         new-instance v1, Ljava/io/File;\n\
         invoke-direct {{v1, p2, v0}}, Ljava/io/File;-><init>(Ljava/lang/String;Ljava/lang/String;)V\n\
         const/high16 v3, 0x10000000\n{test}\
         invoke-static {{v1, v3}}, Landroid/os/ParcelFileDescriptor;->open(Ljava/io/File;I)Landroid/os/ParcelFileDescriptor;\n\
         move-result-object v4\nreturn-object v4\n.end method\n"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let reachable = |class: &str| {
        android.components().any(|component| {
            outer_class(&component.name) == outer_class(class)
                && (component.exported
                    || component.grant_uri_permissions
                    || !component.uri_grants.is_empty())
        })
    };
    let mut findings = Findings::new();
    let mut any = false;
    for class in facts.code.descendants_of("android.content.ContentProvider") {
        let name = class.name();
        if is_of_library(&name) {
            continue;
        }
        for method in class.methods().filter(opens_files) {
            any = true;
            let Some(call) = file_named_by_uri(&method) else {
                continue;
            };
            let what = words(
                "a file is named by the address, without a test",
                "文件名来自地址且未经检查",
            );
            let found = Evidence::at(what, &call.site());
            match reachable(&name) {
                true => findings.wrong.push(found),
                false => findings.doubtful.push(found),
            }
        }
    }
    match any {
        true => findings.into(),
        false => Outcome::NotApplicable(words(
            "no provider of its own opens files",
            "没有自有内容提供者打开文件",
        )),
    }
}

/// Whether other apps get files from a method of a provider.
fn opens_files(method: &Method<'_>) -> bool {
    matches!(
        method.name().as_ref(),
        "openFile" | "openAssetFile" | "openTypedAssetFile"
    )
}

/// The call that makes a file of a name from the Uri, if the method never tests where that is.
fn file_named_by_uri<'a>(method: &Method<'a>) -> Option<Call<'a>> {
    let tests = |call: &Call<'_>| {
        matches!(
            call.target().name().as_ref(),
            "getCanonicalPath" | "getCanonicalFile" | "normalize" | "toRealPath"
        )
    };
    if method.calls().any(|call| tests(&call)) {
        return None;
    }
    method
        .calls()
        .filter(|call| {
            let target = call.target();
            target.name() == "<init>" && target.class_name() == "java.io.File"
        })
        .find(|call| call.arguments().any(|argument| is_from_uri(&argument)))
}

fn is_from_uri(origin: &Origin<'_>) -> bool {
    made_from(origin).iter().any(|part| {
        matches!(part, Origin::Result(call) if {
            let target = call.target();
            target.class_name() == "android.net.Uri"
                && matches!(
                    target.name().as_ref(),
                    "getLastPathSegment" | "getPath" | "getPathSegments" | "getQueryParameter"
                        | "getEncodedPath" | "toString"
                )
        })
    })
}
