//! Whether passwords, tokens, personal numbers or amounts are written to the log.
//!
//! Clauses: JR-6.1.7.1, JR-6.1.7.2, AP-1.4.1.

use crate::ask::{flow, log, sensitive::Kind, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "log-sensitive",
    title: words("Sensitive data in logs", "日志记录敏感数据"),
    purpose: words(
        "Logs are read by support tools, crash reporters, vendors' apps and anybody with a cable.",
        "日志会被支持工具、崩溃上报、厂商应用以及任何能连接数据线的人读取。",
    ),
    procedure: words(
        "Follow what android.util.Log, System.out and logging libraries are given, through fields, \
         methods, wrappers and pieced-together texts, to passwords, tokens, numbers and amounts.",
        "沿字段、方法、封装与字符串拼接，追踪传给 android.util.Log、System.out 与日志库的数据是否来自口令、令牌、号码或金额。",
    ),
    criterion: words(
        "No message contains a credential, a personal number or an amount.",
        "日志消息中不含鉴别信息、个人号码或金额。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[532],
    maswe: &["MASWE-0005"],
    mastg: &["MASTG-TEST-0203"],
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
        let calls = log::calls(&facts.code);
        for message in [&[1][..], &[0], &[0, 1]] {
            let calls = calls.iter().filter(|found| found.message == message);
            for sink in flow::sinks(calls.map(|found| found.call), message) {
                let named = sink
                    .given()
                    .filter_map(|value| flow::named_in_message(facts, value))
                    .min_by_key(|named| named.kind);
                let site = sink.call.site();
                if let Some(named) = named.filter(|named| !named.is_harmless_in(&site.class)) {
                    let evidence = Evidence::at(what(named.kind), &site).string(named.name);
                    match named.certain {
                        true => findings.wrong.push(evidence),
                        false => findings.doubtful.push(evidence),
                    }
                }
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(&login("password")),
        evidence: &[
            "a credential is logged: com.bank.Login.password at com.bank.Login.run()V @0x0011",
        ],
        good: || Sample::code(&login("screen")),
        broken: || Sample::code(&login("password")).damaged("classes.dex"),
    },
};

const fn what(kind: Kind) -> Words {
    match kind {
        Kind::Credential => words("a credential is logged", "日志记录了鉴别信息"),
        Kind::Personal => words("a personal number is logged", "日志记录了个人号码"),
        Kind::Money => words("an amount is logged", "日志记录了金额"),
    }
}

/// Logs a field.
#[cfg(test)]
fn login(field: &str) -> String {
    format!(
        ".class public Lcom/bank/Login;\n.super Ljava/lang/Object;\n\
         .field {field}:Ljava/lang/String;\n\
         .method public run()V\n.registers 5\n\
         new-instance v0, Ljava/lang/StringBuilder;\n\
         invoke-direct {{v0}}, Ljava/lang/StringBuilder;-><init>()V\n\
         iget-object v1, p0, Lcom/bank/Login;->{field}:Ljava/lang/String;\n\
         invoke-virtual {{v0, v1}}, Ljava/lang/StringBuilder;->append(Ljava/lang/String;)Ljava/lang/StringBuilder;\n\
         move-result-object v0\n\
         invoke-virtual {{v0}}, Ljava/lang/StringBuilder;->toString()Ljava/lang/String;\n\
         move-result-object v0\n\
         const-string v2, \"Login\"\n\
         invoke-static {{v2, v0}}, Landroid/util/Log;->d(Ljava/lang/String;Ljava/lang/String;)I\n\
         return-void\n.end method\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    const PRINT: &str = "sget-object v3, Ljava/lang/System;->out:Ljava/io/PrintStream;\n\
         invoke-virtual {v3, v2}, Ljava/io/PrintStream;->println(Ljava/lang/String;)V\n";

    #[test]
    fn platform_getters_and_labels_count() {
        let phone = format!(
            "const/4 v0, 0\n\
             invoke-virtual {{v0}}, Landroid/telephony/TelephonyManager;->getLine1Number()Ljava/lang/String;\n\
             move-result-object v2\n{PRINT}"
        );
        let finding = Sample::method(&phone).judged_by(&CHECK);
        assert!(finding.evidence[0].to_string().contains("getLine1Number"));
        let labelled = format!(
            "const-string v0, \"password: \"\n\
             const/4 v1, 0\n\
             invoke-virtual {{v1}}, Lcom/bank/Crypto;->open()Ljava/lang/String;\n\
             move-result-object v1\n\
             invoke-virtual {{v0, v1}}, Ljava/lang/String;->concat(Ljava/lang/String;)Ljava/lang/String;\n\
             move-result-object v2\n{PRINT}"
        );
        let finding = Sample::method(&labelled).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
    }

    #[test]
    fn loggers_of_the_app_are_seen_where_they_are_used() {
        let code = ".class public Lcom/bank/L;\n.super Ljava/lang/Object;\n\
             .method public static log(Ljava/lang/String;)V\n.registers 2\nconst-string v0, \"L\"\n\
             invoke-static {v0, p0}, Landroid/util/Log;->i(Ljava/lang/String;Ljava/lang/String;)I\n\
             return-void\n.end method\n\
             .class public Lcom/bank/Pay;\n.super Ljava/lang/Object;\n\
             .method public static pay(Ljava/lang/String;)V\n.registers 2\n\
             sget-object v0, Lcom/bank/Pay;->pin:Ljava/lang/String;\n\
             invoke-static {v0}, Lcom/bank/L;->log(Ljava/lang/String;)V\n\
             return-void\n.end method\n";
        let finding = Sample::code(code).judged_by(&CHECK);
        let shown: Vec<_> = finding.evidence.iter().map(ToString::to_string).collect();
        assert_eq!(shown.len(), 1, "{shown:?}");
        assert!(
            shown[0].contains("com.bank.Pay.pin at com.bank.Pay.pay"),
            "{shown:?}"
        );
    }

    #[test]
    fn libraries_for_logs_count() {
        let code = ".class public Ltimber/log/Timber;\n.super Ljava/lang/Object;\n\
             .method public static d(Ljava/lang/String;[Ljava/lang/Object;)V\n.registers 2\n\
             return-void\n.end method\n\
             .class public Lcom/bank/Pay;\n.super Ljava/lang/Object;\n\
             .method public static pay()V\n.registers 4\n\
             const/4 v0, 1\nnew-array v1, v0, [Ljava/lang/Object;\nconst/4 v0, 0\n\
             sget-object v2, Lcom/bank/Pay;->accessToken:Ljava/lang/String;\n\
             aput-object v2, v1, v0\nconst-string v0, \"got %s\"\n\
             invoke-static {v0, v1}, Ltimber/log/Timber;->d(Ljava/lang/String;[Ljava/lang/Object;)V\n\
             return-void\n.end method\n";
        let finding = Sample::code(code).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
    }

    #[test]
    fn files_and_hidden_values_do_not_count() {
        // A PrintStream on a file is no log.
        let file = PRINT.replace(
            "sget-object v3, Ljava/lang/System;->out",
            "sget-object v3, Lcom/bank/A;->out",
        );
        let body = format!("sget-object v2, Lcom/bank/A;->password:Ljava/lang/String;\n{file}");
        assert_eq!(
            Sample::method(&body).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        let hashed =
            format!("sget-object v2, Lcom/bank/A;->passwordHash:Ljava/lang/String;\n{PRINT}");
        assert_eq!(
            Sample::method(&hashed).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
