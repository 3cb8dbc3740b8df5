//! SM2 encryption (GB/T 32918.4) with SM3, in the order C1C3C2: for keys and short secret fields.
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a.

use super::der;
use super::exchange::KeyExchange;
use super::key::{KeyError, PrivateKey, PublicKey, make_scalar, uncompressed};
use super::key_stream;
use super::{PLAINTEXT_BYTES_MAX, PUBLIC_KEY_BYTES};
use crate::rng::RngError;
use crate::sm3::{DIGEST_BYTES, Sm3};
use ::sm2::{NonZeroScalar, ProjectivePoint};
use core::fmt;
use elliptic_curve::group::Group;
use pkcs8::der::asn1::OctetStringRef;
use pkcs8::der::{Decode, Reader, SliceReader, Tag};
use rand_core::TryCryptoRng;
use subtle::{Choice, ConstantTimeEq};
use zeroize::Zeroizing;

/// How often a nonce is drawn. The key stream of a one-byte text is zero, and must then be drawn
/// again, once in 256; sixty-four times in a row mean a broken generator.
const NONCES_MAX: usize = 64;

/// Why nothing was encrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EncryptError {
    /// SM2 is not defined for an empty text.
    #[error("SM2 encrypts no empty text")]
    Empty,
    /// The text is longer than [`PLAINTEXT_BYTES_MAX`].
    #[error("SM2 encrypts at most {PLAINTEXT_BYTES_MAX} bytes")]
    TooLong,
    /// No randomness.
    #[error(transparent)]
    Rng(#[from] RngError),
    /// The module that encrypts did not answer; never from the keys in this file.
    #[error("the module that encrypts failed")]
    Module,
}

/// Why nothing was decrypted.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DecryptError {
    /// The ciphertext was refused; why is deliberately not told, since each hint would help to
    /// decrypt what was made for this key.
    #[error("the SM2 ciphertext was refused")]
    Refused,
    /// The module that holds the key did not answer; never from the keys in this file.
    #[error("the module that holds the key failed")]
    Module,
}

/// A public key that encrypts and does nothing else.
///
/// ```
/// use hefu_gm::{rng::SystemRng, sm2::DecryptionKey};
///
/// let key = DecryptionKey::make(&mut SystemRng)?;
/// let ciphertext = key.encryption_key().encrypt(&mut SystemRng, b"a session key")?;
/// assert_eq!(*key.decrypt(&ciphertext)?, b"a session key");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub struct EncryptionKey {
    public_key: PublicKey,
}

impl EncryptionKey {
    /// Reads `0x04`, x and y.
    ///
    /// # Errors
    /// [`KeyError::Point`] unless it is a point on the curve in this form.
    pub fn from_sec1(bytes: &[u8]) -> Result<Self, KeyError> {
        PublicKey::from_sec1(bytes).map(Self::from)
    }

    /// Writes `0x04`, x and y.
    #[must_use]
    pub fn to_sec1(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.public_key.to_sec1()
    }

    /// The key without its purpose, to write it to a key file.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.public_key
    }

    /// Encrypts to the raw form C1 || C3 || C2, where C1 begins with `0x04`.
    ///
    /// # Errors
    /// [`EncryptError`] for an empty or too long text and for a failing generator.
    pub fn encrypt(
        &self,
        rng: &mut (impl TryCryptoRng + ?Sized),
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptError> {
        let parts = self.encrypt_parts(rng, plaintext)?;
        Ok([parts.c1.as_slice(), &parts.c3, &parts.c2].concat())
    }

    /// Encrypts to the DER of GB/T 35276, the form that OpenSSL makes:
    /// SEQUENCE of x1, y1, C3 and C2.
    ///
    /// # Errors
    /// [`EncryptError`] for an empty or too long text and for a failing generator.
    pub fn encrypt_der(
        &self,
        rng: &mut (impl TryCryptoRng + ?Sized),
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptError> {
        let Parts {
            c1: [_, coordinates @ ..],
            c2,
            c3,
        } = self.encrypt_parts(rng, plaintext)?;
        let (x1, y1) = coordinates.split_at(32);
        Ok(der::sequence(&[
            der::unsigned(x1),
            der::unsigned(y1),
            der::octet_string(&c3),
            der::octet_string(&c2),
        ]))
    }

    fn encrypt_parts(
        &self,
        rng: &mut (impl TryCryptoRng + ?Sized),
        plaintext: &[u8],
    ) -> Result<Parts, EncryptError> {
        if plaintext.is_empty() {
            return Err(EncryptError::Empty);
        }
        if plaintext.len() > PLAINTEXT_BYTES_MAX {
            return Err(EncryptError::TooLong);
        }
        for _ in 0..NONCES_MAX {
            // A1
            let k = Zeroizing::new(make_scalar(rng)?);
            if let Some(parts) = self.encrypt_with_nonce(&k, plaintext) {
                return Ok(parts);
            }
        }
        Err(RngError.into())
    }

    /// Steps A2 to A8 of GB/T 32918.4, 6.1; `None` where the standard goes back to A1. A3 holds
    /// for every [`PublicKey`], since the cofactor is one.
    fn encrypt_with_nonce(&self, k: &NonZeroScalar, plaintext: &[u8]) -> Option<Parts> {
        // A2
        let c1 = uncompressed(&ProjectivePoint::mul_by_generator(k).to_affine());
        // A4
        let shared = SharedPoint::new(&self.public_key, k);
        // A5, A6
        let mut c2 = plaintext.to_vec();
        if bool::from(shared.apply_key_stream(&mut c2)) {
            return None;
        }
        // A7
        let c3 = shared.check_value(plaintext);
        Some(Parts { c1, c2, c3 })
    }
}

impl From<PublicKey> for EncryptionKey {
    fn from(public_key: PublicKey) -> Self {
        Self { public_key }
    }
}

/// A private key that decrypts, and agrees on keys as the static key of an exchange. It never signs.
#[derive(Clone)]
pub struct DecryptionKey {
    private_key: PrivateKey,
    encryption_key: EncryptionKey,
}

impl DecryptionKey {
    /// A fresh key.
    ///
    /// # Errors
    /// [`RngError`] when the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        PrivateKey::make(rng).map(Self::from)
    }

    /// The public half.
    #[must_use]
    pub fn encryption_key(&self) -> &EncryptionKey {
        &self.encryption_key
    }

    /// Decrypts the raw form C1 || C3 || C2.
    ///
    /// # Errors
    /// [`DecryptError::Refused`] for every reason alike.
    pub fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let (c1, rest) = ciphertext
            .split_at_checked(PUBLIC_KEY_BYTES)
            .ok_or(DecryptError::Refused)?;
        let (c3, c2) = rest.split_first_chunk().ok_or(DecryptError::Refused)?;
        self.decrypt_parts(c1, c3, c2)
    }

    /// Begins a key exchange of GB/T 32918.3 in which this is the static key, as the encryption
    /// key is in TLCP.
    ///
    /// # Errors
    /// [`RngError`] when the generator fails.
    pub fn make_exchange(
        &self,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<KeyExchange, RngError> {
        KeyExchange::make(self.private_key.clone(), rng)
    }

    /// Decrypts the DER of GB/T 35276.
    ///
    /// # Errors
    /// [`DecryptError::Refused`] for every reason alike.
    pub fn decrypt_der(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        let (c1, c3, c2) = read_parts(ciphertext).map_err(|_| DecryptError::Refused)?;
        self.decrypt_parts(&c1, c3, c2)
    }

    /// The key material, to write it to a key file.
    #[must_use]
    pub fn dangerous_private_key(&self) -> &PrivateKey {
        &self.private_key
    }

    /// GB/T 32918.4, 7.1.
    fn decrypt_parts(
        &self,
        c1: &[u8],
        c3: &[u8; DIGEST_BYTES],
        c2: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        if c2.len() > PLAINTEXT_BYTES_MAX {
            return Err(DecryptError::Refused);
        }
        // B1, B2: a point off the curve would give away the key bit by bit.
        let c1 = PublicKey::from_sec1(c1).map_err(|_| DecryptError::Refused)?;
        // B3
        let shared = SharedPoint::new(&c1, self.private_key.d());
        // B4, B5; an empty C2 has an empty stream, which counts as zero.
        let mut plaintext = Zeroizing::new(c2.to_vec());
        let zero_stream = shared.apply_key_stream(&mut plaintext);
        // B6
        let holds = shared.check_value(&plaintext).ct_eq(c3) & !zero_stream;
        if bool::from(holds) {
            Ok(plaintext)
        } else {
            Err(DecryptError::Refused)
        }
    }
}

impl From<PrivateKey> for DecryptionKey {
    fn from(private_key: PrivateKey) -> Self {
        Self {
            encryption_key: EncryptionKey::from(*private_key.public_key()),
            private_key,
        }
    }
}

impl fmt::Debug for DecryptionKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DecryptionKey")
            .field("encryption_key", &self.encryption_key)
            .finish_non_exhaustive()
    }
}

/// C1 (the point), C2 (the text) and C3 (the check value).
struct Parts {
    c1: [u8; PUBLIC_KEY_BYTES],
    c2: Vec<u8>,
    c3: [u8; DIGEST_BYTES],
}

/// (x2, y2), which only the two sides know.
struct SharedPoint(Zeroizing<[u8; PUBLIC_KEY_BYTES]>);

impl SharedPoint {
    fn new(public_key: &PublicKey, secret: &NonZeroScalar) -> Self {
        let point = Zeroizing::new(public_key.point.to_projective() * **secret);
        Self(Zeroizing::new(uncompressed(&point.to_affine())))
    }

    fn x2(&self) -> &[u8] {
        self.0.get(1..33).unwrap_or_default()
    }

    fn y2(&self) -> &[u8] {
        self.0.get(33..).unwrap_or_default()
    }

    /// Adds the key stream of GB/T 32918.4, 5.4.3 to `text`, and tells whether it was all zero.
    fn apply_key_stream(&self, text: &mut [u8]) -> Choice {
        // x2 and y2 fill one block of SM3.
        let mut prefix = Sm3::new();
        prefix.update(self.x2());
        prefix.update(self.y2());
        key_stream::apply(&prefix, text)
    }

    /// C3 = SM3(x2 || plaintext || y2).
    fn check_value(&self, plaintext: &[u8]) -> [u8; DIGEST_BYTES] {
        crate::sm3::digest(&[self.x2(), plaintext, self.y2()])
    }
}

/// C1, C3 and C2 from the DER of GB/T 35276.
fn read_parts(bytes: &[u8]) -> pkcs8::der::Result<([u8; PUBLIC_KEY_BYTES], &[u8; 32], &[u8])> {
    let mut reader = SliceReader::new(bytes)?;
    let parts = reader.sequence(|inner| {
        let mut c1 = [0; PUBLIC_KEY_BYTES];
        let [form, coordinates @ ..] = &mut c1;
        let (x1, y1) = coordinates.split_at_mut(32);
        *form = 4;
        x1.copy_from_slice(&der::read_unsigned(inner)?);
        y1.copy_from_slice(&der::read_unsigned(inner)?);
        let c3 = <&OctetStringRef>::decode(inner)?.as_bytes();
        let c2 = <&OctetStringRef>::decode(inner)?.as_bytes();
        Ok((
            c1,
            c3.try_into().map_err(|_| Tag::OctetString.length_error())?,
            c2,
        ))
    });
    reader.finish()?;
    parts
}
