//! Whether whoever holds the phone chooses the server that the app talks to.
//!
//! Clauses: JR-6.1.2.d, AP-1.4.1.

use crate::ask::own::Own;
use crate::ask::without_code;
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::Call;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "net-server-setting",
    title: words("The server is a setting", "服务器地址可由用户设置"),
    purpose: words(
        "A page on which the server can be set is a tool of developers. With it anybody sends the \
         user's password to a server of his own.",
        "可设置服务器地址的页面是开发工具；借此任何人都能让应用把用户口令发往其自己的服务器。",
    ),
    procedure: words(
        "Look for settings whose names say server, host, IP address or port and whose value is \
         what was typed, not written in the code.",
        "查找名称涉及服务器、主机、IP 地址或端口、且值来自输入而非代码常量的设置项。",
    ),
    criterion: words("No such setting is stored.", "不存在此类设置项。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[15],
    maswe: &[],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(facts) {
            return outcome;
        }
        let own = Own::of(facts);
        let calls = facts
            .code
            .calls_to("android.content.SharedPreferences$Editor", "putString");
        let settings = calls.iter().filter(|call| call.texts(1).is_empty());
        let settings = settings.filter_map(|call| {
            let site = call.site();
            let name = server_name(call).filter(|_| own.may_have_written(&site.class))?;
            let what = words(
                "what was typed becomes the address of the server",
                "输入内容成为服务器地址",
            );
            Some(Evidence::at(what, &site).string(name))
        });
        Findings::wrong(settings).into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || stores("serverip"),
        evidence: &[
            "what was typed becomes the address of the server: serverip at \
             com.bank.Main.run(Landroid/content/SharedPreferences$Editor;Ljava/lang/String;)V",
        ],
        good: || stores("nickname"),
        broken: || stores("serverip").damaged("classes.dex"),
    },
};

/// The name of a setting that is about a server, by its words.
fn server_name(call: &Call<'_>) -> Option<String> {
    const ANYWHERE: [&str; 7] = [
        "serverip",
        "serverport",
        "serverurl",
        "serveraddr",
        "serverhost",
        "baseurl",
        "apihost",
    ];
    const WHOLE: [&str; 4] = ["server", "host", "endpoint", "gateway"];
    let names = call.texts(0).into_iter();
    let mut names = names.filter(|name| {
        let plain: String = name
            .chars()
            .filter(char::is_ascii_alphanumeric)
            .collect::<String>()
            .to_ascii_lowercase();
        WHOLE.contains(&plain.as_str()) || ANYWHERE.iter().any(|part| plain.contains(part))
    });
    names.next().map(std::borrow::Cow::into_owned)
}

#[cfg(test)]
fn stores(name: &str) -> Sample {
    Sample::code(&format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static run(Landroid/content/SharedPreferences$Editor;Ljava/lang/String;)V\n\
         .registers 3\nconst-string v0, \"{name}\"\n\
         invoke-interface {{p0, v0, p1}}, Landroid/content/SharedPreferences$Editor;->putString(Ljava/lang/String;Ljava/lang/String;)Landroid/content/SharedPreferences$Editor;\n\
         return-void\n.end method\n"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn an_address_that_stands_in_the_code_is_no_setting() {
        let constant = Sample::code(
            ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
             .method public static run(Landroid/content/SharedPreferences$Editor;)V\n\
             .registers 3\nconst-string v0, \"serverip\"\nconst-string v1, \"api.bank.example\"\n\
             invoke-interface {p0, v0, v1}, Landroid/content/SharedPreferences$Editor;->putString(Ljava/lang/String;Ljava/lang/String;)Landroid/content/SharedPreferences$Editor;\n\
             return-void\n.end method\n",
        );
        assert_eq!(constant.judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
