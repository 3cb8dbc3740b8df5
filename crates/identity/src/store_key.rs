//! The key under which secrets lie in the store.
//!
//! Clauses: JR-6.1.4.b, CJ-4.2.2.b.

use std::fmt;

use hefu_gm::{
    Zeroizing, hkdf,
    hmac::HmacSm3,
    rng::{self, RngError},
    sm4::{self, gcm},
};
use rand_core::TryCryptoRng;

/// Length of the key in bytes.
pub(crate) const STORE_KEY_BYTES: usize = 32;

/// The one secret that whoever has only the store's files lacks. It lives outside of the store:
/// in the configuration, sealed, or in a key service. Erased when dropped, never printed.
///
/// Each purpose has a key of its own, derived from this one.
#[derive(Clone)]
pub struct StoreKey(Zeroizing<[u8; STORE_KEY_BYTES]>);

/// What was sealed does not open: it was altered, or it is another key's, or another row's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a secret in the store does not open")]
pub(crate) struct SealBroken;

impl StoreKey {
    /// A fresh key.
    ///
    /// # Errors
    /// When the generator fails.
    pub fn make(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<Self, RngError> {
        let mut key = Zeroizing::new([0; STORE_KEY_BYTES]);
        rng::fill(rng, key.as_mut_slice())?;
        Ok(Self(key))
    }

    /// A key that was kept elsewhere.
    #[must_use]
    pub const fn from_bytes(bytes: Zeroizing<[u8; STORE_KEY_BYTES]>) -> Self {
        Self(bytes)
    }

    /// The secret bytes, for keeping them elsewhere.
    #[must_use]
    pub fn dangerous_bytes(&self) -> &[u8; STORE_KEY_BYTES] {
        &self.0
    }

    pub(crate) fn mac_for(&self, purpose: &[u8]) -> HmacSm3 {
        HmacSm3::new(self.derive::<32>(purpose).as_slice())
    }

    pub(crate) fn sealer_for(&self, purpose: &[u8]) -> Sealer {
        Sealer(sm4::Cipher::new(&sm4::Key::from(
            *self.derive::<{ sm4::KEY_BYTES }>(purpose),
        )))
    }

    #[expect(
        clippy::expect_used,
        reason = "HKDF gives 8,160 bytes; 32 are asked for at most"
    )]
    fn derive<const BYTES: usize>(&self, purpose: &[u8]) -> Zeroizing<[u8; BYTES]> {
        let mut key = Zeroizing::new([0; BYTES]);
        hkdf::derive(
            self.0.as_slice(),
            b"hefu/1 store",
            purpose,
            key.as_mut_slice(),
        )
        .expect("the output is short");
        key
    }
}

impl fmt::Debug for StoreKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StoreKey(redacted)")
    }
}

/// Seals secrets for the store, each to the row it lies in.
#[derive(Debug)]
pub(crate) struct Sealer(sm4::Cipher);

impl Sealer {
    /// Nonce and ciphertext of `secret`, bound to `row`.
    ///
    /// The nonces are random: below 2^32 secrets for one store key, that is one login a second
    /// for 136 years.
    pub(crate) fn seal(
        &self,
        row: &[u8],
        secret: &[u8],
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Vec<u8>, RngError> {
        let mut nonce = [0; gcm::NONCE_BYTES];
        rng::fill(rng, &mut nonce)?;
        // A secret is some dozen bytes; the cipher's limit is a gigabyte.
        let sealed = gcm::seal(&self.0, &nonce, row, secret).map_err(|_| RngError)?;
        Ok([nonce.as_slice(), sealed.as_slice()].concat())
    }

    pub(crate) fn open(&self, row: &[u8], sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealBroken> {
        let (nonce, sealed) = sealed
            .split_first_chunk::<{ gcm::NONCE_BYTES }>()
            .ok_or(SealBroken)?;
        gcm::open(&self.0, nonce, row, sealed).map_err(|_| SealBroken)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    #[test]
    fn a_secret_opens_in_its_own_row_and_under_its_own_key_only() {
        let key = StoreKey::make(&mut SystemRng).unwrap();
        let sealer = key.sealer_for(b"test");
        let sealed = sealer.seal(b"row 1", b"secret", &mut SystemRng).unwrap();
        assert_eq!(*sealer.open(b"row 1", &sealed).unwrap(), b"secret");
        assert_eq!(sealer.open(b"row 2", &sealed).unwrap_err(), SealBroken);
        assert!(key.sealer_for(b"other").open(b"row 1", &sealed).is_err());
        let other = StoreKey::make(&mut SystemRng).unwrap();
        assert!(other.sealer_for(b"test").open(b"row 1", &sealed).is_err());
        for end in 0..sealed.len() {
            assert!(sealer.open(b"row 1", &sealed[..end]).is_err());
        }
        assert!(!sealed.windows(6).any(|part| part == b"secret"));
    }

    #[test]
    fn it_is_not_printed() {
        let key = StoreKey::from_bytes(Zeroizing::new([0x5a; 32]));
        assert_eq!(format!("{key:?}"), "StoreKey(redacted)");
        assert_eq!(key.dangerous_bytes(), &[0x5a; 32]);
    }
}
