//! Which platforms accept which digest and signature algorithm in a JAR signature.

use super::super::hash::Hash;
use super::super::pkcs7::{Family, SignatureOid};

/// Platforms from one through another, by SDK version.
type Range = (i32, i32);

const ALWAYS: i32 = i32::MAX;

/// The platforms that accept a signature whose identifiers are these, in ascending order.
fn supported(digest: Hash, signature: SignatureOid) -> &'static [Range] {
    use Hash::{Md5, Sha1, Sha224, Sha256, Sha384, Sha512};

    match (signature.family, signature.hash) {
        (Family::Rsa, None) => match digest {
            Md5 | Sha1 => &[(0, ALWAYS)],
            Sha224 => &[(0, 8), (21, ALWAYS)],
            Sha256 => &[(0, 8), (18, ALWAYS)],
            Sha384 | Sha512 => &[(18, ALWAYS)],
        },
        (Family::Rsa, Some(named)) if named == digest => match digest {
            Sha1 => &[(0, ALWAYS)],
            Md5 | Sha224 => &[(0, 8), (21, ALWAYS)],
            Sha256 => &[(0, 8), (18, ALWAYS)],
            Sha384 | Sha512 => &[(21, ALWAYS)],
        },
        (Family::Rsa, Some(named)) => match (digest, named) {
            (Sha224, Sha256) | (Sha256, Sha1) | (Sha512, Sha384) => &[(21, 21)],
            _ => &[(21, 23)],
        },
        (Family::Dsa, None) => match digest {
            Sha1 => &[(0, ALWAYS)],
            Sha224 | Sha256 => &[(22, ALWAYS)],
            Md5 | Sha384 | Sha512 => &[],
        },
        (Family::Dsa, Some(named)) if named == digest => match digest {
            Sha1 => &[(9, ALWAYS)],
            _ => &[(21, ALWAYS)],
        },
        (Family::Ecdsa, None) => match digest {
            Sha1 | Sha256 | Sha384 | Sha512 => &[(18, ALWAYS)],
            Sha224 => &[(21, ALWAYS)],
            Md5 => &[],
        },
        (Family::Ecdsa, Some(named)) if named == digest => match digest {
            Sha1 => &[(18, ALWAYS)],
            _ => &[(21, ALWAYS)],
        },
        // Android 5 and 6 took the hash function from the signature's identifier alone.
        (Family::Dsa | Family::Ecdsa, Some(_)) => &[(21, 23)],
    }
}

/// Whether every platform of the range accepts the signature.
pub(super) fn everywhere(
    digest_oid: &str,
    signature_oid: &str,
    min_sdk: i32,
    max_sdk: i32,
) -> bool {
    let Some(digest) = Hash::from_oid(digest_oid) else {
        return false;
    };
    let Some(signature) = SignatureOid::parse(signature_oid) else {
        return false;
    };
    // The ranges do not touch each other, so one of them must hold the whole range.
    supported(digest, signature)
        .iter()
        .any(|&(from, to)| from <= min_sdk && max_sdk <= to)
}

#[cfg(test)]
mod tests {
    use super::everywhere;

    const SHA1: &str = "1.3.14.3.2.26";
    const SHA256: &str = "2.16.840.1.101.3.4.2.1";
    const RSA: &str = "1.2.840.113549.1.1.1";
    const SHA1_WITH_RSA: &str = "1.2.840.113549.1.1.5";

    #[test]
    fn a_gap_in_the_supported_platforms_counts() {
        assert!(everywhere(SHA1, RSA, 1, i32::MAX));
        assert!(everywhere(SHA256, RSA, 18, i32::MAX));
        assert!(everywhere(SHA256, RSA, 0, 8));
        assert!(!everywhere(SHA256, RSA, 8, 18));
        assert!(!everywhere(SHA256, RSA, 17, i32::MAX));
        assert!(everywhere(SHA256, SHA1_WITH_RSA, 21, 21));
        assert!(!everywhere(SHA256, SHA1_WITH_RSA, 21, 22));
        assert!(!everywhere("1.2.3", RSA, 24, 24));
    }
}
