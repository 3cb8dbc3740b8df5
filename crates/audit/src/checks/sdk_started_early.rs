//! Whether third-party SDKs start with the app, before anybody agreed to or needs them.
//!
//! Clauses: CJ-5.7.c.

use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, Facts};
use std::collections::HashSet;

use crate::check::Subject;
use crate::facts::android::ComponentKind;
use crate::facts::code::{Call, Method};
use crate::inventory::{Purpose, inventory, library_of};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "sdk-started-early",
    title: words("SDKs started with the app", "SDK 随应用启动初始化"),
    purpose: words(
        "What starts with the process collects before the user has read the privacy policy, and slows every start down.",
        "随进程启动的 SDK 会在用户阅读隐私政策前收集数据，并拖慢启动。",
    ),
    procedure: words(
        "Look at the content providers and start-up entries of SDKs in the manifest, which run before all else, and at what the start of the application class calls, also through methods of the app.",
        "检查清单中 SDK 的 ContentProvider 与启动项，以及 Application 启动时直接或经应用方法发起的调用。",
    ),
    criterion: words(
        "Only SDKs start with the app that are declared in initialised_at_start, or that collect nothing.",
        "仅有已在 initialised_at_start 声明的或不收集数据的 SDK 随应用启动。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[359],
    maswe: &["MASWE-0078"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk("<application android:name=\"com.bank.App\"/>").smali(".class public Lcom/bank/App;\n.super Landroid/app/Application;\n.method public onCreate()V\n.registers 3\ninvoke-static {p0}, Lcom/bank/App;->sdks(Landroid/content/Context;)V\nreturn-void\n.end method\n.method public static sdks(Landroid/content/Context;)V\n.registers 3\ninvoke-static {p0}, Lcn/jpush/android/api/JPushInterface;->init(Landroid/content/Context;)V\nreturn-void\n.end method\n").smali(".class public Lcn/jpush/android/api/JPushInterface;\n.super Ljava/lang/Object;\n")
        },
        evidence: &[
            "an SDK starts with the app: JPush, init at com.bank.App.sdks(Landroid/content/Context;)V @0x0000",
        ],
        good: || {
            Sample::apk("<application android:name=\"com.bank.App\"/>").smali(".class public Lcom/bank/App;\n.super Landroid/app/Application;\n.method public onCreate()V\n.registers 3\ninvoke-static {p0}, Lcom/bank/App;->sdks(Landroid/content/Context;)V\nreturn-void\n.end method\n.method public static sdks(Landroid/content/Context;)V\n.registers 3\ninvoke-static {p0}, Lcn/jpush/android/api/JPushInterface;->init(Landroid/content/Context;)V\nreturn-void\n.end method\n").smali(".class public Lcn/jpush/android/api/JPushInterface;\n.super Ljava/lang/Object;\n").declared("[declared]\ninitialised_at_start = [\"cn.jpush\"]")
        },
        broken: || {
            Sample::apk("<application android:name=\"com.bank.App\"/>").smali(".class public Lcom/bank/App;\n.super Landroid/app/Application;\n.method public onCreate()V\n.registers 3\ninvoke-static {p0}, Lcom/bank/App;->sdks(Landroid/content/Context;)V\nreturn-void\n.end method\n.method public static sdks(Landroid/content/Context;)V\n.registers 3\ninvoke-static {p0}, Lcn/jpush/android/api/JPushInterface;->init(Landroid/content/Context;)V\nreturn-void\n.end method\n").smali(".class public Lcn/jpush/android/api/JPushInterface;\n.super Ljava/lang/Object;\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let mut findings = Findings::new();
    for component in android.components() {
        if component.kind != ComponentKind::Provider || !component.enabled {
            continue;
        }
        weigh(subject, &component.name, &mut findings, |what, sdk| {
            let evidence = Evidence::in_xml(what, &component.file, &component.xml_path);
            evidence.string(format!("{sdk}, {}", component.name))
        });
        for entry in &component.meta_data {
            if entry.value.as_deref() == Some("androidx.startup") {
                weigh(subject, &entry.name, &mut findings, |what, sdk| {
                    let evidence = Evidence::in_xml(what, &component.file, &entry.xml_path);
                    evidence.string(format!("{sdk}, {}", entry.name))
                });
            }
        }
    }
    for call in started(facts) {
        let target = call.target();
        let name = target.name();
        // Some SDKs offer a first step that collects nothing yet.
        if name == "preInit" || !starts(&name) {
            continue;
        }
        weigh(subject, &target.class_name(), &mut findings, |what, sdk| {
            Evidence::at(what, &call.site()).string(format!("{sdk}, {name}"))
        });
    }
    findings.into()
}

const EARLY: Words = words("an SDK starts with the app", "SDK 随应用启动初始化");
const QUIET: Words = words(
    "an SDK that may collect data starts with the app",
    "可能收集数据的 SDK 随应用启动初始化",
);
const DECLARED: Words = words("starts with the app, as declared", "按声明随应用启动");

/// Puts the start of the SDK that a class is of where it belongs.
fn weigh(
    subject: &Subject<'_>,
    class: &str,
    findings: &mut Findings,
    evidence: impl Fn(Words, &str) -> Evidence,
) {
    let Some(name) = library_of(subject.facts, class) else {
        return;
    };
    let declared = &subject.configuration.declared.initialised_at_start;
    let is_declared = declared.iter().any(|package| {
        class
            .strip_prefix(package.as_str())
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    });
    if is_declared {
        findings.right.push(evidence(DECLARED, name));
        return;
    }
    let sdk = inventory(subject.facts).iter().find(|sdk| sdk.name == name);
    match sdk.and_then(|sdk| sdk.purpose) {
        Some(
            Purpose::Advertising
            | Purpose::Analytics
            | Purpose::Identity
            | Purpose::Login
            | Purpose::Malware
            | Purpose::Map
            | Purpose::Messaging
            | Purpose::Payment
            | Purpose::Push
            | Purpose::Recognition
            | Purpose::Social,
        ) => findings.wrong.push(evidence(EARLY, name)),
        Some(Purpose::Crash | Purpose::Security | Purpose::Hotfix | Purpose::Test) => {
            findings.doubtful.push(evidence(QUIET, name));
        }
        _ => {}
    }
}

/// Whether the name of a method says that it starts something.
fn starts(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "init",
        "start",
        "register",
        "setup",
        "install",
        "enable",
        "configure",
        "launch",
        "attach",
    ]
    .iter()
    .any(|part| lower.contains(part))
}

/// Methods of the app that the start may lead through.
const METHODS_MAX: usize = 512;

/// The calls into SDKs that the start of the application class leads to.
fn started(facts: &Facts) -> Vec<Call<'_>> {
    let code = &facts.code;
    let manifest = facts
        .android
        .as_ref()
        .and_then(|android| android.manifest());
    let Some(name) = manifest.and_then(|manifest| manifest.application.name.as_deref()) else {
        return Vec::new();
    };
    let Some(class) = code.class(name) else {
        return Vec::new();
    };
    let mut waiting: Vec<Method<'_>> = class
        .methods()
        .filter(|method| {
            matches!(
                method.name().as_ref(),
                "onCreate" | "attachBaseContext" | "<clinit>" | "<init>"
            )
        })
        .collect();
    let mut seen: HashSet<Method<'_>> = waiting.iter().copied().collect();
    let mut found = Vec::new();
    while let Some(method) = waiting.pop() {
        for call in method.calls() {
            let target = call.target();
            if library_of(facts, &target.class_name()).is_some() {
                found.push(call);
            } else if let Some(next) = target.definition()
                && seen.len() < METHODS_MAX
                && seen.insert(next)
            {
                waiting.push(next);
            }
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn providers_run_before_all_else() {
        let sample = |class: &str| {
            let manifest = format!(
                "<application><provider android:name=\"{class}\" android:authorities=\"com.bank.x\" android:exported=\"false\"/></application>"
            );
            let smali = format!(
                ".class public L{};\n.super Landroid/content/ContentProvider;\n",
                class.replace('.', "/")
            );
            Sample::apk(&manifest)
                .smali(&smali)
                .judged_by(&CHECK)
                .verdict
        };
        assert_eq!(sample("com.umeng.analytics.UMProvider"), Verdict::Fail);
        assert_eq!(
            sample("androidx.startup.InitializationProvider"),
            Verdict::Pass
        );
        assert_eq!(sample("com.bank.Files"), Verdict::Pass);
    }
}
