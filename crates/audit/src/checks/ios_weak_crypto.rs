//! Whether algorithms are used that are broken or too short.
//!
//! Digests are right where nothing secret depends on them, so they are doubtful only. What
//! `CCCrypt` is asked for is a number in the code, which is not read.
//!
//! Clauses: JR-6.1.8.b, JR-6.1.4.a.

use crate::ask::ios as ask;
use crate::check::{Check, Level, Platform, Severity, words};
use crate::facts::Area;

#[cfg(test)]
use crate::fixture::native;
#[cfg(test)]
use crate::judgement::fixtures::Fixtures;

pub(crate) static CHECK: Check = Check {
    id: "ios-weak-crypto",
    title: words("Weak algorithms", "使用弱算法"),
    purpose: words(
        "What is encrypted or signed with broken algorithms can be read and forged.",
        "以已被攻破的算法加密或签名的数据可被读取与伪造。",
    ),
    procedure: words(
        "Look for their functions among the imports and symbols of every program and \
         library.",
        "在每个程序与库的导入与符号中查找其函数。",
    ),
    criterion: words(
        "No broken cipher is used, and no broken digest.",
        "未使用已被攻破的加密与摘要算法。",
    ),
    clauses: hefu_standards::clauses!(),
    cwe: &[327, 328],
    maswe: &["MASWE-0007", "MASWE-0008"],
    mastg: &["MASTG-TEST-0210", "MASTG-TEST-0211"],
    severity: Severity::Medium,
    level: Level::Basic,
    platforms: &[Platform::Ios],
    areas: &[Area::Native],
    judge: |subject| {
        ask::each_program(subject, |program, findings| {
            let ciphers = program.imports_of(&CIPHERS).into_iter();
            findings.wrong.extend(ciphers.map(|function| {
                program.evidence_of(
                    words(
                        "uses a broken cipher or mode",
                        "使用已被攻破的加密算法或模式",
                    ),
                    function,
                )
            }));
            let digests = program.imports_of(&DIGESTS).into_iter();
            findings.doubtful.extend(digests.map(|function| {
                program.evidence_of(
                    words(
                        "uses a digest for which collisions can be made",
                        "使用可构造碰撞的摘要算法",
                    ),
                    function,
                )
            }));
            let is_insecure = |symbol: &&String| symbol.starts_with("_$s9CryptoKit8Insecure");
            if let Some(symbol) = program.slice.imports.iter().find(is_insecure) {
                findings.doubtful.push(program.evidence_of(
                    words(
                        "uses a digest for which collisions can be made",
                        "使用可构造碰撞的摘要算法",
                    ),
                    symbol,
                ));
            }
            if program.slice.imports("_CCCrypt") {
                findings.right.push(program.evidence_of(
                    words(
                        "encrypts with an algorithm that the imports do not tell",
                        "加密算法无法由导入得知",
                    ),
                    "_CCCrypt",
                ));
            }
        })
    },
    #[cfg(test)]
    fixtures: Fixtures {
        bad: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_EVP_des_cbc"],
                    ..native::Macho::default()
                },
            )
        },
        evidence: &[
            "uses a broken cipher or mode: _EVP_des_cbc (arm64) at 0x0 in Payload/Bank.app/Bank",
        ],
        good: || {
            ask::sample(
                "",
                &native::Macho {
                    imports: vec!["___stack_chk_fail", "_CC_SHA256"],
                    ..native::Macho::default()
                },
            )
        },
        broken: ask::damaged_program,
    },
};

/// DES, RC2, RC4, and block ciphers without chaining, of the libraries that apps bring along.
const CIPHERS: [&str; 15] = [
    "_DES_ecb_encrypt",
    "_DES_encrypt1",
    "_DES_ncbc_encrypt",
    "_DES_set_key",
    "_DES_ede3_cbc_encrypt",
    "_EVP_des_cbc",
    "_EVP_des_ecb",
    "_EVP_des_ede3_cbc",
    "_EVP_rc2_cbc",
    "_EVP_rc4",
    "_RC4",
    "_RC4_set_key",
    "_EVP_aes_128_ecb",
    "_EVP_aes_256_ecb",
    "_EVP_sm4_ecb",
];

/// MD2, MD4, MD5 and SHA-1.
const DIGESTS: [&str; 17] = [
    "_CC_MD2",
    "_CC_MD4",
    "_CC_MD5",
    "_CC_MD5_Init",
    "_CC_MD5_Update",
    "_CC_MD5_Final",
    "_CC_SHA1",
    "_CC_SHA1_Init",
    "_CC_SHA1_Update",
    "_CC_SHA1_Final",
    "_MD5",
    "_MD5_Init",
    "_MD5_Update",
    "_SHA1",
    "_SHA1_Init",
    "_EVP_md5",
    "_EVP_sha1",
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::judgement::Verdict;

    #[test]
    fn digests_are_doubtful() {
        for symbol in [
            "_CC_MD5",
            "_$s9CryptoKit8InsecureO3MD5V4hash4dataAA0E6DigestVx_tF",
        ] {
            let program = native::Macho {
                imports: vec![symbol],
                ..native::Macho::default()
            };
            assert_eq!(
                ask::sample("", &program).judged_by(&CHECK).verdict,
                Verdict::Partial,
                "{symbol}"
            );
        }
    }
}
