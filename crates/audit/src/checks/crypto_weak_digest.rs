//! Whether MD5, SHA-1 or older digests are used where somebody gains from a collision or a guess: signatures, MACs, passwords.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::crypto::instances;
use crate::ask::naming::{is_about_passwords, name_words};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-weak-digest",
    title: words("Broken digests", "使用已被攻破的摘要算法"),
    purpose: words(
        "Two texts with the same MD5 or SHA-1 can be made, so that a signature on one holds for the other; passwords hashed with them are guessed at billions a second.",
        "可构造 MD5、SHA-1 碰撞以伪造签名，用其散列的口令可被高速穷举。",
    ),
    procedure: words(
        "Follow the constants that reach Signature, Mac and MessageDigest getInstance. Names around a digest tell whether it is about passwords or signatures. Digests in known libraries, which name caches by them, are left out.",
        "追踪到达 Signature、Mac、MessageDigest 的 getInstance 的常量；以周围名称判断是否用于口令或签名；已知第三方库以摘要命名缓存的不计。",
    ),
    criterion: words(
        "No signature, MAC or password depends on MD5 or SHA-1.",
        "签名、MAC、口令均不依赖 MD5 或 SHA-1。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[328, 916],
    maswe: &["MASWE-0008", "MASWE-0009", "MASWE-0010"],
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
                "const-string v0, \"SHA1withRSA\"\ninvoke-static {v0}, Ljava/security/Signature;->getInstance(Ljava/lang/String;)Ljava/security/Signature;\nmove-result-object v1",
            )
        },
        evidence: &[
            "a signature over a digest with collisions: SHA1withRSA at com.bank.Main.run()V @0x0002",
        ],
        good: || {
            Sample::method(
                "const-string v0, \"SHA256withRSA\"\ninvoke-static {v0}, Ljava/security/Signature;->getInstance(Ljava/lang/String;)Ljava/security/Signature;\nmove-result-object v1",
            )
        },
        broken: || {
            Sample::method("const-string v0, \"SHA1withRSA\"\ninvoke-static {v0}, Ljava/security/Signature;->getInstance(Ljava/lang/String;)Ljava/security/Signature;\nmove-result-object v1").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    let mut asked = 0;
    for (call, text) in instances(&facts.code, "java.security.Signature") {
        asked += 1;
        let upper = text.to_ascii_uppercase();
        if ["MD2", "MD4", "MD5", "SHA1", "SHA-1", "SHAWITH"]
            .iter()
            .any(|weak| upper.starts_with(weak))
        {
            findings
                .wrong
                .push(Evidence::at(SIGNATURE, &call.site()).string(text));
        }
    }
    for (call, text) in instances(&facts.code, "javax.crypto.Mac") {
        asked += 1;
        // Libraries offer it to whoever asks for it.
        if library_of(facts, &call.site().class).is_some() {
            continue;
        }
        // HMAC does not need a digest without collisions; still nobody should start with these.
        if matches!(
            text.to_ascii_uppercase().as_str(),
            "HMACMD5" | "HMACSHA1" | "HMAC-MD5" | "HMAC-SHA1"
        ) {
            findings
                .doubtful
                .push(Evidence::at(MAC, &call.site()).string(text));
        }
    }
    for (call, text) in instances(&facts.code, "java.security.MessageDigest") {
        asked += 1;
        if !is_weak(&text) {
            continue;
        }
        let site = call.site();
        let sensitive = is_sensitive(&site.method) || is_sensitive_class(&site.class);
        let library = library_of(facts, &site.class).is_some();
        let place = |what| Evidence::at(what, &site).string(text.clone());
        match (sensitive, library) {
            (true, false) => findings.wrong.push(place(PASSWORD)),
            (true, true) => findings.doubtful.push(place(PASSWORD)),
            (false, false) => findings.doubtful.push(place(DIGEST)),
            (false, true) => {}
        }
    }
    if asked == 0 {
        return Outcome::NotApplicable(words("no digest is asked for", "未使用摘要算法"));
    }
    findings.into()
}

const SIGNATURE: Words = words(
    "a signature over a digest with collisions",
    "签名使用存在碰撞的摘要算法",
);
const MAC: Words = words("a MAC with an outdated digest", "MAC 使用过时的摘要算法");
const PASSWORD: Words = words(
    "a broken digest where the names speak of passwords or signatures",
    "在口令或签名相关代码中使用已被攻破的摘要算法",
);
const DIGEST: Words = words(
    "a broken digest; what for has to be looked at",
    "使用已被攻破的摘要算法，用途需人工确认",
);

fn is_weak(text: &str) -> bool {
    matches!(
        text.to_ascii_uppercase().as_str(),
        "MD2" | "MD4" | "MD5" | "SHA" | "SHA1" | "SHA-1"
    )
}

/// Whether the name of a method, without its types, is about what a digest has to protect.
fn is_sensitive(method: &str) -> bool {
    let name = method.split('(').next().unwrap_or_default();
    is_about_passwords(name)
        || name_words(name)
            .iter()
            .any(|word| matches!(word.as_str(), "sign" | "signature"))
}

fn is_sensitive_class(class: &str) -> bool {
    is_about_passwords(class.rsplit('.').next().unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    fn digest(class: &str, method: &str) -> Verdict {
        Sample::code(&format!(
            ".class public L{class};\n.super Ljava/lang/Object;\n\
             .method public static {method}()V\n.registers 2\nconst-string v0, \"MD5\"\n\
             invoke-static {{v0}}, Ljava/security/MessageDigest;->getInstance(Ljava/lang/String;)Ljava/security/MessageDigest;\n\
             return-void\n.end method\n"
        ))
        .judged_by(&CHECK)
        .verdict
    }

    #[test]
    fn what_the_digest_is_for_decides() {
        assert_eq!(digest("com/bank/Login", "hashPassword"), Verdict::Fail);
        assert_eq!(digest("com/bank/PasswordHelper", "a"), Verdict::Fail);
        assert_eq!(digest("com/bank/Cache", "fileName"), Verdict::Partial);
        assert_eq!(
            digest("com/bumptech/glide/Cache", "fileName"),
            Verdict::Pass
        );
    }
}
