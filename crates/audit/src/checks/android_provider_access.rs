//! Whether any app can read or change what content providers hold.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.3, AP-1.2.3.4.

use crate::ask::components::{is_of_library, with_superclasses};
use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::android::{Component, ComponentKind};
use crate::facts::code::Method;
use crate::facts::{Area, Code};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-provider-access",
    title: words(
        "Content providers are open to every app",
        "内容提供者对所有应用开放",
    ),
    purpose: words(
        "An exported provider without permissions hands its data to any app, and lets any app \
         change them.",
        "无权限保护的导出内容提供者会把数据交给任何应用，并允许任何应用修改。",
    ),
    procedure: words(
        "Read the read and write permissions of exported providers, and look in their classes for \
         the methods that read, write, delete or open files.",
        "读取导出内容提供者的读写权限，并在其类中查找读取、写入、删除、打开文件的方法。",
    ),
    criterion: words(
        "Exported providers need a permission to read and one to write.",
        "导出的内容提供者要求读权限和写权限。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[926, 284],
    maswe: &["MASWE-0018"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || provider("android:readPermission=\"com.bank.READ\""),
        evidence: &[
            "anybody may write to this provider at com.bank.Accounts in AndroidManifest.xml \
             (/manifest/application/provider)",
            "any app can delete through this method at com.bank.Accounts.delete(\
             Landroid/net/Uri;Ljava/lang/String;[Ljava/lang/String;)I @0x0006 in classes.dex",
        ],
        good: || provider("android:permission=\"com.bank.DATA\""),
        broken: || provider("android:permission=\"com.bank.DATA\"").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn provider(attributes: &str) -> Sample {
    Sample::apk(&format!(
        "<application><provider android:name=\".Accounts\" android:authorities=\"com.bank\" \
         android:exported=\"true\" {attributes}/></application>"
    ))
    .smali(
        ".class public Lcom/bank/Accounts;\n.super Landroid/content/ContentProvider;\n\
         .field private db:Landroid/database/sqlite/SQLiteDatabase;\n\
         .method public delete(Landroid/net/Uri;Ljava/lang/String;[Ljava/lang/String;)I\n\
         .registers 8\n\
         iget-object v0, p0, Lcom/bank/Accounts;->db:Landroid/database/sqlite/SQLiteDatabase;\n\
         const-string v1, \"t\"\nconst/4 v2, 0\nconst/4 v2, 0\n\
         invoke-virtual {v0, v1, p2, p3}, Landroid/database/sqlite/SQLiteDatabase;->delete(Ljava/lang/String;Ljava/lang/String;[Ljava/lang/String;)I\n\
         move-result v3\nreturn v3\n.end method\n",
    )
}

fn judge(subject: &Subject<'_>) -> Outcome {
    let Some(android) = &subject.facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let providers: Vec<&Component> = android
        .components()
        .filter(|component| component.kind == ComponentKind::Provider && component.exported)
        .collect();
    if providers.is_empty() {
        return Outcome::NotApplicable(words("no provider is exported", "没有导出的内容提供者"));
    }
    let mut findings = Findings::new();
    for provider in providers {
        let at =
            |what| Evidence::in_xml(what, &provider.file, &provider.xml_path).class(&provider.name);
        let declared = subject.configuration.declared.allows_export(&provider.name);
        let reads = provider.read_permission.is_none();
        let writes = provider.write_permission.is_none();
        let mut found = Vec::new();
        match (reads, writes) {
            (false, false) => {
                let kept = words("reading and writing need permissions", "读写均要求权限");
                findings.right.push(at(kept));
                continue;
            }
            (true, true) => found.push(at(words(
                "anybody may read from and write to this provider",
                "任何应用可读写此内容提供者",
            ))),
            (true, false) => found.push(at(words(
                "anybody may read from this provider",
                "任何应用可读取此内容提供者",
            ))),
            (false, true) => found.push(at(words(
                "anybody may write to this provider",
                "任何应用可写入此内容提供者",
            ))),
        }
        found.extend(entrances(
            &subject.facts.code,
            &provider.name,
            reads,
            writes,
        ));
        match declared {
            true => findings.doubtful.append(&mut found),
            false => findings.wrong.append(&mut found),
        }
    }
    findings.into()
}

/// Methods that other apps call, whether they read, and what that means.
const ENTRANCES: [(&str, bool, Words); 7] = [
    (
        "query",
        true,
        words(
            "any app can query through this method",
            "任何应用可由此方法查询",
        ),
    ),
    (
        "openFile",
        true,
        words(
            "any app can open files through this method",
            "任何应用可由此方法打开文件",
        ),
    ),
    (
        "insert",
        false,
        words(
            "any app can insert through this method",
            "任何应用可由此方法插入",
        ),
    ),
    (
        "bulkInsert",
        false,
        words(
            "any app can insert through this method",
            "任何应用可由此方法插入",
        ),
    ),
    (
        "update",
        false,
        words(
            "any app can update through this method",
            "任何应用可由此方法更新",
        ),
    ),
    (
        "delete",
        false,
        words(
            "any app can delete through this method",
            "任何应用可由此方法删除",
        ),
    ),
    (
        "call",
        false,
        words("any app can call this method", "任何应用可调用此方法"),
    ),
];

/// The methods of a provider's class that do something, with the place where they do it.
fn entrances(code: &Code, class: &str, reads: bool, writes: bool) -> Vec<Evidence> {
    let classes = with_superclasses(code, class);
    let own = classes.iter().filter(|class| !is_of_library(&class.name()));
    let mut found = Vec::new();
    for method in own.flat_map(|class| class.methods()) {
        let name = method.name();
        let entrance = ENTRANCES.iter().find(|(known, ..)| *known == name);
        if let Some((_, is_reading, what)) = entrance
            && (if *is_reading { reads } else { writes })
            && let Some(offset) = does_something(&method)
        {
            found.push(Evidence::at(*what, &method.site(offset)));
        }
    }
    found
}

/// Where a method touches data: the first call into databases, files or preferences, else into the
/// app's own code. Methods that only refuse or return nothing do not.
fn does_something(method: &Method<'_>) -> Option<u32> {
    let touches = |class: &str| {
        class.starts_with("android.database.")
            || class.starts_with("androidx.sqlite.")
            || class.starts_with("java.io.File")
            || class.starts_with("android.os.ParcelFileDescriptor")
            || class.starts_with("android.content.SharedPreferences")
    };
    let direct = method
        .calls()
        .find(|call| touches(&call.target().class_name()));
    let own = || {
        method
            .calls()
            .find(|call| call.target().definition().is_some())
    };
    direct.or_else(own).map(|call| call.offset())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn methods_that_refuse_are_no_way_in() {
        let found = Sample::apk(
            "<application><provider android:name=\".Accounts\" android:exported=\"true\" \
             android:authorities=\"com.bank\"/></application>",
        )
        .smali(
            ".class public Lcom/bank/Accounts;\n.super Landroid/content/ContentProvider;\n\
             .method public delete(Landroid/net/Uri;Ljava/lang/String;[Ljava/lang/String;)I\n\
             .registers 5\nconst/4 v0, 0\nreturn v0\n.end method\n",
        )
        .judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Fail);
        assert_eq!(found.evidence.len(), 1);
        let hidden = Sample::apk(
            "<uses-sdk android:targetSdkVersion=\"30\"/><application>\
             <provider android:name=\".Accounts\"/></application>",
        )
        .judged_by(&CHECK);
        assert_eq!(hidden.verdict, Verdict::NotApplicable);
    }
}
