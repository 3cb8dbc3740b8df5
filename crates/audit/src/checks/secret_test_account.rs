//! Whether accounts of developers and testers, or doors for them, are left in the app.
//!
//! Clauses: AP-1.4.1, JR-6.1.2.d.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use std::borrow::Cow;

use crate::ask::compared::{COMPARISONS, compared};
use crate::ask::named::{is_mixed, is_value, named};
use crate::ask::naming::{is_about_passwords, name_words};
use crate::check::Subject;
use crate::facts::code::Origin;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-test-account",
    title: words("Test accounts and back doors", "测试账户与后门"),
    purpose: words(
        "An account that the code knows by name is one that attackers know too; a name that leads elsewhere is a back door.",
        "代码中写明的账户攻击者同样知晓；以特定用户名分流即为后门。",
    ),
    procedure: words(
        "Look for comparisons of what users enter with constants that name developers, testers or administrators, or that are passwords; for constants named for test accounts.",
        "查找将用户输入与开发、测试、管理员名称或口令常量的比较，以及名称为测试账户的常量。",
    ),
    criterion: words("There is none.", "不存在此类内容。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[798, 489, 912],
    maswe: &["MASWE-0004", "MASWE-0061"],
    mastg: &[],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code, Area::Resources, Area::Manifest, Area::Text],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/bank/Login;\n.super Ljava/lang/Object;\n.field username:Ljava/lang/String;\n.method public post()V\n.registers 4\niget-object v0, p0, Lcom/bank/Login;->username:Ljava/lang/String;\nconst-string v1, \"devadmin\"\ninvoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\nmove-result v2\nreturn-void\n.end method\n",
            )
        },
        evidence: &[
            "what users enter is compared with the name of an account: devadmin at com.bank.Login.post()V @0x0004",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Login;\n.super Ljava/lang/Object;\n.field username:Ljava/lang/String;\n.method public post()V\n.registers 4\niget-object v0, p0, Lcom/bank/Login;->username:Ljava/lang/String;\nconst-string v1, \"\"\ninvoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\nmove-result v2\nreturn-void\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Login;\n.super Ljava/lang/Object;\n.field username:Ljava/lang/String;\n.method public post()V\n.registers 4\niget-object v0, p0, Lcom/bank/Login;->username:Ljava/lang/String;\nconst-string v1, \"devadmin\"\ninvoke-virtual {v0, v1}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\nmove-result v2\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    for (class, name) in COMPARISONS {
        for call in facts.code.calls_to(class, name) {
            let Some((constant, other)) = compared(&call) else {
                continue;
            };
            let site = call.site();
            if library_of(facts, &site.class).is_some() {
                continue;
            }
            let about = named_by(&other);
            if is_developer(&constant)
                || (is_common(&constant) && about.iter().any(|name| is_account(name)))
            {
                findings
                    .wrong
                    .push(Evidence::at(ACCOUNT, &site).string(constant));
            } else if about.iter().any(|name| is_about_passwords(name))
                && constant.len() >= 4
                && is_value("password", &constant)
            {
                findings
                    .wrong
                    .push(Evidence::at(PASSWORD, &site).secret(constant));
            }
        }
    }
    for call in facts.code.calls_named("put") {
        let method = call.method();
        if !is_about_accounts(&method.name()) {
            continue;
        }
        let texts = (call.argument(0), call.argument(1));
        let (Some(Origin::Text(user)), Some(Origin::Text(password))) = texts else {
            continue;
        };
        if is_mixed(&password) && library_of(facts, &method.class().name()).is_none() {
            let evidence = Evidence::at(LISTED, &call.site());
            findings
                .wrong
                .push(evidence.secret(format!("{user}:{password}")));
        }
    }
    for named in named(facts, is_test_account) {
        if named.value.len() >= 3 && named.value.len() < 64 {
            findings
                .wrong
                .push(named.place.saying(CONSTANT).secret(named.value));
        }
    }
    findings.into()
}

const ACCOUNT: Words = words(
    "what users enter is compared with the name of an account",
    "将用户输入与特定账户名比较",
);
const PASSWORD: Words = words(
    "what users enter is compared with a password",
    "将用户输入与固定口令比较",
);
const LISTED: Words = words("an account with its password", "账户及其口令");
const CONSTANT: Words = words(
    "a constant named for a test account",
    "名称为测试账户的常量",
);

/// The names that a value has on its way: of fields, of methods that return it.
fn named_by(origin: &Origin<'_>) -> Vec<String> {
    let mut names = Vec::new();
    let mut all = vec![origin.clone()];
    all.extend(origin.resolve());
    for value in all {
        match value {
            Origin::Field(field) => names.push(field.name().into_owned()),
            Origin::Result(call) => {
                names.push(call.target().name().into_owned());
                // Settings and fields of forms are asked for by name.
                names.extend(call.texts(0).into_iter().map(Cow::into_owned));
                if let Some(Origin::Field(field)) = call.receiver() {
                    names.push(field.name().into_owned());
                }
            }
            _ => {}
        }
    }
    names
}

fn is_account(name: &str) -> bool {
    name_words(name).iter().any(|word| {
        matches!(
            word.as_str(),
            "user"
                | "username"
                | "account"
                | "login"
                | "loginname"
                | "uname"
                | "userid"
                | "phone"
                | "mobile"
        )
    })
}

/// Whether a method is named for accounts with passwords.
fn is_about_accounts(name: &str) -> bool {
    name_words(name).iter().any(|word| {
        matches!(
            word.as_str(),
            "cred" | "creds" | "credential" | "credentials" | "users" | "accounts" | "logins"
        )
    })
}

/// Names that nobody but a developer has.
fn is_developer(text: &str) -> bool {
    let lower = text.to_ascii_lowercase();
    matches!(
        lower.as_str(),
        "devadmin"
            | "testuser"
            | "test_user"
            | "testaccount"
            | "test_account"
            | "tester"
            | "superadmin"
            | "backdoor"
            | "admin123"
            | "devuser"
            | "debuguser"
            | "qa_user"
    )
}

/// Names that mean an account only where an account is asked for.
fn is_common(text: &str) -> bool {
    matches!(
        text.to_ascii_lowercase().as_str(),
        "admin"
            | "administrator"
            | "root"
            | "test"
            | "dev"
            | "demo"
            | "guest"
            | "debug"
            | "test1"
            | "test01"
    ) || (text.len() == 11
        && text.starts_with("138")
        && text.bytes().all(|byte| byte.is_ascii_digit()))
}

/// Constants such as `TEST_USER` or `devPassword`.
fn is_test_account(name: &str) -> bool {
    let words = name_words(name);
    let has = |wanted: &[&str]| words.iter().any(|word| wanted.contains(&word.as_str()));
    has(&["test", "dev", "demo", "debug", "mock"])
        && has(&[
            "user", "username", "account", "password", "pwd", "passwd", "phone", "pin",
        ])
        && !has(&[
            "hint", "label", "title", "id", "key", "enabled", "mode", "agent", "url", "type",
            "tag", "text",
        ])
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    fn verdict(field: &str, constant: &str) -> Verdict {
        let text = format!(
            ".class public Lcom/bank/Login;\n.super Ljava/lang/Object;\n\
             .field {field}:Ljava/lang/String;\n.method public post()V\n.registers 4\n\
             iget-object v0, p0, Lcom/bank/Login;->{field}:Ljava/lang/String;\n\
             const-string v1, \"{constant}\"\n\
             invoke-virtual {{v1, v0}}, Ljava/lang/String;->equals(Ljava/lang/Object;)Z\n\
             return-void\n.end method\n"
        );
        Sample::code(&text).judged_by(&CHECK).verdict
    }

    #[test]
    fn common_words_count_where_accounts_are_meant() {
        assert_eq!(verdict("username", "admin"), Verdict::Fail);
        assert_eq!(verdict("buildType", "debug"), Verdict::Pass);
        assert_eq!(verdict("password", "hunter22"), Verdict::Fail);
        assert_eq!(verdict("role", "customer"), Verdict::Pass);
    }

    #[test]
    fn lists_of_accounts_are_seen() {
        let text = |method: &str| {
            format!(
                ".class public Lcom/bank/Util;\n.super Ljava/lang/Object;\n\
                 .method public static {method}(Ljava/util/HashMap;)V\n.registers 4\n\
                 const-string v0, \"shopuser\"\nconst-string v1, \"!ns3csh0p\"\n\
                 invoke-virtual {{p0, v0, v1}}, Ljava/util/HashMap;->put(Ljava/lang/Object;Ljava/lang/Object;)Ljava/lang/Object;\n\
                 return-void\n.end method\n"
            )
        };
        let verdict = |method| Sample::code(&text(method)).judged_by(&CHECK).verdict;
        assert_eq!(verdict("getUserCreds"), Verdict::Fail);
        assert_eq!(verdict("headers"), Verdict::Pass);
    }
}
