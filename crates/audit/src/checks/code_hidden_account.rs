//! Whether the code knows an account by name.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::ask::sensitive::{self, Kind};
use crate::ask::{flow, own::Own, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Area, Facts, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-hidden-account",
    title: words("Accounts built into the code", "代码内置账号"),
    purpose: words(
        "An account or password that the code compares with is a way in for everybody who reads it.",
        "代码中用于比对的账号或口令，对所有读到它的人都是入口。",
    ),
    procedure: words(
        "Look for comparisons of texts of which one side is a constant and the other a field, view \
         or key named after users, accounts or passwords.",
        "查找一侧为常量、另一侧为用户名、账号或口令字段（或控件、键）的字符串比较。",
    ),
    criterion: words(
        "No user name, account or password is compared with a constant.",
        "用户名、账号与口令不与常量比较。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[798, 912],
    maswe: &["MASWE-0004", "MASWE-0061"],
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
        let own = Own::of(facts);
        Findings::wrong(comparisons(&facts.code).into_iter().filter_map(|call| {
            let site = call.site();
            if !own.may_have_written(&site.class) {
                return None;
            }
            let sides = [call.receiver()?, call.argument(0)?];
            let ([Origin::Text(constant), other] | [other, Origin::Text(constant)]) = sides else {
                return None;
            };
            (is_account(&constant) && names_account(facts, &other)).then(|| {
                let what = words("an account or password in the code", "代码中的账号或口令");
                Evidence::at(what, &site).string(constant.into_owned())
            })
        }))
        .into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&compare("username")),
        evidence: &["an account or password in the code: devadmin at com.bank.Main.run()V @0x0004"],
        good: || Sample::method(&compare("screen")),
        broken: || Sample::method(&compare("username")).damaged("classes.dex"),
    },
};

fn comparisons(code: &Code) -> Vec<Call<'_>> {
    let names = ["equals", "equalsIgnoreCase", "contentEquals", "compareTo"];
    let mut calls = flow::calls_to_any(code, "java.lang.String", &names);
    calls.extend(code.calls_to("java.lang.Object", "equals"));
    calls
}

/// Whether a constant can be a name or password at all.
fn is_account(text: &str) -> bool {
    const OTHERS: [&str; 10] = [
        "null",
        "true",
        "false",
        "none",
        "unknown",
        "anonymous",
        "guest",
        "default",
        "undefined",
        "password",
    ];
    let plausible = (3..=32).contains(&text.len())
        && !text.contains(char::is_whitespace)
        && text.chars().any(char::is_alphanumeric);
    plausible && !OTHERS.contains(&text.to_lowercase().as_str())
}

/// Whether a value is a user name or password, to go by the field, view or key that it is from.
fn names_account(facts: &Facts, value: &Origin<'_>) -> bool {
    let by_data = flow::named(facts, value).is_some_and(|named| named.kind == Kind::Credential);
    by_data
        || flow::ingredients(value)
            .iter()
            .any(|ingredient| match ingredient {
                Origin::Field(field) => {
                    field.type_name() == "java.lang.String"
                        && sensitive::is_account_name(&field.name())
                }
                Origin::Result(call) if call.target().name() == "getStringExtra" => call
                    .texts(0)
                    .iter()
                    .any(|key| sensitive::is_account_name(key)),
                Origin::Result(call) if call.target().name() == "getText" => {
                    matches!(call.receiver(), Some(Origin::Field(field))
                    if sensitive::is_account_name(&field.name()))
                }
                _ => false,
            })
}

#[cfg(test)]
fn compare(field: &str) -> String {
    format!(
        "sget-object v0, Lcom/bank/Main;->{field}:Ljava/lang/String;\nconst-string v1, \"devadmin\"\n\
         invoke-virtual {{v0, v1}}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn empty_texts_and_other_fields_are_no_accounts() {
        let empty = compare("username").replace("devadmin", "");
        assert_eq!(
            Sample::method(&empty).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        let kind = compare("userType");
        assert_eq!(
            Sample::method(&kind).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        let password = compare("password").replace("devadmin", "letmein");
        assert_eq!(
            Sample::method(&password).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
