//! Whether initialisation vectors and nonces are constant, or nothing but zeros.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::written::written;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-static-iv",
    title: words("Constant initialisation vectors", "固定的初始化向量"),
    purpose: words(
        "With a constant vector equal texts have equal beginnings; with GCM and CTR two texts under the same nonce give both away, and with GCM the key of authentication too.",
        "固定向量使相同明文开头产生相同密文；GCM、CTR 重复使用随机数会泄露明文甚至认证密钥。",
    ),
    procedure: words(
        "From every IvParameterSpec and GCMParameterSpec go back through fields, parameters and returned values to where the bytes come from.",
        "从每处 IvParameterSpec、GCMParameterSpec 经字段、参数、返回值追溯其来源。",
    ),
    criterion: words("No vector is a constant.", "向量均非常量。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[329, 1204],
    maswe: &["MASWE-0007"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::method(
                "const/16 v1, 0x10\nnew-array v2, v1, [B\nnew-instance v3, Ljavax/crypto/spec/IvParameterSpec;\ninvoke-direct {v3, v2}, Ljavax/crypto/spec/IvParameterSpec;-><init>([B)V",
            )
        },
        evidence: &[
            "a vector of zeros: 00000000000000000000000000000000 at com.bank.Main.run()V @0x0002",
        ],
        good: || {
            Sample::method(
                "const/16 v1, 0x10\nnew-array v2, v1, [B\nnew-instance v5, Ljava/security/SecureRandom;\ninvoke-direct {v5}, Ljava/security/SecureRandom;-><init>()V\ninvoke-virtual {v5, v2}, Ljava/security/SecureRandom;->nextBytes([B)V\nnew-instance v3, Ljavax/crypto/spec/IvParameterSpec;\ninvoke-direct {v3, v2}, Ljavax/crypto/spec/IvParameterSpec;-><init>([B)V",
            )
        },
        broken: || {
            Sample::method("const/16 v1, 0x10\nnew-array v2, v1, [B\nnew-instance v3, Ljavax/crypto/spec/IvParameterSpec;\ninvoke-direct {v3, v2}, Ljavax/crypto/spec/IvParameterSpec;-><init>([B)V").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    let mut vectors = 0;
    for (class, argument) in VECTORS {
        for call in code.calls_to(class, "<init>") {
            let Some(origin) = call.argument(*argument) else {
                continue;
            };
            vectors += 1;
            for vector in written(code, &origin) {
                let shown = vector.value.shown();
                let what = if vector.value.is_zero() {
                    ZERO
                } else {
                    CONSTANT
                };
                findings
                    .wrong
                    .push(Evidence::at(what, &call.site()).string(shown.as_str()));
                for step in &vector.way {
                    findings
                        .wrong
                        .push(step.evidence(what).string(shown.as_str()));
                }
            }
        }
    }
    if vectors == 0 {
        return Outcome::NotApplicable(words("no vector is given", "未指定初始化向量"));
    }
    findings.into()
}

/// Constructors that take a vector, and as which argument.
const VECTORS: &[(&str, usize)] = &[
    ("javax.crypto.spec.IvParameterSpec", 0),
    ("javax.crypto.spec.GCMParameterSpec", 1),
];

const ZERO: Words = words("a vector of zeros", "全零初始化向量");
const CONSTANT: Words = words("a vector that is constant", "固定的初始化向量");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    /// Helpers fill arrays that they are given; then the zeros of a new array are not the vector.
    #[test]
    fn an_array_that_a_helper_fills_is_not_constant() {
        let text = ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n\
            .method public static fill([B)V\n.registers 3\n\
            new-instance v0, Ljava/security/SecureRandom;\n\
            invoke-direct {v0}, Ljava/security/SecureRandom;-><init>()V\n\
            invoke-virtual {v0, p0}, Ljava/security/SecureRandom;->nextBytes([B)V\nreturn-void\n.end method\n\
            .method public static run()V\n.registers 4\nconst/16 v1, 0x10\nnew-array v2, v1, [B\n\
            invoke-static {v2}, Lcom/bank/Main;->fill([B)V\n\
            new-instance v3, Ljavax/crypto/spec/IvParameterSpec;\n\
            invoke-direct {v3, v2}, Ljavax/crypto/spec/IvParameterSpec;-><init>([B)V\nreturn-void\n.end method\n";
        assert_eq!(Sample::code(text).judged_by(&CHECK).verdict, Verdict::Pass);
    }
}
