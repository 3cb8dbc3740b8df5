//! What a stranger may take: sizes, times, connections, requests, and requests in a time.
//!
//! Each limit and the attack it stops stands in [`Limits`](crate::config::Limits). The transport
//! keeps the sizes and times; here is what is counted over all connections.
//!
//! Clauses: JR-6.2.2.g, JR-6.2.4.c.

use std::{
    collections::HashMap,
    hash::Hash,
    net::{IpAddr, Ipv6Addr},
    num::NonZeroU32,
    sync::{
        Mutex, PoisonError,
        atomic::{AtomicU64, AtomicUsize, Ordering},
    },
    time::Duration,
};

use governor::{
    Quota, RateLimiter,
    clock::Clock as _,
    middleware::NoOpMiddleware,
    nanos::Nanos,
    state::{StateStore, keyed::ShrinkableKeyedStateStore},
};
use hefu_tally::ids::DeviceId;
use tokio::time::Instant;

use super::Guard;
use crate::config::Rate;

pub(crate) const GUARD: Guard = Guard {
    name: "limits",
    clauses: hefu_standards::clauses!(),
};

/// Which limit a request went over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// `head_bytes_max`.
    HeadTooLarge,
    /// `fields_max`.
    TooManyFields,
    /// `head_ms`.
    HeadTooSlow,
    /// `body_bytes_max`, or what the function allows.
    BodyTooLarge,
    /// `body_grace_ms` and `body_bytes_per_s_min`.
    BodyTooSlow,
    /// `body_bytes_total_max`.
    BodiesTooLarge,
    /// `in_flight_max`.
    TooManyInFlight,
    /// The rate of a peer, of a device, or of a function.
    RateExceeded {
        /// When it is worth trying again.
        retry_after_s: u32,
    },
    /// `rate_keys_max`.
    RateTableFull,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::HeadTooLarge => "head-too-large",
            Self::TooManyFields => "too-many-fields",
            Self::HeadTooSlow => "head-too-slow",
            Self::BodyTooLarge => "body-too-large",
            Self::BodyTooSlow => "body-too-slow",
            Self::BodiesTooLarge => "bodies-too-large",
            Self::TooManyInFlight => "too-many-in-flight",
            Self::RateExceeded { .. } => "rate-exceeded",
            Self::RateTableFull => "rate-table-full",
        }
    }
}

/// A count that never passes its maximum.
#[derive(Debug)]
pub(crate) struct Counted {
    now: AtomicUsize,
    max: usize,
}

/// A part of a [`Counted`], given back when dropped.
#[derive(Debug)]
pub(crate) struct Share<'counted> {
    counted: &'counted Counted,
    amount: usize,
}

impl Counted {
    pub(crate) const fn new(max: usize) -> Self {
        Self {
            now: AtomicUsize::new(0),
            max,
        }
    }

    pub(crate) fn take(&self, amount: usize) -> Option<Share<'_>> {
        self.now
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |now| {
                now.checked_add(amount).filter(|sum| *sum <= self.max)
            })
            .ok()?;
        Some(Share {
            counted: self,
            amount,
        })
    }

    pub(crate) fn now(&self) -> usize {
        self.now.load(Ordering::Relaxed)
    }
}

impl Drop for Share<'_> {
    fn drop(&mut self) {
        self.counted.now.fetch_sub(self.amount, Ordering::Relaxed);
    }
}

/// Open connections, in all and by peer.
#[derive(Debug)]
pub(crate) struct Connections {
    open: Mutex<HashMap<IpAddr, usize>>,
    total: AtomicUsize,
    total_max: usize,
    per_peer_max: usize,
}

/// A connection that counts until it is dropped.
#[derive(Debug)]
pub(crate) struct Admitted<'connections> {
    connections: &'connections Connections,
    peer: IpAddr,
}

impl Connections {
    pub(crate) fn new(total_max: usize, per_peer_max: usize) -> Self {
        Self {
            open: Mutex::default(),
            total: AtomicUsize::new(0),
            total_max,
            per_peer_max,
        }
    }

    pub(crate) fn admit(&self, address: IpAddr) -> Option<Admitted<'_>> {
        let peer = network_of(address);
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if self.total.load(Ordering::Relaxed) >= self.total_max {
            return None;
        }
        let of_peer = open.entry(peer).or_default();
        if *of_peer >= self.per_peer_max {
            return None;
        }
        *of_peer += 1;
        self.total.fetch_add(1, Ordering::Relaxed);
        Some(Admitted {
            connections: self,
            peer,
        })
    }

    pub(crate) fn now(&self) -> usize {
        self.total.load(Ordering::Relaxed)
    }
}

impl Drop for Admitted<'_> {
    fn drop(&mut self) {
        let mut open = self
            .connections
            .open
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if let Some(of_peer) = open.get_mut(&self.peer) {
            *of_peer -= 1;
            if *of_peer == 0 {
                open.remove(&self.peer);
            }
        }
        self.connections.total.fetch_sub(1, Ordering::Relaxed);
    }
}

/// The address itself, or its /64: one IPv6 host usually has all of them.
pub(crate) fn network_of(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

/// Whose requests are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum RateKey {
    /// A device that showed its certificate.
    Device(DeviceId),
    /// An address that came without one.
    Peer(IpAddr),
    /// All of them.
    Everyone,
}

/// Requests in a time, by device or peer: GCRA, over a table that does not grow without bound.
pub(crate) struct Rates {
    limiter: RateLimiter<RateKey, Table, Monotonic, NoOpMiddleware<Duration>>,
    keys_max: usize,
    /// When the table was last swept, so that a full one is not swept for every request.
    swept_s: AtomicU64,
}

impl std::fmt::Debug for Rates {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Rates")
            .field("keys", &self.limiter.len())
            .field("keys_max", &self.keys_max)
            .finish_non_exhaustive()
    }
}

impl Rates {
    /// A rate as the operator sets it; 0 counts as 1.
    pub(crate) fn of(rate: Rate, keys_max: usize) -> Self {
        let at_least_one = |count| NonZeroU32::new(count).unwrap_or(NonZeroU32::MIN);
        let quota =
            Quota::per_second(at_least_one(rate.per_s)).allow_burst(at_least_one(rate.burst));
        Self::new(quota, keys_max)
    }

    pub(crate) fn new(quota: Quota, keys_max: usize) -> Self {
        let table = Table {
            entries: Mutex::default(),
            keys_max,
        };
        Self {
            limiter: RateLimiter::new(quota, table, Monotonic(Instant::now())),
            keys_max,
            swept_s: AtomicU64::new(0),
        }
    }

    /// # Errors
    /// [`Reason::RateExceeded`], or [`Reason::RateTableFull`] for a key that is not in the table.
    pub(crate) fn check(&self, key: RateKey) -> Result<(), Reason> {
        const RETRY_AFTER_S_MAX: u64 = 60;
        if self.limiter.len() >= self.keys_max {
            let now_s = self.limiter.clock().now().as_secs() + 1;
            if self.swept_s.swap(now_s, Ordering::Relaxed) != now_s {
                self.limiter.retain_recent();
            }
        }
        self.limiter.check_key(&key).map_err(|not_until| {
            let wait = not_until.wait_time_from(self.limiter.clock().now());
            if wait >= FOREVER {
                return Reason::RateTableFull;
            }
            let wait_s = wait.as_millis().div_ceil(1_000).max(1);
            let retry_after_s = u32::try_from(wait_s.min(u128::from(RETRY_AFTER_S_MAX)));
            Reason::RateExceeded {
                retry_after_s: retry_after_s.unwrap_or(1),
            }
        })
    }
}

/// No real wait is as long as this.
const FOREVER: Duration = Duration::from_secs(1 << 31);

/// What `governor` keeps of each key, with a cap.
struct Table {
    entries: Mutex<HashMap<RateKey, Nanos>>,
    keys_max: usize,
}

impl StateStore for Table {
    type Key = RateKey;

    fn measure_and_replace<T, F, E>(&self, key: &RateKey, measure: F) -> Result<T, E>
    where
        F: Fn(Option<Nanos>) -> Result<(T, Nanos), E>,
    {
        let mut entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(entry) = entries.get_mut(key) {
            let (outcome, next) = measure(Some(*entry))?;
            *entry = next;
            return Ok(outcome);
        }
        if entries.len() >= self.keys_max {
            // As if this key had used up its rate for ages: fail closed, remember nothing.
            return measure(Some(Nanos::from(2 * FOREVER))).map(|(outcome, _)| outcome);
        }
        let (outcome, next) = measure(None)?;
        entries.insert(*key, next);
        Ok(outcome)
    }
}

impl ShrinkableKeyedStateStore<RateKey> for Table {
    fn retain_recent(&self, drop_below: Nanos) {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .retain(|_, entry| *entry >= drop_below);
    }

    fn len(&self) -> usize {
        self.entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .len()
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// Time since the limiter was made; never goes back, unlike the clock that signatures are held to.
struct Monotonic(Instant);

impl governor::clock::Clock for Monotonic {
    type Instant = Duration;

    fn now(&self) -> Duration {
        self.0.elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn peer(last: u8) -> RateKey {
        RateKey::Peer(IpAddr::from([192, 0, 2, last]))
    }

    #[tokio::test(start_paused = true)]
    async fn a_rate_is_a_burst_and_then_so_many_a_second() {
        let rates = Rates::of(Rate { per_s: 2, burst: 3 }, 10);
        for _ in 0..3 {
            assert_eq!(rates.check(peer(1)), Ok(()));
        }
        let refused = Err(Reason::RateExceeded { retry_after_s: 1 });
        assert_eq!(rates.check(peer(1)), refused);
        assert_eq!(rates.check(peer(2)), Ok(()), "others are not held to it");
        tokio::time::advance(Duration::from_millis(500)).await;
        assert_eq!(rates.check(peer(1)), Ok(()));
        assert_eq!(rates.check(peer(1)), refused);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_table_refuses_the_unknown_until_it_has_room() {
        let rates = Rates::of(Rate { per_s: 1, burst: 2 }, 2);
        assert_eq!(rates.check(peer(1)), Ok(()));
        assert_eq!(rates.check(peer(2)), Ok(()));
        assert_eq!(rates.check(peer(3)), Err(Reason::RateTableFull));
        assert_eq!(rates.check(peer(1)), Ok(()), "the known go on");
        tokio::time::advance(Duration::from_secs(10)).await;
        assert_eq!(rates.check(peer(3)), Ok(()));
    }

    #[test]
    fn connections_are_counted_in_all_and_by_network() {
        let connections = Connections::new(3, 2);
        let one: IpAddr = "2001:db8::1".parse().unwrap();
        let same_net: IpAddr = "2001:db8::ffff:2".parse().unwrap();
        let other: IpAddr = "192.0.2.1".parse().unwrap();
        let first = connections.admit(one).unwrap();
        let _second = connections.admit(same_net).unwrap();
        assert!(connections.admit(one).is_none(), "two of one network");
        let _third = connections.admit(other).unwrap();
        assert!(
            connections.admit("192.0.2.2".parse().unwrap()).is_none(),
            "three in all"
        );
        drop(first);
        assert!(connections.admit(one).is_some());
    }

    #[test]
    fn a_count_is_given_back() {
        let counted = Counted::new(10);
        let share = counted.take(8).unwrap();
        assert!(counted.take(3).is_none());
        assert!(counted.take(usize::MAX).is_none());
        drop(share);
        assert!(counted.take(10).is_some());
        assert_eq!(counted.now(), 0);
    }
}
