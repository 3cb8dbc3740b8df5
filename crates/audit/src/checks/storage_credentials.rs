//! Whether passwords, tokens and personal numbers are kept on the device.
//!
//! Clauses: JR-6.1.7.1, JR-6.2.1.2.a, JR-6.2.1.2.b, CJ-4.3.4.a, CJ-4.3.4.b.

use crate::ask::{flow, sensitive, without_code};
use crate::check::{Check, Evidence, Findings, Level, Platform, Severity, words};
use crate::facts::code::{Call, Code};
use crate::facts::{Area, Origin};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "storage-credentials",
    title: words(
        "Credentials kept in preferences or databases",
        "鉴别信息保存在本地",
    ),
    purpose: words(
        "Preferences and databases are plain files: backups, root and forensics read them.",
        "配置与数据库均为明文文件，备份、root 与取证均可读取。",
    ),
    procedure: words(
        "Follow keys and values of SharedPreferences.Editor.putString, ContentValues.put and MMKV \
         to passwords, tokens and personal numbers, and see whether a cipher lies on the way. \
         EncryptedSharedPreferences are passed over.",
        "追踪 SharedPreferences.Editor.putString、ContentValues.put 与 MMKV 的键和值是否为口令、令牌或个人号码，以及途中是否经过加密；EncryptedSharedPreferences 除外。",
    ),
    criterion: words(
        "No credential or personal number is kept; if one must be, it is encrypted with a key of \
         the Android Keystore.",
        "不保存鉴别信息与个人号码；确需保存的，使用 Android Keystore 密钥加密。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[256, 312, 922],
    maswe: &["MASWE-0001"],
    mastg: &["MASTG-TEST-0207"],
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
        for sink in flow::sinks(stores(&facts.code), &[0, 1]) {
            let by_key = sink.value(0).and_then(|key| {
                let keys = key.resolve().into_iter();
                let mut keys = keys.filter_map(|key| key.text());
                keys.find(|key| sensitive::kind_of_name(key).is_some())
            });
            let value = sink.value(1);
            let by_value = || Some(flow::named(facts, value?)?.name);
            let Some(name) = by_key.map(|key| key.into_owned()).or_else(by_value) else {
                continue;
            };
            // Taking it out again is the opposite of keeping it.
            let is_cleared = |value: &Origin<'_>| {
                value.int() == Some(0) || value.text().is_some_and(|text| text.is_empty())
            };
            if value.is_some_and(is_cleared) {
                continue;
            }
            let site = sink.call.site();
            if value.is_some_and(flow::is_protected) {
                let what = words(
                    "a credential is kept, encrypted",
                    "鉴别信息加密后保存在本地",
                );
                findings
                    .doubtful
                    .push(Evidence::at(what, &site).string(name));
            } else {
                let what = words(
                    "a credential is kept in plain text",
                    "鉴别信息明文保存在本地",
                );
                findings.wrong.push(Evidence::at(what, &site).string(name));
            }
        }
        findings.into()
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || Sample::method(&store("password")),
        evidence: &["a credential is kept in plain text: password at com.bank.Main.run()V @0x0006"],
        good: || Sample::method(&store("theme")),
        broken: || Sample::method(&store("password")).damaged("classes.dex"),
    },
};

/// Calls that keep a value under a key.
fn stores(code: &Code) -> Vec<Call<'_>> {
    let calls = [
        ("android.content.SharedPreferences$Editor", "putString"),
        ("android.content.ContentValues", "put"),
        ("com.tencent.mmkv.MMKV", "encode"),
        ("com.tencent.mmkv.MMKV", "putString"),
    ];
    let calls = calls
        .iter()
        .flat_map(|(class, name)| code.calls_to(class, name));
    calls.filter(|call| !is_encrypted(call)).collect()
}

/// Whether the preferences of an editor are seen to be the encrypted ones.
fn is_encrypted(call: &Call<'_>) -> bool {
    let on_object = |call: &Call<'_>| {
        call.receiver().into_iter().any(|receiver| {
            flow::ingredients(&receiver).iter().any(|ingredient| {
                matches!(ingredient, Origin::Result(made)
                    if made.target().class_name().ends_with("EncryptedSharedPreferences"))
            })
        })
    };
    let editor = call.receiver().and_then(|receiver| match receiver {
        Origin::Result(edit) => Some(edit),
        _ => None,
    });
    on_object(call) || editor.is_some_and(|edit| on_object(&edit))
}

#[cfg(test)]
fn store(key: &str) -> String {
    format!(
        "sget-object v0, Lcom/bank/Main;->editor:Landroid/content/SharedPreferences$Editor;\n\
         const-string v1, \"{key}\"\nsget-object v2, Lcom/bank/Main;->text:Ljava/lang/String;\n\
         invoke-interface {{v0, v1, v2}}, Landroid/content/SharedPreferences$Editor;->putString(Ljava/lang/String;Ljava/lang/String;)Landroid/content/SharedPreferences$Editor;\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn clearing_is_not_keeping() {
        let body = store("password").replace(
            "sget-object v2, Lcom/bank/Main;->text:Ljava/lang/String;",
            "const-string v2, \"\"",
        );
        assert_eq!(
            Sample::method(&body).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }

    #[test]
    fn encrypted_values_are_doubtful() {
        let body = "sget-object v0, Lcom/bank/Main;->editor:Landroid/content/SharedPreferences$Editor;\n\
             const-string v1, \"password\"\n\
             invoke-virtual {v3, v4}, Ljavax/crypto/Cipher;->doFinal([B)[B\n\
             move-result-object v2\n\
             invoke-static {v2, v5}, Landroid/util/Base64;->encodeToString([BI)Ljava/lang/String;\n\
             move-result-object v2\n\
             invoke-interface {v0, v1, v2}, Landroid/content/SharedPreferences$Editor;->putString(Ljava/lang/String;Ljava/lang/String;)Landroid/content/SharedPreferences$Editor;\n";
        let body = format!("const/4 v3, 0\nconst/4 v4, 0\nconst/4 v5, 0\n{body}");
        assert_eq!(
            Sample::method(&body).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
