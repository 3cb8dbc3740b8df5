//! Intents: whom they are for, what they carry, and what came in with one.

use std::borrow::Cow;

use crate::facts::Origin;
use crate::facts::code::Call;

const INTENT: &str = "android.content.Intent";

/// Whom an intent is for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Target {
    /// One component or one app.
    Explicit,
    /// Whoever answers these actions; none if it has none yet.
    Implicit(Vec<String>),
    /// The code does not tell.
    Unknown,
}

/// Whom an intent is for. If it is for whoever answers on any path, that counts.
pub(crate) fn target(intent: &Origin<'_>) -> Target {
    let mut unknown = false;
    for origin in intent.resolve() {
        match target_of_one(&root(origin)) {
            Target::Implicit(actions) => return Target::Implicit(actions),
            Target::Unknown => unknown = true,
            Target::Explicit => {}
        }
    }
    if unknown {
        Target::Unknown
    } else {
        Target::Explicit
    }
}

/// The object behind calls that return their receiver, such as `new Intent().setAction(…)`.
fn root(mut origin: Origin<'_>) -> Origin<'_> {
    /// Longest chain followed; generated ones end here.
    const CHAIN_MAX: usize = 256;
    for _ in 0..CHAIN_MAX {
        match &origin {
            Origin::Result(call) if call.has_receiver() && returns_itself(call) => {
                match call.receiver() {
                    Some(receiver) => origin = receiver,
                    None => break,
                }
            }
            _ => break,
        }
    }
    origin
}

fn returns_itself(call: &Call<'_>) -> bool {
    let target = call.target();
    target.class_name() == INTENT && target.return_type() == INTENT
}

fn target_of_one(intent: &Origin<'_>) -> Target {
    let Origin::New(object) = intent else {
        return Target::Unknown;
    };
    let Some(constructor) = object.constructor() else {
        return Target::Unknown;
    };
    let descriptor = constructor.target().descriptor();
    if object.class_name() != INTENT || descriptor.starts_with("(Landroid/content/Intent;") {
        return Target::Unknown;
    }
    if descriptor.contains("Ljava/lang/Class;") {
        return Target::Explicit;
    }
    let calls = intent.calls_on();
    let names: Vec<Cow<'_, str>> = calls.iter().map(|call| call.target().name()).collect();
    let narrows = [
        "setClass",
        "setClassName",
        "setComponent",
        "setPackage",
        "setSelector",
    ];
    if names.iter().any(|name| narrows.contains(&name.as_ref())) {
        return Target::Explicit;
    }
    let first = constructor.texts(0).into_iter();
    let set = calls
        .iter()
        .filter(|call| call.target().name() == "setAction");
    let actions = first.chain(set.flat_map(|call| call.texts(0)));
    Target::Implicit(actions.map(Cow::into_owned).collect())
}

/// The keys and calls of what is put into an intent in the method that makes it.
pub(crate) fn extras<'a>(intent: &Origin<'a>) -> Vec<(String, Call<'a>)> {
    let mut found = Vec::new();
    for origin in intent.resolve() {
        for call in root(origin).calls_on() {
            let name = call.target().name();
            if name.starts_with("put") && name.contains("Extra") {
                let key = call.texts(0).first().map(|key| key.clone().into_owned());
                found.push((key.unwrap_or_default(), call));
            }
        }
    }
    found
}

/// Whether a call takes something out of an intent that another component sent: `getStringExtra`
/// and the like on `getIntent()` or on a parameter.
pub(crate) fn takes_from_incoming(call: &Call<'_>) -> bool {
    let target = call.target();
    if target.class_name() != INTENT {
        return false;
    }
    let name = target.name();
    let takes = matches!(
        name.as_ref(),
        "getData" | "getDataString" | "getExtras" | "getClipData" | "getAction"
    ) || name.starts_with("get") && name.contains("Extra");
    takes
        && call.receiver().is_some_and(|receiver| match receiver {
            Origin::Parameter(_) => true,
            Origin::Result(of) => of.target().name() == "getIntent",
            Origin::Field(_) | Origin::OneOf(_) => receiver.resolve().iter().any(|origin| {
                matches!(origin, Origin::Parameter(_))
                    || matches!(origin, Origin::Result(of) if of.target().name() == "getIntent")
            }),
            _ => false,
        })
}

/// Whether only the system can send an action, so that a receiver of it hears nobody else.
pub(crate) fn is_of_system(action: &str) -> bool {
    const PREFIXES: [&str; 8] = [
        "android.intent.action.",
        "android.net.",
        "android.bluetooth.",
        "android.os.",
        "android.media.",
        "android.hardware.usb.",
        "android.location.",
        "android.app.action.",
    ];
    /// Of these namespaces, what any app may send.
    const FREE: [&str; 7] = [
        "android.intent.action.VIEW",
        "android.intent.action.SEND",
        "android.intent.action.MAIN",
        "android.intent.action.EDIT",
        "android.intent.action.PICK",
        "android.intent.action.CALL_BUTTON",
        "android.intent.action.CREATE_SHORTCUT",
    ];
    PREFIXES.iter().any(|prefix| action.starts_with(prefix)) && !FREE.contains(&action)
}

#[cfg(test)]
mod tests {
    use super::{Target, extras, target};
    use crate::fixture::facts_of_code;

    fn target_of(body: &str) -> (Target, Vec<String>) {
        let facts = facts_of_code(&format!(
            ".class public Lcom/bank/A;\n.super Ljava/lang/Object;\n\
             .method public static run(Landroid/content/Context;Landroid/content/Intent;)V\n\
             .registers 8\nnew-instance v0, Landroid/content/Intent;\n\
             {body}\nreturn-void\n.end method\n\
             .method public static sink(Landroid/content/Intent;)V\n.registers 1\nreturn-void\n.end method\n"
        ));
        let sink = facts.code.calls_named("sink").next().unwrap();
        let intent = sink.argument(0).unwrap();
        let keys = extras(&intent).into_iter().map(|(key, _)| key).collect();
        (target(&intent), keys)
    }

    #[test]
    fn intents_are_told_apart() {
        let make = "const-string v1, \"pay\"\n\
             invoke-direct {v0, v1}, Landroid/content/Intent;-><init>(Ljava/lang/String;)V\n";
        let sink = "invoke-static {v0}, Lcom/bank/A;->sink(Landroid/content/Intent;)V";
        let put = "const-string v2, \"pin\"\n\
             invoke-virtual {v0, v2, v1}, Landroid/content/Intent;->putExtra(Ljava/lang/String;Ljava/lang/String;)Landroid/content/Intent;\n";
        let (found, keys) = target_of(&format!("{make}{put}{sink}"));
        assert_eq!(found, Target::Implicit(vec!["pay".to_owned()]));
        assert_eq!(keys, ["pin"]);
        let narrowed = "const-string v2, \"com.bank\"\n\
             invoke-virtual {v0, v2}, Landroid/content/Intent;->setPackage(Ljava/lang/String;)Landroid/content/Intent;\n\
             move-result-object v0\n";
        assert_eq!(
            target_of(&format!("{make}{narrowed}{sink}")).0,
            Target::Explicit
        );
        let (found, _) =
            target_of("invoke-static {p1}, Lcom/bank/A;->sink(Landroid/content/Intent;)V");
        assert_eq!(found, Target::Unknown);
    }
}
