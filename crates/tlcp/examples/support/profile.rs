//! A provider that counts what it is asked for and how long that takes, by primitive.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use hefu_gm::Zeroizing;
use hefu_gm::provider::{
    AgreeSm2, CipherError, CipherSm4, DecryptSm2, ExchangeSm2, HashSm3, MacSm3, ModuleError,
    Provider, SignSm2,
};
use hefu_gm::rng::RngError;
use hefu_gm::sm2::{
    DecryptError, EncryptError, EncryptionKey, ExchangeError, ExchangePeer, ExchangeRole,
    ExchangedKey, PUBLIC_KEY_BYTES, PrivateKey, SignError, Signature, VerifyError, VerifyingKey,
};
use hefu_gm::sm4::{self, gcm};
use hefu_tally::clock::Stopwatch;
use hefu_tlcp::{Identity, IdentityError};

/// What a handshake is made of.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Primitive {
    Sm2Sign,
    Sm2Verify,
    Sm2Encrypt,
    Sm2Decrypt,
    Sm2Exchange,
    Sm3,
    HmacSm3,
    Sm4Key,
    Sm4,
    Random,
}

impl Primitive {
    pub(crate) const ALL: [Self; 10] = [
        Self::Sm2Sign,
        Self::Sm2Verify,
        Self::Sm2Encrypt,
        Self::Sm2Decrypt,
        Self::Sm2Exchange,
        Self::Sm3,
        Self::HmacSm3,
        Self::Sm4Key,
        Self::Sm4,
        Self::Random,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Sm2Sign => "SM2 sign",
            Self::Sm2Verify => "SM2 verify",
            Self::Sm2Encrypt => "SM2 encrypt",
            Self::Sm2Decrypt => "SM2 decrypt",
            Self::Sm2Exchange => "SM2 exchange, both halves",
            Self::Sm3 => "SM3 of messages, a piece",
            Self::HmacSm3 => "HMAC-SM3 (PRF, records)",
            Self::Sm4Key => "SM4 key expansion",
            Self::Sm4 => "SM4 of a record",
            Self::Random => "randomness",
        }
    }
}

/// How often, and for how long in all.
pub(crate) type Ledger = Arc<Mutex<[(u64, Duration); Primitive::ALL.len()]>>;

/// Notes how long `work` takes; a second half of the same thing is not counted anew.
fn note<T>(ledger: &Ledger, primitive: Primitive, counts: bool, work: impl FnOnce() -> T) -> T {
    let watch = Stopwatch::start();
    let done = work();
    let took = watch.elapsed();
    let mut ledger = ledger.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(place) = Primitive::ALL.iter().position(|known| *known == primitive)
        && let Some((count, total)) = ledger.get_mut(place)
    {
        *count += u64::from(counts);
        *total += took;
    }
    done
}

/// A provider with a ledger.
#[derive(Debug)]
pub(crate) struct Profiled {
    inner: Arc<dyn Provider>,
    ledger: Ledger,
}

/// A handle with a ledger.
#[derive(Debug)]
struct Noted<T> {
    inner: T,
    ledger: Ledger,
}

impl Profiled {
    pub(crate) fn new(inner: Arc<dyn Provider>) -> Self {
        Self {
            inner,
            ledger: Ledger::default(),
        }
    }

    /// What was noted since the last time.
    pub(crate) fn take(&self) -> Vec<(Primitive, u64, Duration)> {
        let noted =
            std::mem::take(&mut *self.ledger.lock().unwrap_or_else(PoisonError::into_inner));
        let rows = Primitive::ALL.into_iter().zip(noted);
        rows.map(|(primitive, (count, total))| (primitive, count, total))
            .collect()
    }

    /// The same identity, whose keys are noted.
    pub(crate) fn identity(&self, identity: &Identity) -> Result<Identity, IdentityError> {
        let sign = identity.certificates().first().cloned();
        let (Some(sign), Some((certificate, key))) = (sign, identity.encryption()) else {
            return Err(IdentityError::SigningUsage);
        };
        Identity::new(
            (sign, self.noted_sign(Arc::clone(identity.signing_key()))),
            (certificate.clone(), self.noted_decrypt(Arc::clone(key))),
            Vec::new(),
        )
    }

    fn noted<T>(&self, inner: T) -> Noted<T> {
        Noted {
            inner,
            ledger: Arc::clone(&self.ledger),
        }
    }

    fn noted_sign(&self, inner: Arc<dyn SignSm2>) -> Arc<dyn SignSm2> {
        Arc::new(self.noted(inner))
    }

    fn noted_decrypt(&self, inner: Arc<dyn DecryptSm2>) -> Arc<dyn DecryptSm2> {
        Arc::new(self.noted(inner))
    }

    fn note<T>(&self, primitive: Primitive, work: impl FnOnce() -> T) -> T {
        note(&self.ledger, primitive, true, work)
    }
}

impl<T> Noted<T> {
    fn note<R>(&self, primitive: Primitive, work: impl FnOnce() -> R) -> R {
        note(&self.ledger, primitive, true, work)
    }
}

impl Provider for Profiled {
    fn name(&self) -> &str {
        self.inner.name()
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), RngError> {
        self.note(Primitive::Random, || self.inner.fill_random(out))
    }

    fn digest_sm3(&self, parts: &[&[u8]]) -> Result<[u8; 32], ModuleError> {
        self.note(Primitive::Sm3, || self.inner.digest_sm3(parts))
    }

    fn hash_sm3(&self) -> Result<Box<dyn HashSm3>, ModuleError> {
        Ok(Box::new(self.noted(self.inner.hash_sm3()?)))
    }

    fn mac_key(&self, key: &[u8]) -> Result<Arc<dyn MacSm3>, ModuleError> {
        let key = self.note(Primitive::HmacSm3, || self.inner.mac_key(key))?;
        Ok(Arc::new(self.noted(key)))
    }

    fn cipher_key(&self, key: &sm4::Key) -> Result<Arc<dyn CipherSm4>, ModuleError> {
        let key = self.note(Primitive::Sm4Key, || self.inner.cipher_key(key))?;
        Ok(Arc::new(self.noted(key)))
    }

    fn verify_sm2(
        &self,
        key: &VerifyingKey,
        id: &[u8],
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), VerifyError> {
        let verify = || self.inner.verify_sm2(key, id, message, signature);
        self.note(Primitive::Sm2Verify, verify)
    }

    fn encrypt_sm2(&self, key: &EncryptionKey, plaintext: &[u8]) -> Result<Vec<u8>, EncryptError> {
        let encrypt = || self.inner.encrypt_sm2(key, plaintext);
        self.note(Primitive::Sm2Encrypt, encrypt)
    }

    fn encrypt_sm2_der(
        &self,
        key: &EncryptionKey,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptError> {
        let encrypt = || self.inner.encrypt_sm2_der(key, plaintext);
        self.note(Primitive::Sm2Encrypt, encrypt)
    }

    fn make_signing_key(&self) -> Result<Arc<dyn SignSm2>, ModuleError> {
        self.inner
            .make_signing_key()
            .map(|key| self.noted_sign(key))
    }

    fn signing_key(&self, key: PrivateKey) -> Result<Arc<dyn SignSm2>, ModuleError> {
        self.inner.signing_key(key).map(|key| self.noted_sign(key))
    }

    fn make_decryption_key(&self) -> Result<Arc<dyn DecryptSm2>, ModuleError> {
        let key = self.inner.make_decryption_key()?;
        Ok(self.noted_decrypt(key))
    }

    fn decryption_key(&self, key: PrivateKey) -> Result<Arc<dyn DecryptSm2>, ModuleError> {
        let key = self.inner.decryption_key(key)?;
        Ok(self.noted_decrypt(key))
    }

    fn make_agreement(&self) -> Result<Box<dyn AgreeSm2>, ModuleError> {
        self.inner.make_agreement()
    }
}

impl SignSm2 for Noted<Arc<dyn SignSm2>> {
    fn verifying_key(&self) -> &VerifyingKey {
        self.inner.verifying_key()
    }

    fn sign(&self, id: &[u8], message: &[u8]) -> Result<Signature, SignError> {
        self.note(Primitive::Sm2Sign, || self.inner.sign(id, message))
    }
}

impl DecryptSm2 for Noted<Arc<dyn DecryptSm2>> {
    fn encryption_key(&self) -> &EncryptionKey {
        self.inner.encryption_key()
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        self.note(Primitive::Sm2Decrypt, || self.inner.decrypt(ciphertext))
    }

    fn decrypt_der(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        self.note(Primitive::Sm2Decrypt, || self.inner.decrypt_der(ciphertext))
    }

    fn make_exchange(&self) -> Result<Box<dyn ExchangeSm2>, ModuleError> {
        let inner = self.note(Primitive::Sm2Exchange, || self.inner.make_exchange())?;
        Ok(Box::new(Noted {
            inner,
            ledger: Arc::clone(&self.ledger),
        }))
    }
}

impl ExchangeSm2 for Noted<Box<dyn ExchangeSm2>> {
    fn ephemeral_key(&self) -> [u8; PUBLIC_KEY_BYTES] {
        self.inner.ephemeral_key()
    }

    fn finish(
        self: Box<Self>,
        role: ExchangeRole,
        id: &[u8],
        peer: &ExchangePeer<'_>,
        key_bytes: usize,
    ) -> Result<ExchangedKey, ExchangeError> {
        let Self { inner, ledger } = *self;
        note(&ledger, Primitive::Sm2Exchange, false, || {
            inner.finish(role, id, peer, key_bytes)
        })
    }
}

impl HashSm3 for Noted<Box<dyn HashSm3>> {
    fn update(&mut self, bytes: &[u8]) -> Result<(), ModuleError> {
        let Self { inner, ledger } = self;
        note(ledger, Primitive::Sm3, true, || inner.update(bytes))
    }

    fn digest(&self) -> Result<[u8; 32], ModuleError> {
        self.note(Primitive::Sm3, || self.inner.digest())
    }
}

impl MacSm3 for Noted<Arc<dyn MacSm3>> {
    fn mac(&self, parts: &[&[u8]]) -> Result<[u8; 32], ModuleError> {
        self.note(Primitive::HmacSm3, || self.inner.mac(parts))
    }

    fn verify(&self, parts: &[&[u8]], tag: &[u8]) -> Result<bool, ModuleError> {
        self.note(Primitive::HmacSm3, || self.inner.verify(parts, tag))
    }

    fn mac_hiding_length(
        &self,
        head: &[u8],
        body: &[u8],
        body_bytes: usize,
        body_bytes_min: usize,
    ) -> Result<[u8; 32], ModuleError> {
        self.note(Primitive::HmacSm3, || {
            self.inner
                .mac_hiding_length(head, body, body_bytes, body_bytes_min)
        })
    }
}

impl CipherSm4 for Noted<Arc<dyn CipherSm4>> {
    fn gcm_seal(
        &self,
        nonce: &[u8; gcm::NONCE_BYTES],
        aad: &[u8],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        let seal = || self.inner.gcm_seal(nonce, aad, plaintext);
        self.note(Primitive::Sm4, seal)
    }

    fn gcm_open(
        &self,
        nonce: &[u8; gcm::NONCE_BYTES],
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        self.note(Primitive::Sm4, || self.inner.gcm_open(nonce, aad, sealed))
    }

    fn cbc_encrypt(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        plaintext: &[u8],
    ) -> Result<Vec<u8>, CipherError> {
        self.note(Primitive::Sm4, || self.inner.cbc_encrypt(iv, plaintext))
    }

    fn cbc_decrypt(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        ciphertext: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, CipherError> {
        self.note(Primitive::Sm4, || self.inner.cbc_decrypt(iv, ciphertext))
    }

    fn gcm_seal_in_place(
        &self,
        nonce: &[u8; gcm::NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
    ) -> Result<[u8; gcm::TAG_BYTES], CipherError> {
        let seal = || self.inner.gcm_seal_in_place(nonce, aad, text);
        self.note(Primitive::Sm4, seal)
    }

    fn gcm_open_in_place(
        &self,
        nonce: &[u8; gcm::NONCE_BYTES],
        aad: &[u8],
        text: &mut [u8],
        tag: &[u8; gcm::TAG_BYTES],
    ) -> Result<(), CipherError> {
        let open = || self.inner.gcm_open_in_place(nonce, aad, text, tag);
        self.note(Primitive::Sm4, open)
    }

    fn cbc_encrypt_blocks(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        blocks: &mut [[u8; sm4::BLOCK_BYTES]],
    ) -> Result<(), CipherError> {
        let encrypt = || self.inner.cbc_encrypt_blocks(iv, blocks);
        self.note(Primitive::Sm4, encrypt)
    }

    fn cbc_decrypt_blocks(
        &self,
        iv: &[u8; sm4::BLOCK_BYTES],
        blocks: &mut [[u8; sm4::BLOCK_BYTES]],
    ) -> Result<(), CipherError> {
        let decrypt = || self.inner.cbc_decrypt_blocks(iv, blocks);
        self.note(Primitive::Sm4, decrypt)
    }

    fn ctr_apply(&self, iv: &[u8; sm4::BLOCK_BYTES], text: &mut [u8]) -> Result<(), CipherError> {
        self.note(Primitive::Sm4, || self.inner.ctr_apply(iv, text))
    }
}
