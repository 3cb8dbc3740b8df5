//! Whether a key, or the password that one is derived from, is written down in the package.
//!
//! Clauses: AP-1.2.2, JR-6.1.4.a, JR-6.1.4.b, CJ-4.2.2.b.

use crate::ask::written::{Constant, written};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::Call;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-hardcoded-key",
    title: words("Hard-coded keys", "硬编码密钥"),
    purpose: words(
        "A key in the package is a key that everybody has: what it enciphers or signs is neither secret nor genuine.",
        "写在安装包中的密钥人人可得，其加密与签名均失去意义。",
    ),
    procedure: words(
        "From every key and key derivation go back through fields, parameters, returned values and decoders to where the bytes come from; also of keys of HMAC and private keys.",
        "从每处密钥与密钥派生出发，经字段、参数、返回值与解码函数追溯其来源。",
    ),
    criterion: words(
        "No constant of the package becomes a key.",
        "安装包中的常量不会成为密钥。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[321],
    maswe: &["MASWE-0003", "MASWE-0004"],
    mastg: &["MASTG-TEST-0212"],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v1, \"4f7a0c9be1d25836\"\ninvoke-virtual {v1}, Ljava/lang/String;->getBytes()[B\nmove-result-object v2\nnew-instance v3, Ljavax/crypto/spec/SecretKeySpec;\nconst-string v4, \"AES\"\ninvoke-direct {v3, v2, v4}, Ljavax/crypto/spec/SecretKeySpec;-><init>([BLjava/lang/String;)V\n",
            )
        },
        evidence: &["a key made of a constant: 4f7a0c9be1d25836 at com.bank.Main.run()V @0x000a"],
        good: || {
            Sample::method(
                "const/16 v1, 0x10\nnew-array v2, v1, [B\nnew-instance v5, Ljava/security/SecureRandom;\ninvoke-direct {v5}, Ljava/security/SecureRandom;-><init>()V\ninvoke-virtual {v5, v2}, Ljava/security/SecureRandom;->nextBytes([B)V\nnew-instance v3, Ljavax/crypto/spec/SecretKeySpec;\nconst-string v4, \"AES\"\ninvoke-direct {v3, v2, v4}, Ljavax/crypto/spec/SecretKeySpec;-><init>([BLjava/lang/String;)V\n",
            )
        },
        broken: || {
            Sample::method("const-string v1, \"4f7a0c9be1d25836\"\ninvoke-virtual {v1}, Ljava/lang/String;->getBytes()[B\nmove-result-object v2\nnew-instance v3, Ljavax/crypto/spec/SecretKeySpec;\nconst-string v4, \"AES\"\ninvoke-direct {v3, v2, v4}, Ljavax/crypto/spec/SecretKeySpec;-><init>([BLjava/lang/String;)V\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    let mut keys = 0;
    for (class, argument) in KEYS {
        for call in code.calls_to(class, "<init>") {
            let Some(origin) = call.argument(*argument) else {
                continue;
            };
            keys += 1;
            for key in written(code, &origin) {
                if is_harmless(&key.value)
                    || subject
                        .configuration
                        .declared
                        .not_secret
                        .contains(&key.value.shown())
                {
                    continue;
                }
                let shown = key.value.shown();
                let site = call.site();
                findings
                    .wrong
                    .push(Evidence::at(USED, &site).secret(shown.as_str()));
                let last = key.way.len().saturating_sub(1);
                for (at, step) in key.way.iter().enumerate() {
                    let what = if at == last { WRITTEN } else { PASSED };
                    findings
                        .wrong
                        .push(step.evidence(what).secret(shown.as_str()));
                }
                users(&call, &mut findings, &shown);
            }
        }
    }
    if keys == 0 {
        return Outcome::NotApplicable(words("no key is made from bytes", "未以字节构造密钥"));
    }
    findings.into()
}

/// Constructors of keys, and which argument holds the secret.
const KEYS: &[(&str, usize)] = &[
    ("javax.crypto.spec.SecretKeySpec", 0),
    ("javax.crypto.spec.DESKeySpec", 0),
    ("javax.crypto.spec.DESedeKeySpec", 0),
    ("javax.crypto.spec.PBEKeySpec", 0),
    ("java.security.spec.PKCS8EncodedKeySpec", 0),
];

const USED: Words = words("a key made of a constant", "以常量构造密钥");
const WRITTEN: Words = words("the constant that becomes a key", "成为密钥的常量");
const PASSED: Words = words(
    "the constant is passed on to become a key",
    "常量在此传递并成为密钥",
);

/// Nothing, or a placeholder that a real key replaces.
fn is_harmless(value: &Constant) -> bool {
    value.len() == 0
}

/// Shows where the key that a method makes reaches a cipher, if the method does not use it itself.
fn users(call: &Call<'_>, findings: &mut Findings, shown: &str) {
    let inits = call.method().calls().filter(|other| {
        let target = other.target();
        matches!(
            target.class_name().as_ref(),
            "javax.crypto.Cipher" | "javax.crypto.Mac"
        ) && target.name() == "init"
    });
    for init in inits {
        findings
            .wrong
            .push(Evidence::at(REACHES, &init.site()).secret(shown));
    }
}

const REACHES: Words = words("a constant key reaches a cipher", "常量密钥进入加密操作");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    const SPEC: &str = "new-instance v3, Ljavax/crypto/spec/SecretKeySpec;\nconst-string v4, \"AES\"\n\
        invoke-direct {v3, p1, v4}, Ljavax/crypto/spec/SecretKeySpec;-><init>([BLjava/lang/String;)V\n";

    #[test]
    fn every_step_from_the_constant_to_the_key_is_shown() {
        let text = format!(
            ".class public Lcom/bank/Crypto;\n.super Ljava/lang/Object;\n\
             .field key:Ljava/lang/String;\n\
             .method public constructor <init>()V\n.registers 2\n\
             invoke-direct {{p0}}, Ljava/lang/Object;-><init>()V\n\
             const-string v0, \"This is the super secret key 123\"\n\
             iput-object v0, p0, Lcom/bank/Crypto;->key:Ljava/lang/String;\nreturn-void\n.end method\n\
             .method public text()V\n.registers 3\n\
             iget-object v0, p0, Lcom/bank/Crypto;->key:Ljava/lang/String;\n\
             invoke-virtual {{v0}}, Ljava/lang/String;->getBytes()[B\nmove-result-object v0\n\
             invoke-virtual {{p0, v0}}, Lcom/bank/Crypto;->seal([B)V\nreturn-void\n.end method\n\
             .method public seal([B)V\n.registers 7\n{SPEC}return-void\n.end method\n"
        );
        let finding = Sample::code(&text).judged_by(&CHECK);
        let shown: Vec<_> = finding.evidence.iter().map(ToString::to_string).collect();
        for place in ["Crypto.<init>()V", "Crypto.text()V", "Crypto.seal([B)V"] {
            assert!(
                shown.iter().any(|line| line.contains(place)),
                "{place}: {shown:#?}"
            );
        }
        assert!(finding.evidence.iter().all(|evidence| evidence.is_secret));
    }

    #[test]
    fn a_key_that_somebody_gives_is_not_in_the_package() {
        let text = format!(
            ".class public Lcom/bank/Crypto;\n.super Ljava/lang/Object;\n\
             .method public seal([B)V\n.registers 7\n{SPEC}return-void\n.end method\n"
        );
        assert_eq!(Sample::code(&text).judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
