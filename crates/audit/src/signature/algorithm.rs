//! The signature algorithms of the v2, v3 and v4 schemes, and which of several signatures each
//! platform checks.

use std::collections::BTreeMap;

use super::hash::Hash;
use super::key::Mechanism;

/// How the contents of the file are digested.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum ContentDigest {
    /// SHA-256 over chunks of 1 MiB.
    ChunkedSha256,
    /// SHA-512 over chunks of 1 MiB.
    ChunkedSha512,
    /// The root of a SHA-256 tree over pages of 4 KiB.
    VeritySha256,
    /// SHA-256 in one piece, of the JAR manifest.
    Sha256,
}

impl ContentDigest {
    /// The number by which source stamps name it.
    pub(crate) const fn id(self) -> u32 {
        match self {
            Self::ChunkedSha256 => 1,
            Self::ChunkedSha512 => 2,
            Self::VeritySha256 => 3,
            Self::Sha256 => 4,
        }
    }

    /// Platforms take the signature with the strongest digest.
    const fn strength(self) -> u8 {
        match self {
            Self::ChunkedSha256 | Self::Sha256 => 0,
            Self::VeritySha256 => 1,
            Self::ChunkedSha512 => 2,
        }
    }
}

const ANDROID_7: i32 = 24;
const ANDROID_9: i32 = 28;

/// A signature algorithm by its number in the signing block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Algorithm {
    pub(crate) id: u32,
    pub(crate) mechanism: Mechanism,
    pub(crate) content_digest: ContentDigest,
    /// First platform whose installer knows the algorithm.
    min_sdk: i32,
    /// First platform whose cryptography library knows it, which is what source stamps need.
    library_min_sdk: i32,
}

impl Algorithm {
    pub(crate) fn from_id(id: u32) -> Option<Self> {
        use ContentDigest::{ChunkedSha256, ChunkedSha512, VeritySha256};
        use Mechanism::{Dsa, Ecdsa, RsaPkcs1, RsaPss};

        let (mechanism, content_digest, min_sdk, library_min_sdk) = match id {
            0x0101 => (RsaPss(Hash::Sha256), ChunkedSha256, ANDROID_7, 23),
            0x0102 => (RsaPss(Hash::Sha512), ChunkedSha512, ANDROID_7, 23),
            0x0103 => (RsaPkcs1(Hash::Sha256), ChunkedSha256, ANDROID_7, 1),
            0x0104 => (RsaPkcs1(Hash::Sha512), ChunkedSha512, ANDROID_7, 1),
            0x0201 => (Ecdsa(Hash::Sha256), ChunkedSha256, ANDROID_7, 11),
            0x0202 => (Ecdsa(Hash::Sha512), ChunkedSha512, ANDROID_7, 11),
            0x0301 => (Dsa(Hash::Sha256), ChunkedSha256, ANDROID_7, 1),
            0x0421 => (RsaPkcs1(Hash::Sha256), VeritySha256, ANDROID_9, 1),
            0x0423 => (Ecdsa(Hash::Sha256), VeritySha256, ANDROID_9, 11),
            0x0425 => (Dsa(Hash::Sha256), VeritySha256, ANDROID_9, 1),
            _ => return None,
        };
        Some(Self {
            id,
            mechanism,
            content_digest,
            min_sdk,
            library_min_sdk,
        })
    }
}

/// Who checks a signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Checker {
    /// The installer.
    Installer,
    /// Anything that has the platform's cryptography library.
    Library,
}

/// The signatures that at least one platform of the range would check, by algorithm number:
/// each platform checks the strongest one it knows. `None` when the first platform knows none.
pub(crate) fn to_verify<'a>(
    signatures: &[(Algorithm, &'a [u8])],
    min_sdk: i32,
    max_sdk: i32,
    checker: Checker,
) -> Option<Vec<(Algorithm, &'a [u8])>> {
    let mut strongest: BTreeMap<i32, (Algorithm, &'a [u8])> = BTreeMap::new();
    for &(algorithm, signature) in signatures {
        let known_since = match checker {
            Checker::Installer => algorithm.min_sdk,
            Checker::Library => algorithm.library_min_sdk,
        };
        if known_since > max_sdk {
            continue;
        }
        let strength = algorithm.content_digest.strength();
        let is_stronger = strongest
            .get(&known_since)
            .is_none_or(|(best, _)| strength > best.content_digest.strength());
        if is_stronger {
            strongest.insert(known_since, (algorithm, signature));
        }
    }
    let first_known = *strongest.first_key_value()?.0;
    if min_sdk < first_known {
        return None;
    }
    let mut chosen: Vec<_> = strongest.into_values().collect();
    chosen.sort_by_key(|(algorithm, _)| algorithm.id);
    Some(chosen)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(offered: &[u32], min_sdk: i32, max_sdk: i32) -> Option<Vec<u32>> {
        let offered: Vec<_> = offered
            .iter()
            .map(|&id| (Algorithm::from_id(id).unwrap(), [].as_slice()))
            .collect();
        let chosen = to_verify(&offered, min_sdk, max_sdk, Checker::Installer)?;
        Some(chosen.iter().map(|(algorithm, _)| algorithm.id).collect())
    }

    #[test]
    fn every_platform_in_range_gets_its_strongest_signature() {
        assert_eq!(
            ids(&[0x0103, 0x0104, 0x0421], 24, 40),
            Some(vec![0x0104, 0x0421])
        );
        assert_eq!(ids(&[0x0103, 0x0104, 0x0421], 24, 27), Some(vec![0x0104]));
        assert_eq!(ids(&[0x0421], 24, 40), None);
        assert_eq!(ids(&[0x0421], 28, 40), Some(vec![0x0421]));
        assert_eq!(ids(&[], 28, 40), None);
        assert!(Algorithm::from_id(0x0302).is_none());
    }
}
