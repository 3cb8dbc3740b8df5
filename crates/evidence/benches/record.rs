//! What recording one decision costs a request, while the importer reads along.

#![expect(
    clippy::expect_used,
    reason = "a bench that cannot be set up has to stop"
)]

use std::{sync::Arc, thread, time::Duration};

use async_trait::async_trait;
use criterion::{Criterion, criterion_group, criterion_main};
use hefu_evidence::{
    Class, Event, EventFilter, EventPage, EventRecord, Outcome, Recorder, SpoolConfig,
};
use hefu_store::{ClauseEvidence, Events, LatencyCount, StoreError};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId},
};

/// Takes everything and keeps nothing, so that only the recorder is measured.
struct Nowhere;

#[async_trait]
impl Events for Nowhere {
    async fn append_events(&self, events: &[EventRecord]) -> Result<u64, StoreError> {
        Ok(events.len() as u64)
    }
    async fn last_event_seq(&self) -> Result<u64, StoreError> {
        Ok(0)
    }
    async fn events(&self, _: &EventFilter, _: EventPage) -> Result<Vec<EventRecord>, StoreError> {
        Ok(Vec::new())
    }
    async fn clause_evidence(&self) -> Result<Vec<ClauseEvidence>, StoreError> {
        Ok(Vec::new())
    }
    async fn latencies(&self, _: Timestamp) -> Result<Vec<LatencyCount>, StoreError> {
        Ok(Vec::new())
    }
    async fn purge_events(&self, _: Timestamp, _: u32) -> Result<u64, StoreError> {
        Ok(0)
    }
}

const CLAUSES: &[&str] = &["CJ-6.3.d.2", "CJ-6.3.d.4", "JR-6.2.2.a", "AN-1"];

fn record(c: &mut Criterion) {
    let event = Event {
        request_id: RequestId::from_bytes([7; 16]),
        at: Timestamp::from_secs(1_760_000_000),
        function: "T2001".parse().ok(),
        device: Some(DeviceId::from_bytes([3; 16])),
        guard: "pipeline",
        clauses: CLAUSES,
        outcome: Outcome::Allowed,
        code: None,
        reason: "",
        class: Some(Class::Trade),
        status: 200,
        micros: 180,
        served: true,
    };
    let folder = tempfile::tempdir().expect("a folder");
    let config = SpoolConfig {
        bytes_max: 4 << 30,
        ..SpoolConfig::default()
    };
    let (recorder, importer) = Recorder::open(folder.path(), config, 0).expect("a spool");
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let importing = thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .build();
        runtime.expect("a runtime").block_on(importer.run(
            Arc::new(Nowhere),
            Duration::from_millis(200),
            async {
                let _ = stopped.await;
            },
        ));
    });
    c.bench_function("record", |b| {
        b.iter(|| recorder.record(&event).expect("recorded"))
    });
    drop(stop);
    importing.join().expect("the importer ends");
}

criterion_group!(benches, record);
criterion_main!(benches);
