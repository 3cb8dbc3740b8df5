//! Whether what is enciphered can be changed unnoticed: CBC, CTR, CFB and OFB without a code of authentication.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1, CJ-4.2.4.c.

use crate::ask::crypto::{ciphers, is_authenticated};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-unauthenticated-mode",
    title: words("Encryption without authentication", "加密缺少完整性保护"),
    purpose: words(
        "Who can change what such a mode enciphered changes the plaintext without knowing the key, and can often learn it from the answers (padding oracle).",
        "攻击者无需密钥即可篡改密文，并可借助填充预言恢复明文。",
    ),
    procedure: words(
        "For each cipher in such a mode, look whether the method or the class also makes or checks a MAC or a signature.",
        "对此类模式的每处使用，检查同一方法或类中是否计算或验证 MAC、签名。",
    ),
    criterion: words(
        "Modes with authentication (GCM, CCM, Poly1305) are used, or a MAC in the same class.",
        "使用带认证的模式，或同一类中有 MAC。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[353, 354],
    maswe: &["MASWE-0007", "MASWE-0009"],
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
                "const-string v0, \"AES/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        evidence: &[
            "nothing tells whether the ciphertext was changed: AES/CBC/PKCS5Padding at com.bank.Main.run()V @0x0002",
        ],
        good: || {
            Sample::method(
                "const-string v0, \"AES/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1\nconst-string v0, \"HmacSHA256\"\ninvoke-static {v0}, Ljavax/crypto/Mac;->getInstance(Ljava/lang/String;)Ljavax/crypto/Mac;\nmove-result-object v1",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"AES/CBC/PKCS5Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let ciphers = ciphers(&subject.facts.code);
    let mut findings = Findings::new();
    let mut blocks = 0;
    for (call, transformation) in &ciphers {
        if !transformation.is_block_cipher() {
            continue;
        }
        blocks += 1;
        let mode = transformation.mode.as_deref().unwrap_or_default();
        let is_malleable = matches!(mode, "CBC" | "CTR" | "CFB" | "OFB" | "CFB8" | "OFB8");
        if !is_malleable {
            continue;
        }
        let site = call.site();
        let text = transformation.text.as_str();
        let by_class = || {
            call.method()
                .class()
                .methods()
                .any(|method| is_authenticated(&method))
        };
        if is_authenticated(&call.method()) || by_class() {
            findings
                .right
                .push(Evidence::at(AUTHENTICATED, &site).string(text));
        } else if let Some(library) = library_of(subject.facts, &site.class) {
            let evidence = Evidence::at(IN_LIBRARY, &site);
            findings
                .doubtful
                .push(evidence.string(format!("{text} ({library})")));
        } else {
            findings
                .wrong
                .push(Evidence::at(UNAUTHENTICATED, &site).string(text));
        }
    }
    if blocks == 0 {
        return Outcome::NotApplicable(words("no block cipher is asked for", "未使用分组密码"));
    }
    findings.into()
}

const UNAUTHENTICATED: Words = words(
    "nothing tells whether the ciphertext was changed",
    "密文被篡改时无法察觉",
);
const IN_LIBRARY: Words = words(
    "a library enciphers without authentication, as far as its class shows",
    "第三方库的加密在其类中未见完整性保护",
);
const AUTHENTICATED: Words = words("authenticated by the same class", "同一类中有完整性保护");
