//! Whether the package shows signs of malicious code.
//!
//! Clauses: AP-1.3.2, JR-6.1.3.b.c.

use crate::ask::traces::{Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, Facts};
use crate::inventory::{Purpose, inventory};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "code-malicious",
    title: words("Signs of malicious code", "恶意代码迹象"),
    purpose: words(
        "Malware comes in through build machines, SDKs and repackaging; what it needs to do shows.",
        "恶意代码经由构建环境、SDK 与二次打包进入，其行为留有痕迹。",
    ),
    procedure: words(
        "Look for SDKs and hosts that are known to be malicious, for miners, for commands that install silently, for short messages that are intercepted, and for an icon that hides itself. This does not replace a scanner of viruses.",
        "查找已知恶意 SDK 与主机、挖矿代码、静默安装命令、短信拦截与图标隐藏；不替代病毒扫描。",
    ),
    criterion: words("There is no such sign.", "不存在上述迹象。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[506, 507, 511],
    maswe: &["MASWE-0048"],
    mastg: &[],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Code, Area::Native, Area::Manifest, Area::Ios],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::code(".class public Lcom/spin/ok/sdk/Game;\n.super Ljava/lang/Object;\n"),
        evidence: &["a known malicious SDK: SpinOk at com.spin.ok.sdk.Game in classes.dex"],
        good: || Sample::code(".class public Lcom/spinner/ok/Game;\n.super Ljava/lang/Object;\n"),
        broken: || {
            Sample::code(".class public Lcom/spin/ok/sdk/Game;\n.super Ljava/lang/Object;\n")
                .damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let code = &facts.code;
    let mut findings = Findings::new();
    for sdk in inventory(facts) {
        let place = |what| {
            let place = sdk.evidence.first().cloned();
            place
                .unwrap_or_else(|| Evidence::new(what))
                .saying(what)
                .string(sdk.title())
        };
        match sdk.purpose {
            Some(Purpose::Malware) => findings.wrong.push(place(KNOWN)),
            Some(Purpose::Hooking) => findings.doubtful.push(place(HOOKS)),
            _ => {}
        }
    }
    for trace in traces(facts).of(|kind| matches!(kind, Kind::Malware(_))) {
        if let Kind::Malware(what) = trace.kind {
            findings.wrong.extend(trace.evidence(what));
        }
    }
    for command in code.calls_to("java.lang.Runtime", "exec") {
        for text in command.texts(0) {
            if text.contains("pm install") || text.contains("pm uninstall") {
                findings
                    .wrong
                    .push(Evidence::at(SILENT, &command.site()).string(text));
            }
        }
    }
    interception(facts, &mut findings);
    for call in code.calls_to(
        "android.content.pm.PackageManager",
        "setComponentEnabledSetting",
    ) {
        let is_disabled = call.ints(1).contains(&2);
        let is_launcher = call
            .method()
            .texts()
            .any(|text| hides(facts, &text.value()));
        if is_disabled && is_launcher {
            findings.doubtful.push(Evidence::at(HIDES, &call.site()));
        }
    }
    findings.into()
}

const KNOWN: Words = words("a known malicious SDK", "已知恶意 SDK");
const HOOKS: Words = words(
    "code that changes other code while it runs",
    "运行时修改其他代码的框架",
);
const SILENT: Words = words("a command that installs without asking", "静默安装命令");
const SMS: Words = words(
    "a receiver of short messages keeps them from others",
    "短信接收器拦截短信",
);
const HIDES: Words = words("a launcher entry is switched off", "隐藏启动图标");

/// Receivers of short messages that end the broadcast, so that the user never sees them.
fn interception(facts: &Facts, findings: &mut Findings) {
    let components = facts
        .android
        .iter()
        .flat_map(|android| android.components());
    let receivers = components.filter(|component| {
        component.intent_filters.iter().any(|filter| {
            filter
                .actions
                .iter()
                .any(|action| action == "android.provider.Telephony.SMS_RECEIVED")
        })
    });
    for receiver in receivers {
        let Some(class) = facts.code.class(&receiver.name) else {
            continue;
        };
        for call in class.methods().flat_map(|method| method.calls()) {
            if call.target().name() == "abortBroadcast" {
                findings.wrong.push(Evidence::at(SMS, &call.site()));
            }
        }
    }
}

/// Whether a text names an entry of the launcher.
fn hides(facts: &Facts, text: &str) -> bool {
    let mut components = facts
        .android
        .iter()
        .flat_map(|android| android.components());
    components.any(|component| component.name == text && component.is_launcher())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn intercepted_messages_are_seen() {
        let manifest = "<application><receiver android:name=\"com.bank.Sms\" android:exported=\"true\">\
            <intent-filter><action android:name=\"android.provider.Telephony.SMS_RECEIVED\"/></intent-filter></receiver></application>";
        let smali = |call: &str| {
            format!(
                ".class public Lcom/bank/Sms;\n.super Landroid/content/BroadcastReceiver;\n\
                 .method public onReceive(Landroid/content/Context;Landroid/content/Intent;)V\n.registers 4\n{call}\nreturn-void\n.end method\n"
            )
        };
        let verdict = |call: &str| {
            Sample::apk(manifest)
                .smali(&smali(call))
                .judged_by(&CHECK)
                .verdict
        };
        assert_eq!(
            verdict("invoke-virtual {p0}, Lcom/bank/Sms;->abortBroadcast()V"),
            Verdict::Fail
        );
        assert_eq!(verdict("nop"), Verdict::Pass);
    }

    #[test]
    fn hosts_of_known_malware_are_found_in_native_code() {
        let library = crate::fixture::native::Elf {
            data: b"\0http://init.icloud-analysis.com\0".to_vec(),
            ..crate::fixture::native::Elf::default()
        };
        let sample = Sample::apk("<application/>").file("lib/arm64-v8a/liba.so", library.build());
        let finding = sample.judged_by(&CHECK);
        assert!(
            finding.evidence[0]
                .to_string()
                .contains("lib/arm64-v8a/liba.so"),
            "{finding:?}"
        );
    }
}
