//! Whether sensitive data is broadcast to whoever listens.
//!
//! Clauses: CJ-4.3.4.b, CJ-4.2.4.a, JR-6.1.3.a.b.

use crate::ask::sensitive::{self, Kind};
use crate::ask::{flow, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Area, Facts, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-broadcast-sensitive",
    title: words("Sensitive data is broadcast", "广播敏感数据"),
    purpose: words(
        "Every app that registers for the action receives an implicit broadcast with its extras; \
         sticky ones stay readable.",
        "任何注册该动作的应用均能收到隐式广播及其附加数据；粘性广播会一直可读。",
    ),
    procedure: words(
        "For each broadcast without a permission, look at its intent: whether it names a receiver, \
         and what extras it was given in the same method.",
        "对每个未指定权限的广播，检查其 Intent 是否指定接收者，以及同一方法内放入的附加数据。",
    ),
    criterion: words(
        "Broadcasts with sensitive extras name their receiver or demand a permission; none is \
         sticky.",
        "携带敏感数据的广播指定接收者或要求权限，且不使用粘性广播。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[927],
    maswe: &["MASWE-0032"],
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
        for (call, is_sticky) in broadcasts(&facts.code) {
            let Some(intent) = call.argument(0) else {
                continue;
            };
            let on_intent = intent.calls_on();
            let extra = on_intent
                .iter()
                .find_map(|other| sensitive_extra(facts, other));
            let is_open = is_sticky || !names_receiver(&intent, &on_intent);
            match extra {
                Some(extra) if is_open => {
                    let what = words(
                        "sensitive data is broadcast to every app",
                        "向所有应用广播敏感数据",
                    );
                    findings
                        .wrong
                        .push(Evidence::at(what, &call.site()).string(extra.1));
                }
                _ if is_sticky => {
                    let what = words("a sticky broadcast", "粘性广播");
                    findings.doubtful.push(Evidence::at(what, &call.site()));
                }
                _ => {}
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&broadcast("")),
        evidence: &[
            "sensitive data is broadcast to every app: newpass at com.bank.Main.run()V @0x000d",
        ],
        good: || {
            Sample::method(&broadcast(
                "const-string v4, \"com.bank\"\n\
                 invoke-virtual {v0, v4}, Landroid/content/Intent;->setPackage(Ljava/lang/String;)Landroid/content/Intent;\n",
            ))
        },
        broken: || Sample::method(&broadcast("")).damaged("classes.dex"),
    },
};

/// Broadcasts that demand no permission of their receivers, and whether they are sticky.
fn broadcasts(code: &Code) -> Vec<(Call<'_>, bool)> {
    let plain = ["sendBroadcast", "sendOrderedBroadcast"];
    let plain = flow::calls_to_any(code, "android.content.Context", &plain);
    // The second argument, where there is one, is the permission.
    let plain = plain.into_iter().filter(|call| {
        call.argument(1)
            .is_none_or(|permission| permission.int() == Some(0))
    });
    let sticky = ["sendStickyBroadcast", "sendStickyOrderedBroadcast"];
    let sticky = flow::calls_to_any(code, "android.content.Context", &sticky);
    plain
        .map(|call| (call, false))
        .chain(sticky.into_iter().map(|call| (call, true)))
        .collect()
}

/// Whether an intent says which package or class it is for.
fn names_receiver(intent: &Origin<'_>, calls: &[Call<'_>]) -> bool {
    // What was not made here may have been told elsewhere.
    if !matches!(intent, Origin::New(_)) {
        return true;
    }
    calls
        .iter()
        .any(|call| match call.target().name().as_ref() {
            "setPackage" | "setClass" | "setClassName" | "setComponent" => true,
            "<init>" => call.target().descriptor().contains("Ljava/lang/Class;"),
            _ => false,
        })
}

/// What an extra gives away, and its key or source.
fn sensitive_extra(facts: &Facts, call: &Call<'_>) -> Option<(Kind, String)> {
    if call.target().name() != "putExtra" {
        return None;
    }
    let keys = call.texts(0).into_iter();
    let mut by_key =
        keys.filter_map(|key| Some((sensitive::kind_of_name(&key)?, key.into_owned())));
    by_key.next().or_else(|| {
        let named = flow::named(facts, &call.argument(1)?)?;
        Some((named.kind, named.name))
    })
}

#[cfg(test)]
fn broadcast(receiver: &str) -> String {
    format!(
        "new-instance v0, Landroid/content/Intent;\n\
         invoke-direct {{v0}}, Landroid/content/Intent;-><init>()V\n\
         const-string v1, \"newpass\"\nsget-object v2, Lcom/bank/Main;->text:Ljava/lang/String;\n\
         invoke-virtual {{v0, v1, v2}}, Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;\n\
         const/4 v3, 0\n{receiver}\
         invoke-virtual {{v3, v0}}, Landroid/app/Activity;->sendBroadcast(Landroid/content/Intent;)V\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn explicit_intents_and_permissions_are_honest() {
        let explicit = broadcast("")
            .replace(
                "-><init>()V",
                "-><init>(Landroid/content/Context;Ljava/lang/Class;)V",
            )
            .replace(
                "invoke-direct {v0}",
                "const/4 v5, 0\ninvoke-direct {v0, v5, v5}",
            );
        assert_eq!(
            Sample::method(&explicit).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
        let permission = broadcast("const-string v6, \"com.bank.RECEIVE\"\n")
            .replace("{v3, v0}", "{v3, v0, v6}")
            .replace(
                "sendBroadcast(Landroid/content/Intent;)V",
                "sendBroadcast(Landroid/content/Intent;Ljava/lang/String;)V",
            );
        assert_eq!(
            Sample::method(&permission).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn sticky_broadcasts_are_doubtful_without_sensitive_data() {
        let sticky = broadcast("")
            .replace("newpass", "page")
            .replace("sendBroadcast", "sendStickyBroadcast");
        assert_eq!(
            Sample::method(&sticky).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
        let secret = broadcast("").replace("sendBroadcast", "sendStickyBroadcast");
        assert_eq!(
            Sample::method(&secret).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
