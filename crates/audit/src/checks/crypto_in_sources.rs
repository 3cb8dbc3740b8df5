//! Whether weak algorithms stand in source code and scripts.
//!
//! Clauses: JR-6.1.4.a, JR-6.1.8.b, CJ-4.2.2.b.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::Area;

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "crypto-in-sources",
    title: words("Weak algorithms in source code", "源代码中的弱算法"),
    purpose: words(
        "What the sources of an app ask for is what the next build of it ships.",
        "源代码中的算法即为下一次构建所发布的算法。",
    ),
    procedure: words(
        "In source files and scripts look for the calls of Java, Kotlin, Swift, Objective-C, ArkTS and JavaScript that ask for broken ciphers, ECB mode or MD5. Comments are left out.",
        "在源文件与脚本中查找 Java、Kotlin、Swift、Objective-C、ArkTS、JavaScript 请求弱算法、ECB 模式或 MD5 的调用，注释不计。",
    ),
    criterion: words("There is none.", "不存在此类调用。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[327, 328],
    maswe: &["MASWE-0007", "MASWE-0008"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive, Area::Text],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk("<application/>")
                .smali(".class public La;\n.super Ljava/lang/Object;\n")
                .file(
                    "src/Main.kt",
                    "val cipher = Cipher.getInstance(\"DES/CBC/PKCS5Padding\")\n",
                )
        },
        evidence: &[
            "a broken cipher: val cipher = Cipher.getInstance(\"DES/CBC/PKCS5Padding\") in src/Main.kt (line 1)",
        ],
        good: || {
            Sample::apk("<application/>")
                .smali(".class public La;\n.super Ljava/lang/Object;\n")
                .file(
                    "src/Main.kt",
                    "val cipher = Cipher.getInstance(\"AES/GCM/NoPadding\")\n",
                )
        },
        broken: || Sample::apk("<application/>").archive(cut()),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let mut findings = Findings::new();
    let mut sources = 0;
    for file in subject
        .facts
        .texts
        .iter()
        .filter(|file| is_source(&file.path))
    {
        sources += 1;
        for (number, line) in (1..).zip(file.text.lines()) {
            let code = line.trim_start();
            if code.starts_with("//")
                || code.starts_with('*')
                || code.starts_with("/*")
                || code.len() > LINE_BYTES_MAX
            {
                continue;
            }
            let Some((_, what, certain)) = CALLS.iter().find(|(call, ..)| code.contains(call))
            else {
                continue;
            };
            let path = format!("line {number}");
            let evidence = Evidence::in_xml(*what, &file.path, path).string(code.trim_end());
            match certain {
                true => findings.wrong.push(evidence),
                false => findings.doubtful.push(evidence),
            }
        }
    }
    if sources == 0 {
        return Outcome::NotApplicable(words("there is no source code", "没有源代码"));
    }
    findings.into()
}

const BROKEN: Words = words("a broken cipher", "已被攻破的加密算法");
const ECB: Words = words("ECB mode", "ECB 模式");
const DIGEST: Words = words(
    "a broken digest; what for has to be looked at",
    "已被攻破的摘要算法，用途需人工确认",
);

/// Longer lines are made by machines, and hold everything.
const LINE_BYTES_MAX: usize = 4_096;

/// Parts of calls, what they ask for, and whether that is wrong whatever it is for.
const CALLS: &[(&str, Words, bool)] = &[
    ("Cipher.getInstance(\"DES", BROKEN, true),
    ("Cipher.getInstance(\"RC4", BROKEN, true),
    ("Cipher.getInstance(\"Blowfish", BROKEN, true),
    ("Cipher.getInstance(\"AES\")", ECB, true),
    ("Cipher.getInstance(\"AES/ECB", ECB, true),
    ("Cipher.getInstance(\"SM4/ECB", ECB, true),
    ("kCCAlgorithmDES", BROKEN, true),
    ("kCCAlgorithm3DES", BROKEN, true),
    ("kCCAlgorithmRC4", BROKEN, true),
    ("kCCOptionECBMode", ECB, true),
    ("createCipher('3DES", BROKEN, true),
    ("createCipher(\"3DES", BROKEN, true),
    ("|ECB|", ECB, true),
    ("CryptoJS.DES.", BROKEN, true),
    ("CryptoJS.RC4.", BROKEN, true),
    ("CryptoJS.mode.ECB", ECB, true),
    ("MessageDigest.getInstance(\"MD5\")", DIGEST, false),
    ("Insecure.MD5", DIGEST, false),
    ("CC_MD5(", DIGEST, false),
    ("createMd('MD5')", DIGEST, false),
    ("createMd(\"MD5\")", DIGEST, false),
];

fn is_source(path: &str) -> bool {
    [
        ".java", ".kt", ".swift", ".m", ".mm", ".ets", ".ts", ".js", ".dart",
    ]
    .iter()
    .any(|end| path.ends_with(end))
}

/// An archive with a source file that cannot be unpacked.
#[cfg(test)]
fn cut() -> Vec<u8> {
    let name = "src/Main.kt";
    let files = [
        ("AndroidManifest.xml", Vec::new()),
        (name, vec![b'x'; 4_096]),
    ];
    let mut bytes = crate::fixture::zip(&files);
    let found = bytes
        .windows(name.len())
        .position(|window| window == name.as_bytes());
    let at = found.unwrap_or(0) + name.len();
    for byte in bytes.iter_mut().skip(at).take(12) {
        *byte = 0xff;
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn every_language_is_read_and_comments_are_not() {
        let verdict = |path: &str, text: &str| {
            Sample::apk("<application/>")
                .file(path, text)
                .judged_by(&CHECK)
                .verdict
        };
        assert_eq!(
            verdict(
                "a/Seal.ets",
                "let c = cryptoFramework.createCipher('AES128|ECB|PKCS7')"
            ),
            Verdict::Fail
        );
        assert_eq!(
            verdict(
                "a/Seal.m",
                "CCCrypt(kCCEncrypt, kCCAlgorithmDES, 0, k, 8, iv)"
            ),
            Verdict::Fail
        );
        assert_eq!(
            verdict("a/Seal.java", "// never Cipher.getInstance(\"DES\")"),
            Verdict::Pass
        );
        assert_eq!(
            verdict("a/Seal.swift", "let d = Insecure.MD5.hash(data: x)"),
            Verdict::Partial
        );
    }
}
