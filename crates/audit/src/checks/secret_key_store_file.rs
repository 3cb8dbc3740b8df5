//! Whether key stores are shipped as files.
//!
//! Clauses: AP-1.2.2, JR-6.1.4.b.

use crate::check::Subject;
use crate::check::{Check, Evidence, Findings, Level, Outcome, Platform, Severity, Words, words};
use crate::facts::{Area, FileKind};

#[cfg(test)]
use crate::judgement::fixtures::{Fixtures, Sample};

pub(crate) static CHECK: Check = Check {
    id: "secret-key-store-file",
    title: words("Key store files in the package", "安装包内含密钥库文件"),
    purpose: words(
        "A key store is as safe as its password, and the password is in the same package.",
        "密钥库的安全取决于口令，而口令就在同一安装包中。",
    ),
    procedure: words(
        "Look for files of JKS, BKS and PKCS #12, by content and by name. Stores of certificates only have to be told by whoever made them.",
        "按内容与名称查找 JKS、BKS、PKCS#12 文件；是否仅含证书需制作者确认。",
    ),
    criterion: words("There is none.", "不存在密钥库文件。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[522, 798],
    maswe: &["MASWE-0003", "MASWE-0004"],
    mastg: &[],
    severity: Severity::High,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Ios, Platform::Harmony],
    areas: &[Area::Archive],
    judge,
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            Sample::apk("<application/>")
                .file("res/raw/client.p12", vec![0x30, 0x82, 1, 0, 2, 1, 3, 0x30])
        },
        evidence: &["a store made for a private key in res/raw/client.p12"],
        good: || {
            Sample::apk("<application/>")
                .file("res/raw/client.crt", vec![0x30, 0x82, 1, 0, 2, 1, 3, 0x30])
        },
        broken: || {
            Sample::apk("<application/>")
                .file("res/raw/client.crt", vec![1; 64])
                .archive(cut())
        },
    },
};

fn judge(subject: &Subject<'_>) -> Outcome {
    let facts = subject.facts;
    let mut findings = Findings::new();
    for file in facts.files.iter() {
        let by_name = matches!(
            file.extension().as_str(),
            "jks" | "bks" | "p12" | "pfx" | "keystore" | "ks" | "uber"
        );
        if file.kind != FileKind::KeyStore && !by_name {
            continue;
        }
        let what = match file.extension().as_str() {
            // Made for a private key and its certificates.
            "p12" | "pfx" => PERSONAL,
            _ => STORE,
        };
        let evidence = Evidence::in_file(what, file.location());
        if what == PERSONAL {
            findings.wrong.push(evidence);
        } else {
            findings.doubtful.push(evidence);
        }
    }
    findings.into()
}

const PERSONAL: Words = words("a store made for a private key", "用于私钥的密钥库");
const STORE: Words = words(
    "a key store; whether it holds keys has to be looked at",
    "密钥库文件，是否含私钥需人工确认",
);

/// An archive with an entry that cannot be unpacked.
#[cfg(test)]
fn cut() -> Vec<u8> {
    let files = [
        ("AndroidManifest.xml", Vec::new()),
        ("res/raw/client.p12", vec![7; 4_096]),
    ];
    let mut bytes = crate::fixture::zip(&files);
    let name = b"res/raw/client.p12";
    let at = bytes
        .windows(name.len())
        .position(|window| window == name)
        .unwrap_or(0);
    for byte in bytes.iter_mut().skip(at + name.len()).take(12) {
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
    fn stores_of_java_are_known_by_their_content() {
        let store = vec![0xfe, 0xed, 0xfe, 0xed, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 1];
        let finding = Sample::apk("<application/>")
            .file("assets/data.bin", store)
            .judged_by(&CHECK);
        assert_eq!(finding.verdict, Verdict::Partial);
    }
}
