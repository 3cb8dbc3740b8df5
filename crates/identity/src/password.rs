//! Passwords: what may be one, and how they are kept.
//!
//! Argon2id with a key that is not in the store, so that whoever takes the store cannot even guess.
//! A hash takes memory on purpose; how many are computed at once is bounded, and so is how many
//! wait, so that a flood of logins is refused and does not take the machine.
//!
//! Clauses: JR-6.2.1.2.a, JR-6.2.1.2.c.

use std::{fmt, sync::Arc};

use argon2::{
    Algorithm, Argon2, Params, PasswordHash as Phc, PasswordHasher, PasswordVerifier, Version,
};
use hefu_gm::{
    Zeroizing,
    rng::{self, RngError},
};
use hefu_store::PasswordHash;
use rand_core::TryCryptoRng;
use tokio::sync::Semaphore;

use crate::StoreKey;

/// Fewest characters of a password.
pub const PASSWORD_CHARS_MIN: usize = 8;
/// Longest password, in bytes. Stops: passwords of megabytes that are hashed.
pub const PASSWORD_BYTES_MAX: usize = 256;

const SALT_BYTES: usize = 16;

/// What a hash costs, and how many are computed at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PasswordConfig {
    /// Memory of one hash, in KiB.
    pub memory_kib: u32,
    /// Passes over it.
    pub passes: u32,
    /// Hashes computed at once: with [`memory_kib`](Self::memory_kib), the memory that logins take.
    pub at_once_max: usize,
    /// Logins that wait for their turn. Stops: a flood that piles up.
    pub waiting_max: usize,
}

impl Default for PasswordConfig {
    /// 19 MiB and two passes, as OWASP recommends; two at once, 62 waiting.
    fn default() -> Self {
        Self {
            memory_kib: 19 * 1_024,
            passes: 2,
            at_once_max: 2,
            waiting_max: 62,
        }
    }
}

/// A text may not be a password.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a password has at least {PASSWORD_CHARS_MIN} characters, letters and digits among them, and \
     at most {PASSWORD_BYTES_MAX} bytes"
)]
pub struct WeakPassword;

/// A password that may be set. Erased when dropped, never printed.
pub struct NewPassword(Zeroizing<String>);

impl NewPassword {
    /// Checks that a text may be a password.
    ///
    /// # Errors
    /// When it is too short or too long, or lacks letters or digits.
    pub fn parse(text: Zeroizing<String>) -> Result<Self, WeakPassword> {
        let is_long_enough = text.chars().count() >= PASSWORD_CHARS_MIN;
        let has_both =
            text.chars().any(char::is_alphabetic) && text.chars().any(|c| c.is_ascii_digit());
        if is_long_enough && has_both && text.len() <= PASSWORD_BYTES_MAX {
            Ok(Self(text))
        } else {
            Err(WeakPassword)
        }
    }
}

impl fmt::Debug for NewPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("NewPassword(redacted)")
    }
}

/// Why no hash was computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HashError {
    /// Too many others wait.
    #[error("too many logins at once")]
    Busy,
    /// The library refused, for lack of memory.
    #[error("the password could not be hashed")]
    Failed,
    /// The configured cost is none of Argon2's.
    #[error("the configured cost of password hashes is out of range")]
    Cost,
    /// The generator gave no salt.
    #[error(transparent)]
    Rng(#[from] RngError),
}

/// Hashes and verifies.
#[derive(Clone)]
pub(crate) struct Hasher {
    inner: Arc<Inner>,
}

struct Inner {
    pepper: Zeroizing<Vec<u8>>,
    params: Params,
    turns: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    /// Of no password: what is verified for users that do not exist.
    nobody: PasswordHash,
}

impl Hasher {
    pub(crate) fn new(
        key: &StoreKey,
        config: PasswordConfig,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, HashError> {
        let params = Params::new(config.memory_kib, config.passes, 1, Some(32))
            .map_err(|_| HashError::Cost)?;
        let at_once = config.at_once_max.clamp(1, Semaphore::MAX_PERMITS / 2);
        let queue = config
            .waiting_max
            .saturating_add(at_once)
            .min(Semaphore::MAX_PERMITS);
        let pepper = Zeroizing::new(key.mac_for(b"passwords").mac(&[b"pepper"]).to_vec());
        let mut random = Zeroizing::new([0; 32]);
        rng::fill(rng, random.as_mut_slice())?;
        let nobody = hash(&pepper, &params, random.as_slice(), &make_salt(rng)?)?;
        Ok(Self {
            inner: Arc::new(Inner {
                pepper,
                params,
                turns: Arc::new(Semaphore::new(at_once)),
                queue: Arc::new(Semaphore::new(queue)),
                nobody,
            }),
        })
    }

    pub(crate) async fn hash(
        &self,
        password: NewPassword,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<PasswordHash, HashError> {
        let salt = make_salt(rng)?;
        self.in_turn(move |inner| hash(&inner.pepper, &inner.params, password.0.as_bytes(), &salt))
            .await?
    }

    /// Whether it is the password. It costs the same without a stored hash, and is then false.
    pub(crate) async fn verify(
        &self,
        password: Zeroizing<Vec<u8>>,
        stored: Option<PasswordHash>,
    ) -> Result<bool, HashError> {
        self.in_turn(move |inner| {
            let is_somebody = stored.is_some();
            let stored = stored.as_ref().unwrap_or(&inner.nobody);
            let argon2 = argon2(&inner.pepper, &inner.params)?;
            let phc = Phc::new(stored.as_phc()).map_err(|_| HashError::Failed)?;
            let is_right = argon2.verify_password(&password, &phc).is_ok();
            Ok(is_right && is_somebody)
        })
        .await?
    }

    /// Computes on a thread that may block, in turn, or refuses when too many wait.
    async fn in_turn<T: Send + 'static>(
        &self,
        compute: impl FnOnce(&Inner) -> T + Send + 'static,
    ) -> Result<T, HashError> {
        let inner = Arc::clone(&self.inner);
        let place = Arc::clone(&inner.queue)
            .try_acquire_owned()
            .map_err(|_| HashError::Busy)?;
        let turn = Arc::clone(&inner.turns)
            .acquire_owned()
            .await
            .map_err(|_| HashError::Busy)?;
        tokio::task::spawn_blocking(move || {
            // Both end with the computation, also when nobody waits for it any more.
            let _held = (place, turn);
            compute(&inner)
        })
        .await
        .map_err(|_| HashError::Failed)
    }
}

impl fmt::Debug for Hasher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Hasher")
            .field("params", &self.inner.params)
            .finish_non_exhaustive()
    }
}

fn argon2<'key>(pepper: &'key [u8], params: &Params) -> Result<Argon2<'key>, HashError> {
    Argon2::new_with_secret(pepper, Algorithm::Argon2id, Version::V0x13, params.clone())
        .map_err(|_| HashError::Failed)
}

fn hash(
    pepper: &[u8],
    params: &Params,
    password: &[u8],
    salt: &[u8; SALT_BYTES],
) -> Result<PasswordHash, HashError> {
    let phc: Phc = argon2(pepper, params)?
        .hash_password_with_salt(password, salt)
        .map_err(|_| HashError::Failed)?;
    Ok(PasswordHash::from_phc(phc.to_string()))
}

fn make_salt(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<[u8; SALT_BYTES], RngError> {
    let mut salt = [0; SALT_BYTES];
    rng::fill(rng, &mut salt)?;
    Ok(salt)
}

/// Cheap hashes, for tests of what is around them.
#[cfg(test)]
pub(crate) const CHEAP: PasswordConfig = PasswordConfig {
    memory_kib: 8,
    passes: 1,
    at_once_max: 2,
    waiting_max: 62,
};

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    fn password(text: &str) -> NewPassword {
        NewPassword::parse(Zeroizing::new(text.to_owned())).unwrap()
    }

    fn hasher(key: &StoreKey) -> Hasher {
        Hasher::new(key, CHEAP, &mut SystemRng).unwrap()
    }

    #[test]
    fn a_password_is_long_enough_with_letters_and_digits() {
        for good in [
            "abcdefg1",
            "密码很长的一个1",
            &format!("a1{}", "x".repeat(254)),
        ] {
            assert!(
                NewPassword::parse(Zeroizing::new(good.to_owned())).is_ok(),
                "{good}"
            );
        }
        for weak in [
            "",
            "abcdef1",
            "abcdefgh",
            "12345678",
            &format!("a1{}", "x".repeat(255)),
        ] {
            let refused = NewPassword::parse(Zeroizing::new(weak.to_owned()));
            assert_eq!(refused.unwrap_err(), WeakPassword, "{weak}");
        }
        assert_eq!(
            format!("{:?}", password("abcdefg1")),
            "NewPassword(redacted)"
        );
    }

    #[tokio::test]
    async fn only_the_password_verifies_and_only_with_the_key() {
        let key = StoreKey::make(&mut SystemRng).unwrap();
        let hasher = hasher(&key);
        let stored = hasher
            .hash(password("correct1horse"), &mut SystemRng)
            .await
            .unwrap();
        assert!(stored.as_phc().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(!stored.as_phc().contains("horse"));
        let verify = async |hasher: &Hasher, text: &str, stored: Option<&PasswordHash>| {
            let text = Zeroizing::new(text.as_bytes().to_vec());
            hasher.verify(text, stored.cloned()).await.unwrap()
        };
        assert!(verify(&hasher, "correct1horse", Some(&stored)).await);
        assert!(!verify(&hasher, "correct2horse", Some(&stored)).await);
        assert!(!verify(&hasher, "", Some(&stored)).await);
        assert!(
            !verify(&hasher, "correct1horse", None).await,
            "nobody has a password"
        );
        let other = self::hasher(&StoreKey::make(&mut SystemRng).unwrap());
        assert!(
            !verify(&other, "correct1horse", Some(&stored)).await,
            "another store key"
        );
        let again = self::hasher(&key);
        assert!(
            verify(&again, "correct1horse", Some(&stored)).await,
            "after a restart"
        );
    }

    #[tokio::test]
    async fn a_flood_waits_in_a_bounded_queue() {
        let key = StoreKey::make(&mut SystemRng).unwrap();
        let config = PasswordConfig {
            at_once_max: 1,
            waiting_max: 1,
            ..CHEAP
        };
        let hasher = Hasher::new(&key, config, &mut SystemRng).unwrap();
        let turn = Arc::clone(&hasher.inner.turns)
            .acquire_owned()
            .await
            .unwrap();
        let verify = || hasher.verify(Zeroizing::new(b"x".to_vec()), None);
        let (first, second) = (verify(), verify());
        tokio::pin!(first, second);
        // Each takes its place in the queue when it is first polled.
        assert!(poll_once(&mut first).await.is_none());
        assert!(poll_once(&mut second).await.is_none());
        assert_eq!(verify().await, Err(HashError::Busy));
        drop(turn);
        assert_eq!(first.await, Ok(false));
        assert_eq!(second.await, Ok(false));
        assert_eq!(verify().await, Ok(false), "the honest twin");
    }

    async fn poll_once<F: Future + Unpin>(future: &mut F) -> Option<F::Output> {
        tokio::select! {
            biased;
            output = future => Some(output),
            () = std::future::ready(()) => None,
        }
    }
}
