//! Whether components that handle passwords, keys or money are open to other apps.
//!
//! Clauses: AP-1.2.3.3, AP-1.2.3.4, JR-6.1.3.a.b.

use std::collections::BTreeMap;

use crate::ask::components::{is_of_library, open_components, outer_class};
use crate::ask::personal::names_credential;
use crate::ask::screens;
use crate::check::{
    Check, Evidence, Findings, Level, Outcome, Platform, Severity, Subject, Words, words,
};
use crate::facts::Area;
use crate::facts::android::Component;
use crate::facts::code::Call;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "android-sensitive-component",
    title: words("Sensitive components are open", "敏感组件对外开放"),
    purpose: words(
        "A component that decrypts, pays, or changes passwords must not take orders from other \
         apps, whatever it checks.",
        "解密、支付、修改口令的组件无论作何检查，都不应接受其他应用的指令。",
    ),
    procedure: words(
        "Of the components that any app reaches, take those that show a password input, use keys, \
         read stored credentials or send text messages.",
        "在任何应用可触达的组件中，找出含口令输入、使用密钥、读取已存凭据或发送短信的组件。",
    ),
    criterion: words(
        "None of them is open; the start of the app, where people log in, is.",
        "除作为登录入口的启动页外，均不开放。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[926, 749],
    maswe: &["MASWE-0018"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Manifest, Area::Code, Area::Xml],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || receiver("true"),
        evidence: &[
            "this open component uses a cipher at com.bank.Sync.onReceive(\
             Landroid/content/Context;Landroid/content/Intent;)V @0x0002 in classes.dex",
        ],
        good: || receiver("false"),
        broken: || receiver("true").damaged("classes.dex"),
    },
};

#[cfg(test)]
fn receiver(exported: &str) -> Sample {
    Sample::apk(&format!(
        "<application><receiver android:name=\".Sync\" android:exported=\"{exported}\"/>\
         <receiver android:name=\".Other\" android:exported=\"true\"/></application>"
    ))
    .smali(
        ".class public Lcom/bank/Sync;\n.super Landroid/content/BroadcastReceiver;\n\
         .method public onReceive(Landroid/content/Context;Landroid/content/Intent;)V\n.registers 6\n\
         const-string v0, \"AES/GCM/NoPadding\"\n\
         invoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\n\
         return-void\n.end method\n",
    )
}

fn judge(subject: &Subject<'_>) -> Outcome {
    if let Some(absent) = crate::ask::code::absent(subject.facts) {
        return absent;
    }
    let facts = subject.facts;
    let Some(android) = &facts.android else {
        return Outcome::NotApplicable(words("there is no manifest", "没有清单文件"));
    };
    let open: BTreeMap<&str, &Component> = open_components(android)
        .into_iter()
        .filter(|(_, component)| !component.is_launcher())
        .collect();
    if open.is_empty() {
        return Outcome::NotApplicable(words(
            "no component but the start of the app is open",
            "除启动页外没有开放的组件",
        ));
    }
    let declared = &subject.configuration.declared;
    let mut findings = Findings::new();
    for screen in screens::sensitive(subject) {
        if let Some(component) = open.get(screen.class.as_str()) {
            let what = words("this open screen is sensitive", "此开放页面为敏感页面");
            let found = Evidence::in_xml(what, &component.file, &component.xml_path)
                .class(&screen.class)
                .string(screen.layout.unwrap_or_else(|| screen.class.clone()));
            findings.wrong.push(found);
        }
    }
    let is_open = |class: &str| open.contains_key(class);
    for (what, call) in uses(subject, &is_open) {
        let class = call.method().class().name();
        let outer = outer_class(&class);
        if open.contains_key(outer) {
            let found = Evidence::at(what, &call.site());
            match declared.allows_export(outer) {
                true => findings.doubtful.push(found),
                false => findings.wrong.push(found),
            }
        }
    }
    findings.into()
}

/// Calls that only components with something to lose make. `is_open` tells whether a class belongs
/// to a component that is open.
fn uses<'a>(subject: &Subject<'a>, is_open: &dyn Fn(&str) -> bool) -> Vec<(Words, Call<'a>)> {
    const USES: [(&str, &str, Words); 5] = [
        (
            "javax.crypto.Cipher",
            "getInstance",
            words("this open component uses a cipher", "此开放组件使用加解密"),
        ),
        (
            "javax.crypto.Mac",
            "getInstance",
            words("this open component uses a key", "此开放组件使用密钥"),
        ),
        (
            "java.security.KeyStore",
            "getInstance",
            words(
                "this open component uses a key store",
                "此开放组件使用密钥库",
            ),
        ),
        (
            "java.security.Signature",
            "getInstance",
            words("this open component signs", "此开放组件进行签名"),
        ),
        (
            "android.telephony.SmsManager",
            "sendTextMessage",
            words(
                "this open component sends text messages",
                "此开放组件发送短信",
            ),
        ),
    ];
    let code = &subject.facts.code;
    let mut found = Vec::new();
    for (class, method, what) in USES {
        let direct = code.calls_to(class, method);
        // Through a class of the app that wraps it.
        for call in &direct {
            let wrapper = call.method();
            if is_of_library(&wrapper.class().name()) {
                continue;
            }
            found.extend(wrapper.callers().map(|caller| (what, caller)));
        }
        found.extend(direct.into_iter().map(|call| (what, call)));
    }
    let reads = code.calls_to("android.content.SharedPreferences", "getString");
    let reads = reads
        .into_iter()
        .filter(|call| is_open(outer_class(&call.method().class().name())));
    let stored = reads.filter(|call| call.texts(0).iter().any(|key| names_credential(key)));
    let what = words(
        "this open component reads a stored credential",
        "此开放组件读取已存凭据",
    );
    found.extend(stored.map(|call| (what, call)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn a_wrapper_around_a_cipher_is_one() {
        let verdict = |called: &str| {
            Sample::apk("<application><service android:name=\".Sync\" android:exported=\"true\"/></application>")
                .smali(&format!(
                    ".class public Lcom/bank/Sync;\n.super Landroid/app/Service;\n\
                     .method public onCreate()V\n.registers 2\n\
                     invoke-static {{}}, Lcom/bank/Vault;->{called}()V\nreturn-void\n.end method\n\
                     .class public Lcom/bank/Vault;\n.super Ljava/lang/Object;\n\
                     .method public static open()V\n.registers 2\nconst-string v0, \"AES/GCM/NoPadding\"\n\
                     invoke-static {{v0}}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\n\
                     return-void\n.end method\n\
                     .method public static touch()V\n.registers 2\nreturn-void\n.end method\n"
                ))
                .judged_by(&CHECK)
                .verdict
        };
        assert_eq!(verdict("open"), Verdict::Fail);
        assert_eq!(verdict("touch"), Verdict::Pass);
    }
}
