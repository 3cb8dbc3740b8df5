//! Randomness from the operating system, whose failure is an error and never a panic.
//!
//! Rules that need randomness take `&mut impl TryCryptoRng` ([`rand_core`] 0.10); [`SystemRng`] is
//! what a running program passes in.

use rand_core::{TryCryptoRng, TryRng};

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

/// Fills `out` from `rng`.
///
/// # Errors
/// [`RngError`] when the generator fails.
pub fn fill(rng: &mut (impl TryCryptoRng + ?Sized), out: &mut [u8]) -> Result<(), RngError> {
    rng.try_fill_bytes(out).map_err(|_| RngError)
}
