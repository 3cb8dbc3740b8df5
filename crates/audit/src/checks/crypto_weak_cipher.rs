//! Whether ciphers are used that can be broken: DES, triple DES, RC2, RC4, Blowfish.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::crypto::instances;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-weak-cipher",
    title: words("Broken ciphers", "使用已被攻破的加密算法"),
    purpose: words(
        "Whoever records what such a cipher protects can read it: their keys or blocks are too small.",
        "此类算法密钥或分组过短，截获密文者可恢复明文。",
    ),
    procedure: words(
        "Follow the constants that reach Cipher, KeyGenerator and SecretKeyFactory getInstance; look for the same ciphers among the imports of native code.",
        "追踪到达 Cipher、KeyGenerator、SecretKeyFactory 的 getInstance 的常量，并检查原生代码的导入符号。",
    ),
    criterion: words("No such cipher is asked for.", "未使用此类算法。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[327],
    maswe: &["MASWE-0007"],
    mastg: &["MASTG-TEST-0221"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code, Area::Native],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v0, \"DES/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        evidence: &[
            "a cipher that is broken: DES/CBC/PKCS5Padding at com.bank.Main.run()V @0x0002 in classes.dex",
        ],
        good: || {
            Sample::method(
                "const-string v0, \"AES/GCM/NoPadding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"DES/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    let mut asked = 0;
    for class in CLASSES {
        for (call, text) in instances(code, class) {
            asked += 1;
            if let Some(what) = weakness(&text) {
                findings
                    .wrong
                    .push(Evidence::at(what, &call.site()).string(text));
            }
        }
    }
    for library in &subject.facts.libraries {
        for import in &library.elf.imports {
            if NATIVE.iter().any(|start| import.starts_with(start)) {
                let evidence = Evidence::in_file(IMPORTED, &library.path);
                findings.doubtful.push(evidence.string(import.as_str()));
            }
        }
    }
    if asked == 0 && findings == Findings::new() {
        return Outcome::NotApplicable(words("no cipher is asked for", "未使用加密算法"));
    }
    findings.into()
}

const CLASSES: &[&str] = &[
    "javax.crypto.Cipher",
    "javax.crypto.KeyGenerator",
    "javax.crypto.SecretKeyFactory",
];

const IMPORTED: Words = words(
    "native code imports a broken cipher",
    "原生代码导入已被攻破的算法",
);

/// Functions of OpenSSL and its kin.
const NATIVE: &[&str] = &[
    "DES_ecb",
    "DES_ncbc",
    "DES_cbc",
    "DES_ede",
    "DES_set_key",
    "EVP_des_",
    "EVP_rc4",
    "EVP_rc2",
    "EVP_bf_",
    "RC4_set_key",
    "BF_set_key",
];

/// What is wrong with an algorithm, if it is weak.
fn weakness(text: &str) -> Option<Words> {
    let algorithm = text.split('/').next().unwrap_or_default().trim();
    let upper = algorithm.to_ascii_uppercase();
    let broken = matches!(
        upper.as_str(),
        "DES" | "RC2" | "RC4" | "ARC4" | "ARCFOUR" | "ARCTWO" | "RC5" | "SKIPJACK"
    ) || upper.starts_with("PBEWITHMD5")
        || upper.starts_with("PBEWITHMD2")
        || (upper.starts_with("PBE") && upper.contains("RC"));
    if broken {
        return Some(words("a cipher that is broken", "已被攻破的加密算法"));
    }
    let small = matches!(
        upper.as_str(),
        "DESEDE" | "TRIPLEDES" | "3DES" | "BLOWFISH" | "BF" | "CAST5" | "IDEA"
    ) || (upper.starts_with("PBE") && upper.contains("DES"));
    small.then(|| words("a cipher with blocks of 64 bits", "分组仅 64 位的加密算法"))
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    fn verdict(transformation: &str) -> Verdict {
        let body = format!(
            "const-string v0, \"{transformation}\"\n\
             invoke-static {{v0}}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;"
        );
        Sample::method(&body).judged_by(&CHECK).verdict
    }

    #[test]
    fn each_broken_cipher_is_known_and_no_other() {
        for text in [
            "DES",
            "des/ecb/nopadding",
            "DESede",
            "RC4",
            "ARC4",
            "Blowfish/CBC/PKCS5Padding",
            "PBEWithMD5AndDES",
        ] {
            assert_eq!(verdict(text), Verdict::Fail, "{text}");
        }
        for text in [
            "AES",
            "SM4/CBC/PKCS5Padding",
            "RSA/ECB/OAEPPadding",
            "ChaCha20-Poly1305",
            "PBEWithHmacSHA256AndAES_128",
        ] {
            assert_eq!(verdict(text), Verdict::Pass, "{text}");
        }
    }
}
