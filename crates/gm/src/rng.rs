//! Randomness from the operating system, whose failure is an error and never a panic.
//!
//! Rules that need randomness take `&mut impl TryCryptoRng` ([`rand_core`] 0.10); [`SystemRng`] is
//! what a running program passes in.

use core::fmt;

use rand_core::{TryCryptoRng, TryRng};
use zeroize::{Zeroize as _, Zeroizing};

/// The operating system's generator (`getrandom(2)` and its likes).
///
/// ```
/// use hefu_gm::rng::{SystemRng, fill};
///
/// let mut nonce = [0; 12];
/// fill(&mut SystemRng, &mut nonce)?;
/// # Ok::<(), hefu_gm::rng::RngError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRng;

/// The generator gave no randomness, or gave bytes that no working generator gives.
///
/// The operation has not happened; nothing was produced from weak randomness.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("the random number generator failed")]
pub struct RngError;

impl TryRng for SystemRng {
    type Error = RngError;

    fn try_next_u32(&mut self) -> Result<u32, RngError> {
        getrandom::u32().map_err(|_| RngError)
    }

    fn try_next_u64(&mut self) -> Result<u64, RngError> {
        getrandom::u64().map_err(|_| RngError)
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RngError> {
        getrandom::fill(out).map_err(|_| RngError)
    }
}

impl TryCryptoRng for SystemRng {}

/// The operating system's generator, asked for many bytes at a time: for what is made with every
/// request, where a system call each would cost more than all the rest.
///
/// Each byte is given out once and erased as it goes. Keys are made from [`SystemRng`], so that none
/// of their bytes ever lay in a store.
///
/// ```
/// use hefu_gm::rng::{BatchedRng, fill};
///
/// let mut rng = BatchedRng::default();
/// let (mut one, mut other) = ([0; 16], [0; 16]);
/// fill(&mut rng, &mut one)?;
/// fill(&mut rng, &mut other)?;
/// assert_ne!(one, other);
/// # Ok::<(), hefu_gm::rng::RngError>(())
/// ```
pub struct BatchedRng {
    store: Zeroizing<[u8; BATCH_BYTES]>,
    /// The bytes at the store's start that were not given out.
    left: usize,
}

/// What one system call fetches.
const BATCH_BYTES: usize = 1_024;

impl Default for BatchedRng {
    /// An empty store: nothing is fetched before it is needed.
    fn default() -> Self {
        Self {
            store: Zeroizing::new([0; BATCH_BYTES]),
            left: 0,
        }
    }
}

impl fmt::Debug for BatchedRng {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BatchedRng(redacted)")
    }
}

impl TryRng for BatchedRng {
    type Error = RngError;

    fn try_next_u32(&mut self) -> Result<u32, RngError> {
        let mut bytes = [0; 4];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u32::from_ne_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, RngError> {
        let mut bytes = [0; 8];
        self.try_fill_bytes(&mut bytes)?;
        Ok(u64::from_ne_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RngError> {
        if out.len() > BATCH_BYTES {
            return SystemRng.try_fill_bytes(out);
        }
        if out.len() > self.left {
            // Should it fail, nothing of a half-filled store may be given out.
            self.left = 0;
            SystemRng.try_fill_bytes(self.store.as_mut_slice())?;
            self.left = BATCH_BYTES;
        }
        let rest = self.left - out.len();
        let given = self.store.get_mut(rest..self.left).ok_or(RngError)?;
        out.copy_from_slice(given);
        given.zeroize();
        self.left = rest;
        Ok(())
    }
}

impl TryCryptoRng for BatchedRng {}

/// Fills `out` from `rng`.
///
/// # Errors
/// [`RngError`] when the generator fails.
pub fn fill(rng: &mut (impl TryCryptoRng + ?Sized), out: &mut [u8]) -> Result<(), RngError> {
    rng.try_fill_bytes(out).map_err(|_| RngError)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_batch_gives_each_byte_once_and_keeps_none() {
        let mut rng = BatchedRng::default();
        let mut seen = std::collections::HashSet::new();
        for _ in 0..3 * BATCH_BYTES / 16 {
            let mut out = [0; 16];
            fill(&mut rng, &mut out).unwrap();
            assert!(seen.insert(out), "given out twice");
            assert!(rng.store[rng.left..].iter().all(|byte| *byte == 0), "kept");
        }
        // Longer than a batch, and a length that no batch is a multiple of.
        let (mut long, mut odd) = ([0; BATCH_BYTES + 1], [0; 13]);
        fill(&mut rng, &mut long).unwrap();
        assert!(long.iter().any(|byte| *byte != 0));
        for _ in 0..200 {
            fill(&mut rng, &mut odd).unwrap();
            assert!(odd.iter().any(|byte| *byte != 0));
        }
        assert_eq!(format!("{rng:?}"), "BatchedRng(redacted)");
    }
}
