//! Whether SQL is pieced together from values.
//!
//! Clauses: JR-6.1.3.a.b.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-sql-injection",
    title: words("SQL pieced together", "拼接 SQL"),
    purpose: words(
        "Values inside of SQL become SQL: whoever chooses them reads and changes other rows.",
        "拼入 SQL 的值会变成 SQL，控制它的人可读写其他数据。",
    ),
    procedure: words(
        "Look at statements and conditions given to SQLite: whether variable values are between \
         constant pieces, and whether a content provider passes on the condition of its caller.",
        "检查传给 SQLite 的语句与条件：常量片段之间是否夹有变量，以及内容提供者是否直接转交调用方的条件。",
    ),
    criterion: words(
        "Values are bound as arguments; providers do not pass on conditions of their callers \
         without the strict mode of SQLiteQueryBuilder.",
        "值以参数绑定；内容提供者未启用 SQLiteQueryBuilder 严格模式时不转交调用方条件。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[89],
    maswe: &["MASWE-0050"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        for (call, numbers) in statements(&facts.code) {
            let site = call.site();
            let pieced = numbers
                .iter()
                .filter_map(|number| call.argument(*number))
                .find_map(|argument| variable_piece(&argument));
            if let Some((statement, is_outside)) = pieced {
                let what = words("a value is put into SQL", "变量拼入 SQL");
                let evidence = Evidence::at(what, &site).string(statement);
                match is_outside {
                    true => findings.wrong.push(evidence),
                    false => findings.doubtful.push(evidence),
                }
            }
        }
        findings.wrong.extend(providers(&facts.code));
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(&provider("")),
        evidence: &[
            "a provider passes on its caller's condition at com.bank.Rows.delete(Landroid/net/Uri;Ljava/lang/String;[Ljava/lang/String;)I @0x0003",
        ],
        good: || Sample::code(&provider("const-string p2, \"id = ?\"\n")),
        broken: || Sample::code(&provider("")).damaged("classes.dex"),
    },
};

/// Calls that take SQL, and which arguments are SQL.
fn statements(code: &Code) -> Vec<(Call<'_>, &'static [usize])> {
    let database = "android.database.sqlite.SQLiteDatabase";
    let cipher = "net.sqlcipher.database.SQLiteDatabase";
    let takes: [(&str, &[usize]); 7] = [
        ("rawQuery", &[0]),
        ("execSQL", &[0]),
        ("rawQueryWithFactory", &[1]),
        ("compileStatement", &[0]),
        ("query", &[2]),
        ("delete", &[1]),
        ("update", &[2]),
    ];
    let mut found = Vec::new();
    for (name, numbers) in takes {
        for class in [database, cipher] {
            found.extend(
                code.calls_to(class, name)
                    .into_iter()
                    .map(|call| (call, numbers)),
            );
        }
    }
    found
}

/// The constant piece before the first variable one, and whether that comes from another app.
/// Names of tables in constants and numbers do no harm.
fn variable_piece(statement: &Origin<'_>) -> Option<(String, bool)> {
    let parts = statement.parts();
    if parts.len() < 2 {
        return None;
    }
    let before = parts.iter().filter_map(Origin::text).next_back();
    let is_outside = parts.iter().any(|part| flow::from_outside(part).is_some());
    let varies = parts.iter().any(|part| match part {
        Origin::Text(_) | Origin::Int(_) => false,
        Origin::Result(call) => {
            let returned = call.target().return_type();
            returned == "java.lang.String" && !part.resolve().iter().all(Origin::is_constant)
        }
        Origin::Parameter(_) => !part.resolve().iter().all(Origin::is_constant),
        Origin::Field(field) => {
            field.type_name() == "java.lang.String"
                && !part.resolve().iter().all(Origin::is_constant)
        }
        _ => false,
    });
    // A quote or comparison before a value tells that it is a value, not the name of a table.
    let is_value = parts.iter().filter_map(Origin::text).any(|text| {
        let text = text.trim_end();
        text.ends_with(['=', '\'', '"', '%', '<', '>', '('])
            || text.to_lowercase().ends_with("like")
    });
    (is_outside || (varies && is_value))
        .then(|| (before.unwrap_or_default().into_owned(), is_outside))
}

/// Content providers that hand the selection or order of their caller to the database.
fn providers(code: &Code) -> Vec<Evidence> {
    let names = ["query", "delete", "update", "insert"];
    let methods = names
        .iter()
        .flat_map(|name| code.overrides_of("android.content.ContentProvider", name));
    let mut found = Vec::new();
    for method in methods {
        let is_strict = method.calls().any(|call| {
            matches!(
                call.target().name().as_ref(),
                "setStrict" | "setStrictGrammar" | "setStrictColumns"
            )
        });
        if is_strict {
            continue;
        }
        for call in method.calls() {
            let target = call.target();
            let class = target.class_name();
            if !class.starts_with("android.database.sqlite.")
                || !matches!(
                    target.name().as_ref(),
                    "query" | "delete" | "update" | "rawQuery"
                )
            {
                continue;
            }
            // Parameters that are texts: selection and order; the URI and values are none.
            let passes = call
                .arguments()
                .zip(parameter_types(&target.descriptor()))
                .any(|(argument, type_name)| {
                    type_name == "Ljava/lang/String;" && is_parameter(&argument)
                });
            if passes {
                let what = words(
                    "a provider passes on its caller's condition",
                    "内容提供者转交调用方条件",
                );
                found.push(Evidence::at(what, &call.site()));
            }
        }
    }
    found
}

fn is_parameter(value: &Origin<'_>) -> bool {
    match value {
        Origin::Parameter(parameter) => !parameter.is_this(),
        Origin::OneOf(alternatives) => alternatives.iter().any(is_parameter),
        _ => false,
    }
}

/// The types of the parameters in a descriptor.
fn parameter_types(descriptor: &str) -> Vec<&str> {
    let mut types = Vec::new();
    let inside = descriptor
        .strip_prefix('(')
        .and_then(|rest| rest.split(')').next());
    let mut rest = inside.unwrap_or_default();
    while !rest.is_empty() {
        let dimensions = rest.len() - rest.trim_start_matches('[').len();
        let element = rest.get(dimensions..).unwrap_or_default();
        let length = match element.starts_with('L') {
            true => element.find(';').map_or(element.len(), |end| end + 1),
            false => 1,
        };
        let Some((type_name, after)) = rest.split_at_checked(dimensions + length) else {
            break;
        };
        types.push(type_name);
        rest = after;
    }
    types
}

#[cfg(test)]
fn provider(condition: &str) -> String {
    format!(
        ".class public Lcom/bank/Rows;\n.super Landroid/content/ContentProvider;\n\
         .method public delete(Landroid/net/Uri;Ljava/lang/String;[Ljava/lang/String;)I\n.registers 8\n\
         const/4 v0, 0\nconst-string v1, \"rows\"\n{condition}\
         invoke-virtual {{v0, v1, p2, p3}}, Landroid/database/sqlite/SQLiteDatabase;->delete(Ljava/lang/String;Ljava/lang/String;[Ljava/lang/String;)I\n\
         const/4 v0, 0\nreturn v0\n.end method\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    fn raw_query(value: &str) -> String {
        format!(
            "const/4 v0, 0\nconst/4 v3, 0\nconst-string v1, \"SELECT * FROM users WHERE name = '\"\n{value}\n\
             invoke-virtual {{v1, v2}}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;\n\
             move-result-object v1\n\
             invoke-virtual {{v0, v1, v3}}, Landroid/database/sqlite/SQLiteDatabase;->rawQuery(Ljava/lang/String;[Ljava/lang/String;)Landroid/database/Cursor;\n"
        )
    }

    #[test]
    fn values_in_statements_count_and_constants_do_not() {
        let outside = raw_query(
            "invoke-virtual {v3}, Landroid/content/Intent;->getDataString()Ljava/lang/String;\n\
             move-result-object v2",
        );
        assert_eq!(
            Sample::method(&outside).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
        let variable = raw_query("sget-object v2, Lcom/bank/Main;->name:Ljava/lang/String;");
        assert_eq!(
            Sample::method(&variable).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
        let constant = raw_query("const-string v2, \"admin'\"");
        assert_eq!(
            Sample::method(&constant).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
