//! Whether sensitive data is sent by SMS.
//!
//! Clauses: JR-6.1.7.1, CJ-4.2.4.a.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-sms-sensitive",
    title: words("Sensitive data is sent by SMS", "短信发送敏感数据"),
    purpose: words(
        "A text message is readable for networks, for other apps with the permission and on the \
         lock screen.",
        "短信内容可被运营网络、拥有权限的其他应用读取，并显示在锁屏上。",
    ),
    procedure: words(
        "Follow the text that SmsManager sends to passwords, tokens and personal numbers, and its \
         destination to intents of other apps.",
        "追踪 SmsManager 发送的内容是否含口令、令牌或个人号码，以及收件号码是否来自外部 Intent。",
    ),
    criterion: words(
        "No message that the app sends contains sensitive data or goes where another app says.",
        "应用发送的短信不含敏感数据，收件人也不由其他应用决定。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[319, 927],
    maswe: &[],
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
        let names = [
            "sendTextMessage",
            "sendMultipartTextMessage",
            "sendDataMessage",
        ];
        let calls = flow::calls_to_any(&facts.code, "android.telephony.SmsManager", &names);
        let mut findings = Findings::new();
        for sink in flow::sinks(calls, &[0, 2]) {
            let site = sink.call.site();
            let text = sink.value(1);
            if let Some(named) = text.and_then(|text| flow::named_in_message(facts, text)) {
                let what = words("an SMS carries sensitive data", "短信携带敏感数据");
                findings
                    .wrong
                    .push(Evidence::at(what, &site).string(named.name));
            }
            if let Some(extra) = sink.value(0).and_then(flow::from_outside) {
                let what = words(
                    "another app chooses who gets the SMS",
                    "短信收件人由其他应用指定",
                );
                findings.wrong.push(Evidence::at(what, &site).string(extra));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&send("password")),
        evidence: &[
            "an SMS carries sensitive data: com.bank.Main.password at com.bank.Main.run()V",
        ],
        good: || Sample::method(&send("greeting")),
        broken: || Sample::method(&send("password")).damaged("classes.dex"),
    },
};

#[cfg(test)]
fn send(field: &str) -> String {
    format!(
        "const/4 v0, 0\nconst/4 v2, 0\nconst/4 v4, 0\nconst/4 v5, 0\nconst-string v1, \"95588\"\n\
         sget-object v3, Lcom/bank/Main;->{field}:Ljava/lang/String;\n\
         invoke-virtual/range {{v0 .. v5}}, Landroid/telephony/SmsManager;->sendTextMessage(Ljava/lang/String;Ljava/lang/String;Ljava/lang/String;Landroid/app/PendingIntent;Landroid/app/PendingIntent;)V\n"
    )
}
