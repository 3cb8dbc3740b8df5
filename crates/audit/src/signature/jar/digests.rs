//! Which digests of a manifest or signature file count on which platforms.

use base64::Engine as _;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::Scope;
use super::manifest::Section;
use crate::signature::hash::Hash;

const ANDROID_4_3: i32 = 18;

/// A digest that must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) hash: Hash,
    pub(super) digest: Vec<u8>,
}

impl Expected {
    pub(super) fn matches(&self, bytes: &[u8]) -> bool {
        self.hash.digest(&[bytes]) == self.digest
    }
}

/// The digests of a section that at least one platform in range would check. Attribute names are
/// the name of a hash function and `suffix`.
pub(super) fn expected_digests(
    section: &Section<'_>,
    suffix: &str,
    scope: &Scope<'_>,
) -> Vec<Expected> {
    let mut expected: Vec<Expected> = Vec::new();
    if scope.min_sdk < ANDROID_4_3 {
        // The first usable one of those that an old attribute lists.
        let listed = section.value("Digest-Algorithms").unwrap_or("SHA SHA1");
        let first = listed.split_ascii_whitespace().find_map(|name| {
            let digest = section.value(&format!("{name}{suffix}"))?;
            let hash = listed_hash(name, scope.min_sdk)?;
            Some(Expected {
                hash,
                digest: decode(digest),
            })
        });
        match first {
            Some(first) => expected.push(first),
            // An old platform in range finds nothing to check.
            None => return expected,
        }
    }
    if scope.max_sdk >= ANDROID_4_3 {
        // The strongest one.
        let names = [
            ("SHA-512", Hash::Sha512),
            ("SHA-384", Hash::Sha384),
            ("SHA-256", Hash::Sha256),
            ("SHA1", Hash::Sha1),
        ];
        let strongest = names.into_iter().find_map(|(name, hash)| {
            let digest = section.value(&format!("{name}{suffix}"))?;
            Some(Expected {
                hash,
                digest: decode(digest),
            })
        });
        expected.extend(strongest.filter(|strongest| !expected.contains(strongest)));
    }
    expected
}

/// The hash function of a name in `Digest-Algorithms`, if that platform has it.
fn listed_hash(name: &str, sdk: i32) -> Option<Hash> {
    const ANDROID_2_3: i32 = 9;
    Some(match name.to_ascii_uppercase().as_str() {
        "MD5" => Hash::Md5,
        "SHA" | "SHA1" | "SHA-1" => Hash::Sha1,
        "SHA-256" => Hash::Sha256,
        "SHA-384" if sdk >= ANDROID_2_3 => Hash::Sha384,
        "SHA-512" if sdk >= ANDROID_2_3 => Hash::Sha512,
        _ => return None,
    })
}

/// A digest in base64. What cannot be decoded is empty, and no digest is.
fn decode(text: &str) -> Vec<u8> {
    const TOLERANT: GeneralPurpose = GeneralPurpose::new(
        &base64::alphabet::STANDARD,
        GeneralPurposeConfig::new()
            .with_decode_allow_trailing_bits(true)
            .with_decode_padding_mode(DecodePaddingMode::Indifferent),
    );
    TOLERANT.decode(text).unwrap_or_default()
}
