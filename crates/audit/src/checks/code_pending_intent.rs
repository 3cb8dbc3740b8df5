//! Whether pending intents can be filled in, or taken, by other apps.
//!
//! Clauses: JR-6.1.3.b.b, AP-1.2.3.4.

use crate::ask::components::is_of_library;
use crate::ask::intents::{Target, target};
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, words};
use crate::facts::{Android, Area};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

const FLAG_IMMUTABLE: i64 = 0x0400_0000;
const FLAG_MUTABLE: i64 = 0x0200_0000;
/// From this platform on, one of the two flags has to be named.
const FLAGS_NEEDED_SDK: u32 = 31;

pub(crate) static CHECK: Check = Check {
    id: "code-pending-intent",
    title: words(
        "Pending intents are open to others",
        "PendingIntent 可被他人利用",
    ),
    purpose: words(
        "A pending intent acts with the app's identity. If it names no component and can be filled \
         in, whoever gets hold of it decides what is done in the app's name.",
        "PendingIntent 以本应用身份执行；若未指定组件且可被填充，取得者便能以本应用名义行事。",
    ),
    procedure: words(
        "At each PendingIntent.getActivity and its relatives read the flags, and whom the intent \
         inside is for.",
        "在每处 PendingIntent.getActivity 等调用读取标志以及内部 Intent 的目标。",
    ),
    criterion: words(
        "The intent inside names its component or package, or the pending intent is immutable.",
        "内部 Intent 指定了组件或包，或 PendingIntent 不可变。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[927],
    maswe: &["MASWE-0032"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || pending(0x0200_0000, ""),
        evidence: &[
            "mutable, and the intent inside is for whoever answers: com.bank.DONE at com.bank.Main.run(\
             Landroid/content/Context;)V @0x000b in classes.dex",
        ],
        good: || {
            pending(
                0x0200_0000,
                "invoke-virtual {v0, v1}, Landroid/content/Intent;->setPackage(Ljava/lang/String;)Landroid/content/Intent;\n",
            )
        },
        broken: || pending(0x0200_0000, "").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn pending(flags: i64, narrowed: &str) -> Sample {
    Sample::apk("<uses-sdk android:targetSdkVersion=\"33\"/><application/>").smali(&format!(
        ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
         .method public static run(Landroid/content/Context;)V\n.registers 8\n\
         new-instance v0, Landroid/content/Intent;\nconst-string v1, \"com.bank.DONE\"\n\
         invoke-direct {{v0, v1}}, Landroid/content/Intent;-><init>(Ljava/lang/String;)V\n{narrowed}\
         const/4 v2, 0\nconst v3, {flags}\n\
         invoke-static {{p0, v2, v0, v3}}, Landroid/app/PendingIntent;->getBroadcast(Landroid/content/Context;ILandroid/content/Intent;I)Landroid/app/PendingIntent;\n\
         return-void\n.end method\n"
    ))
}

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let facts = subject.facts;
    let manifest = facts.android.as_ref().and_then(Android::manifest);
    let target_sdk = manifest.map_or(0, |manifest| manifest.target_sdk.api);
    let mut findings = Findings::new();
    let mut any = false;
    for name in [
        "getActivity",
        "getBroadcast",
        "getService",
        "getForegroundService",
    ] {
        for call in facts.code.calls_to("android.app.PendingIntent", name) {
            any = true;
            let Some(intent) = call.argument(2) else {
                continue;
            };
            let flags = call.ints(3);
            let Target::Implicit(actions) = target(&intent) else {
                continue;
            };
            let immutable = !flags.is_empty() && flags.iter().all(|f| f & FLAG_IMMUTABLE != 0);
            let mutable = flags.iter().any(|f| f & FLAG_MUTABLE != 0)
                || target_sdk < FLAGS_NEEDED_SDK && flags.iter().any(|f| f & FLAG_IMMUTABLE == 0);
            let at = |what| {
                let found = Evidence::at(what, &call.site());
                match actions.is_empty() {
                    true => found,
                    false => found.string(actions.join(", ")),
                }
            };
            let of_library = is_of_library(&call.method().class().name());
            if mutable && !of_library {
                findings.wrong.push(at(words(
                    "mutable, and the intent inside is for whoever answers",
                    "可变，且内部 Intent 未指定目标",
                )));
            } else if mutable {
                findings.doubtful.push(at(words(
                    "a library makes it mutable, with an intent inside for whoever answers",
                    "第三方库创建的可变 PendingIntent，内部 Intent 未指定目标",
                )));
            } else if immutable {
                findings.right.push(at(words("immutable", "不可变")));
            } else {
                findings.doubtful.push(at(words(
                    "the intent inside is for whoever answers; the flags are not known",
                    "内部 Intent 未指定目标；标志未知",
                )));
            }
        }
    }
    match any {
        true => findings.into(),
        false => {
            Outcome::NotApplicable(words("it makes no pending intents", "未使用 PendingIntent"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn what_cannot_be_filled_in_is_right() {
        assert_eq!(
            pending(0x0400_0000, "").judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
