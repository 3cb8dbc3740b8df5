//! Whether databases are kept in plain text.
//!
//! Clauses: JR-6.1.7.1, CJ-4.2.4.a, CJ-4.3.4.b.

use crate::ask::{own::Own, sensitive, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::Call;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-database",
    title: words("Databases in plain text", "数据库明文存储"),
    purpose: words(
        "A SQLite database without encryption is read with any tool once the file is out.",
        "未加密的 SQLite 数据库一旦流出，任何工具均可读取。",
    ),
    procedure: words(
        "Find the tables that code creates in android.database.sqlite and androidx.sqlite and the \
         columns that they have. Databases of SQLCipher and WCDB are passed over.",
        "查找代码在 android.database.sqlite 与 androidx.sqlite 中创建的表及其字段；SQLCipher 与 WCDB 除外。",
    ),
    criterion: words(
        "No table in a plain database holds credentials or personal numbers; the app's own \
         databases are encrypted.",
        "明文数据库的表不含鉴别信息与个人号码；应用自身数据库加密存储。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[311, 312],
    maswe: &["MASWE-0001"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let databases = [
            "android.database.sqlite.SQLiteDatabase",
            "androidx.sqlite.db.SupportSQLiteDatabase",
        ];
        let calls = databases
            .iter()
            .flat_map(|class| facts.code.calls_to(class, "execSQL"));
        let mut findings = Findings::new();
        for (call, statement) in calls.filter_map(|call| Some((call, creates_table(&call)?))) {
            let site = call.site();
            match sensitive_column(&statement) {
                Some(column) => {
                    let what = words("a plain table has a sensitive column", "明文表含敏感字段");
                    findings
                        .wrong
                        .push(Evidence::at(what, &site).string(column));
                }
                None if own.may_have_written(&site.class) => {
                    let what = words("a table in a plain database", "明文数据库中的表");
                    findings
                        .doubtful
                        .push(Evidence::at(what, &site).string(statement.trim()));
                }
                None => {}
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&create("android/database/sqlite", "pwd TEXT")),
        evidence: &["a plain table has a sensitive column: pwd at com.bank.Main.run()V @0x0003"],
        good: || Sample::method(&create("net/sqlcipher/database", "pwd TEXT")),
        broken: || {
            Sample::method(&create("android/database/sqlite", "pwd TEXT")).damaged("classes.dex")
        },
    },
};

/// The statement, if it creates a table.
fn creates_table(call: &Call<'_>) -> Option<String> {
    let statements = call.texts(0).into_iter();
    let mut statements = statements.map(|text| text.into_owned());
    statements.find(|text| {
        let start = text.trim_start().get(..12).unwrap_or_default();
        start.eq_ignore_ascii_case("create table")
    })
}

/// The first column whose name says that it is sensitive.
fn sensitive_column(statement: &str) -> Option<String> {
    let (_, columns) = statement.split_once('(')?;
    let mut names = columns
        .split(',')
        .filter_map(|column| column.split_whitespace().next())
        .map(|name| name.trim_matches(['`', '"', '[', ']', '\'']));
    let found = names.find(|name| {
        matches!(
            sensitive::kind_of_name(name),
            Some(sensitive::Kind::Credential | sensitive::Kind::Personal)
        )
    });
    found.map(str::to_owned)
}

#[cfg(test)]
fn create(package: &str, column: &str) -> String {
    format!(
        "const/4 v0, 0\nconst-string v1, \"CREATE TABLE users (id INTEGER, {column})\"\n\
         invoke-virtual {{v0, v1}}, L{package}/SQLiteDatabase;->execSQL(Ljava/lang/String;)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn plain_tables_without_sensitive_columns_are_doubtful() {
        let body = create("android/database/sqlite", "theme TEXT");
        let finding = Sample::method(&body).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }
}
