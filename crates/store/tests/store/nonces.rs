//! The memory of nonces.

use std::{
    collections::HashMap,
    sync::{
        Arc, Barrier,
        atomic::{AtomicUsize, Ordering},
    },
    thread,
};

use hefu_gm::rng::SystemRng;
use hefu_store::nonces::{
    Insertion, KEEP_EXTRA_S, KEEP_S_MAX, Mark, MarkError, MemoryNonces, Nonces as _, Seen,
};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, KeyId, SessionId},
    nonce::Nonce,
};
use proptest::prelude::*;

const START: Timestamp = Timestamp::from_secs(1_760_000_000);
/// A second after which nothing from before the start can be meant any more.
const NOW: Timestamp = Timestamp::from_secs(1_760_000_100);
const KEY: KeyId = KeyId::Session(SessionId::from_bytes([1; 16]));

fn nonces(max: usize) -> MemoryNonces {
    MemoryNonces::new(max, START, &mut SystemRng).unwrap()
}

fn text(number: u64) -> String {
    format!("{number:022}")
}

fn seen(nonce: &str, created_s: i64, expires_s: i64) -> Seen<'_> {
    Seen {
        key: KEY,
        nonce: Nonce::parse(nonce).unwrap(),
        created_s,
        expires_s,
    }
}

fn insert(nonces: &MemoryNonces, number: u64, now: Timestamp) -> Insertion {
    nonces.insert(seen(&text(number), now.secs(), now.secs() + 60), now)
}

#[test]
fn a_nonce_is_new_once_per_key() {
    let nonces = nonces(1_000);
    let text = text(1);
    let one = seen(&text, NOW.secs(), NOW.secs() + 60);
    let others = [
        KeyId::Session(SessionId::from_bytes([2; 16])),
        KeyId::Device(DeviceId::from_bytes([1; 16])),
    ];
    assert_eq!(nonces.insert(one, NOW), Insertion::Inserted);
    assert_eq!(nonces.insert(one, NOW), Insertion::Replayed);
    let later = Seen {
        created_s: NOW.secs() + 1,
        expires_s: NOW.secs() + 9,
        ..one
    };
    assert_eq!(
        nonces.insert(later, NOW),
        Insertion::Replayed,
        "other times, the same nonce"
    );
    for key in others {
        assert_eq!(
            nonces.insert(Seen { key, ..one }, NOW),
            Insertion::Inserted,
            "{key}"
        );
    }
    assert_eq!(nonces.len(), 3);
}

#[test]
fn of_many_at_once_exactly_one_is_let_in() {
    const THREADS: usize = 8;
    const NONCES: u64 = 2_000;
    let nonces = nonces(100_000);
    let (barrier, let_in) = (Barrier::new(THREADS), AtomicUsize::new(0));
    thread::scope(|scope| {
        for _ in 0..THREADS {
            scope.spawn(|| {
                barrier.wait();
                for number in 0..NONCES {
                    if insert(&nonces, number, NOW) == Insertion::Inserted {
                        let_in.fetch_add(1, Ordering::Relaxed);
                    }
                }
            });
        }
    });
    assert_eq!(let_in.into_inner() as u64, NONCES);
}

#[test]
fn a_flood_fills_it_to_its_bound_and_lets_no_replay_in() {
    let nonces = nonces(6_400);
    let mut let_in = Vec::new();
    for number in 0..50_000 {
        match insert(&nonces, number, NOW) {
            Insertion::Inserted => let_in.push(number),
            refused => assert_eq!(refused, Insertion::Full),
        }
    }
    assert_eq!(let_in.len(), 6_400, "every part is full");
    assert_eq!(nonces.len(), 6_400);
    assert!(!nonces.has_room(NOW));
    for number in &let_in {
        assert_eq!(insert(&nonces, *number, NOW), Insertion::Replayed);
    }
    let over = NOW.plus_secs(60 + KEEP_EXTRA_S);
    assert!(nonces.has_room(over), "room again when they have expired");
    assert_eq!(insert(&nonces, 99_999, over), Insertion::Inserted);
}

#[test]
fn it_is_kept_until_it_expires_and_a_little_longer() {
    let nonces = nonces(1_000);
    let text = text(1);
    let one = seen(&text, NOW.secs(), NOW.secs() + 60);
    assert_eq!(nonces.insert(one, NOW), Insertion::Inserted);
    for after_s in [1, 59, 60, 59 + KEEP_EXTRA_S] {
        assert_eq!(
            nonces.insert(one, NOW.plus_secs(after_s)),
            Insertion::Replayed,
            "{after_s} s"
        );
    }
    // Its time is over: no signature check would let it come here any more.
    assert_eq!(
        nonces.insert(one, NOW.plus_secs(60 + KEEP_EXTRA_S)),
        Insertion::Inserted
    );
}

#[test]
fn a_clock_that_goes_back_lets_nothing_in_twice() {
    let nonces = nonces(1_000);
    let text = text(1);
    let one = seen(&text, NOW.secs(), NOW.secs() + 60);
    assert_eq!(nonces.insert(one, NOW), Insertion::Inserted);
    let last = NOW.plus_secs(59 + KEEP_EXTRA_S);
    assert_eq!(insert(&nonces, 2, last), Insertion::Inserted);
    assert_eq!(nonces.insert(one, last.plus_secs(-60)), Insertion::Replayed);
}

#[test]
fn it_stays_bounded_and_right_over_an_idle_time_of_any_length() {
    for idle_s in [1, 64, 110, 400, 511, 512, 513, 1_024, 86_400 * 365] {
        let nonces = nonces(64_000);
        for number in 0..20_000 {
            assert_eq!(insert(&nonces, number, NOW), Insertion::Inserted);
        }
        let later = NOW.plus_secs(idle_s);
        for number in 20_000..20_500 {
            assert_eq!(
                insert(&nonces, number, later),
                Insertion::Inserted,
                "{idle_s} s"
            );
        }
        for number in 20_000..20_500 {
            assert_eq!(
                insert(&nonces, number, later),
                Insertion::Replayed,
                "{idle_s} s"
            );
        }
        let end = later.plus_secs(59 + KEEP_EXTRA_S);
        for number in 20_000..20_500 {
            let text = text(number);
            let one = seen(&text, later.secs(), later.secs() + 60);
            assert_eq!(nonces.insert(one, end), Insertion::Replayed, "{idle_s} s");
        }
    }
}

#[test]
fn what_cannot_be_kept_long_enough_is_refused() {
    let nonces = nonces(1_000);
    let longest = NOW.secs() + KEEP_S_MAX - KEEP_EXTRA_S;
    assert_eq!(
        nonces.insert(seen(&text(1), NOW.secs(), longest + 1), NOW),
        Insertion::Full
    );
    assert_eq!(
        nonces.insert(seen(&text(1), NOW.secs(), i64::MAX), NOW),
        Insertion::Full
    );
    assert_eq!(
        nonces.insert(seen(&text(1), NOW.secs() + 6, longest), NOW),
        Insertion::Full
    );
    assert_eq!(
        nonces.insert(seen(&text(1), NOW.secs() + 5, longest), NOW),
        Insertion::Inserted
    );
}

#[test]
fn without_a_mark_nothing_is_let_in_that_an_earlier_process_may_have_seen() {
    let nonces = nonces(1_000);
    let at = |after_s| START.plus_secs(after_s);
    let created = |created_s: i64, now: Timestamp, number| {
        nonces.insert(seen(&text(number), created_s, now.secs() + 30), now)
    };
    assert_eq!(created(START.secs() - 1, at(1), 1), Insertion::Replayed);
    // A phone five seconds ahead may have been heard just before the start.
    assert_eq!(created(START.secs() + 5, at(20), 2), Insertion::Replayed);
    assert_eq!(created(START.secs() + 6, at(6), 3), Insertion::Inserted);
}

#[test]
fn a_mark_lets_honest_requests_in_at_once_and_no_replay() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("nonces.mark");
    let first = MemoryNonces::with_mark(1_000, START, Mark::create(&path).unwrap(), &mut SystemRng)
        .unwrap();
    // A gateway that never ran has nothing to fear.
    let old = START.plus_secs(-1);
    assert_eq!(insert(&first, 1, START), Insertion::Inserted);
    assert_eq!(
        first.insert(seen(&text(2), old.secs(), NOW.secs()), START),
        Insertion::Replayed
    );
    let ahead = text(3);
    let ahead = seen(&ahead, NOW.secs() + 5, NOW.secs() + 60);
    assert_eq!(first.insert(ahead, NOW), Insertion::Inserted);
    assert!(
        matches!(Mark::open(&path, NOW), Err(MarkError::InUse)),
        "one process at a time"
    );
    drop(first);

    let restarted = NOW.plus_millis(700);
    let mark = Mark::open(&path, restarted).unwrap();
    assert_eq!(mark.created_s(), NOW.secs() + 5);
    let second = MemoryNonces::with_mark(1_000, restarted, mark, &mut SystemRng).unwrap();
    for later_s in [0, 5, 6, 30] {
        let now = restarted.plus_secs(later_s);
        assert_eq!(
            second.insert(ahead, now),
            Insertion::Replayed,
            "{later_s} s after"
        );
    }
    drop(second);

    // Without the phone that was ahead, the second of the restart itself is all that is lost.
    let path = folder.path().join("other.mark");
    let first =
        MemoryNonces::with_mark(9, START, Mark::create(&path).unwrap(), &mut SystemRng).unwrap();
    assert_eq!(insert(&first, 1, NOW), Insertion::Inserted);
    drop(first);
    let mark = Mark::open(&path, restarted).unwrap();
    let second = MemoryNonces::with_mark(9, restarted, mark, &mut SystemRng).unwrap();
    assert_eq!(insert(&second, 1, NOW), Insertion::Replayed);
    assert_eq!(insert(&second, 2, NOW.plus_secs(1)), Insertion::Inserted);
}

#[test]
fn a_mark_that_is_lost_or_damaged_is_as_careful_as_none() {
    let folder = tempfile::tempdir().unwrap();
    for damage in [
        None,
        Some(&b""[..]),
        Some(b"short"),
        Some(&[7; 16]),
        Some(&[0; 99]),
    ] {
        let path = folder.path().join("nonces.mark");
        let _ = std::fs::remove_file(&path);
        if let Some(damage) = damage {
            std::fs::write(&path, damage).unwrap();
        }
        let mark = Mark::open(&path, START).unwrap();
        assert_eq!(mark.created_s(), START.secs() + 5, "{damage:?}");
    }
    let path = folder.path().join("nonces.mark");
    let mark = Mark::create(&path).unwrap();
    assert_eq!(mark.created_s(), START.secs() + 5, "what is there counts");
    drop(mark);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(Mark::create(&path).unwrap().created_s(), i64::MIN);
    assert_eq!(Mark::open(&path, START).unwrap().created_s(), i64::MIN);
}

#[derive(Clone, Copy, Debug)]
struct Step {
    number: u64,
    window_s: i64,
    pass_s: i64,
}

fn step() -> impl Strategy<Value = Step> {
    (
        0..40_u64,
        1..=300_i64,
        prop_oneof![Just(0), 0..4_i64, 0..700_i64],
    )
        .prop_map(|(number, window_s, pass_s)| Step {
            number,
            window_s,
            pass_s,
        })
}

proptest! {
    /// Against a model that remembers everything: no request that could still pass the time rules
    /// is ever let in a second time, and nothing new is taken for a replay.
    #[test]
    fn it_agrees_with_a_memory_without_bounds(
        steps in proptest::collection::vec(step(), 1..400),
    ) {
        let nonces = nonces(100_000);
        let mut kept_until_s: HashMap<u64, i64> = HashMap::new();
        let mut now = NOW;
        for Step { number, window_s, pass_s } in steps {
            now = now.plus_secs(pass_s);
            let expires_s = now.secs() + window_s;
            let inserted = nonces.insert(seen(&text(number), now.secs(), expires_s), now);
            match kept_until_s.get(&number) {
                Some(until_s) if now.secs() < *until_s => {
                    prop_assert_eq!(inserted, Insertion::Replayed);
                }
                // Expired: it may still lie there uncleared.
                Some(_) => prop_assert_ne!(inserted, Insertion::Full),
                None => prop_assert_eq!(inserted, Insertion::Inserted),
            }
            if inserted == Insertion::Inserted {
                kept_until_s.insert(number, expires_s + KEEP_EXTRA_S);
            }
        }
    }

    #[test]
    fn it_never_holds_more_than_its_bound(
        steps in proptest::collection::vec((any::<u64>(), 0..3_i64), 1..600),
    ) {
        let nonces = nonces(128);
        let mut now = NOW;
        for (number, pass_s) in steps {
            now = now.plus_secs(pass_s);
            insert(&nonces, number, now);
            prop_assert!(nonces.len() <= 128);
        }
    }
}

#[test]
fn it_can_be_shared() {
    fn shared<T: Send + Sync + ?Sized>(_: Arc<T>) {}
    shared::<dyn hefu_store::nonces::Nonces>(Arc::new(nonces(1)));
}
