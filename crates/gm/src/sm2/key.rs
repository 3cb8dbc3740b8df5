//! Key material without a purpose: made fresh, or read from and written to the usual files.

use super::{KEY_FILE_BYTES_MAX, PRIVATE_KEY_BYTES, PUBLIC_KEY_BYTES};
use crate::pbes2::{self, Pbes2Error};
use crate::pem;
use crate::rng::{self, RngError};
use ::sm2::{FieldBytes, NonZeroScalar, Scalar};
use core::fmt;
use elliptic_curve::sec1::ToSec1Point;
use pkcs8::der::Decode;
use pkcs8::{ObjectIdentifier, PrivateKeyInfoRef, SubjectPublicKeyInfoRef};
use rand_core::TryCryptoRng;
use sec1::{EcParameters, EcPrivateKey};
use zeroize::{Zeroize, Zeroizing};

/// id-ecPublicKey (RFC 5480): the algorithm that SM2 keys carry in PKCS#8 and SPKI.
const ALGORITHM: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");

/// The recommended curve of GB/T 32918.5 (GB/T 33560).
const CURVE: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.156.10197.1.301");

const PKCS8_LABEL: &str = "PRIVATE KEY";
const SEC1_LABEL: &str = "EC PRIVATE KEY";
/// What OpenSSL 3 calls a SEC1 file with a key on this curve.
const SEC1_SM2_LABEL: &str = "SM2 PRIVATE KEY";
const ENCRYPTED_LABEL: &str = "ENCRYPTED PRIVATE KEY";
const SPKI_LABEL: &str = "PUBLIC KEY";

/// How often a scalar is drawn: a working generator fails once in 2^32 draws, so that eight
/// failures in a row mean a broken one, and a broken one must not make the caller hang.
const DRAWS_MAX: usize = 8;

// The files of a key on this curve have one layout and fixed lengths; only the key's own bytes
// differ. Writing them from these pieces cannot fail and leaves no copies of the secret behind.
const SPKI_HEAD: [u8; 26] = [
    0x30, 0x59, // SEQUENCE
    0x30, 0x13, // SEQUENCE: algorithm, curve
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, //
    0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, //
    0x03, 0x42, 0x00, // BIT STRING: the point
];
/// What PKCS#8 says before the key: version 0, algorithm, curve.
const PKCS8_ALGORITHM: [u8; 24] = [
    0x02, 0x01, 0x00, //
    0x30, 0x13, // SEQUENCE
    0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, //
    0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d, //
];
const SEC1_HEAD: [u8; 7] = [0x30, 0x77, 0x02, 0x01, 0x01, 0x04, 0x20];
const SEC1_CURVE: [u8; 12] = [
    0xa0, 0x0a, 0x06, 0x08, 0x2a, 0x81, 0x1c, 0xcf, 0x55, 0x01, 0x82, 0x2d,
];
const POINT_HEAD: [u8; 5] = [0xa1, 0x44, 0x03, 0x42, 0x00];

/// Why a key was refused. No variant carries anything of the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The file is longer than [`KEY_FILE_BYTES_MAX`].
    #[error("the key file is longer than {KEY_FILE_BYTES_MAX} bytes")]
    TooLong,
    /// There is no PEM block of the expected kind, or its base64 is bad.
    #[error("the file holds no readable PEM block of the expected kind")]
    Pem,
    /// The bytes are no DER of the expected structure.
    #[error("the key is not DER of the expected structure")]
    Der,
    /// The key is for another algorithm or another curve.
    #[error("the key is not an SM2 key")]
    Algorithm,
    /// The private scalar is not in 1..=n-2, or not 32 bytes long.
    #[error("the private key is out of range")]
    Scalar,
    /// The public key is no uncompressed point on the curve.
    #[error("the public key is not an uncompressed point on the SM2 curve")]
    Point,
    /// The public key in the file does not belong to the private key beside it.
    #[error("the public key in the file does not belong to the private key")]
    Mismatch,
}

/// Why an encrypted key was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptedKeyError {
    /// The encryption: most often the password.
    #[error(transparent)]
    Encryption(#[from] Pbes2Error),
    /// The file around it, or a key for another algorithm inside it.
    #[error(transparent)]
    Key(#[from] KeyError),
}

/// An SM2 private key whose purpose is not chosen yet: `SigningKey::from(key)` or
/// `DecryptionKey::from(key)` chooses it. Erased when dropped, never printed.
///
/// ```
/// use hefu_gm::{rng::SystemRng, sm2::{PrivateKey, SigningKey}};
///
/// let key = PrivateKey::make(&mut SystemRng)?;
/// let file = key.to_pkcs8_pem();
/// let again = PrivateKey::from_pem(&file)?;
/// assert_eq!(again.public_key(), key.public_key());
/// let signing_key = SigningKey::from(again);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone)]
pub struct PrivateKey {
    /// In 1..=n-2, as GB/T 32918.1 asks.
    d: NonZeroScalar,
    /// 1/(1+d), which exists because d is not n-1; every signature needs it.
    d_plus_1_inverse: Scalar,
    public_key: PublicKey,
}

impl PrivateKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`RngError`] when the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        // n-1 is the only scalar that make_scalar gives and a key may not be.
        Self::from_scalar(make_scalar(rng)?).ok_or(RngError)
    }

    /// The key with this big-endian scalar.
    ///
    /// # Errors
    /// [`KeyError::Scalar`] unless the scalar is in 1..=n-2.
    pub fn from_bytes(bytes: &[u8; PRIVATE_KEY_BYTES]) -> Result<Self, KeyError> {
        let bytes = Zeroizing::new(FieldBytes::from(*bytes));
        NonZeroScalar::from_repr(*bytes)
            .into_option()
            .and_then(Self::from_scalar)
            .ok_or(KeyError::Scalar)
    }

    /// Reads unencrypted PKCS#8 (RFC 5208) in DER.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file.
    pub fn from_pkcs8_der(der: &[u8]) -> Result<Self, KeyError> {
        within_limit(der)?;
        let info = PrivateKeyInfoRef::from_der(der).map_err(|_| KeyError::Der)?;
        info.algorithm
            .assert_oids(ALGORITHM, CURVE)
            .map_err(|_| KeyError::Algorithm)?;
        let key = EcPrivateKey::from_der(info.private_key.as_bytes()).map_err(|_| KeyError::Der)?;
        Self::from_sec1(&key)
    }

    /// Reads SEC1 (RFC 5915) in DER. The file must name the curve.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file.
    pub fn from_sec1_der(der: &[u8]) -> Result<Self, KeyError> {
        within_limit(der)?;
        let key = EcPrivateKey::from_der(der).map_err(|_| KeyError::Der)?;
        if key.parameters.is_none() {
            return Err(KeyError::Algorithm);
        }
        Self::from_sec1(&key)
    }

    /// Reads PKCS#8 in DER that is encrypted under a password ([`pbes2`]).
    ///
    /// # Errors
    /// [`EncryptedKeyError`]: one and the same for a wrong password and for an altered file.
    pub fn from_encrypted_pkcs8_der(
        der: &[u8],
        password: &[u8],
    ) -> Result<Self, EncryptedKeyError> {
        let opened = pbes2::open(der, password)?;
        match Self::from_pkcs8_der(&opened) {
            // A key, and not an SM2 one: the password was right.
            Err(KeyError::Algorithm) => Err(KeyError::Algorithm.into()),
            Err(_) => Err(Pbes2Error::Refused.into()),
            Ok(key) => Ok(key),
        }
    }

    /// Reads the first block `ENCRYPTED PRIVATE KEY` of PEM.
    ///
    /// # Errors
    /// [`EncryptedKeyError`]: one and the same for a wrong password and for an altered file.
    pub fn from_encrypted_pem(pem: &str, password: &[u8]) -> Result<Self, EncryptedKeyError> {
        if pem.len() > 2 * pbes2::ENCRYPTED_KEY_BYTES_MAX {
            return Err(Pbes2Error::TooLong.into());
        }
        let der = decode_pem(pem, ENCRYPTED_LABEL).ok_or(KeyError::Pem)??;
        Self::from_encrypted_pkcs8_der(&der, password)
    }

    /// Writes PKCS#8 in PEM, encrypted under a password.
    ///
    /// # Errors
    /// [`Pbes2Error`] for a password or an iteration count out of its limits and for a failing
    /// generator.
    pub fn to_encrypted_pem(
        &self,
        password: &[u8],
        scheme: pbes2::Scheme,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<String, Pbes2Error> {
        // The curve is named in the key too, where OpenSSL leaves it out: `GmSSL` asks for it.
        let key = concat_secret(&[
            &[0x30, 0x81, 0x93], // SEQUENCE
            &PKCS8_ALGORITHM,
            &[0x04, 0x79], // OCTET STRING: ECPrivateKey
            &self.to_sec1_der(),
        ]);
        let sealed = pbes2::seal(&key, password, scheme, rng)?;
        Ok(pem::encode(ENCRYPTED_LABEL, &sealed))
    }

    /// Reads PEM: `PRIVATE KEY` (PKCS#8), `EC PRIVATE KEY` or OpenSSL's `SM2 PRIVATE KEY` (SEC1).
    /// Text and other blocks around it, such as `EC PARAMETERS`, are passed over.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file.
    pub fn from_pem(pem: &str) -> Result<Self, KeyError> {
        within_limit(pem.as_bytes())?;
        if let Some(der) = decode_pem(pem, PKCS8_LABEL) {
            Self::from_pkcs8_der(&der?)
        } else if let Some(der) =
            decode_pem(pem, SEC1_LABEL).or_else(|| decode_pem(pem, SEC1_SM2_LABEL))
        {
            Self::from_sec1_der(&der?)
        } else {
            Err(KeyError::Pem)
        }
    }

    /// Writes unencrypted PKCS#8 in DER, byte for byte as OpenSSL does.
    #[must_use]
    pub fn to_pkcs8_der(&self) -> Zeroizing<Vec<u8>> {
        concat_secret(&[
            &[0x30, 0x81, 0x87], // SEQUENCE
            &PKCS8_ALGORITHM,
            &[0x04, 0x6d],                   // OCTET STRING: ECPrivateKey
            &[0x30, 0x6b, 0x02, 0x01, 0x01], // SEQUENCE, version 1
            &[0x04, 0x20],                   // OCTET STRING: the scalar
            self.dangerous_bytes().as_slice(),
            &POINT_HEAD,
            &self.public_key.to_sec1(),
        ])
    }

    /// Writes SEC1 in DER, with the curve's name and the public key.
    #[must_use]
    pub fn to_sec1_der(&self) -> Zeroizing<Vec<u8>> {
        concat_secret(&[
            &SEC1_HEAD,
            self.dangerous_bytes().as_slice(),
            &SEC1_CURVE,
            &POINT_HEAD,
            &self.public_key.to_sec1(),
        ])
    }

    /// Writes unencrypted PKCS#8 in PEM.
    #[must_use]
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode(PKCS8_LABEL, &self.to_pkcs8_der()))
    }

    /// Writes SEC1 in PEM, under the label `EC PRIVATE KEY` of RFC 5915.
    #[must_use]
    pub fn to_sec1_pem(&self) -> Zeroizing<String> {
        Zeroizing::new(pem::encode(SEC1_LABEL, &self.to_sec1_der()))
    }

    /// The public half.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// The secret scalar, big-endian.
    #[must_use]
    pub fn dangerous_bytes(&self) -> Zeroizing<[u8; PRIVATE_KEY_BYTES]> {
        Zeroizing::new(self.d.to_bytes().into())
    }

    pub(super) fn d(&self) -> &NonZeroScalar {
        &self.d
    }

    pub(super) fn d_plus_1_inverse(&self) -> &Scalar {
        &self.d_plus_1_inverse
    }

    fn from_scalar(d: NonZeroScalar) -> Option<Self> {
        let d_plus_1_inverse = (*d + Scalar::ONE).invert().into_option()?;
        let public_key = PublicKey {
            point: ::sm2::PublicKey::from_secret_scalar(&d),
        };
        Some(Self {
            d,
            d_plus_1_inverse,
            public_key,
        })
    }

    fn from_sec1(key: &EcPrivateKey<'_>) -> Result<Self, KeyError> {
        match key.parameters {
            None | Some(EcParameters::NamedCurve(CURVE)) => {}
            Some(EcParameters::NamedCurve(_)) => return Err(KeyError::Algorithm),
        }
        let scalar = key.private_key.try_into().map_err(|_| KeyError::Scalar)?;
        let private_key = Self::from_bytes(scalar)?;
        // A file whose halves differ would let a tampered public half pass for this key's.
        match key.public_key {
            Some(point) if PublicKey::from_sec1(point)? != private_key.public_key => {
                Err(KeyError::Mismatch)
            }
            _ => Ok(private_key),
        }
    }
}

impl Drop for PrivateKey {
    fn drop(&mut self) {
        self.d.zeroize();
        self.d_plus_1_inverse.zeroize();
    }
}

impl fmt::Debug for PrivateKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PrivateKey(redacted)")
    }
}

/// An SM2 public key whose purpose is not chosen yet: a point on the curve other than infinity.
/// `VerifyingKey::from(key)` or `EncryptionKey::from(key)` chooses the purpose.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct PublicKey {
    pub(super) point: ::sm2::PublicKey,
}

impl PublicKey {
    /// Reads `0x04`, x and y, and checks that the point is on the curve.
    ///
    /// # Errors
    /// [`KeyError::Point`] for any other length or form and for a point off the curve.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        if bytes.len() != PUBLIC_KEY_BYTES {
            return Err(KeyError::Point);
        }
        let point = ::sm2::PublicKey::from_sec1_bytes(bytes).map_err(|_| KeyError::Point)?;
        Ok(Self { point })
    }

    /// Writes `0x04`, x and y.
    #[must_use]
    pub fn to_sec1(&self) -> [u8; PUBLIC_KEY_BYTES] {
        uncompressed(self.point.as_affine())
    }

    /// Reads SPKI (RFC 5280) in DER.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file.
    pub fn from_spki_der(der: &[u8]) -> Result<Self, KeyError> {
        within_limit(der)?;
        let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| KeyError::Der)?;
        spki.algorithm
            .assert_oids(ALGORITHM, CURVE)
            .map_err(|_| KeyError::Algorithm)?;
        Self::from_sec1(spki.subject_public_key.as_bytes().ok_or(KeyError::Der)?)
    }

    /// Reads SPKI in PEM, `PUBLIC KEY`.
    ///
    /// # Errors
    /// [`KeyError`] says what is wrong with the file.
    pub fn from_spki_pem(pem: &str) -> Result<Self, KeyError> {
        within_limit(pem.as_bytes())?;
        Self::from_spki_der(&decode_pem(pem, SPKI_LABEL).ok_or(KeyError::Pem)??)
    }

    /// Writes SPKI in DER, byte for byte as OpenSSL does.
    #[must_use]
    pub fn to_spki_der(&self) -> Vec<u8> {
        [SPKI_HEAD.as_slice(), &self.to_sec1()].concat()
    }

    /// Writes SPKI in PEM.
    #[must_use]
    pub fn to_spki_pem(&self) -> String {
        pem::encode(SPKI_LABEL, &self.to_spki_der())
    }
}

/// A scalar that is uniform in 1..=n-1.
pub(super) fn make_scalar(
    rng: &mut (impl TryCryptoRng + ?Sized),
) -> Result<NonZeroScalar, RngError> {
    let mut bytes = Zeroizing::new(FieldBytes::default());
    for _ in 0..DRAWS_MAX {
        rng::fill(rng, &mut bytes)?;
        if let Some(scalar) = NonZeroScalar::from_repr(*bytes).into_option() {
            return Ok(scalar);
        }
    }
    Err(RngError)
}

/// `0x04`, x and y of a point other than infinity; of infinity, zeros, which no reader accepts.
pub(super) fn uncompressed(point: &::sm2::AffinePoint) -> [u8; PUBLIC_KEY_BYTES] {
    point
        .to_sec1_point(false)
        .as_bytes()
        .try_into()
        .unwrap_or([0; PUBLIC_KEY_BYTES])
}

fn within_limit(file: &[u8]) -> Result<(), KeyError> {
    if file.len() > KEY_FILE_BYTES_MAX {
        Err(KeyError::TooLong)
    } else {
        Ok(())
    }
}

fn decode_pem(pem: &str, label: &str) -> Option<Result<Zeroizing<Vec<u8>>, KeyError>> {
    let (block, _) = pem::first_block(pem, label)?;
    Some(pem::decode(block).map(Zeroizing::new).ok_or(KeyError::Pem))
}

/// The concatenation in one allocation, so that no smaller one with the secret is left behind.
fn concat_secret(parts: &[&[u8]]) -> Zeroizing<Vec<u8>> {
    let bytes = parts.iter().map(|part| part.len()).sum();
    let mut out = Zeroizing::new(Vec::with_capacity(bytes));
    for part in parts {
        out.extend_from_slice(part);
    }
    out
}
