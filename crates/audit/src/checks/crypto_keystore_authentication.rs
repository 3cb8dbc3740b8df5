//! Whether keys in the key store of Android can be used without anybody being there.
//!
//! Clauses: JR-6.1.4.b, JR-6.1.4.a, CJ-4.2.2.b.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-keystore-authentication",
    title: words("Keys usable without authentication", "密钥使用无需用户认证"),
    purpose: words(
        "A key that asks nobody serves malware on an unlocked phone as well as its owner; a key that allows repeated vectors gives texts away.",
        "无需认证的密钥在已解锁手机上同样为恶意软件所用；允许重复向量的密钥会泄露明文。",
    ),
    procedure: words(
        "For each key specification, look whether it asks for user authentication and keeps random vectors on.",
        "检查每个密钥规格是否要求用户认证并保持随机向量。",
    ),
    criterion: words(
        "Keys ask for authentication and for random vectors.",
        "密钥要求用户认证与随机向量。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[287, 306],
    maswe: &["MASWE-0016"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Enhanced,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "new-instance v0, Landroid/security/keystore/KeyGenParameterSpec$Builder;\nconst-string v1, \"login\"\nconst/4 v2, 0x3\ninvoke-direct {v0, v1, v2}, Landroid/security/keystore/KeyGenParameterSpec$Builder;-><init>(Ljava/lang/String;I)V\ninvoke-virtual {v0}, Landroid/security/keystore/KeyGenParameterSpec$Builder;->build()Landroid/security/keystore/KeyGenParameterSpec;",
            )
        },
        evidence: &["a key that asks for no authentication: login at com.bank.Main.run()V @0x0005"],
        good: || {
            Sample::method(
                "new-instance v0, Landroid/security/keystore/KeyGenParameterSpec$Builder;\nconst-string v1, \"login\"\nconst/4 v2, 0x3\ninvoke-direct {v0, v1, v2}, Landroid/security/keystore/KeyGenParameterSpec$Builder;-><init>(Ljava/lang/String;I)V\nconst/4 v3, 0x1\ninvoke-virtual {v0, v3}, Landroid/security/keystore/KeyGenParameterSpec$Builder;->setUserAuthenticationRequired(Z)Landroid/security/keystore/KeyGenParameterSpec$Builder;\ninvoke-virtual {v0}, Landroid/security/keystore/KeyGenParameterSpec$Builder;->build()Landroid/security/keystore/KeyGenParameterSpec;",
            )
        },
        broken: || {
            Sample::method("new-instance v0, Landroid/security/keystore/KeyGenParameterSpec$Builder;\nconst-string v1, \"login\"\nconst/4 v2, 0x3\ninvoke-direct {v0, v1, v2}, Landroid/security/keystore/KeyGenParameterSpec$Builder;-><init>(Ljava/lang/String;I)V\ninvoke-virtual {v0}, Landroid/security/keystore/KeyGenParameterSpec$Builder;->build()Landroid/security/keystore/KeyGenParameterSpec;").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let builder = "android.security.keystore.KeyGenParameterSpec$Builder";
    let built = code.calls_to(builder, "<init>");
    if built.is_empty() {
        return Outcome::NotApplicable(words(
            "no keys are made in the key store of Android",
            "未在 Android 密钥库中生成密钥",
        ));
    }
    let mut findings = Findings::new();
    for call in built {
        let settings = call.on_same_object();
        let set = |name: &str, value: i64| {
            settings
                .iter()
                .any(|other| other.target().name() == name && other.ints(0) == [value])
        };
        let site = call.site();
        let alias = call.texts(0).into_iter().next().unwrap_or_default();
        let library = library_of(subject.facts, &site.class);
        if set("setRandomizedEncryptionRequired", 0) {
            findings
                .wrong
                .push(Evidence::at(REPEATED, &site).string(alias.clone()));
        }
        let asks = settings.iter().any(|other| {
            other.target().name() == "setUserAuthenticationRequired" && other.ints(0) != [0]
        });
        if asks {
            findings
                .right
                .push(Evidence::at(AUTHENTICATED, &site).string(alias));
        } else if library.is_none() {
            findings
                .doubtful
                .push(Evidence::at(UNATTENDED, &site).string(alias));
        }
    }
    findings.into()
}

const UNATTENDED: Words = words(
    "a key that asks for no authentication",
    "密钥使用无需用户认证",
);
const REPEATED: Words = words(
    "a key that allows constant vectors",
    "密钥允许固定初始化向量",
);
const AUTHENTICATED: Words = words("a key that asks for authentication", "密钥使用需用户认证");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn constant_vectors_are_wrong_whoever_authenticates() {
        let body = "new-instance v0, Landroid/security/keystore/KeyGenParameterSpec$Builder;\n\
            const-string v1, \"login\"\nconst/4 v2, 0x3\n\
            invoke-direct {v0, v1, v2}, Landroid/security/keystore/KeyGenParameterSpec$Builder;-><init>(Ljava/lang/String;I)V\n\
            const/4 v3, 0x0\n\
            invoke-virtual {v0, v3}, Landroid/security/keystore/KeyGenParameterSpec$Builder;->setRandomizedEncryptionRequired(Z)Landroid/security/keystore/KeyGenParameterSpec$Builder;";
        assert_eq!(
            Sample::method(body).judged_by(&CHECK).verdict,
            Verdict::Fail
        );
    }
}
