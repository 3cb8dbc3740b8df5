//! SM4, the block cipher of GB/T 32907-2016, in the modes that the platform uses.
//!
//! [`gcm`] is what new code takes: it encrypts and authenticates. [`cbc`] and [`ctr`] only encrypt,
//! and are here for formats that ask for them; whoever uses them authenticates the ciphertext and
//! checks that first.
//!
//! Clauses: CJ-4.2.2.b, JR-6.1.4.a, JR-6.1.8.b.

pub mod cbc;
pub mod ctr;
pub mod gcm;

use crate::rng::{self, RngError};
use ::sm4::Sm4;
use aes_gcm::{AesGcm, KeyInit};
use core::fmt;
use rand_core::TryCryptoRng;
use zeroize::{Zeroize, ZeroizeOnDrop};

/// Length of a key in bytes.
pub const KEY_BYTES: usize = 16;

/// Length of a block, and of the initial vector of CBC and CTR, in bytes.
pub const BLOCK_BYTES: usize = 16;

/// Longest text of one call, in bytes: 1 GiB.
///
/// It stops a stranger's length field from making one call hold a processor for minutes, and keeps
/// far away from the 64 GiB where the counter of GCM would start over.
pub const TEXT_BYTES_MAX: usize = 1 << 30;

/// An SM4 key: 16 secret bytes that are erased when dropped and never printed.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Key([u8; KEY_BYTES]);

impl Key {
    /// A fresh key.
    ///
    /// # Errors
    /// [`RngError`] when the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut key = Self([0; KEY_BYTES]);
        rng::fill(rng, &mut key.0)?;
        Ok(key)
    }

    /// The secret bytes, for wrapping them under another key.
    #[must_use]
    pub fn dangerous_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }
}

impl From<[u8; KEY_BYTES]> for Key {
    fn from(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sm4::Key(redacted)")
    }
}

/// The GCM of NIST SP 800-38D over SM4, as RFC 8998 defines it. The type is called after AES and
/// generic over the cipher; GCM asks only for a block of 128 bits, and the type checks that.
type Sm4Gcm = AesGcm<Sm4, cipher::consts::U12>;

/// An expanded key: make it once, use it for many texts. Erased when dropped.
#[derive(Clone)]
pub struct Cipher {
    block: Sm4,
    gcm: Sm4Gcm,
}

impl Cipher {
    /// Expands `key`.
    #[must_use]
    pub fn new(key: &Key) -> Self {
        let block = Sm4::new(&key.0.into());
        Self {
            gcm: Sm4Gcm::from(block.clone()),
            block,
        }
    }
}

impl fmt::Debug for Cipher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("sm4::Cipher(redacted)")
    }
}

/// The text is longer than [`TEXT_BYTES_MAX`].
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("SM4 takes at most {TEXT_BYTES_MAX} bytes in one call")]
pub struct TextTooLong;

/// The ciphertext was refused; why is deliberately not told, since each hint would help to forge.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the SM4 ciphertext was refused")]
pub struct OpenError;

fn within_limit(text: &[u8]) -> Result<(), TextTooLong> {
    if text.len() > TEXT_BYTES_MAX {
        Err(TextTooLong)
    } else {
        Ok(())
    }
}
