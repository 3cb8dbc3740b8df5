//! Whether somebody made up a cipher.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.4.a, CJ-4.2.2.b.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;
use crate::inventory::library_of;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-private-cipher",
    title: words("Home-made ciphers", "自制加密算法"),
    purpose: words(
        "A cipher that nobody else attacked holds until somebody does; most are a few XORs.",
        "未经公开检验的算法一经分析即被攻破，多数仅为若干异或。",
    ),
    procedure: words(
        "Look for methods of the app that are named for enciphering, combine bytes by XOR in a loop, and call no cipher of the platform or of a library.",
        "查找名称涉及加解密、在循环中对字节异或、且不调用平台或库加密算法的方法。",
    ),
    criterion: words("No method shows these signs.", "不存在具备上述特征的方法。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[327, 1240],
    maswe: &["MASWE-0047"],
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
                ".class public Lcom/bank/Coder;\n.super Ljava/lang/Object;\n.method public static encrypt([BB)[B\n.registers 6\nconst/4 v0, 0x0\n:again\narray-length v1, p0\nif-ge v0, v1, :end\naget-byte v2, p0, v0\nxor-int v2, v2, p1\nint-to-byte v2, v2\naput-byte v2, p0, v0\nadd-int/lit8 v0, v0, 0x1\ngoto :again\n:end\nreturn-object p0\n.end method\n",
            )
        },
        evidence: &[
            "bytes are combined by XOR under the name of a cipher at com.bank.Coder.encrypt([BB)[B @0x0006",
        ],
        good: || {
            Sample::code(
                ".class public Lcom/bank/Coder;\n.super Ljava/lang/Object;\n.method public static encrypt([BB)[B\n.registers 6\nconst/4 v0, 0x0\n:again\narray-length v1, p0\nif-ge v0, v1, :end\naget-byte v2, p0, v0\nadd-int v2, v2, p1\nint-to-byte v2, v2\naput-byte v2, p0, v0\nadd-int/lit8 v0, v0, 0x1\ngoto :again\n:end\nreturn-object p0\n.end method\n",
            )
        },
        broken: || {
            Sample::code(".class public Lcom/bank/Coder;\n.super Ljava/lang/Object;\n.method public static encrypt([BB)[B\n.registers 6\nconst/4 v0, 0x0\n:again\narray-length v1, p0\nif-ge v0, v1, :end\naget-byte v2, p0, v0\nxor-int v2, v2, p1\nint-to-byte v2, v2\naput-byte v2, p0, v0\nadd-int/lit8 v0, v0, 0x1\ngoto :again\n:end\nreturn-object p0\n.end method\n").damaged("classes.dex")
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let code = &subject.facts.code;
    let mut findings = Findings::new();
    for method in code.methods() {
        let name = method.name();
        if !is_named_for_enciphering(&name) || method.instruction_count() < 8 || !method.branches()
        {
            continue;
        }
        if library_of(subject.facts, &method.class().name()).is_some() {
            continue;
        }
        let asks_others = method.calls().any(|call| {
            let class = call.target().class_name();
            class.starts_with("javax.crypto.")
                || class.starts_with("java.security.")
                || class.starts_with("org.bouncycastle.")
        });
        let (mut xor, mut loads, mut stores, mut back) = (None, false, false, false);
        for found in method.instructions() {
            match found.opcode {
                0x97 | 0xb7 | 0xd7 | 0xdf => xor = xor.or(Some(found.offset)),
                0x44..=0x4a => loads = true,
                0x4b..=0x51 => stores = true,
                _ => back |= found.branch < 0,
            }
        }
        if let Some(offset) = xor
            && !asks_others
            && back
            && (loads || stores)
        {
            findings
                .doubtful
                .push(Evidence::at(HOME_MADE, &method.site(offset)));
        }
    }
    if code.classes().next().is_none() {
        return Outcome::NotApplicable(words("there is no code", "没有代码"));
    }
    findings.into()
}

const HOME_MADE: Words = words(
    "bytes are combined by XOR under the name of a cipher",
    "以加密为名对字节进行异或",
);

fn is_named_for_enciphering(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    [
        "encrypt",
        "decrypt",
        "encipher",
        "decipher",
        "cipher",
        "xor",
        "obfuscate",
        "scramble",
    ]
    .iter()
    .any(|part| lower.contains(part))
}
