//! Whether private keys are in the package.
//!
//! Clauses: AP-1.2.2, JR-6.1.4.b, CJ-4.2.2.b.

use crate::ask::traces::{Kind, traces};
use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, FileKind};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-private-key",
    title: words("Private keys in the package", "安装包内含私钥"),
    purpose: words(
        "What a private key in the package signs anybody can sign, and what it opens anybody can open.",
        "安装包中的私钥使任何人均可签名与解密。",
    ),
    procedure: words(
        "Look for files that hold private keys, and for private keys in strings, with the lines of PEM or without.",
        "查找私钥文件，以及字符串中带或不带 PEM 头的私钥。",
    ),
    criterion: words("There is none.", "不存在私钥。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[321, 798],
    maswe: &["MASWE-0003", "MASWE-0004"],
    mastg: &[],
    severity: Severity::Critical,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[
        Area::Code,
        Area::Resources,
        Area::Xml,
        Area::Manifest,
        Area::Text,
        Area::Native,
        Area::Ios,
        Area::Archive,
    ],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk("<application/>").file("assets/server.pem", "-----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA0Z3VS5JJcds3xfn/ygWyF8PbnGy0AHB7maOgXyZ9\n-----END RSA PRIVATE KEY-----\n").smali(".class public La;\n.super Ljava/lang/Object;\n")
        },
        evidence: &["a file with a private key in assets/server.pem"],
        good: || {
            Sample::apk("<application/>").file("assets/server.pem", "-----BEGIN PUBLIC KEY-----\nMFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE0Z3VS5JJcds3xfn/ygWyF8PbnGy0\n-----END PUBLIC KEY-----\n").smali(".class public La;\n.super Ljava/lang/Object;\n")
        },
        broken: || Sample::method("const-string v0, \"key\"").damaged("classes.dex"),
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    for file in facts.files.of_kind(FileKind::PrivateKey) {
        findings
            .wrong
            .push(Evidence::in_file(FILE, file.location()));
    }
    let keys = traces(facts).of(|kind| *kind == Kind::PrivateKey);
    findings
        .wrong
        .extend(keys.flat_map(|trace| trace.secret_evidence(TEXT)));
    findings.into()
}

const FILE: Words = words("a file with a private key", "私钥文件");
const TEXT: Words = words("a string with a private key", "含私钥的字符串");

#[cfg(test)]
mod tests {
    use super::CHECK;
    use crate::judgement::Verdict;
    use crate::judgement::fixtures::Sample;

    #[test]
    fn keys_in_code_are_found_without_the_lines_of_pem() {
        let body = format!(
            "const-string v0, \"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC{}\"",
            "Bk".repeat(60)
        );
        let finding = Sample::method(&body).judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Fail);
        assert!(
            finding.evidence[0]
                .to_string()
                .contains("com.bank.Main.run()V")
        );
    }
}
