//! What storing events costs the machine, in batches as the importer sends them.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot be set up has to stop"
)]

use std::sync::Arc;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use hefu_store::{EVENTS_BATCH_MAX, EventOutcome, EventRecord, Events as _, sqlite::SqliteStore};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId},
};

fn append(c: &mut Criterion) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("hefu.sqlite");
    let store = runtime.block_on(SqliteStore::open(&path)).expect("a store");
    let clauses: Arc<[Box<str>]> = ["CJ-6.3.d.2", "CJ-6.3.d.4", "JR-6.2.2.a", "AN-1"]
        .map(Box::from)
        .into();
    let mut seq = 0;
    let mut batch = || {
        let mut event = || {
            seq += 1;
            let mut id = [0; 16];
            id.copy_from_slice(&u128::from(seq).to_be_bytes());
            EventRecord {
                seq,
                request_id: RequestId::from_bytes(id),
                at: Timestamp::from_secs(1_760_000_000),
                function: Some("T2001".into()),
                device: Some(DeviceId::from_bytes([3; 16])),
                guard: "pipeline".into(),
                clauses: Arc::clone(&clauses),
                outcome: EventOutcome::Allowed,
                code: None,
                reason: "".into(),
                class: Some("trade".into()),
                status: 200,
                micros: 180,
                served: true,
            }
        };
        (0..EVENTS_BATCH_MAX).map(|_| event()).collect::<Vec<_>>()
    };
    let mut group = c.benchmark_group("sqlite");
    group.throughput(Throughput::Elements(u64::from(EVENTS_BATCH_MAX)));
    group.sample_size(20);
    group.bench_function("append a batch of events", |b| {
        b.iter_batched(
            &mut batch,
            |events| {
                runtime
                    .block_on(store.append_events(&events))
                    .expect("appended")
            },
            BatchSize::PerIteration,
        );
    });
    group.finish();
}

criterion_group!(benches, append);
criterion_main!(benches);
