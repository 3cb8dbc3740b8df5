//! Whether intents carry passwords and personal data where other apps hear them.
//!
//! Clauses: AP-1.2.3.4, JR-6.1.5.2.b.

use crate::ask::components::is_of_library;
use crate::ask::intents::{Target, extras, target};
use crate::ask::personal::{names_credential, names_person};
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::code::Call;
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-intent-data",
    title: words("Intents carry sensitive data", "Intent 携带敏感数据"),
    purpose: words(
        "A broadcast without permission is heard by every app that registers for its action; an \
         intent without a target goes to whoever answers; and extras stay in the system's lists of \
         tasks.",
        "无权限的广播会被任何注册该 action 的应用听到；未指定目标的 Intent 由任意应答者接收；附加数据还会留在系统任务记录中。",
    ),
    procedure: words(
        "Where intents are sent, read whom they are for, what permission receivers need, and the \
         keys of what was put in.",
        "在发送 Intent 处读取目标、接收方所需权限以及放入数据的键名。",
    ),
    criterion: words(
        "Broadcasts with data go to one package or need a permission; passwords and codes are not \
         handed on in intents at all.",
        "携带数据的广播指定包或要求权限；口令和验证码完全不经由 Intent 传递。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[927, 200],
    maswe: &["MASWE-0032"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || broadcast("newpass", ""),
        evidence: &[
            "every app can hear this broadcast, with sensitive data in it: newpass at com.bank.Main.run(\
             Landroid/content/Context;)V @0x000c in classes.dex",
        ],
        good: || {
            broadcast(
                "page",
                "invoke-virtual {v0, v1}, Landroid/content/Intent;->setPackage(Ljava/lang/String;)Landroid/content/Intent;\n",
            )
        },
        broken: || broadcast("newpass", "").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn broadcast(key: &str, narrowed: &str) -> Sample {
    Sample::code(&format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static run(Landroid/content/Context;)V\n.registers 8\n\
         new-instance v0, Landroid/content/Intent;\nconst-string v1, \"com.bank.DONE\"\n\
         invoke-direct {{v0, v1}}, Landroid/content/Intent;-><init>(Ljava/lang/String;)V\n{narrowed}\
         const-string v2, \"{key}\"\n\
         invoke-virtual {{v0, v2, v1}}, Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;\n\
         invoke-virtual {{p0, v0}}, Landroid/content/Context;->sendBroadcast(Landroid/content/Intent;)V\n\
         return-void\n.end method\n"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let code = &subject.facts.code;
    let context = "android.content.Context";
    let mut findings = Findings::new();
    for name in [
        "sendBroadcast",
        "sendOrderedBroadcast",
        "sendStickyBroadcast",
    ] {
        for call in code.calls_to(context, name) {
            if !is_of_library(&call.method().class().name()) && !needs_permission(&call) {
                broadcast_with_data(&call, &mut findings);
            }
        }
    }
    for name in ["startActivity", "startActivityForResult", "startService"] {
        let starts = code.calls_to(context, name).into_iter();
        let activity = code.calls_to("android.app.Activity", name);
        let mut seen = std::collections::HashSet::new();
        for call in starts.chain(activity) {
            if seen.insert(call) && !is_of_library(&call.method().class().name()) {
                start_with_data(&call, &mut findings);
            }
        }
    }
    findings.into()
}

fn needs_permission(call: &Call<'_>) -> bool {
    let names_one = call
        .target()
        .descriptor()
        .starts_with("(Landroid/content/Intent;Ljava/lang/String;");
    names_one
        && call
            .argument(1)
            .is_some_and(|permission| permission != Origin::Int(0))
}

fn broadcast_with_data(call: &Call<'_>, findings: &mut Findings) {
    let Some(intent) = call.argument(0) else {
        return;
    };
    if !matches!(target(&intent), Target::Implicit(_)) {
        return;
    }
    let keys: Vec<String> = extras(&intent).into_iter().map(|(key, _)| key).collect();
    if keys.is_empty() {
        return;
    }
    let at = |what| Evidence::at(what, &call.site()).string(keys.join(", "));
    match keys
        .iter()
        .any(|key| names_credential(key) || names_person(key))
    {
        true => findings.wrong.push(at(words(
            "every app can hear this broadcast, with sensitive data in it",
            "任何应用可收到此携带敏感数据的广播",
        ))),
        false => findings.doubtful.push(at(words(
            "every app can hear this broadcast, with data in it",
            "任何应用可收到此携带数据的广播",
        ))),
    }
}

fn start_with_data(call: &Call<'_>, findings: &mut Findings) {
    let Some(intent) = call.argument(0) else {
        return;
    };
    let extras = extras(&intent);
    let credentials = extras.iter().filter(|(key, _)| names_credential(key));
    let is_implicit = || matches!(target(&intent), Target::Implicit(_));
    for (key, put) in credentials {
        let open = words(
            "a password or code is sent to whoever answers",
            "口令或验证码发送给任意应答者",
        );
        let inside = words(
            "a password or code is handed on in an intent, and stays in the system's lists of tasks",
            "口令或验证码经 Intent 传递，并留在系统任务记录中",
        );
        match is_implicit() {
            true => findings
                .wrong
                .push(Evidence::at(open, &put.site()).string(key)),
            false => findings
                .doubtful
                .push(Evidence::at(inside, &put.site()).string(key)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_permission_of_receivers_closes_the_broadcast() {
        let sent = |permission: &str| {
            Sample::code(&format!(
                ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
                 .method public static run(Landroid/content/Context;)V\n.registers 8\n\
                 new-instance v0, Landroid/content/Intent;\nconst-string v1, \"com.bank.DONE\"\n\
                 invoke-direct {{v0, v1}}, Landroid/content/Intent;-><init>(Ljava/lang/String;)V\n\
                 const-string v2, \"newpass\"\n\
                 invoke-virtual {{v0, v2, v1}}, Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;\n\
                 {permission}\n\
                 invoke-virtual {{p0, v0, v3}}, Landroid/content/Context;->sendBroadcast(Landroid/content/Intent;Ljava/lang/String;)V\n\
                 return-void\n.end method\n"
            ))
            .judged_by(&CHECK)
            .verdict
        };
        assert_eq!(sent("const-string v3, \"com.bank.P\""), Verdict::Pass);
        assert_eq!(sent("const/4 v3, 0"), Verdict::Fail);
    }

    #[test]
    fn what_is_carried_decides() {
        assert_eq!(
            broadcast("page", "").judged_by(&CHECK).verdict,
            Verdict::Partial
        );
        let narrowed = "invoke-virtual {v0, v1}, Landroid/content/Intent;->setPackage(Ljava/lang/String;)Landroid/content/Intent;\n";
        assert_eq!(
            broadcast("newpass", narrowed).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
