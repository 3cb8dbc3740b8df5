//! The four signature algorithms and their keys.
//!
//! The key decides the algorithm, never the message: each key type verifies one algorithm only.
//!
//! Clauses: CJ-4.2.2.a, CJ-4.2.2.b, JR-6.1.4.a, JR-6.1.5.3, JR-6.1.8.b.

use std::fmt;
use std::str::FromStr;

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{
    self as curve, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, UnparsedPublicKey,
};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::rng::SystemRng;
use hefu_gm::{Zeroizing, hmac::HmacSm3, sm2};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::bounded;
use crate::ids::{DeviceId, GatewayKeyId, thumbprint};

/// Bytes of every signature here: r and s, or an Ed25519 signature.
pub const SIGNATURE_BYTES: usize = 64;
/// Bytes of an `hmac-sm3` tag.
pub const TAG_BYTES: usize = 32;
/// Bytes of a session key.
pub const SESSION_KEY_BYTES: usize = 32;

/// Longest public key, in characters of base64url: 65 bytes.
pub const PUBLIC_CHARS_MAX: usize = 87;

/// A signature algorithm, by its name in `alg`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Algorithm {
    /// RFC 9421 §3.3.6.
    Ed25519,
    /// RFC 9421 §3.3.4.
    EcdsaP256Sha256,
    /// Private: SM2 with SM3 (GB/T 32918.2), r‖s, the default distinguishing id.
    Sm2Sm3,
    /// Private: HMAC with SM3.
    HmacSm3,
}

impl Algorithm {
    /// Its registered or private name.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Ed25519 => "ed25519",
            Self::EcdsaP256Sha256 => "ecdsa-p256-sha256",
            Self::Sm2Sm3 => "sm2-sm3",
            Self::HmacSm3 => "hmac-sm3",
        }
    }
}

/// A text names no algorithm of ours.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not one of ed25519, ecdsa-p256-sha256, sm2-sm3, hmac-sm3")]
pub struct UnknownAlgorithm;

impl FromStr for Algorithm {
    type Err = UnknownAlgorithm;

    fn from_str(text: &str) -> Result<Self, UnknownAlgorithm> {
        [
            Self::Ed25519,
            Self::EcdsaP256Sha256,
            Self::Sm2Sm3,
            Self::HmacSm3,
        ]
        .into_iter()
        .find(|algorithm| algorithm.as_str() == text)
        .ok_or(UnknownAlgorithm)
    }
}

impl fmt::Display for Algorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for Algorithm {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for Algorithm {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Why bytes are not a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// `hmac-sm3` has no public keys.
    #[error("hmac-sm3 is symmetric: it has no public key")]
    Symmetric,
    /// Of the wrong length or form, or no point of the curve.
    #[error("not a valid key of the stated algorithm")]
    Invalid,
    /// The system gave no randomness, or the library refused to make a key.
    #[error("no key could be made")]
    NotMade,
}

/// A signature does not hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the signature does not hold")]
pub struct SignatureInvalid;

/// A signature could not be made.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the key store could not sign")]
pub struct SignFailed;

/// A public signature key.
#[derive(Clone)]
pub enum PublicKey {
    /// 32 bytes of RFC 8032.
    Ed25519([u8; 32]),
    /// An uncompressed point of P-256.
    EcdsaP256([u8; 65]),
    /// A point of the SM2 curve, with its identity digest prepared.
    Sm2(Box<sm2::VerifyingKey>),
}

impl PublicKey {
    /// Reads a key: 32 bytes for `ed25519`, an uncompressed SEC1 point of 65 bytes for the others.
    ///
    /// # Errors
    /// When the bytes are no valid key of that algorithm.
    pub fn from_bytes(algorithm: Algorithm, bytes: &[u8]) -> Result<Self, KeyError> {
        match algorithm {
            Algorithm::Ed25519 => {
                let key: [u8; 32] = bytes.try_into().map_err(|_| KeyError::Invalid)?;
                if !binds_its_owner(&key) {
                    return Err(KeyError::Invalid);
                }
                curve::ParsedPublicKey::new(&curve::ED25519, key).map_err(|_| KeyError::Invalid)?;
                Ok(Self::Ed25519(key))
            }
            Algorithm::EcdsaP256Sha256 => {
                let key: [u8; 65] = bytes.try_into().map_err(|_| KeyError::Invalid)?;
                curve::ParsedPublicKey::new(&curve::ECDSA_P256_SHA256_FIXED, key)
                    .map_err(|_| KeyError::Invalid)?;
                Ok(Self::EcdsaP256(key))
            }
            Algorithm::Sm2Sm3 => sm2::VerifyingKey::from_sec1(bytes)
                .map(|key| Self::Sm2(Box::new(key)))
                .map_err(|_| KeyError::Invalid),
            Algorithm::HmacSm3 => Err(KeyError::Symmetric),
        }
    }

    /// The bytes that [`from_bytes`](Self::from_bytes) reads.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Ed25519(key) => key.to_vec(),
            Self::EcdsaP256(key) => key.to_vec(),
            Self::Sm2(key) => key.to_sec1().to_vec(),
        }
    }

    /// The one algorithm that this key verifies.
    #[must_use]
    pub const fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(_) => Algorithm::Ed25519,
            Self::EcdsaP256(_) => Algorithm::EcdsaP256Sha256,
            Self::Sm2(_) => Algorithm::Sm2Sm3,
        }
    }

    /// The id of the device whose signature key this is.
    #[must_use]
    pub fn device_id(&self) -> DeviceId {
        DeviceId::from_bytes(thumbprint(self.algorithm().as_str(), &self.to_bytes()))
    }

    /// The id of the gateway whose signing key this is.
    #[must_use]
    pub fn gateway_key_id(&self) -> GatewayKeyId {
        GatewayKeyId::from_bytes(thumbprint(self.algorithm().as_str(), &self.to_bytes()))
    }

    /// Checks a signature over `message`.
    ///
    /// # Errors
    /// When it does not hold.
    pub fn verify(&self, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
        let by_curve = |algorithm: &'static dyn curve::VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key)
                .verify(message, signature)
                .map_err(|_| SignatureInvalid)
        };
        match self {
            Self::Ed25519(key) => by_curve(&curve::ED25519, key),
            Self::EcdsaP256(key) => by_curve(&curve::ECDSA_P256_SHA256_FIXED, key),
            Self::Sm2(key) => {
                let signature =
                    sm2::Signature::from_bytes(signature).map_err(|_| SignatureInvalid)?;
                key.verify(sm2::DEFAULT_ID, message, &signature)
                    .map_err(|_| SignatureInvalid)
            }
        }
    }
}

/// Whether an Ed25519 key is written in its one canonical way and is no point of small order.
///
/// Under a key of small order one signature holds for many messages, so that its owner could disown
/// what was signed; under two spellings one key would have two ids.
fn binds_its_owner(key: &[u8; 32]) -> bool {
    let mut y = *key;
    let [.., top] = &mut y;
    *top &= 0x7f;
    // The prime is 2^255 - 19.
    let reaches_the_prime =
        matches!(y, [0xed..=0xff, middle @ .., 0x7f] if middle.iter().all(|byte| *byte == 0xff));
    !reaches_the_prime && !SMALL_ORDER.contains(&y)
}

/// The y coordinates of the eight points whose order divides eight.
const SMALL_ORDER: [[u8; 32]; 5] = [
    [0; 32],
    [
        1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0,
        0, 0,
    ],
    [
        0x26, 0xe8, 0x95, 0x8f, 0xc2, 0xb2, 0x27, 0xb0, 0x45, 0xc3, 0xf4, 0x89, 0xf2, 0xef, 0x98,
        0xf0, 0xd5, 0xdf, 0xac, 0x05, 0xd3, 0xc6, 0x33, 0x39, 0xb1, 0x38, 0x02, 0x88, 0x6d, 0x53,
        0xfc, 0x05,
    ],
    [
        0xc7, 0x17, 0x6a, 0x70, 0x3d, 0x4d, 0xd8, 0x4f, 0xba, 0x3c, 0x0b, 0x76, 0x0d, 0x10, 0x67,
        0x0f, 0x2a, 0x20, 0x53, 0xfa, 0x2c, 0x39, 0xcc, 0xc6, 0x4e, 0xc7, 0xfd, 0x77, 0x92, 0xac,
        0x03, 0x7a,
    ],
    [
        0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0x7f,
    ],
];

impl PartialEq for PublicKey {
    fn eq(&self, other: &Self) -> bool {
        self.algorithm() == other.algorithm() && self.to_bytes() == other.to_bytes()
    }
}

impl Eq for PublicKey {}

impl fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} {}",
            self.algorithm(),
            URL_SAFE_NO_PAD.encode(self.to_bytes())
        )
    }
}

/// A public key on the wire: `{"alg": "sm2-sm3", "public": "base64url"}`.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct PublicKeyOnWire {
    alg: Algorithm,
    #[serde(deserialize_with = "bounded::string::<PUBLIC_CHARS_MAX, _>")]
    public: String,
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let public = URL_SAFE_NO_PAD.encode(self.to_bytes());
        PublicKeyOnWire {
            alg: self.algorithm(),
            public,
        }
        .serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = PublicKeyOnWire::deserialize(deserializer)?;
        let bytes = URL_SAFE_NO_PAD
            .decode(&wire.public)
            .map_err(serde::de::Error::custom)?;
        Self::from_bytes(wire.alg, &bytes).map_err(serde::de::Error::custom)
    }
}

/// Something that signs: a software key, or a handle to one in hardware.
pub trait Signer: Send + Sync + fmt::Debug {
    /// What it signs with.
    fn algorithm(&self) -> Algorithm;

    /// Signs `message`: 64 bytes, or 32 for `hmac-sm3`.
    ///
    /// # Errors
    /// When the key store refuses or fails.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed>;
}

/// A private signature key in software.
pub enum SigningKey {
    /// With its PKCS#8 document, for writing it to a file again.
    Ed25519(Box<Ed25519KeyPair>, Zeroizing<Vec<u8>>),
    /// With its PKCS#8 document, for writing it to a file again.
    EcdsaP256(Box<EcdsaKeyPair>, Zeroizing<Vec<u8>>),
    /// SM2.
    Sm2(Box<sm2::SigningKey>),
}

impl SigningKey {
    /// A fresh key from the system's randomness.
    ///
    /// # Errors
    /// When there is no randomness, or the algorithm is `hmac-sm3`.
    pub fn make(algorithm: Algorithm) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        match algorithm {
            Algorithm::Ed25519 => {
                let document =
                    Ed25519KeyPair::generate_pkcs8(&random).map_err(|_| KeyError::NotMade)?;
                Self::from_pkcs8(algorithm, document.as_ref())
            }
            Algorithm::EcdsaP256Sha256 => {
                let document =
                    EcdsaKeyPair::generate_pkcs8(&curve::ECDSA_P256_SHA256_FIXED_SIGNING, &random)
                        .map_err(|_| KeyError::NotMade)?;
                Self::from_pkcs8(algorithm, document.as_ref())
            }
            Algorithm::Sm2Sm3 => sm2::SigningKey::make(&mut SystemRng)
                .map(|key| Self::Sm2(Box::new(key)))
                .map_err(|_| KeyError::NotMade),
            Algorithm::HmacSm3 => Err(KeyError::Symmetric),
        }
    }

    /// Reads a PKCS#8 document (DER).
    ///
    /// # Errors
    /// When it holds no key of that algorithm.
    pub fn from_pkcs8(algorithm: Algorithm, der: &[u8]) -> Result<Self, KeyError> {
        let document = || Zeroizing::new(der.to_vec());
        match algorithm {
            Algorithm::Ed25519 => Ed25519KeyPair::from_pkcs8_maybe_unchecked(der)
                .map(|key| Self::Ed25519(Box::new(key), document()))
                .map_err(|_| KeyError::Invalid),
            Algorithm::EcdsaP256Sha256 => {
                EcdsaKeyPair::from_pkcs8(&curve::ECDSA_P256_SHA256_FIXED_SIGNING, der)
                    .map(|key| Self::EcdsaP256(Box::new(key), document()))
                    .map_err(|_| KeyError::Invalid)
            }
            Algorithm::Sm2Sm3 => sm2::PrivateKey::from_pkcs8_der(der)
                .map(|key| Self::Sm2(Box::new(key.into())))
                .map_err(|_| KeyError::Invalid),
            Algorithm::HmacSm3 => Err(KeyError::Symmetric),
        }
    }

    /// The secret as a PKCS#8 document (DER).
    #[must_use]
    pub fn dangerous_pkcs8(&self) -> Zeroizing<Vec<u8>> {
        match self {
            Self::Ed25519(_, document) | Self::EcdsaP256(_, document) => document.clone(),
            Self::Sm2(key) => key.dangerous_private_key().to_pkcs8_der(),
        }
    }

    /// The public half.
    ///
    /// # Errors
    /// When the library's own public key is not of the algorithm's form.
    pub fn public_key(&self) -> Result<PublicKey, KeyError> {
        match self {
            Self::Ed25519(key, _) => {
                PublicKey::from_bytes(Algorithm::Ed25519, key.public_key().as_ref())
            }
            Self::EcdsaP256(key, _) => {
                PublicKey::from_bytes(Algorithm::EcdsaP256Sha256, key.public_key().as_ref())
            }
            Self::Sm2(key) => Ok(PublicKey::Sm2(Box::new(key.verifying_key().clone()))),
        }
    }
}

impl Signer for SigningKey {
    fn algorithm(&self) -> Algorithm {
        match self {
            Self::Ed25519(..) => Algorithm::Ed25519,
            Self::EcdsaP256(..) => Algorithm::EcdsaP256Sha256,
            Self::Sm2(_) => Algorithm::Sm2Sm3,
        }
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        match self {
            Self::Ed25519(key, _) => Ok(key.sign(message).as_ref().to_vec()),
            Self::EcdsaP256(key, _) => key
                .sign(&SystemRandom::new(), message)
                .map(|signature| signature.as_ref().to_vec())
                .map_err(|_| SignFailed),
            Self::Sm2(key) => key
                .sign(sm2::DEFAULT_ID, message)
                .map(|signature| signature.to_bytes().to_vec())
                .map_err(|_| SignFailed),
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SigningKey({}, redacted)", self.algorithm())
    }
}

/// A session's symmetric key, prepared for use.
#[derive(Clone)]
pub struct SessionKey(HmacSm3);

impl SessionKey {
    /// From its 32 bytes.
    #[must_use]
    pub fn from_bytes(bytes: &[u8; SESSION_KEY_BYTES]) -> Self {
        Self(HmacSm3::new(bytes))
    }

    /// The tag over `message`.
    #[must_use]
    pub fn tag(&self, message: &[u8]) -> [u8; TAG_BYTES] {
        self.0.mac(&[message])
    }

    /// Checks a tag over `message`, in constant time.
    ///
    /// # Errors
    /// When it does not hold.
    pub fn verify(&self, message: &[u8], tag: &[u8]) -> Result<(), SignatureInvalid> {
        if self.0.verify(&[message], tag) {
            Ok(())
        } else {
            Err(SignatureInvalid)
        }
    }
}

impl Signer for SessionKey {
    fn algorithm(&self) -> Algorithm {
        Algorithm::HmacSm3
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignFailed> {
        Ok(self.tag(message).to_vec())
    }
}

impl fmt::Debug for SessionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionKey(redacted)")
    }
}

/// A key that verifies one peer's signatures: the only thing that chooses the algorithm.
#[derive(Clone, Copy, Debug)]
pub enum VerifyWith<'key> {
    /// A public key.
    Public(&'key PublicKey),
    /// A session key.
    Session(&'key SessionKey),
}

impl VerifyWith<'_> {
    /// The one algorithm.
    #[must_use]
    pub const fn algorithm(self) -> Algorithm {
        match self {
            Self::Public(key) => key.algorithm(),
            Self::Session(_) => Algorithm::HmacSm3,
        }
    }

    /// Checks a signature or tag over `message`.
    ///
    /// # Errors
    /// When it does not hold.
    pub fn verify(self, message: &[u8], signature: &[u8]) -> Result<(), SignatureInvalid> {
        match self {
            Self::Public(key) => key.verify(message, signature),
            Self::Session(key) => key.verify(message, signature),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ASYMMETRIC: [Algorithm; 3] = [
        Algorithm::Ed25519,
        Algorithm::EcdsaP256Sha256,
        Algorithm::Sm2Sm3,
    ];

    #[test]
    fn each_key_verifies_its_own_signature_and_refuses_an_altered_one() {
        for algorithm in ASYMMETRIC {
            let key = SigningKey::make(algorithm).unwrap();
            let public = key.public_key().unwrap();
            let signature = key.sign(b"message").unwrap();
            assert_eq!(signature.len(), SIGNATURE_BYTES);
            assert_eq!(public.verify(b"message", &signature), Ok(()));
            assert_eq!(public.verify(b"massage", &signature), Err(SignatureInvalid));
            for at in 0..signature.len() {
                let mut altered = signature.clone();
                altered[at] ^= 1;
                assert_eq!(
                    public.verify(b"message", &altered),
                    Err(SignatureInvalid),
                    "{at}"
                );
            }
            for wrong in [&b""[..], &signature[..63]] {
                assert_eq!(public.verify(b"message", wrong), Err(SignatureInvalid));
            }
        }
    }

    #[test]
    fn keys_survive_their_files_and_their_wire_form() {
        for algorithm in ASYMMETRIC {
            let key = SigningKey::make(algorithm).unwrap();
            let again = SigningKey::from_pkcs8(algorithm, &key.dangerous_pkcs8()).unwrap();
            let public = key.public_key().unwrap();
            assert_eq!(again.public_key().unwrap(), public);
            let json = serde_json::to_string(&public).unwrap();
            assert_eq!(serde_json::from_str::<PublicKey>(&json).unwrap(), public);
            assert_eq!(public.device_id().to_string().len(), 24);
            assert_eq!(
                format!("{key:?}"),
                format!("SigningKey({algorithm}, redacted)")
            );
        }
    }

    #[test]
    fn no_other_bytes_are_a_key() {
        for algorithm in ASYMMETRIC {
            for bytes in [&[][..], &[0; 32], &[4; 65], &[0xff; 65], &[2; 33]] {
                assert_eq!(
                    PublicKey::from_bytes(algorithm, bytes),
                    Err(KeyError::Invalid),
                    "{algorithm}"
                );
            }
        }
        assert_eq!(
            PublicKey::from_bytes(Algorithm::HmacSm3, &[0; 32]),
            Err(KeyError::Symmetric)
        );
    }

    #[test]
    fn an_ed25519_key_that_could_be_disowned_is_none() {
        let of = |bytes: &[u8]| PublicKey::from_bytes(Algorithm::Ed25519, bytes);
        for y in SMALL_ORDER {
            let mut other_sign = y;
            other_sign[31] |= 0x80;
            assert_eq!(of(&y), Err(KeyError::Invalid));
            assert_eq!(of(&other_sign), Err(KeyError::Invalid));
        }
        // Zero and one spelled as the prime and the number after it.
        let mut prime = [0xff; 32];
        (prime[0], prime[31]) = (0xed, 0x7f);
        assert_eq!(of(&prime), Err(KeyError::Invalid));
        prime[0] = 0xee;
        assert_eq!(of(&prime), Err(KeyError::Invalid));

        let honest = SigningKey::make(Algorithm::Ed25519).unwrap();
        let honest = honest.public_key().unwrap();
        assert_eq!(of(&honest.to_bytes()), Ok(honest));
    }

    #[test]
    fn a_session_key_refuses_other_tags() {
        let key = SessionKey::from_bytes(&[7; 32]);
        let tag = key.tag(b"message");
        assert_eq!(key.verify(b"message", &tag), Ok(()));
        assert_eq!(key.verify(b"message", &tag[..31]), Err(SignatureInvalid));
        assert_eq!(
            SessionKey::from_bytes(&[8; 32]).verify(b"message", &tag),
            Err(SignatureInvalid)
        );
    }
}
