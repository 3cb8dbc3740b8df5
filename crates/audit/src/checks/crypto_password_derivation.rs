//! Whether keys are derived from passwords with too few rounds, or with a salt that is constant or short.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b, AP-4.2.1.

use crate::ask::written::written;
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::facts::code::Origin;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-password-derivation",
    title: words(
        "Weak derivation of keys from passwords",
        "口令派生密钥强度不足",
    ),
    purpose: words(
        "Rounds are what guessing costs; a constant salt lets attackers guess for all users at once.",
        "迭代次数决定穷举代价；固定盐使攻击者可对所有用户一次穷举。",
    ),
    procedure: words(
        "Look at the rounds and follow the salt that reach PBEKeySpec and PBEParameterSpec.",
        "检查传入 PBEKeySpec、PBEParameterSpec 的迭代次数，并追溯盐的来源。",
    ),
    criterion: words(
        "Rounds and salt reach the thresholds (10 000 and 8 bytes), and the salt is no constant.",
        "迭代次数与盐长达到阈值（10000 次、8 字节），且盐非常量。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[916, 760],
    maswe: &["MASWE-0014"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android],
    areas: &[Area::Code],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::code(
                ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.method public static run([C[B)V\n.registers 8\nconst v0, 0x3e8\nconst/16 v1, 0x100\nnew-instance v2, Ljavax/crypto/spec/PBEKeySpec;\ninvoke-direct {v2, p0, p1, v0, v1}, Ljavax/crypto/spec/PBEKeySpec;-><init>([C[BII)V\nreturn-void\n.end method\n",
            )
        },
        evidence: &["few rounds: 1000 at com.bank.Main.run([C[B)V"],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.method public static run([C[B)V\n.registers 8\nconst v0, 0x33450\nconst/16 v1, 0x100\nnew-instance v2, Ljavax/crypto/spec/PBEKeySpec;\ninvoke-direct {v2, p0, p1, v0, v1}, Ljavax/crypto/spec/PBEKeySpec;-><init>([C[BII)V\nreturn-void\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Main;\n.super Ljava/lang/Object;\n.method public static run([C[B)V\n.registers 8\nconst v0, 0x3e8\nconst/16 v1, 0x100\nnew-instance v2, Ljavax/crypto/spec/PBEKeySpec;\ninvoke-direct {v2, p0, p1, v0, v1}, Ljavax/crypto/spec/PBEKeySpec;-><init>([C[BII)V\nreturn-void\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let limits = &subject.configuration.thresholds;
    let mut findings = Findings::new();
    let mut derived = 0;
    for (class, salt, rounds) in SPECS {
        for call in code.calls_to(class, "<init>") {
            derived += 1;
            let site = call.site();
            for count in call.ints(*rounds) {
                if count > 0 && count < i64::from(limits.pbkdf2_rounds_min) {
                    findings
                        .wrong
                        .push(Evidence::at(ROUNDS, &site).string(count.to_string()));
                }
            }
            let Some(origin) = call.argument(*salt) else {
                continue;
            };
            for constant in written(code, &origin) {
                let shown = constant.value.shown();
                findings.wrong.push(Evidence::at(SALT, &site).string(shown));
            }
            for value in origin.resolve() {
                let Origin::Array(array) = value else {
                    continue;
                };
                if array
                    .len()
                    .is_some_and(|bytes| bytes < limits.salt_bytes_min)
                {
                    findings.wrong.push(Evidence::at(SHORT, &array.site()));
                }
            }
        }
    }
    if derived == 0 {
        return Outcome::NotApplicable(words(
            "no key is derived from a password",
            "未由口令派生密钥",
        ));
    }
    findings.into()
}

/// Constructors, with the arguments that are salt and rounds.
const SPECS: &[(&str, usize, usize)] = &[
    ("javax.crypto.spec.PBEKeySpec", 1, 2),
    ("javax.crypto.spec.PBEParameterSpec", 0, 1),
];

const ROUNDS: Words = words("few rounds", "迭代次数过少");
const SALT: Words = words("a constant salt", "固定的盐");
const SHORT: Words = words("a short salt", "盐过短");
