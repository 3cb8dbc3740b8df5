//! Whether keys live in the key store of Android, where not even the app can read them.
//!
//! Clauses: JR-6.1.4.b, JR-6.1.4.a, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::crypto::{ciphers, instances};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-key-store",
    title: words("Keys outside of the key store", "密钥未存放于系统密钥库"),
    purpose: words(
        "A key in a file or preference leaves the phone with a backup, a rooted shell or a bug; one in the key store does not leave the hardware.",
        "文件或偏好设置中的密钥会随备份、root 或漏洞泄露，密钥库中的密钥不离开硬件。",
    ),
    procedure: words(
        "Look whether code that uses ciphers also asks for the key store of Android, itself or through the Jetpack security library.",
        "检查使用加密的代码是否使用 AndroidKeyStore 或 Jetpack Security。",
    ),
    criterion: words(
        "An app that uses ciphers keeps keys in AndroidKeyStore.",
        "使用加密的应用将密钥保存在 AndroidKeyStore。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[320, 522],
    maswe: &["MASWE-0003"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v0, \"BKS\"\ninvoke-static {v0}, Ljava/security/KeyStore;->getInstance(Ljava/lang/String;)Ljava/security/KeyStore;\nmove-result-object v1\nconst-string v0, \"AES/GCM/NoPadding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        evidence: &[
            "a cipher, but no key store of Android anywhere: AES/GCM/NoPadding at com.bank.Main.run()V",
        ],
        good: || {
            Sample::method(
                "const-string v0, \"AndroidKeyStore\"\ninvoke-static {v0}, Ljava/security/KeyStore;->getInstance(Ljava/lang/String;)Ljava/security/KeyStore;\nmove-result-object v1\nconst-string v0, \"AES/GCM/NoPadding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"BKS\"\ninvoke-static {v0}, Ljava/security/KeyStore;->getInstance(Ljava/lang/String;)Ljava/security/KeyStore;\nmove-result-object v1\nconst-string v0, \"AES/GCM/NoPadding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let own: Vec<_> = ciphers(code)
        .into_iter()
        .filter(|(call, _)| library_of(subject.facts, &call.site().class).is_none())
        .collect();
    if own.is_empty() {
        return Outcome::NotApplicable(words(
            "the app's own code uses no ciphers",
            "应用自身代码未使用加密",
        ));
    }
    let mut findings = Findings::new();
    let asked = STORES.iter().flat_map(|class| instances(code, class));
    for (call, text) in asked {
        let named = text == "AndroidKeyStore"
            || call
                .texts(1)
                .iter()
                .any(|provider| provider == "AndroidKeyStore");
        if named {
            findings.right.push(Evidence::at(STORED, &call.site()));
        }
    }
    for class in JETPACK {
        for name in ["build", "create", "getOrCreate"] {
            for call in code.calls_to(class, name) {
                findings.right.push(Evidence::at(STORED, &call.site()));
            }
        }
    }
    if findings.right.is_empty() {
        for (call, transformation) in own.iter().take(8) {
            let evidence = Evidence::at(OUTSIDE, &call.site());
            findings
                .doubtful
                .push(evidence.string(transformation.text.as_str()));
        }
    }
    findings.into()
}

const STORES: &[&str] = &[
    "java.security.KeyStore",
    "java.security.KeyPairGenerator",
    "javax.crypto.KeyGenerator",
];

const JETPACK: &[&str] = &[
    "androidx.security.crypto.MasterKey$Builder",
    "androidx.security.crypto.MasterKeys",
    "androidx.security.crypto.EncryptedSharedPreferences",
];

const STORED: Words = words(
    "keys are kept in the key store of Android",
    "密钥保存在 Android 密钥库",
);
const OUTSIDE: Words = words(
    "a cipher, but no key store of Android anywhere",
    "使用加密，但未见 Android 密钥库",
);
