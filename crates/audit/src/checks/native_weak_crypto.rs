//! Whether native libraries take broken algorithms from other libraries.
//!
//! Digests are right where nothing secret depends on them, so they are doubtful only. Algorithms
//! that a library brings along inside show no names.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.4.a.

use crate::ask::native as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "native-weak-crypto",
    title: words("Weak algorithms in native code", "本机代码使用弱算法"),
    purpose: words(
        "What is encrypted or signed with broken algorithms can be read and forged.",
        "以已被攻破的算法加密或签名的数据可被读取与伪造。",
    ),
    procedure: words(
        "Look for the functions of broken ciphers, modes and digests among the imports \
         of each native library.",
        "在每个本机库的导入中查找弱加密、弱模式与弱摘要函数。",
    ),
    criterion: words("None is imported.", "均未导入。"),
    clauses: hefu_standards::clauses!(),
    cwe: &[327, 328],
    maswe: &["MASWE-0007", "MASWE-0008"],
    mastg: &[],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Android, Platform::Harmony],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each(subject, |library, findings| {
            let imported = |functions: &[&'static str]| -> Vec<&'static str> {
                functions
                    .iter()
                    .copied()
                    .filter(|function| library.elf.imports(function))
                    .collect()
            };
            for function in imported(&CIPHERS) {
                findings.wrong.push(
                    ask::about(
                        words(
                            "uses a broken cipher or mode",
                            "使用已被攻破的加密算法或模式",
                        ),
                        library,
                    )
                    .string(function),
                );
            }
            for function in imported(&DIGESTS) {
                findings.doubtful.push(
                    ask::about(
                        words(
                            "uses a digest for which collisions can be made",
                            "使用可构造碰撞的摘要算法",
                        ),
                        library,
                    )
                    .string(function),
                );
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(&native::Elf {
                imports: vec!["__stack_chk_fail", "EVP_des_cbc"],
                ..native::Elf::default()
            })
        },
        evidence: &["uses a broken cipher or mode: EVP_des_cbc in lib/arm64-v8a/libpay.so"],
        good: || {
            ask::sample(&native::Elf {
                imports: vec!["__stack_chk_fail", "EVP_aes_128_gcm"],
                ..native::Elf::default()
            })
        },
        broken: ask::damaged,
    },
};

/// DES, RC2, RC4, and block ciphers without chaining.
const CIPHERS: [&str; 15] = [
    "DES_ecb_encrypt",
    "DES_encrypt1",
    "DES_ncbc_encrypt",
    "DES_set_key",
    "DES_ede3_cbc_encrypt",
    "EVP_des_cbc",
    "EVP_des_ecb",
    "EVP_des_ede3_cbc",
    "EVP_rc2_cbc",
    "EVP_rc4",
    "RC4",
    "RC4_set_key",
    "EVP_aes_128_ecb",
    "EVP_aes_256_ecb",
    "EVP_sm4_ecb",
];

/// MD4, MD5 and SHA-1.
const DIGESTS: [&str; 11] = [
    "EVP_md4",
    "EVP_md5",
    "EVP_sha1",
    "MD4_Init",
    "MD5",
    "MD5_Final",
    "MD5_Init",
    "MD5_Update",
    "SHA1",
    "SHA1_Init",
    "SHA1_Update",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn digests_are_doubtful() {
        let library = native::Elf {
            imports: vec!["MD5_Init"],
            ..native::Elf::default()
        };
        assert_eq!(
            ask::sample(&library).judged_by(&CHECK).verdict,
            Verdict::Partial
        );
    }
}
