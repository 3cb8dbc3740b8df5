//! The operator's password: kept as an Argon2id hash, compared in constant work, few tries.

use std::{
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use argon2::{Algorithm, Argon2, Params, Version};
use hefu_gm::rng::{self, RngError};
use hefu_tally::clock::Timestamp;
use rand_core::TryCryptoRng;
use subtle::ConstantTimeEq as _;
use tokio::sync::Semaphore;
use zeroize::Zeroizing;

/// Fewest bytes of the operator's password.
pub const PASSWORD_BYTES_MIN: usize = 8;

/// Most bytes of a password that is compared. Stops: a megabyte to hash with every try.
pub const PASSWORD_BYTES_MAX: usize = 512;

/// Tries in a row before one has to wait. Stops, with [`TRY_EVERY_MS`]: guessing.
const TRIES_MAX: i64 = 10;

/// One more try after so long.
const TRY_EVERY_MS: i64 = 6_000;

/// What became of a try.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is the password.
    Right,
    /// It is not.
    Wrong,
    /// Nothing was compared: too many tries before.
    Later,
}

/// Why a password could not be hashed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum HashError {
    /// The hash function refused: no memory, or a broken parameter.
    #[error("the password could not be hashed")]
    Hash,
    /// The thread that computed it is gone.
    #[error("the hash was not finished")]
    Lost,
}

/// The operator's password.
pub(crate) struct Operator {
    secret: Arc<Secret>,
    /// One hash at a time. Stops: tries that take a multiple of the hash's memory.
    turn: Semaphore,
    /// When all tries will be free again.
    free_at: Mutex<Timestamp>,
}

struct Secret {
    salt: [u8; 16],
    hash: Zeroizing<[u8; 32]>,
}

impl Operator {
    /// Takes a random salt and hashes the password.
    pub(crate) fn new(
        password: &[u8],
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, NewOperatorError> {
        let mut salt = [0; 16];
        rng::fill(rng, &mut salt)?;
        let hash = hash(password, &salt)?;
        Ok(Self {
            secret: Arc::new(Secret { salt, hash }),
            turn: Semaphore::new(1),
            free_at: Mutex::new(Timestamp::from_millis(i64::MIN)),
        })
    }

    /// Compares. Every comparison costs one hash and takes one try, whatever the password; the try
    /// is given back when it was right.
    pub(crate) async fn verify(
        &self,
        password: Zeroizing<Vec<u8>>,
        now: Timestamp,
    ) -> Result<Verdict, HashError> {
        if !self.take_try(now) {
            return Ok(Verdict::Later);
        }
        let _turn = self.turn.acquire().await.map_err(|_| HashError::Lost)?;
        let secret = Arc::clone(&self.secret);
        let is_right = tokio::task::spawn_blocking(move || secret.is(&password))
            .await
            .map_err(|_| HashError::Lost)??;
        if is_right {
            self.give_back_try();
            Ok(Verdict::Right)
        } else {
            Ok(Verdict::Wrong)
        }
    }

    /// A leaky bucket: each try moves the moment when all are free again.
    fn take_try(&self, now: Timestamp) -> bool {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        let all_taken = now.plus_millis(TRIES_MAX * TRY_EVERY_MS);
        // Also when the clock was set back: nobody waits longer than for all tries.
        let before = (*free_at).clamp(now, all_taken);
        let after = before.plus_millis(TRY_EVERY_MS);
        let is_free = after <= all_taken;
        *free_at = if is_free { after } else { before };
        is_free
    }

    fn give_back_try(&self) {
        let mut free_at = self.free_at.lock().unwrap_or_else(PoisonError::into_inner);
        *free_at = free_at.plus_millis(-TRY_EVERY_MS);
    }
}

impl fmt::Debug for Operator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Operator(redacted)")
    }
}

/// Why there is no operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub(crate) enum NewOperatorError {
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// There was no salt.
    #[error(transparent)]
    Rng(#[from] RngError),
}

impl Secret {
    fn is(&self, password: &[u8]) -> Result<bool, HashError> {
        // A longer one is as much work as the longest, and wrong.
        let is_too_long = password.len() > PASSWORD_BYTES_MAX;
        let compared = password.get(..PASSWORD_BYTES_MAX).unwrap_or(password);
        let hash = hash(compared, &self.salt)?;
        Ok(bool::from(hash.ct_eq(&*self.hash)) && !is_too_long)
    }
}

fn hash(password: &[u8], salt: &[u8; 16]) -> Result<Zeroizing<[u8; 32]>, HashError> {
    let mut hash = Zeroizing::new([0; 32]);
    Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::DEFAULT)
        .hash_password_into(password, salt, &mut *hash)
        .map_err(|_| HashError::Hash)?;
    Ok(hash)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    const NOW: Timestamp = Timestamp::from_millis(1_760_000_000_000);

    async fn verify(operator: &Operator, password: &[u8], now: Timestamp) -> Verdict {
        let password = Zeroizing::new(password.to_vec());
        operator.verify(password, now).await.unwrap()
    }

    #[tokio::test]
    async fn only_the_very_password_is_right() {
        let longest = [b'x'; PASSWORD_BYTES_MAX];
        let operator = Operator::new(&longest, &mut SystemRng).unwrap();
        assert_eq!(verify(&operator, &longest, NOW).await, Verdict::Right);
        for wrong in [&longest[1..], &[b'x'; PASSWORD_BYTES_MAX + 1], b""] {
            assert_eq!(verify(&operator, wrong, NOW).await, Verdict::Wrong);
        }
    }

    #[test]
    fn tries_run_out_and_come_back_one_by_one() {
        let operator = Operator::new(b"correct horse", &mut SystemRng).unwrap();
        let tries = |now| (0..100).filter(|_| operator.take_try(now)).count();
        assert_eq!(tries(NOW), 10);
        assert_eq!(tries(NOW.plus_millis(TRY_EVERY_MS - 1)), 0);
        assert_eq!(tries(NOW.plus_millis(TRY_EVERY_MS)), 1);
        assert_eq!(tries(NOW.plus_secs(3_600)), 10);
        // The clock is set back by a day: not a day without logins.
        let yesterday = NOW.plus_secs(-86_400);
        assert_eq!(tries(yesterday), 0);
        assert_eq!(tries(yesterday.plus_millis(TRY_EVERY_MS)), 1);
    }

    #[tokio::test]
    async fn who_knows_the_password_is_never_out_of_tries() {
        let operator = Operator::new(b"correct horse", &mut SystemRng).unwrap();
        for _ in 0..12 {
            assert_eq!(
                verify(&operator, b"correct horse", NOW).await,
                Verdict::Right
            );
        }
        for _ in 0..10 {
            assert!(operator.take_try(NOW));
        }
        assert_eq!(
            verify(&operator, b"correct horse", NOW).await,
            Verdict::Later
        );
    }

    #[test]
    fn the_password_does_not_print() {
        let operator = Operator::new(b"correct horse", &mut SystemRng).unwrap();
        assert_eq!(format!("{operator:?}"), "Operator(redacted)");
    }
}
