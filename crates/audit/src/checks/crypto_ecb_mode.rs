//! Whether blocks are enciphered each for itself, which shows where they are the same.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::crypto::ciphers;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-ecb-mode",
    title: words("ECB mode", "使用 ECB 模式"),
    purpose: words(
        "In ECB mode equal blocks stay equal, so that texts, amounts and pictures shine through; blocks can be exchanged.",
        "ECB 模式下相同明文块得到相同密文块，内容会泄露且可被替换。",
    ),
    procedure: words(
        "Follow the constants that reach Cipher.getInstance. A block cipher without a mode means ECB.",
        "追踪到达 Cipher.getInstance 的常量；未写模式的分组密码即为 ECB。",
    ),
    criterion: words(
        "Every block cipher is asked for with a mode other than ECB.",
        "所有分组密码均指定 ECB 以外的模式。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[327],
    maswe: &["MASWE-0007"],
    mastg: &["MASTG-TEST-0232"],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const-string v0, \"AES\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        evidence: &["no mode is asked for, which means ECB: AES at com.bank.Main.run()V @0x0002"],
        good: || {
            Sample::method(
                "const-string v0, \"AES/GCM/NoPadding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"AES\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let ciphers = ciphers(&subject.facts.code);
    let blocks: Vec<_> = ciphers
        .iter()
        .filter(|(_, transformation)| transformation.is_block_cipher())
        .collect();
    if blocks.is_empty() {
        return Outcome::NotApplicable(words("no block cipher is asked for", "未使用分组密码"));
    }
    let wrong = blocks.into_iter().filter_map(|(call, transformation)| {
        let what = match transformation.mode.as_deref() {
            Some("ECB") => words("blocks are enciphered in ECB mode", "分组密码使用 ECB 模式"),
            None => words(
                "no mode is asked for, which means ECB",
                "未指定模式，缺省为 ECB",
            ),
            Some(_) => return None,
        };
        Some(Evidence::at(what, &call.site()).string(transformation.text.as_str()))
    });
    Findings::wrong(wrong).into()
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn the_mode_of_rsa_is_a_name_only() {
        let body = |text: &str| {
            format!(
                "const-string v0, \"{text}\"\n\
                 invoke-static {{v0}}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;"
            )
        };
        let verdict = |text| Sample::method(&body(text)).judged_by(&CHECK).verdict;
        assert_eq!(
            verdict("RSA/ECB/OAEPWithSHA-256AndMGF1Padding"),
            Verdict::NotApplicable
        );
        assert_eq!(verdict("AES/ECB/PKCS7Padding"), Verdict::Fail);
        assert_eq!(verdict("SM4/ECB/PKCS5Padding"), Verdict::Fail);
    }

    /// A key may be labelled with a whole transformation; what counts is what the cipher gets.
    #[test]
    fn what_the_key_is_called_is_no_mode() {
        let body = "const/16 v2, 0x10\nnew-array v3, v2, [B\n\
            const-string v0, \"AES/ECB/PKCS7Padding\"\n\
            new-instance v1, Ljavax/crypto/spec/SecretKeySpec;\n\
            invoke-direct {v1, v3, v0}, Ljavax/crypto/spec/SecretKeySpec;-><init>([BLjava/lang/String;)V\n\
            const-string v0, \"AES/GCM/NoPadding\"\n\
            invoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;";
        assert_eq!(
            Sample::method(body).judged_by(&CHECK).verdict,
            Verdict::Pass
        );
    }
}
