//! What remembering a nonce costs a request.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot be set up has to stop"
)]

use std::{
    hint::black_box,
    sync::atomic::{AtomicI64, AtomicU64, Ordering},
};

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use hefu_gm::rng::SystemRng;
use hefu_store::nonces::{Insertion, Mark, MemoryNonces, Nonces as _, Seen};
use hefu_tally::{
    clock::Timestamp,
    ids::{KeyId, SessionId},
    nonce::Nonce,
};

const START: Timestamp = Timestamp::from_secs(1_760_000_000);
const KEY: KeyId = KeyId::Session(SessionId::from_bytes([1; 16]));

fn nonce(c: &mut Criterion) {
    let mut group = c.benchmark_group("nonce");

    let number = AtomicU64::new(0);
    let text = || format!("{:022}", number.fetch_add(1, Ordering::Relaxed));

    // A second passes with every 20,000 requests: 1.3 million nonces are alive.
    let second = AtomicI64::new(0);
    let now = || START.plus_secs(100 + second.fetch_add(1, Ordering::Relaxed) / 20_000);
    let insert = |nonces: &MemoryNonces, text: &str, now: Timestamp| {
        let Ok(nonce) = Nonce::parse(text) else {
            return Insertion::Full;
        };
        let (created_s, expires_s) = (now.secs(), now.secs() + 60);
        nonces.insert(
            Seen {
                key: KEY,
                nonce,
                created_s,
                expires_s,
            },
            now,
        )
    };

    let nonces = MemoryNonces::new(2 << 20, START, &mut SystemRng).expect("randomness");
    for _ in 0..1_300_000 {
        assert_eq!(insert(&nonces, &text(), now()), Insertion::Inserted);
    }
    group.bench_function("insert", |b| {
        b.iter_batched(
            text,
            |text| black_box(insert(&nonces, &text, now())),
            BatchSize::SmallInput,
        );
    });

    let folder = tempfile::tempdir().expect("a folder");
    let mark = Mark::create(&folder.path().join("mark")).expect("a mark");
    let marked = MemoryNonces::with_mark(2 << 20, START, mark, &mut SystemRng).expect("randomness");
    group.bench_function("insert with a mark", |b| {
        b.iter_batched(
            text,
            |text| black_box(insert(&marked, &text, now())),
            BatchSize::SmallInput,
        );
    });

    let seen = text();
    let then = START.plus_secs(100);
    let full = MemoryNonces::new(1, START, &mut SystemRng).expect("randomness");
    assert_eq!(insert(&full, &seen, then), Insertion::Inserted);
    group.bench_function("refuse a replay", |b| {
        b.iter(|| black_box(insert(&full, &seen, then)));
    });
    group.finish();
}

criterion_group!(benches, nonce);
criterion_main!(benches);
