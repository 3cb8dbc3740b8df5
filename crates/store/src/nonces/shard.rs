//! One part of the memory: a set of hashes, and a wheel of seconds that says when they leave it.

use std::{
    collections::HashSet,
    hash::{BuildHasherDefault, Hasher},
};

use super::{Insertion, KEEP_S_MAX};

/// Seconds of the wheel: more than a nonce is ever kept, so that no slot holds two rounds.
const SLOTS_S: i64 = 512;
const _: () = assert!(KEEP_S_MAX + 2 < SLOTS_S);

/// Expired nonces that one insert clears away. More than one, so that clearing keeps ahead of
/// inserting; not all, so that no insert pays for everybody's.
const CLEARED_PER_INSERT: usize = 16;

/// A slot's list keeps room for so many when it is emptied; the rest goes back to the system.
const SLOT_KEPT: usize = 64;

#[derive(Debug)]
pub(super) struct Shard {
    seen: HashSet<u128, BuildHasherDefault<Unhashed>>,
    wheel: Box<[Vec<u128>]>,
    /// Every slot for a second before this one is empty.
    cleared_s: i64,
    nonces_max: usize,
}

impl Shard {
    pub(super) fn new(nonces_max: usize, now_s: i64) -> Self {
        Self {
            seen: HashSet::default(),
            wheel: (0..SLOTS_S).map(|_| Vec::new()).collect(),
            cleared_s: now_s,
            nonces_max,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.seen.len()
    }

    /// Keeps `hash` until `until_s` has begun; the caller bounds `until_s` by [`KEEP_S_MAX`].
    pub(super) fn insert(&mut self, hash: u128, until_s: i64, now_s: i64) -> Insertion {
        self.clear(now_s);
        if self.seen.len() >= self.nonces_max {
            let seen = self.seen.contains(&hash);
            return if seen {
                Insertion::Replayed
            } else {
                Insertion::Full
            };
        }
        // A slot that is being cleared already takes no more.
        let until_s = until_s.max(self.cleared_s.saturating_add(1));
        let Some(slot) = slot_mut(&mut self.wheel, until_s) else {
            return Insertion::Full;
        };
        if !self.seen.insert(hash) {
            return Insertion::Replayed;
        }
        slot.push(hash);
        Insertion::Inserted
    }

    pub(super) fn has_room(&mut self, now_s: i64) -> bool {
        self.clear(now_s);
        self.seen.len() < self.nonces_max
    }

    /// Clears away some of the nonces whose second has come. It is never a round of the wheel
    /// behind: what stood in the slot of a second that may be inserted now is gone.
    fn clear(&mut self, now_s: i64) {
        let behind_s_max = SLOTS_S - KEEP_S_MAX - 2;
        let mut left = CLEARED_PER_INSERT;
        while self.cleared_s <= now_s {
            if self.seen.is_empty() {
                self.cleared_s = now_s.saturating_add(1);
                return;
            }
            let Some(slot) = slot_mut(&mut self.wheel, self.cleared_s) else {
                return;
            };
            while let Some(hash) = slot.pop() {
                self.seen.remove(&hash);
                left = left.saturating_sub(1);
                if left == 0 && now_s.saturating_sub(self.cleared_s) < behind_s_max {
                    return;
                }
            }
            slot.shrink_to(SLOT_KEPT);
            self.cleared_s += 1;
        }
    }
}

fn slot_mut(wheel: &mut [Vec<u128>], second: i64) -> Option<&mut Vec<u128>> {
    wheel.get_mut(usize::try_from(second.rem_euclid(SLOTS_S)).ok()?)
}

/// The keys are keyed hashes already.
#[derive(Clone, Copy, Debug, Default)]
struct Unhashed(u64);

impl Hasher for Unhashed {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    #[expect(
        clippy::cast_possible_truncation,
        reason = "the low half of a hash is a hash"
    )]
    fn write_u128(&mut self, hash: u128) {
        self.0 = hash as u64;
    }
}
