//! Whether receivers that code registers hear any app.
//!
//! Clauses: JR-6.1.3.a.a, JR-6.1.3.a.b.

use crate::ask::components::is_of_library;
use crate::ask::intents::is_of_system;
use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::code::Call;
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

const RECEIVER_EXPORTED: i64 = 2;
const RECEIVER_NOT_EXPORTED: i64 = 4;

pub(crate) static CHECK: Check = Check {
    id: "code-dynamic-receiver",
    title: words(
        "Receivers registered in code are open",
        "代码注册的广播接收器对外开放",
    ),
    purpose: words(
        "A receiver that is registered without permission and without the flag that closes it \
         takes orders from any app.",
        "注册时既无权限也未标记为不导出的接收器，会接受任何应用的指令。",
    ),
    procedure: words(
        "At each registerReceiver read the permission, the flags and the actions of the filter.",
        "在每处 registerReceiver 读取权限、标志以及过滤器的 action。",
    ),
    criterion: words(
        "Receivers need a permission, are not exported, or listen to actions that only the system \
         sends.",
        "接收器要求权限、不导出，或只监听系统才能发送的 action。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[925],
    maswe: &["MASWE-0018"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || registered("com.bank.PAY"),
        evidence: &[
            "any app can send to this receiver: com.bank.PAY at com.bank.Main.run(\
             Landroid/content/Context;Landroid/content/BroadcastReceiver;)V @0x0007 in classes.dex",
        ],
        good: || registered("android.intent.action.SCREEN_OFF"),
        broken: || registered("com.bank.PAY").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn registered(action: &str) -> Sample {
    registering(
        action,
        "invoke-virtual {p0, p1, v0}, Landroid/content/Context;->registerReceiver(Landroid/content/BroadcastReceiver;Landroid/content/IntentFilter;)Landroid/content/Intent;",
    )
}

#[cfg(test)]
fn registering(action: &str, call: &str) -> Sample {
    Sample::code(&format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static run(Landroid/content/Context;Landroid/content/BroadcastReceiver;)V\n\
         .registers 8\nnew-instance v0, Landroid/content/IntentFilter;\n\
         const-string v1, \"{action}\"\n\
         invoke-direct {{v0, v1}}, Landroid/content/IntentFilter;-><init>(Ljava/lang/String;)V\n\
         {call}\nreturn-void\n.end method\n"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let code = &subject.facts.code;
    let platform = code.calls_to("android.content.Context", "registerReceiver");
    let libraries = [
        "androidx.core.content.ContextCompat",
        "android.support.v4.content.ContextCompat",
    ]
    .into_iter()
    .flat_map(|class| code.calls_to(class, "registerReceiver"));
    let mut findings = Findings::new();
    let mut any = false;
    for call in platform.into_iter().chain(libraries) {
        let class = call.method().class().name();
        // The wrapper itself passes on what its callers say.
        if class.ends_with(".ContextCompat") || class.contains(".ContextCompat$") {
            continue;
        }
        let registration = Registration::of(&call);
        // Without a receiver the call only asks for the last sticky broadcast.
        if registration.receiver == Some(Origin::Int(0)) {
            continue;
        }
        any = true;
        let actions = registration.actions();
        // Libraries put their filters together in ways that a reader of this app cannot change.
        if actions.is_empty() && is_of_library(&class) {
            continue;
        }
        let (what, weight) = judged(&registration, &actions);
        let mut found = Evidence::at(what, &call.site());
        if !actions.is_empty() {
            found = found.string(actions.join(", "));
        }
        match weight {
            Weight::Right => findings.right.push(found),
            Weight::Doubtful => findings.doubtful.push(found),
            Weight::Wrong if is_of_library(&class) => findings.doubtful.push(found),
            Weight::Wrong => findings.wrong.push(found),
        }
    }
    match any {
        true => findings.into(),
        false => Outcome::NotApplicable(words("code registers no receiver", "代码未注册接收器")),
    }
}

enum Weight {
    Right,
    Doubtful,
    Wrong,
}

fn judged(registration: &Registration<'_>, actions: &[String]) -> (Words, Weight) {
    let not_exported = |flags: &i64| flags & RECEIVER_NOT_EXPORTED != 0;
    if registration.flags.iter().any(not_exported) {
        return (
            words("registered as not exported", "注册为不导出"),
            Weight::Right,
        );
    }
    if registration.has_permission {
        return (
            words("senders need a permission", "发送方需要权限"),
            Weight::Right,
        );
    }
    if !actions.is_empty() && actions.iter().all(|action| is_of_system(action)) {
        let what = words(
            "only the system sends these actions",
            "仅系统可发送这些 action",
        );
        return (what, Weight::Right);
    }
    if registration.flags.contains(&RECEIVER_EXPORTED) {
        let what = words(
            "registered as exported, for any app to send to",
            "注册为导出，任何应用可发送",
        );
        return (what, Weight::Wrong);
    }
    match actions.is_empty() {
        true => (
            words(
                "without permission; what it listens to is not known",
                "无权限保护；监听的 action 未知",
            ),
            Weight::Doubtful,
        ),
        false => (
            words(
                "any app can send to this receiver",
                "任何应用可向此接收器发送",
            ),
            Weight::Wrong,
        ),
    }
}

/// The arguments of one of the forms of registerReceiver.
struct Registration<'a> {
    receiver: Option<Origin<'a>>,
    filter: Option<Origin<'a>>,
    has_permission: bool,
    flags: Vec<i64>,
}

impl<'a> Registration<'a> {
    fn of(call: &Call<'a>) -> Self {
        // The wrapper of the library takes the context first.
        let descriptor = call.target().descriptor();
        let shift = usize::from(descriptor.starts_with("(Landroid/content/Context;"));
        let parameters = descriptor.split(')').next().unwrap_or_default();
        let permission = parameters
            .find("Landroid/content/IntentFilter;Ljava/lang/String;")
            .map(|_| shift + 2);
        let flags = parameters.ends_with('I').then(|| {
            // The last argument of all forms that have flags.
            call.arguments().count().saturating_sub(1)
        });
        let has_permission = permission
            .and_then(|number| call.argument(number))
            .is_some_and(|value| value != Origin::Int(0));
        Self {
            receiver: call.argument(shift),
            filter: call.argument(shift + 1),
            has_permission,
            flags: flags.map(|number| call.ints(number)).unwrap_or_default(),
        }
    }

    /// The actions of the filter, as far as the method that makes it tells.
    fn actions(&self) -> Vec<String> {
        let Some(filter) = &self.filter else {
            return Vec::new();
        };
        let mut actions = Vec::new();
        for origin in filter.resolve() {
            if let Origin::New(object) = &origin {
                let made = object.constructor().into_iter();
                let added = origin
                    .calls_on()
                    .into_iter()
                    .filter(|call| call.target().name() == "addAction");
                let texts = made.chain(added).flat_map(|call| call.texts(0));
                actions.extend(texts.map(|text| text.into_owned()));
            }
        }
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn permissions_and_flags_close_a_receiver() {
        let with_flags = |flags: i32| {
            let call = format!(
                "const/4 v2, {flags}\n\
                 invoke-virtual {{p0, p1, v0, v2}}, Landroid/content/Context;->registerReceiver(Landroid/content/BroadcastReceiver;Landroid/content/IntentFilter;I)Landroid/content/Intent;"
            );
            registering("com.bank.PAY", &call).judged_by(&CHECK).verdict
        };
        assert_eq!(with_flags(4), Verdict::Pass);
        assert_eq!(with_flags(2), Verdict::Fail);
        let guarded = "const/4 v2, 0\nconst-string v3, \"com.bank.P\"\n\
             invoke-virtual {p0, p1, v0, v3, v2}, Landroid/content/Context;->registerReceiver(Landroid/content/BroadcastReceiver;Landroid/content/IntentFilter;Ljava/lang/String;Landroid/os/Handler;)Landroid/content/Intent;";
        let found = registering("com.bank.PAY", guarded).judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Pass);
        let unguarded = guarded.replace("const-string v3, \"com.bank.P\"", "const/4 v3, 0");
        let found = registering("com.bank.PAY", &unguarded).judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::Fail);
    }

    #[test]
    fn asking_for_the_battery_registers_nothing() {
        let call = "const/4 v2, 0\n\
             invoke-virtual {p0, v2, v0}, Landroid/content/Context;->registerReceiver(Landroid/content/BroadcastReceiver;Landroid/content/IntentFilter;)Landroid/content/Intent;";
        let found = registering("com.bank.PAY", call).judged_by(&CHECK);
        assert_eq!(found.verdict, Verdict::NotApplicable);
    }
}
