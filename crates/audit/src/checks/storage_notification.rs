//! Whether notifications show sensitive data.
//!
//! Clauses: CJ-4.3.4.b, JR-6.1.7.1.

use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::Area;
use crate::facts::code::{Call, Code};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-notification",
    title: words("Notifications show sensitive data", "通知显示敏感数据"),
    purpose: words(
        "Notifications are shown on the lock screen, kept by the system and read by listeners.",
        "通知会显示在锁屏、由系统留存并可被通知监听服务读取。",
    ),
    procedure: words(
        "Follow the titles and texts of notifications to credentials, personal numbers and \
         amounts, and read their visibility.",
        "追踪通知标题与正文是否含鉴别信息、个人号码或金额，并读取其可见性。",
    ),
    criterion: words(
        "No notification shows credentials; those with numbers or amounts are private.",
        "通知不显示鉴别信息；含号码或金额的通知设为私密。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[200],
    maswe: &["MASWE-0037"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Archive, Area::Code],
    judge: |subject| {
        let facts = subject.facts;
        if let Some(outcome) = without_code(subject.facts) {
            return outcome;
        }
        let mut findings = Findings::new();
        for sink in flow::sinks(texts(&facts.code), &[0]) {
            let site = sink.call.site();
            let mut values = sink.given();
            if let Some(named) = values.find_map(|value| flow::named_in_message(facts, value)) {
                let what = words("a notification shows sensitive data", "通知显示敏感数据");
                findings
                    .wrong
                    .push(Evidence::at(what, &site).string(named.name));
            }
        }
        for class in BUILDERS {
            let public = facts.code.calls_to(class, "setVisibility").into_iter();
            let public = public.filter(|call| call.ints(0).contains(&1));
            findings.doubtful.extend(public.map(|call| {
                let what = words(
                    "a notification is shown on the lock screen",
                    "通知在锁屏完整显示",
                );
                Evidence::at(what, &call.site())
            }));
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&notify("smsCode")),
        evidence: &[
            "a notification shows sensitive data: com.bank.Main.smsCode at com.bank.Main.run()V",
        ],
        good: || Sample::method(&notify("news")),
        broken: || Sample::method(&notify("smsCode")).damaged("classes.dex"),
    },
};

const BUILDERS: [&str; 3] = [
    "android.app.Notification$Builder",
    "androidx.core.app.NotificationCompat$Builder",
    "android.support.v4.app.NotificationCompat$Builder",
];

/// Calls that set what a notification shows.
fn texts(code: &Code) -> Vec<Call<'_>> {
    let names = [
        "setContentText",
        "setContentTitle",
        "setTicker",
        "setSubText",
        "setContentInfo",
    ];
    BUILDERS
        .iter()
        .flat_map(|class| flow::calls_to_any(code, class, &names))
        .collect()
}

#[cfg(test)]
fn notify(field: &str) -> String {
    format!(
        "const/4 v0, 0\nsget-object v1, Lcom/bank/Main;->{field}:Ljava/lang/String;\n\
         invoke-virtual {{v0, v1}}, Landroid/app/Notification$Builder;->setContentText(Ljava/lang/CharSequence;)Landroid/app/Notification$Builder;\n"
    )
}
