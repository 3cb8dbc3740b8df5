//! Whether other apps can write to content providers.
//!
//! Clauses: JR-6.1.3.a.b, AP-1.2.3.3.

use crate::ask::without_code;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::android::ComponentKind;
use crate::facts::code::{Call, Method};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-provider-write",
    title: words("Other apps write to the database", "其他应用可写入数据库"),
    purpose: words(
        "What any app can change, delete or add, the app cannot rely on.",
        "任何应用都能增删改的数据不可信赖。",
    ),
    procedure: words(
        "For each exported provider without a permission to write, see whether its insert, update \
         and delete reach a database.",
        "对每个导出且无写权限的内容提供者，检查其 insert、update、delete 是否到达数据库。",
    ),
    criterion: words(
        "Providers that write are not exported, demand a permission or refuse.",
        "可写的内容提供者不导出、要求权限或拒绝写入。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[926, 862],
    maswe: &["MASWE-0064"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code, Area::Manifest],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let components = facts.android.iter().flat_map(Android::components);
        let open = components.filter(|component| {
            component.kind == ComponentKind::Provider
                && component.exported
                && component.write_permission.is_none()
        });
        let classes = open.filter_map(|component| facts.code.class(&component.name));
        Findings::wrong(
            classes
                .flat_map(|class| class.methods())
                .filter_map(|method| {
                    let write = write(method)?;
                    let what = words("other apps write to the database", "其他应用可写入数据库");
                    Some(Evidence::at(what, &write.site()).string(method.class().name()))
                }),
        )
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || provider(""),
        evidence: &[
            "other apps write to the database: com.bank.Rows at com.bank.Rows.insert(Landroid/net/Uri;Landroid/content/ContentValues;)Landroid/net/Uri; @0x0004",
        ],
        good: || provider("android:writePermission=\"com.bank.WRITE\""),
        broken: || provider("").damaged("classes.dex"),
    },
};

/// The call by which a callback of a provider writes to a database.
fn write(method: Method<'_>) -> Option<Call<'_>> {
    const WRITES: [&str; 8] = [
        "insert",
        "insertOrThrow",
        "insertWithOnConflict",
        "replace",
        "update",
        "updateWithOnConflict",
        "delete",
        "execSQL",
    ];
    if !matches!(
        method.name().as_ref(),
        "insert" | "bulkInsert" | "update" | "delete"
    ) {
        return None;
    }
    method.calls().find(|call| {
        let target = call.target();
        let class = target.class_name();
        (class.ends_with("SQLiteDatabase") || class == "android.database.sqlite.SQLiteQueryBuilder")
            && WRITES.contains(&target.name().as_ref())
    })
}

#[cfg(test)]
fn provider(permission: &str) -> Sample {
    Sample::apk(&format!(
        "<application><provider android:name=\".Rows\" android:authorities=\"rows\" \
         android:exported=\"true\" {permission}/></application>"
    ))
    .smali(
        ".class public Lcom/bank/Rows;\n.super Landroid/content/ContentProvider;\n\
         .method public insert(Landroid/net/Uri;Landroid/content/ContentValues;)Landroid/net/Uri;\n\
         .registers 6\nconst/4 v0, 0\nconst-string v1, \"rows\"\nconst/4 v2, 0\n\
         invoke-virtual {v0, v1, v2, p2}, Landroid/database/sqlite/SQLiteDatabase;->insert(Ljava/lang/String;Ljava/lang/String;Landroid/content/ContentValues;)J\n\
         return-object v2\n.end method\n",
    )
}
