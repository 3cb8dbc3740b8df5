//! Sessions written down: what went over the wire, what was said inside, and all the randomness of
//! our side, so that a session with a foreign peer can be had again without the peer.

use std::collections::VecDeque;
use std::fmt::Write as _;
use std::sync::{Arc, Mutex, PoisonError};

use hefu_gm::provider::{
    self, AgreeSm2, CipherSm4, DecryptSm2, HashSm3, MacSm3, ModuleError, Provider, SignSm2,
};
use hefu_gm::rng::RngError;
use hefu_gm::sm2::{EncryptError, EncryptionKey, PrivateKey, Signature, VerifyError, VerifyingKey};
use hefu_gm::sm4;

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
    /// Randomness and SM2 ciphertexts of our side, in the order of their use.
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
    written: Mutex<Vec<Vec<u8>>>,
    given: Option<Mutex<VecDeque<Vec<u8>>>>,
}

impl Scripted {
    /// Writes down.
    pub(crate) fn recording() -> Self {
        Self {
            inner: provider::software(),
            written: Mutex::default(),
            given: None,
        }
    }

    /// Gives what was written down.
    pub(crate) fn replaying(randomness: Vec<Vec<u8>>) -> Self {
        Self {
            given: Some(Mutex::new(randomness.into())),
            ..Self::recording()
        }
    }

    /// What was used so far.
    pub(crate) fn used(&self) -> Vec<Vec<u8>> {
        self.written
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

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
}

impl Provider for Scripted {
    fn name(&self) -> &'static str {
        "scripted"
    }

    fn fill_random(&self, out: &mut [u8]) -> Result<(), RngError> {
        let bytes = self.next(|| {
            let mut fresh = vec![0; out.len()];
            self.inner.fill_random(&mut fresh).map(|()| fresh)
        })?;
        out.copy_from_slice(&bytes);
        Ok(())
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
        self.next(|| self.inner.encrypt_sm2(key, plaintext))
    }

    fn encrypt_sm2_der(
        &self,
        key: &EncryptionKey,
        plaintext: &[u8],
    ) -> Result<Vec<u8>, EncryptError> {
        self.next(|| self.inner.encrypt_sm2_der(key, plaintext))
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
        self.inner.decryption_key(key)
    }

    fn make_agreement(&self) -> Result<Box<dyn AgreeSm2>, ModuleError> {
        self.inner.make_agreement()
    }
}
