//! Encrypted private keys in PKCS#8 under a password: PBES2 (RFC 8018, GM/T 0091).
//!
//! | read and written | |
//! |---|---|
//! | key derivation | PBKDF2 with HMAC-SM3 or HMAC-SHA-256 |
//! | encryption | SM4-CBC, AES-128-CBC, AES-256-CBC |
//!
//! A wrong password and an altered file are told from each other by nobody: CBC does not
//! authenticate, and the answer is the same. What can be told without the password (another
//! algorithm, a count beyond the limits) has an error of its own.
//!
//! The object identifiers of RFC 8018 are written; those that GM/T 0091 has beside them are read too.
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a, JR-6.1.4.b.

use crate::rng::{self, RngError};
use aes::{Aes128, Aes256};
use cbc::{Decryptor, Encryptor};
use cipher::block_padding::Pkcs7;
use cipher::{
    Block, BlockCipherDecrypt, BlockCipherEncrypt, BlockModeDecrypt, BlockModeEncrypt,
    BlockSizeUser, InnerIvInit, KeyInit, consts::U16,
};
use der::asn1::{AnyRef, OctetStringRef};
use der::oid::ObjectIdentifier;
use der::{Decode, Encode, Sequence, Tag, Tagged};
use pbkdf2::pbkdf2_hmac;
use pkcs8::AlgorithmIdentifierRef;
use rand_core::TryCryptoRng;
use sm4::Sm4;
use zeroize::Zeroizing;

/// Longest encrypted key in bytes of DER: 32 KiB; a real one is under 1 KiB.
pub const ENCRYPTED_KEY_BYTES_MAX: usize = 32 * 1024;
/// Fewest iterations that are read: fewer protect no password.
pub const ITERATIONS_MIN: u32 = 1_000;
/// Most iterations that are read, some ten seconds of work. Stops a hostile file from holding a
/// processor for hours.
pub const ITERATIONS_MAX: u32 = 10_000_000;
/// How many iterations a key is written with where nobody says otherwise.
pub const ITERATIONS_DEFAULT: u32 = 600_000;
/// Shortest salt that is read, in bytes (RFC 8018, 4.1).
pub const SALT_BYTES_MIN: usize = 8;
/// Longest salt that is read, in bytes.
pub const SALT_BYTES_MAX: usize = 64;
/// Longest password in bytes.
pub const PASSWORD_BYTES_MAX: usize = 1024;

const SALT_BYTES: usize = 16;
const IV_BYTES: usize = 16;

const PBES2: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.13"),
    ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.1.5.2"),
];
const PBKDF2: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.5.12"),
    ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.1.5.1"),
];
const HMAC_SM3: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.2.156.10197.1.401.2"),
    ObjectIdentifier::new_unwrap("1.2.156.10197.1.401.3.1"),
];
const HMAC_SHA256: [ObjectIdentifier; 1] = [ObjectIdentifier::new_unwrap("1.2.840.113549.2.9")];
const SM4_CBC: [ObjectIdentifier; 2] = [
    ObjectIdentifier::new_unwrap("1.2.156.10197.1.104.2"),
    ObjectIdentifier::new_unwrap("1.2.156.10197.6.1.4.1.12.1.1"),
];
const AES_128_CBC: [ObjectIdentifier; 1] = [ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.2")];
const AES_256_CBC: [ObjectIdentifier; 1] =
    [ObjectIdentifier::new_unwrap("2.16.840.1.101.3.4.1.42")];

/// The hash under the password.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Prf {
    /// HMAC-SM3.
    HmacSm3,
    /// HMAC-SHA-256.
    HmacSha256,
}

/// The cipher over the key.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Cipher {
    /// SM4-CBC.
    Sm4Cbc,
    /// AES-128-CBC.
    Aes128Cbc,
    /// AES-256-CBC.
    Aes256Cbc,
}

/// How a key is written.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct Scheme {
    /// The hash under the password.
    pub prf: Prf,
    /// The cipher over the key.
    pub cipher: Cipher,
    /// How often the hash is applied, within [`ITERATIONS_MIN`] and [`ITERATIONS_MAX`].
    pub iterations: u32,
}

impl Scheme {
    /// HMAC-SM3 and SM4, for stacks that know the SM algorithms.
    pub const SM: Self = Self {
        prf: Prf::HmacSm3,
        cipher: Cipher::Sm4Cbc,
        iterations: ITERATIONS_DEFAULT,
    };
    /// HMAC-SHA-256 and AES-256, which every stack reads.
    pub const AES: Self = Self {
        prf: Prf::HmacSha256,
        cipher: Cipher::Aes256Cbc,
        iterations: ITERATIONS_DEFAULT,
    };
}

/// Why a key was not decrypted or encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Pbes2Error {
    /// The file or the key is longer than [`ENCRYPTED_KEY_BYTES_MAX`].
    #[error("the encrypted key is longer than {ENCRYPTED_KEY_BYTES_MAX} bytes")]
    TooLong,
    /// The bytes are no DER of an encrypted key.
    #[error("the encrypted key is not DER of the expected structure")]
    Der,
    /// Another scheme, hash or cipher.
    #[error("the key is encrypted with an algorithm that is not supported")]
    Algorithm,
    /// The count is outside [`ITERATIONS_MIN`] and [`ITERATIONS_MAX`].
    #[error("the iteration count is not within {ITERATIONS_MIN} and {ITERATIONS_MAX}")]
    Iterations,
    /// The salt is outside [`SALT_BYTES_MIN`] and [`SALT_BYTES_MAX`].
    #[error("the salt is not within {SALT_BYTES_MIN} and {SALT_BYTES_MAX} bytes")]
    Salt,
    /// The password is empty or longer than [`PASSWORD_BYTES_MAX`].
    #[error("a password has 1 to {PASSWORD_BYTES_MAX} bytes")]
    Password,
    /// A wrong password, or an altered file; which, nobody can tell.
    #[error("the password is wrong, or the encrypted key was altered")]
    Refused,
    /// No randomness for salt and initial vector.
    #[error(transparent)]
    Rng(#[from] RngError),
}

/// Decrypts an `EncryptedPrivateKeyInfo` to the DER of the PKCS#8 inside. With one wrong password in
/// about 256 the padding fits by chance: the caller treats what is then no key as
/// [`Pbes2Error::Refused`] too.
///
/// # Errors
/// [`Pbes2Error`].
pub fn open(der: &[u8], password: &[u8]) -> Result<Zeroizing<Vec<u8>>, Pbes2Error> {
    if der.len() > ENCRYPTED_KEY_BYTES_MAX {
        return Err(Pbes2Error::TooLong);
    }
    within_password_limit(password)?;
    let info = EncryptedKey::from_der(der).map_err(|_| Pbes2Error::Der)?;
    let parameters = Parameters::read(&info.algorithm)?;
    let mut text = Zeroizing::new(info.data.as_bytes().to_vec());
    let key = parameters.derive(password);
    let bytes = parameters.cipher.decrypt(&key, parameters.iv, &mut text)?;
    text.truncate(bytes);
    Ok(text)
}

/// How an `EncryptedPrivateKeyInfo` is encrypted, told without its password: for whoever would rather
/// not spend as many iterations as [`ITERATIONS_MAX`] allows.
///
/// # Errors
/// [`Pbes2Error`] for what [`open`] refuses before it uses the password.
pub fn inspect(der: &[u8]) -> Result<Scheme, Pbes2Error> {
    if der.len() > ENCRYPTED_KEY_BYTES_MAX {
        return Err(Pbes2Error::TooLong);
    }
    let info = EncryptedKey::from_der(der).map_err(|_| Pbes2Error::Der)?;
    let parameters = Parameters::read(&info.algorithm)?;
    Ok(Scheme {
        prf: parameters.prf,
        cipher: parameters.cipher,
        iterations: parameters.iterations,
    })
}

/// Encrypts the DER of a PKCS#8 key to an `EncryptedPrivateKeyInfo`.
///
/// # Errors
/// [`Pbes2Error`].
pub fn seal(
    pkcs8: &[u8],
    password: &[u8],
    scheme: Scheme,
    rng: &mut (impl TryCryptoRng + ?Sized),
) -> Result<Vec<u8>, Pbes2Error> {
    // What is added is far below half of the limit.
    if pkcs8.len() > ENCRYPTED_KEY_BYTES_MAX / 2 {
        return Err(Pbes2Error::TooLong);
    }
    within_password_limit(password)?;
    within_iteration_limits(scheme.iterations)?;
    let (mut salt, mut iv) = ([0; SALT_BYTES], [0; IV_BYTES]);
    rng::fill(rng, &mut salt)?;
    rng::fill(rng, &mut iv)?;
    let parameters = Parameters {
        prf: scheme.prf,
        cipher: scheme.cipher,
        iterations: scheme.iterations,
        salt: &salt,
        iv: &iv,
    };
    let data = scheme
        .cipher
        .encrypt(&parameters.derive(password), &iv, pkcs8)?;
    parameters.write(&data).map_err(|_| Pbes2Error::TooLong)
}

/// What the file says about how its key was encrypted.
struct Parameters<'a> {
    prf: Prf,
    cipher: Cipher,
    iterations: u32,
    salt: &'a [u8],
    iv: &'a [u8; IV_BYTES],
}

impl<'a> Parameters<'a> {
    fn read(algorithm: &AlgorithmIdentifierRef<'a>) -> Result<Self, Pbes2Error> {
        if !PBES2.contains(&algorithm.oid) {
            return Err(Pbes2Error::Algorithm);
        }
        let schemes: Schemes<'a> = decode(algorithm.parameters)?;
        if !PBKDF2.contains(&schemes.derivation.oid) {
            return Err(Pbes2Error::Algorithm);
        }
        let cipher = Cipher::read(schemes.encryption.oid)?;
        let derivation: Derivation<'a> = decode(schemes.derivation.parameters)?;
        let prf = match derivation.prf {
            Some(prf) if is_null(prf.parameters) => Prf::read(prf.oid)?,
            // Absent means HMAC-SHA-1 with the one identifier, and HMAC-SM3 with the other.
            None if PBKDF2.first() != Some(&schemes.derivation.oid) => Prf::HmacSm3,
            _ => return Err(Pbes2Error::Algorithm),
        };
        within_iteration_limits(derivation.iterations)?;
        let salt = derivation.salt.as_bytes();
        if !(SALT_BYTES_MIN..=SALT_BYTES_MAX).contains(&salt.len()) {
            return Err(Pbes2Error::Salt);
        }
        if derivation
            .key_bytes
            .is_some_and(|bytes| usize::from(bytes) != cipher.key_bytes())
        {
            return Err(Pbes2Error::Algorithm);
        }
        let iv: &OctetStringRef = decode(schemes.encryption.parameters)?;
        Ok(Self {
            prf,
            cipher,
            iterations: derivation.iterations,
            salt,
            iv: iv.as_bytes().try_into().map_err(|_| Pbes2Error::Der)?,
        })
    }

    fn write(&self, data: &[u8]) -> der::Result<Vec<u8>> {
        let derivation = Derivation {
            salt: OctetStringRef::new(self.salt)?,
            iterations: self.iterations,
            key_bytes: None,
            prf: Some(AlgorithmIdentifierRef {
                oid: self.prf.oid(),
                parameters: self.prf.parameters(),
            }),
        }
        .to_der()?;
        let schemes = Schemes {
            derivation: AlgorithmIdentifierRef {
                oid: PBKDF2[0],
                parameters: Some(AnyRef::from_der(&derivation)?),
            },
            encryption: AlgorithmIdentifierRef {
                oid: self.cipher.oid(),
                parameters: Some(AnyRef::new(Tag::OctetString, self.iv)?),
            },
        }
        .to_der()?;
        EncryptedKey {
            algorithm: AlgorithmIdentifierRef {
                oid: PBES2[0],
                parameters: Some(AnyRef::from_der(&schemes)?),
            },
            data: OctetStringRef::new(data)?,
        }
        .to_der()
    }

    fn derive(&self, password: &[u8]) -> Zeroizing<Vec<u8>> {
        let mut key = Zeroizing::new(vec![0; self.cipher.key_bytes()]);
        match self.prf {
            Prf::HmacSm3 => {
                pbkdf2_hmac::<::sm3::Sm3>(password, self.salt, self.iterations, &mut key);
            }
            Prf::HmacSha256 => {
                pbkdf2_hmac::<sha2::Sha256>(password, self.salt, self.iterations, &mut key);
            }
        }
        key
    }
}

impl Prf {
    fn read(oid: ObjectIdentifier) -> Result<Self, Pbes2Error> {
        if HMAC_SM3.contains(&oid) {
            Ok(Self::HmacSm3)
        } else if HMAC_SHA256.contains(&oid) {
            Ok(Self::HmacSha256)
        } else {
            Err(Pbes2Error::Algorithm)
        }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::HmacSm3 => HMAC_SM3[0],
            Self::HmacSha256 => HMAC_SHA256[0],
        }
    }

    /// RFC 8018 gives HMAC-SHA-2 a NULL. For HMAC-SM3 nothing is said: `GmSSL` takes a key only
    /// without one, and others take either.
    fn parameters(self) -> Option<AnyRef<'static>> {
        match self {
            Self::HmacSm3 => None,
            Self::HmacSha256 => Some(AnyRef::NULL),
        }
    }
}

impl Cipher {
    fn read(oid: ObjectIdentifier) -> Result<Self, Pbes2Error> {
        if SM4_CBC.contains(&oid) {
            Ok(Self::Sm4Cbc)
        } else if AES_128_CBC.contains(&oid) {
            Ok(Self::Aes128Cbc)
        } else if AES_256_CBC.contains(&oid) {
            Ok(Self::Aes256Cbc)
        } else {
            Err(Pbes2Error::Algorithm)
        }
    }

    fn oid(self) -> ObjectIdentifier {
        match self {
            Self::Sm4Cbc => SM4_CBC[0],
            Self::Aes128Cbc => AES_128_CBC[0],
            Self::Aes256Cbc => AES_256_CBC[0],
        }
    }

    fn key_bytes(self) -> usize {
        match self {
            Self::Sm4Cbc | Self::Aes128Cbc => 16,
            Self::Aes256Cbc => 32,
        }
    }

    /// Decrypts in place, and tells how many bytes there are without the padding.
    fn decrypt(
        self,
        key: &[u8],
        iv: &[u8; IV_BYTES],
        text: &mut [u8],
    ) -> Result<usize, Pbes2Error> {
        match self {
            Self::Sm4Cbc => decrypt::<Sm4>(key, iv, text),
            Self::Aes128Cbc => decrypt::<Aes128>(key, iv, text),
            Self::Aes256Cbc => decrypt::<Aes256>(key, iv, text),
        }
    }

    fn encrypt(self, key: &[u8], iv: &[u8; IV_BYTES], text: &[u8]) -> Result<Vec<u8>, Pbes2Error> {
        match self {
            Self::Sm4Cbc => encrypt::<Sm4>(key, iv, text),
            Self::Aes128Cbc => encrypt::<Aes128>(key, iv, text),
            Self::Aes256Cbc => encrypt::<Aes256>(key, iv, text),
        }
    }
}

fn decrypt<C>(key: &[u8], iv: &[u8; IV_BYTES], text: &mut [u8]) -> Result<usize, Pbes2Error>
where
    C: KeyInit + BlockCipherDecrypt + BlockSizeUser<BlockSize = U16>,
{
    let cipher = C::new_from_slice(key).map_err(|_| Pbes2Error::Algorithm)?;
    let iv = Block::<C>::from(*iv);
    let text = Decryptor::inner_iv_init(cipher, &iv)
        .decrypt_padded::<Pkcs7>(text)
        .map_err(|_| Pbes2Error::Refused)?;
    Ok(text.len())
}

fn encrypt<C>(key: &[u8], iv: &[u8; IV_BYTES], text: &[u8]) -> Result<Vec<u8>, Pbes2Error>
where
    C: KeyInit + BlockCipherEncrypt + BlockSizeUser<BlockSize = U16>,
{
    let cipher = C::new_from_slice(key).map_err(|_| Pbes2Error::Algorithm)?;
    let iv = Block::<C>::from(*iv);
    Ok(Encryptor::inner_iv_init(cipher, &iv).encrypt_padded_vec::<Pkcs7>(text))
}

fn decode<'a, T>(parameters: Option<AnyRef<'a>>) -> Result<T, Pbes2Error>
where
    T: der::Choice<'a> + der::DecodeValue<'a, Error = der::Error>,
{
    parameters
        .ok_or(Pbes2Error::Der)?
        .decode_as()
        .map_err(|_| Pbes2Error::Der)
}

fn is_null(parameters: Option<AnyRef<'_>>) -> bool {
    parameters.is_none_or(|value| value.tag() == Tag::Null)
}

fn within_password_limit(password: &[u8]) -> Result<(), Pbes2Error> {
    if (1..=PASSWORD_BYTES_MAX).contains(&password.len()) {
        Ok(())
    } else {
        Err(Pbes2Error::Password)
    }
}

fn within_iteration_limits(iterations: u32) -> Result<(), Pbes2Error> {
    if (ITERATIONS_MIN..=ITERATIONS_MAX).contains(&iterations) {
        Ok(())
    } else {
        Err(Pbes2Error::Iterations)
    }
}

/// `EncryptedPrivateKeyInfo` (RFC 5958).
#[derive(Sequence)]
struct EncryptedKey<'a> {
    algorithm: AlgorithmIdentifierRef<'a>,
    data: &'a OctetStringRef,
}

/// `PBES2-params` (RFC 8018, A.4).
#[derive(Sequence)]
struct Schemes<'a> {
    derivation: AlgorithmIdentifierRef<'a>,
    encryption: AlgorithmIdentifierRef<'a>,
}

/// `PBKDF2-params` (RFC 8018, A.2).
#[derive(Sequence)]
struct Derivation<'a> {
    salt: &'a OctetStringRef,
    iterations: u32,
    #[asn1(optional = "true")]
    key_bytes: Option<u16>,
    #[asn1(optional = "true")]
    prf: Option<AlgorithmIdentifierRef<'a>>,
}
