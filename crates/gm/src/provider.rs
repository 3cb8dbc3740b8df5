//! The one place where the implementation can be exchanged.
//!
//! A [`Provider`] computes, and hands out key handles ([`SignSm2`], [`DecryptSm2`], [`MacSm3`],
//! [`CipherSm4`]) that may stand for keys nobody can read: a certified module, a hardware security
//! module or a phone's secure element keeps them inside. [`software()`] is the provider of this
//! crate; its handles are the crate's own types, which implement the same traits.
//!
//! ```
//! use hefu_gm::{provider::{self, Provider}, sm2::DEFAULT_ID};
//!
//! let provider = provider::software();
//! let key = provider.make_signing_key()?;
//! let signature = key.sign(DEFAULT_ID, b"message")?;
//! provider.verify_sm2(key.verifying_key(), DEFAULT_ID, b"message", &signature)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a, JR-6.1.8.b.

mod software;

use crate::rng::RngError;
use crate::sm2::{
    AgreeError, DecryptError, EncryptError, EncryptionKey, ExchangeError, ExchangePeer,
    ExchangeRole, ExchangedKey, PUBLIC_KEY_BYTES, PrivateKey, SharedSecret, SignError, Signature,
    VerifyError, VerifyingKey,
};
use crate::sm4;
use core::fmt::Debug;
use std::sync::Arc;
use zeroize::Zeroizing;

pub use software::software;

/// The module did not answer, or does not do what it was asked for.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the cryptographic module failed")]
pub struct ModuleError;

/// Why a module did not encrypt or decrypt with SM4.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// The text is longer than [`sm4::TEXT_BYTES_MAX`].
    #[error(transparent)]
    TooLong(#[from] sm4::TextTooLong),
    /// The ciphertext was refused.
    #[error(transparent)]
    Refused(#[from] sm4::OpenError),
    /// The module failed; never from the software provider.
    #[error(transparent)]
    Module(#[from] ModuleError),
}

/// All that the platform asks of an implementation of the SM algorithms.
pub trait Provider: Debug + Send + Sync {
    /// The provider's name in logs and in the console, such as `software`.
    fn name(&self) -> &str;

    /// Fills `out` with randomness that is fit for keys.
    ///
    /// # Errors
    /// [`RngError`] when there is none.
    fn fill_random(&self, out: &mut [u8]) -> Result<(), RngError>;

    /// SM3 of the concatenation of `parts`.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn digest_sm3(&self, parts: &[&[u8]]) -> Result<[u8; 32], ModuleError>;

    /// Begins an SM3 digest over bytes that come piece by piece.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn hash_sm3(&self) -> Result<Box<dyn HashSm3>, ModuleError>;

    /// Takes in an HMAC-SM3 key.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn mac_key(&self, key: &[u8]) -> Result<Arc<dyn MacSm3>, ModuleError>;

    /// Takes in an SM4 key.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn cipher_key(&self, key: &sm4::Key) -> Result<Arc<dyn CipherSm4>, ModuleError>;

    /// Verifies an SM2 signature; see [`VerifyingKey::verify`].
    ///
    /// # Errors
    /// [`VerifyError`].
    fn verify_sm2(
        &self,
        key: &VerifyingKey,
        id: &[u8],
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), VerifyError>;

    /// Encrypts to the raw form; see [`EncryptionKey::encrypt`].
    ///
    /// # Errors
    /// [`EncryptError`].
    fn encrypt_sm2(&self, key: &EncryptionKey, plaintext: &[u8]) -> Result<Vec<u8>, EncryptError>;

    /// Encrypts to the DER form; see [`EncryptionKey::encrypt_der`].
    ///
    /// # Errors
    /// [`EncryptError`].
    fn encrypt_sm2_der(
        &self,
        key: &EncryptionKey,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptError>;

    /// Makes a signature key inside the module.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn make_signing_key(&self) -> Result<Arc<dyn SignSm2>, ModuleError>;

    /// Takes a signature key from a key file into the module.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails or takes no keys from outside.
    fn signing_key(&self, key: PrivateKey) -> Result<Arc<dyn SignSm2>, ModuleError>;

    /// Makes an encryption key inside the module.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn make_decryption_key(&self) -> Result<Arc<dyn DecryptSm2>, ModuleError>;

    /// Takes an encryption key from a key file into the module.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails or takes no keys from outside.
    fn decryption_key(&self, key: PrivateKey) -> Result<Arc<dyn DecryptSm2>, ModuleError>;

    /// Begins a key agreement.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn make_agreement(&self) -> Result<Box<dyn AgreeSm2>, ModuleError>;
}

/// A handle of an SM2 signature key.
pub trait SignSm2: Debug + Send + Sync {
    /// The public half.
    fn verifying_key(&self) -> &VerifyingKey;

    /// Signs; see [`SigningKey::sign`](crate::sm2::SigningKey::sign).
    ///
    /// # Errors
    /// [`SignError`].
    fn sign(&self, id: &[u8], message: &[u8]) -> Result<Signature, SignError>;
}

/// A handle of an SM2 decryption key.
pub trait DecryptSm2: Debug + Send + Sync {
    /// The public half.
    fn encryption_key(&self) -> &EncryptionKey;

    /// Decrypts the raw form C1 || C3 || C2.
    ///
    /// # Errors
    /// [`DecryptError`].
    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError>;

    /// Decrypts the DER form of GB/T 35276.
    ///
    /// # Errors
    /// [`DecryptError`].
    fn decrypt_der(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError>;

    /// Begins a key exchange of GB/T 32918.3 in which this is the static key.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn make_exchange(&self) -> Result<Box<dyn ExchangeSm2>, ModuleError>;
}

/// A handle of a static key and of a fresh ephemeral key, for one key exchange of GB/T 32918.3.
pub trait ExchangeSm2: Debug + Send {
    /// The ephemeral public key that the peer needs: `0x04`, x and y.
    fn ephemeral_key(&self) -> [u8; PUBLIC_KEY_BYTES];

    /// Exchanges with the peer, and ends the handle; see
    /// [`KeyExchange::finish`](crate::sm2::KeyExchange::finish).
    ///
    /// # Errors
    /// [`ExchangeError`].
    fn finish(
        self: Box<Self>,
        role: ExchangeRole,
        id: &[u8],
        peer: &ExchangePeer<'_>,
        key_bytes: usize,
    ) -> Result<ExchangedKey, ExchangeError>;
}

/// A handle of a secret for one SM2 key agreement.
pub trait AgreeSm2: Debug + Send {
    /// What the peer needs: `0x04`, x and y.
    fn public_key(&self) -> [u8; PUBLIC_KEY_BYTES];

    /// Agrees with the peer, and ends the handle.
    ///
    /// # Errors
    /// [`AgreeError`].
    fn agree(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, AgreeError>;
}

/// A handle of an SM3 digest that is not at its end.
pub trait HashSm3: Debug + Send + Sync {
    /// Takes the next bytes.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails; the digest is then of no use.
    fn update(&mut self, bytes: &[u8]) -> Result<(), ModuleError>;

    /// The digest of what came so far; more may follow.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn digest(&self) -> Result<[u8; 32], ModuleError>;
}

/// A handle of an HMAC-SM3 key.
pub trait MacSm3: Debug + Send + Sync {
    /// The tag of the concatenation of `parts`.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn mac(&self, parts: &[&[u8]]) -> Result<[u8; 32], ModuleError>;

    /// Whether `tag` is the full tag of `parts`, in constant time.
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails; the tag is then not to be accepted.
    fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> Result<bool, ModuleError>;

    /// The tag of `head` and the first `body_bytes` of `body` without a hint of how many those are;
    /// see [`HmacSm3::mac_hiding_length`](crate::hmac::HmacSm3::mac_hiding_length).
    ///
    /// # Errors
    /// [`ModuleError`] when the module fails.
    fn mac_hiding_length(
        &self,
        head: &[u8],
        body: &[u8],
        body_bytes: usize,
        body_bytes_min: usize,
    ) -> Result<[u8; 32], ModuleError>;
}

/// A handle of an SM4 key.
pub trait CipherSm4: Debug + Send + Sync {
    /// See [`sm4::gcm::seal`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn gcm_seal(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError>;

    /// See [`sm4::gcm::open`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn gcm_open(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError>;

    /// See [`sm4::cbc::encrypt`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn cbc_encrypt(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError>;

    /// See [`sm4::cbc::decrypt`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn cbc_decrypt(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError>;

    /// Over the caller's buffer, without an allocation; see [`sm4::gcm::seal_in_place`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn gcm_seal_in_place(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; sm4::gcm::TAG_BYTES], CipherError>;

    /// Over the caller's buffer, without an allocation; see [`sm4::gcm::open_in_place`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn gcm_open_in_place(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; sm4::gcm::TAG_BYTES],
    ) -> Result<(), CipherError>;

    /// Over the caller's buffer, without padding; see [`sm4::cbc::encrypt_blocks`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn cbc_encrypt_blocks(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        blocks: &mut [[u8; sm4::BLOCK_BYTES]],
    ) -> Result<(), CipherError>;

    /// Over the caller's buffer, without padding; see [`sm4::cbc::decrypt_blocks`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn cbc_decrypt_blocks(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        blocks: &mut [[u8; sm4::BLOCK_BYTES]],
    ) -> Result<(), CipherError>;

    /// See [`sm4::ctr::apply`].
    ///
    /// # Errors
    /// [`CipherError`].
    fn ctr_apply(&self, iv: &[u8; sm4::BLOCK_BYTES], text: &mut [u8]) -> Result<(), CipherError>;
}
