//! The memory of nonces: which signed requests were seen.
//!
//! A nonce costs a few dozen bytes whatever its length: only a keyed 128-bit hash of it is kept.
//! Should two ever collide, the second is taken for a replay and refused. When the memory is full,
//! everything is refused until nonces expire: a flood can stop requests, it cannot let a replay in.
//!
//! Clauses: CJ-6.3.d.4, CJ-6.4.3.c, JR-6.2.2.a, AN-1.

mod mark;
mod shard;

use std::{
    fmt,
    hash::Hasher,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicI64, Ordering},
    },
};

use hefu_gm::rng::{self, RngError};
use hefu_tally::{clock::Timestamp, ids::KeyId, nonce::Nonce, time::AHEAD_S_MAX};
use rand_core::TryCryptoRng;
use siphasher::sip128::{Hasher128, SipHasher24};

pub use mark::{Mark, MarkError};
use shard::Shard;

/// Nonces that a [`MemoryNonces`] keeps unless it is told another number. Stops: a flood of signed
/// requests that fills the memory.
pub const NONCES_MAX_DEFAULT: usize = 1 << 20;

/// Longest time from now that a nonce can be kept, in seconds: the longest window, the clocks'
/// tolerance, and some. What would have to be kept longer, or is created further ahead than the
/// time rules allow, has no place and is refused.
pub const KEEP_S_MAX: i64 = 400;

/// A nonce is kept so much longer than its request lives, in seconds: a system clock that is set
/// back by no more lets nothing in twice.
pub const KEEP_EXTRA_S: i64 = 5;

/// The memory has independent parts, so that threads seldom wait for each other: two to the power
/// of this.
const SHARD_BITS: u32 = 6;

/// What became of a nonce.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Insertion {
    /// It was not there and is now: the one request that may pass.
    Inserted,
    /// It was there, or it may have been before a restart: a replay.
    Replayed,
    /// There is no room, or the memory is out of reach: the request cannot be let in.
    Full,
}

/// What a request says of itself; its signature and its time rules were verified before.
#[derive(Clone, Copy, Debug)]
pub struct Seen<'a> {
    /// The key it is signed by.
    pub key: KeyId,
    /// Its nonce.
    pub nonce: Nonce<'a>,
    /// Its `created`, in Unix seconds.
    pub created_s: i64,
    /// Its `expires`, in Unix seconds.
    pub expires_s: i64,
}

/// A memory of nonces.
pub trait Nonces: fmt::Debug + Send + Sync {
    /// Inserts the nonce, atomically: of any number of calls with one key and nonce, until it
    /// expires, at most one is [`Insertion::Inserted`].
    fn insert(&self, seen: Seen<'_>, now: Timestamp) -> Insertion;

    /// Whether there is room, for readiness.
    fn has_room(&self, now: Timestamp) -> bool;
}

/// Nonces in this process's memory, for a gateway that stands alone.
///
/// What an earlier process saw is forgotten, so nothing is accepted that it might have seen. With a
/// [`Mark`] that is what was created before the second of the start, or up to the latest `created`
/// that was ever accepted. Without one it is everything created until [`AHEAD_S_MAX`] seconds after the start,
/// since a client's clock may be so far ahead.
///
/// ```
/// use hefu_store::nonces::{Insertion, MemoryNonces, NONCES_MAX_DEFAULT, Nonces, Seen};
/// use hefu_tally::{clock::Timestamp, nonce::{self, Nonce}};
/// use hefu_gm::rng::SystemRng;
///
/// let start = Timestamp::from_secs(1_760_000_000);
/// let nonces = MemoryNonces::new(NONCES_MAX_DEFAULT, start, &mut SystemRng)?;
///
/// let now = start.plus_secs(60);
/// let nonce = nonce::make(&mut SystemRng)?;
/// let seen = Seen {
///     key: "s-AAAAAAAAAAAAAAAAAAAAAA".parse()?,
///     nonce: Nonce::parse(&nonce)?,
///     created_s: now.secs(),
///     expires_s: now.secs() + 60,
/// };
/// assert_eq!(nonces.insert(seen, now), Insertion::Inserted);
/// assert_eq!(nonces.insert(seen, now.plus_secs(59)), Insertion::Replayed);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub struct MemoryNonces {
    hash_key: [u8; 16],
    shards: Box<[Mutex<Shard>]>,
    /// Requests created before this second are taken for replays.
    created_s_min: i64,
    mark: Option<Mark>,
    /// The latest second that was ever given as now: expiry never goes back.
    now_s_max: AtomicI64,
}

impl MemoryNonces {
    /// An empty memory for at most `nonces_max` nonces, in a process that started at `started`.
    ///
    /// # Errors
    /// When the generator gives no key for the hash.
    pub fn new(
        nonces_max: usize,
        started: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, RngError> {
        Self::make(
            nonces_max,
            started,
            started.secs().saturating_add(AHEAD_S_MAX),
            None,
            rng,
        )
    }

    /// The same with a mark, which spares honest clients the first seconds after a restart.
    ///
    /// # Errors
    /// When the generator gives no key for the hash.
    pub fn with_mark(
        nonces_max: usize,
        started: Timestamp,
        mark: Mark,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, RngError> {
        let last_old_s = started.secs().saturating_sub(1).max(mark.created_s());
        Self::make(nonces_max, started, last_old_s, Some(mark), rng)
    }

    fn make(
        nonces_max: usize,
        started: Timestamp,
        last_old_s: i64,
        mark: Option<Mark>,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, RngError> {
        let mut hash_key = [0; 16];
        rng::fill(rng, &mut hash_key)?;
        let shards = 1 << SHARD_BITS;
        let per_shard = nonces_max.div_ceil(shards).max(1);
        let shard = || Mutex::new(Shard::new(per_shard, started.secs()));
        Ok(Self {
            hash_key,
            shards: std::iter::repeat_with(shard).take(shards).collect(),
            created_s_min: last_old_s.saturating_add(1),
            mark,
            now_s_max: AtomicI64::new(started.secs()),
        })
    }

    /// How many nonces it holds, those included that have expired and are not cleared yet.
    #[must_use]
    pub fn len(&self) -> usize {
        let len = |shard: &Mutex<Shard>| shard.lock().unwrap_or_else(PoisonError::into_inner).len();
        self.shards.iter().map(len).sum()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn hash(&self, key: KeyId, nonce: Nonce<'_>) -> u128 {
        let mut hasher = SipHasher24::new_with_key(&self.hash_key);
        let (kind, id) = match &key {
            KeyId::Device(id) => (b'd', id.as_bytes()),
            KeyId::Session(id) => (b's', id.as_bytes()),
        };
        // Kind and id have a fixed length, so no two pairs write the same bytes.
        hasher.write_u8(kind);
        hasher.write(id);
        hasher.write(nonce.as_str().as_bytes());
        hasher.finish128().as_u128()
    }

    fn shard(&self, hash: u128) -> Option<&Mutex<Shard>> {
        // The sets inside use the low bits.
        let index = usize::try_from(hash >> (u128::BITS - SHARD_BITS)).ok()?;
        self.shards.get(index)
    }
}

impl Nonces for MemoryNonces {
    fn insert(&self, seen: Seen<'_>, now: Timestamp) -> Insertion {
        if seen.created_s < self.created_s_min {
            return Insertion::Replayed;
        }
        let now_s = self
            .now_s_max
            .fetch_max(now.secs(), Ordering::Relaxed)
            .max(now.secs());
        let until_s = seen.expires_s.saturating_add(KEEP_EXTRA_S);
        let is_late = until_s.saturating_sub(now_s) > KEEP_S_MAX;
        if is_late || seen.created_s > now_s.saturating_add(AHEAD_S_MAX) {
            return Insertion::Full;
        }
        let hash = self.hash(seen.key, seen.nonce);
        let Some(shard) = self.shard(hash) else {
            return Insertion::Full;
        };
        // The mark comes first: if it cannot be written, a restart could forget this nonce.
        if self
            .mark
            .as_ref()
            .is_some_and(|mark| mark.raise(seen.created_s).is_err())
        {
            return Insertion::Full;
        }
        shard
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(hash, until_s, now_s)
    }

    fn has_room(&self, now: Timestamp) -> bool {
        let now_s = self.now_s_max.load(Ordering::Relaxed).max(now.secs());
        let has_room = |shard: &Mutex<Shard>| {
            shard
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .has_room(now_s)
        };
        self.shards.iter().all(has_room)
    }
}

impl fmt::Debug for MemoryNonces {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryNonces")
            .field("created_s_min", &self.created_s_min)
            .finish_non_exhaustive()
    }
}
