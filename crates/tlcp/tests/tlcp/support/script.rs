//! Sessions written down: what went over the wire, what was said inside, and all the randomness of
//! our side with its ephemeral keys, so that a session with a foreign peer can be had again without
//! the peer.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use hefu_gm::provider::{
    self, AgreeSm2, CipherSm4, DecryptSm2, ExchangeSm2, HashSm3, MacSm3, ModuleError, Provider,
    SignSm2,
};
use hefu_gm::rng::{RngError, SystemRng};
use hefu_gm::sm2::{
    DecryptError, DecryptionKey, EncryptError, EncryptionKey, PrivateKey, Signature, VerifyError,
    VerifyingKey,
};
use hefu_gm::{Zeroizing, sm4};
use rand_core::{TryCryptoRng, TryRng};

/// One thing that happened.
#[derive(Debug, PartialEq)]
pub(crate) enum Step {
    /// Bytes came from the peer.
    In(Vec<u8>),
    /// Bytes went to the peer.
    Out(Vec<u8>),
    /// The application read this.
    Hear(Vec<u8>),
    /// The application wrote this.
    Say(Vec<u8>),
}

/// A session.
#[derive(Debug, Default)]
pub(crate) struct Recording {
    /// When it was, in Unix seconds.
    pub(crate) now_s: i64,
    /// Randomness, ephemeral keys and SM2 ciphertexts of our side, in the order of their use.
    pub(crate) randomness: Vec<Vec<u8>>,
    /// What happened.
    pub(crate) steps: Vec<Step>,
}

impl Recording {
    /// One line a thing, its bytes in hexadecimal.
    pub(crate) fn to_text(&self) -> String {
        let mut text = format!("now {}\n", self.now_s);
        let mut line = |word: &str, bytes: &[u8]| {
            // Writing to a String cannot fail.
            let _ = writeln!(text, "{word} {}", hex::encode(bytes));
        };
        self.randomness
            .iter()
            .for_each(|bytes| line("random", bytes));
        for step in &self.steps {
            match step {
                Step::In(bytes) => line("in", bytes),
                Step::Out(bytes) => line("out", bytes),
                Step::Hear(bytes) => line("hear", bytes),
                Step::Say(bytes) => line("say", bytes),
            }
        }
        text
    }

    /// Reads [`to_text`](Self::to_text); `None` if it is not that.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let mut recording = Self::default();
        for line in text.lines() {
            let (word, rest) = line.split_once(' ')?;
            if word == "now" {
                recording.now_s = rest.parse().ok()?;
                continue;
            }
            let bytes = hex::decode(rest).ok()?;
            match word {
                "random" => recording.randomness.push(bytes),
                "in" => recording.steps.push(Step::In(bytes)),
                "out" => recording.steps.push(Step::Out(bytes)),
                "hear" => recording.steps.push(Step::Hear(bytes)),
                "say" => recording.steps.push(Step::Say(bytes)),
                _ => return None,
            }
        }
        Some(recording)
    }
}

/// The software provider, with its randomness written down or taken from what was.
#[derive(Debug)]
pub(crate) struct Scripted {
    inner: Arc<dyn Provider>,
    script: Arc<Script>,
}

/// What was used, and what is to be used.
#[derive(Debug, Default)]
struct Script {
    written: Mutex<Vec<Vec<u8>>>,
    given: Option<Mutex<VecDeque<Vec<u8>>>>,
}

impl Scripted {
    /// Writes down.
    pub(crate) fn recording() -> Self {
        Self {
            inner: provider::software(),
            script: Arc::default(),
        }
    }

    /// Gives what was written down.
    pub(crate) fn replaying(randomness: Vec<Vec<u8>>) -> Self {
        Self {
            script: Arc::new(Script {
                given: Some(Mutex::new(randomness.into())),
                ..Script::default()
            }),
            ..Self::recording()
        }
    }

    /// What was used so far.
    pub(crate) fn used(&self) -> Vec<Vec<u8>> {
        let written = self.script.written.lock();
        written.unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Script {
    /// The next piece: as it was written down, or made now.
    fn next<E>(&self, make: impl FnOnce() -> Result<Vec<u8>, E>) -> Result<Vec<u8>, E> {
        let given = self.given.as_ref().and_then(|given| {
            given
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .pop_front()
        });
        let bytes = given.map_or_else(make, Ok)?;
        let mut written = self.written.lock().unwrap_or_else(PoisonError::into_inner);
        written.push(bytes.clone());
        Ok(bytes)
    }

    fn fill(&self, out: &mut [u8]) -> Result<(), RngError> {
        let bytes = self.next(|| {
            let mut fresh = vec![0; out.len()];
            SystemRng.try_fill_bytes(&mut fresh).map(|()| fresh)
        })?;
        if bytes.len() != out.len() {
            return Err(RngError);
        }
        out.copy_from_slice(&bytes);
        Ok(())
    }
}

/// The script as a generator, for ephemeral keys.
struct ScriptRng<'a>(&'a Script);

impl TryRng for ScriptRng<'_> {
    type Error = RngError;

    fn try_next_u32(&mut self) -> Result<u32, RngError> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes).map(|()| u32::from_be_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, RngError> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes).map(|()| u64::from_be_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RngError> {
        self.0.fill(out)
    }
}

impl TryCryptoRng for ScriptRng<'_> {}

/// A decryption key whose exchanges have their ephemeral keys from the script.
#[derive(Debug)]
struct ScriptedKey {
    key: DecryptionKey,
    script: Arc<Script>,
}

impl DecryptSm2 for ScriptedKey {
    fn encryption_key(&self) -> &EncryptionKey {
        self.key.encryption_key()
    }

    fn decrypt(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        self.key.decrypt(ciphertext)
    }

    fn decrypt_der(&self, ciphertext: &[u8]) -> Result<Zeroizing<Vec<u8>>, DecryptError> {
        self.key.decrypt_der(ciphertext)
    }

    fn make_exchange(&self) -> Result<Box<dyn ExchangeSm2>, ModuleError> {
        let exchange = self.key.make_exchange(&mut ScriptRng(&self.script));
        Ok(Box::new(exchange.map_err(|_| ModuleError)?))
    }
}

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), RngError> {
        self.script.fill(out)
    }

    fn digest_sm3(&self, parts: &[&[u8]]) -> Result<[u8; 32], ModuleError> {
        self.inner.digest_sm3(parts)
    }

    fn hash_sm3(&self) -> Result<Box<dyn HashSm3>, ModuleError> {
        self.inner.hash_sm3()
    }

    fn mac_key(&self, key: &[u8]) -> Result<Arc<dyn MacSm3>, ModuleError> {
        self.inner.mac_key(key)
    }

    fn cipher_key(&self, key: &sm4::Key) -> Result<Arc<dyn CipherSm4>, ModuleError> {
        self.inner.cipher_key(key)
    }

    fn verify_sm2(
        &self,
        key: &VerifyingKey,
        id: &[u8],
        message: &[u8],
        signature: &Signature,
    ) -> Result<(), VerifyError> {
        self.inner.verify_sm2(key, id, message, signature)
    }

    fn encrypt_sm2(&self, key: &EncryptionKey, plaintext: &[u8]) -> Result<Vec<u8>, EncryptError> {
        self.script.next(|| self.inner.encrypt_sm2(key, plaintext))
    }

    fn encrypt_sm2_der(
        &self,
        key: &EncryptionKey,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptError> {
        self.script
            .next(|| self.inner.encrypt_sm2_der(key, plaintext))
    }

    fn make_signing_key(&self) -> Result<Arc<dyn SignSm2>, ModuleError> {
        self.inner.make_signing_key()
    }

    fn signing_key(&self, key: PrivateKey) -> Result<Arc<dyn SignSm2>, ModuleError> {
        self.inner.signing_key(key)
    }

    fn make_decryption_key(&self) -> Result<Arc<dyn DecryptSm2>, ModuleError> {
        self.inner.make_decryption_key()
    }

    fn decryption_key(&self, key: PrivateKey) -> Result<Arc<dyn DecryptSm2>, ModuleError> {
        Ok(Arc::new(ScriptedKey {
            key: key.into(),
            script: Arc::clone(&self.script),
        }))
    }

    fn make_agreement(&self) -> Result<Box<dyn AgreeSm2>, ModuleError> {
        self.inner.make_agreement()
    }
}
