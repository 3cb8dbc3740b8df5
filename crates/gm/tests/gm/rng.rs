//! Generators that fail, and how nothing is made from them.

use hefu_gm::rng::{RngError, SystemRng, fill};
use hefu_gm::sm2::{DecryptionKey, EncryptError, EphemeralSecret, PrivateKey, SigningKey};
use hefu_gm::sm4;
use rand_core::{TryCryptoRng, TryRng};
use std::convert::Infallible;

/// Gives this byte for ever.
struct Stuck(u8);

impl TryRng for Stuck {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        Ok(u32::from_ne_bytes([self.0; 4]))
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        Ok(u64::from_ne_bytes([self.0; 8]))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), Infallible> {
        out.fill(self.0);
        Ok(())
    }
}

impl TryCryptoRng for Stuck {}

/// Gives nothing.
struct Dead;

impl TryRng for Dead {
    type Error = RngError;

    fn try_next_u32(&mut self) -> Result<u32, RngError> {
        Err(RngError)
    }

    fn try_next_u64(&mut self) -> Result<u64, RngError> {
        Err(RngError)
    }

    fn try_fill_bytes(&mut self, _: &mut [u8]) -> Result<(), RngError> {
        Err(RngError)
    }
}

impl TryCryptoRng for Dead {}

fn all_fail(mut rng: impl TryCryptoRng) {
    let key = DecryptionKey::make(&mut SystemRng).unwrap();
    assert_eq!(PrivateKey::make(&mut rng).unwrap_err(), RngError);
    assert_eq!(SigningKey::make(&mut rng).unwrap_err(), RngError);
    assert_eq!(DecryptionKey::make(&mut rng).unwrap_err(), RngError);
    assert_eq!(EphemeralSecret::make(&mut rng).unwrap_err(), RngError);
    assert_eq!(
        key.encryption_key().encrypt(&mut rng, b"text"),
        Err(EncryptError::Rng(RngError))
    );
    assert_eq!(
        key.encryption_key().encrypt_der(&mut rng, b"text"),
        Err(EncryptError::Rng(RngError))
    );
}

#[test]
fn a_dead_generator_is_an_error() {
    all_fail(Dead);
    assert_eq!(fill(&mut Dead, &mut [0; 4]), Err(RngError));
    assert!(matches!(sm4::Key::make(&mut Dead), Err(RngError)));
}

/// Zero is no scalar and all ones is above the order: a generator stuck there must not hang us.
#[test]
fn a_stuck_generator_is_an_error() {
    all_fail(Stuck(0));
    all_fail(Stuck(0xff));
}

#[test]
fn the_system_generator_gives_different_bytes() {
    let mut seen = [[0; 32]; 2];
    for out in &mut seen {
        fill(&mut SystemRng, out).unwrap();
    }
    assert_ne!(seen[0], seen[1]);
    assert_ne!(SystemRng.try_next_u64(), SystemRng.try_next_u64());
}
