//! Whether RSA is used without OAEP.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::crypto::ciphers;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-rsa-padding",
    title: words("RSA without OAEP", "RSA 未使用 OAEP 填充"),
    purpose: words(
        "Without padding RSA is arithmetic that anybody can bend; the padding of PKCS #1 v1.5 lets whoever may ask often enough read what was enciphered (Bleichenbacher).",
        "无填充的 RSA 可被任意变换；PKCS#1 v1.5 填充存在 Bleichenbacher 攻击。",
    ),
    procedure: words(
        "Follow the constants that reach Cipher.getInstance. RSA without more means the padding of PKCS #1 v1.5.",
        "追踪到达 Cipher.getInstance 的常量；仅写 RSA 即为 PKCS#1 v1.5 填充。",
    ),
    criterion: words("RSA enciphers with OAEP.", "RSA 加密使用 OAEP。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[780],
    maswe: &["MASWE-0007"],
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
                "const-string v0, \"RSA/ECB/NoPadding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        evidence: &["RSA without padding: RSA/ECB/NoPadding at com.bank.Main.run()V @0x0002"],
        good: || {
            Sample::method(
                "const-string v0, \"RSA/ECB/OAEPWithSHA-256AndMGF1Padding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"RSA/ECB/NoPadding\"\ninvoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;\nmove-result-object v1").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let ciphers = ciphers(&subject.facts.code);
    let mut findings = Findings::new();
    let mut asked = 0;
    for (call, transformation) in ciphers.iter().filter(|(_, found)| found.is_rsa()) {
        asked += 1;
        let padding = transformation.padding.as_deref().unwrap_or("PKCS1PADDING");
        let place = |what| Evidence::at(what, &call.site()).string(transformation.text.as_str());
        if padding == "NOPADDING" {
            findings.wrong.push(place(NONE));
        } else if padding == "PKCS1PADDING" {
            findings.doubtful.push(place(OLD));
        } else {
            findings.right.push(place(OAEP));
        }
    }
    if asked == 0 {
        return Outcome::NotApplicable(words("RSA enciphers nothing", "未使用 RSA 加密"));
    }
    findings.into()
}

const NONE: Words = words("RSA without padding", "RSA 无填充");
const OLD: Words = words(
    "RSA with the padding of PKCS #1 v1.5",
    "RSA 使用 PKCS#1 v1.5 填充",
);
const OAEP: Words = words("RSA with OAEP", "RSA 使用 OAEP 填充");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn rsa_without_more_means_the_old_padding() {
        let body = "const-string v0, \"RSA\"\n\
            invoke-static {v0}, Ljavax/crypto/Cipher;->getInstance(Ljava/lang/String;)Ljavax/crypto/Cipher;";
        assert_eq!(
            Sample::method(body).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
