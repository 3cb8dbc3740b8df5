//! The provider of this crate: RustCrypto's arithmetic in the process's own memory.

use super::{
    AgreeSm2, CipherError, CipherSm4, DecryptSm2, ExchangeSm2, HashSm3, MacSm3, ModuleError,
    Provider, SignSm2,
};
use crate::hmac::HmacSm3;
use crate::rng::{self, RngError, SystemRng};
use crate::sm2::{
    self, AgreeError, DecryptError, DecryptionKey, EncryptError, EncryptionKey, EphemeralSecret,
    ExchangeError, ExchangePeer, ExchangeRole, ExchangedKey, KeyExchange, PUBLIC_KEY_BYTES,
    PrivateKey, SharedSecret, SignError, Signature, SigningKey, VerifyError, VerifyingKey,
};
use crate::{sm3, sm4};
use std::sync::Arc;
use zeroize::Zeroizing;

/// The provider of this crate, which is not a certified module.
#[must_use]
pub fn software() -> Arc<dyn Provider> {
    Arc::new(Software)
}

#[derive(Debug)]
struct Software;

impl Provider for Software {
    fn name(&self) -> &'static str {
        "software"
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), RngError> {
        rng::fill(&mut SystemRng, out)
    }

    fn digest_sm3(&self, parts: &[&[u8]]) -> Result<[u8; 32], ModuleError> {
        Ok(sm3::digest(parts))
    }

    fn hash_sm3(&self) -> Result<Box<dyn HashSm3>, ModuleError> {
        Ok(Box::new(sm3::Sm3::new()))
    }

    fn mac_key(&self, key: &[u8]) -> Result<Arc<dyn MacSm3>, ModuleError> {
        Ok(Arc::new(HmacSm3::new(key)))
    }

    fn cipher_key(&self, key: &sm4::Key) -> Result<Arc<dyn CipherSm4>, ModuleError> {
        Ok(Arc::new(sm4::Cipher::new(key)))
    }

    fn verify_sm2(
        &self,
        key: &VerifyingKey,
        id: &[u8],
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), VerifyError> {
        key.verify(id, message, signature)
    }

    fn encrypt_sm2(&self, key: &EncryptionKey, plaintext: &[u8]) -> Result<Vec<u8>, EncryptError> {
        key.encrypt(&mut SystemRng, plaintext)
    }

    fn encrypt_sm2_der(
        &self,
        key: &EncryptionKey,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptError> {
        key.encrypt_der(&mut SystemRng, plaintext)
    }

    fn make_signing_key(&self) -> Result<Arc<dyn SignSm2>, ModuleError> {
        Ok(Arc::new(
            SigningKey::make(&mut SystemRng).map_err(|_| ModuleError)?,
        ))
    }

    fn signing_key(&self, key: PrivateKey) -> Result<Arc<dyn SignSm2>, ModuleError> {
        Ok(Arc::new(SigningKey::from(key)))
    }

    fn make_decryption_key(&self) -> Result<Arc<dyn DecryptSm2>, ModuleError> {
        Ok(Arc::new(
            DecryptionKey::make(&mut SystemRng).map_err(|_| ModuleError)?,
        ))
    }

    fn decryption_key(&self, key: PrivateKey) -> Result<Arc<dyn DecryptSm2>, ModuleError> {
        Ok(Arc::new(DecryptionKey::from(key)))
    }

    fn make_agreement(&self) -> Result<Box<dyn AgreeSm2>, ModuleError> {
        Ok(Box::new(
            EphemeralSecret::make(&mut SystemRng).map_err(|_| ModuleError)?,
        ))
    }
}

impl SignSm2 for SigningKey {
    fn verifying_key(&self) -> &VerifyingKey {
        Self::verifying_key(self)
    }

    fn sign(&self, id: &[u8], message: &[u8]) -> Result<Signature, SignError> {
        Self::sign(self, id, message)
    }
}

impl DecryptSm2 for DecryptionKey {
    fn encryption_key(&self) -> &EncryptionKey {
        Self::encryption_key(self)
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        Self::decrypt(self, ciphertext)
    }

    fn decrypt_der(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        Self::decrypt_der(self, ciphertext)
    }

    fn make_exchange(&self) -> Result<Box<dyn ExchangeSm2>, ModuleError> {
        let exchange = Self::make_exchange(self, &mut SystemRng).map_err(|_| ModuleError)?;
        Ok(Box::new(exchange))
    }
}

impl ExchangeSm2 for KeyExchange {
    fn ephemeral_key(&self) -> [u8; PUBLIC_KEY_BYTES] {
        Self::ephemeral_key(self)
    }

    fn finish(
        self: Box<Self>,
        role: ExchangeRole,
        id: &[u8],
        peer: &ExchangePeer<'_>,
        key_bytes: usize,
    ) -> Result<ExchangedKey, ExchangeError> {
        Self::finish(*self, role, id, peer, key_bytes)
    }
}

impl AgreeSm2 for EphemeralSecret {
    fn public_key(&self) -> [u8; PUBLIC_KEY_BYTES] {
        Self::public_key(self)
    }

    fn agree(self: Box<Self>, peer: &[u8]) -> Result<SharedSecret, AgreeError> {
        sm2::agree(*self, peer)
    }
}

impl HashSm3 for sm3::Sm3 {
    fn update(&mut self, bytes: &[u8]) -> Result<(), ModuleError> {
        Self::update(self, bytes);
        Ok(())
    }

    fn digest(&self) -> Result<[u8; 32], ModuleError> {
        Ok(self.clone().finalize())
    }
}

impl MacSm3 for HmacSm3 {
    fn mac(&self, parts: &[&[u8]]) -> Result<[u8; 32], ModuleError> {
        Ok(Self::mac(self, parts))
    }

    fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> Result<bool, ModuleError> {
        Ok(Self::verify(self, parts, tag))
    }

    fn mac_hiding_length(
        &self,
        head: &[u8],
        body: &[u8],
        body_bytes: usize,
        body_bytes_min: usize,
    ) -> Result<[u8; 32], ModuleError> {
        Ok(Self::mac_hiding_length(
            self,
            head,
            body,
            body_bytes,
            body_bytes_min,
        ))
    }
}

impl CipherSm4 for sm4::Cipher {
    fn gcm_seal(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        Ok(sm4::gcm::seal(self, nonce, aad, plaintext)?)
    }

    fn gcm_open(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        Ok(sm4::gcm::open(self, nonce, aad, sealed)?)
    }

    fn cbc_encrypt(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        Ok(sm4::cbc::encrypt(self, iv, plaintext)?)
    }

    fn cbc_decrypt(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        Ok(sm4::cbc::decrypt(self, iv, ciphertext)?)
    }

    fn gcm_seal_in_place(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; sm4::gcm::TAG_BYTES], CipherError> {
        Ok(sm4::gcm::seal_in_place(self, nonce, aad, text)?)
    }

    fn gcm_open_in_place(
        &self,
        nonce: &[u8; sm4::gcm::NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; sm4::gcm::TAG_BYTES],
    ) -> Result<(), CipherError> {
        Ok(sm4::gcm::open_in_place(self, nonce, aad, text, tag)?)
    }

    fn cbc_encrypt_blocks(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        blocks: &mut [[u8; sm4::BLOCK_BYTES]],
    ) -> Result<(), CipherError> {
        Ok(sm4::cbc::encrypt_blocks(self, iv, blocks)?)
    }

    fn cbc_decrypt_blocks(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        blocks: &mut [[u8; sm4::BLOCK_BYTES]],
    ) -> Result<(), CipherError> {
        Ok(sm4::cbc::decrypt_blocks(self, iv, blocks)?)
    }

    fn ctr_apply(&self, iv: &[u8; sm4::BLOCK_BYTES], text: &mut [u8]) -> Result<(), CipherError> {
        Ok(sm4::ctr::apply(self, iv, text)?)
    }
}
