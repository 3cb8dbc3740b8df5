//! Events, and what they add up to.

use std::sync::Arc;

use hefu_store::{
    EVENTS_BATCH_MAX, EventFilter, EventOutcome, EventPage, EventRecord, Store, StoreError,
    latency_bucket,
};
use hefu_tally::{clock::Timestamp, ids::DeviceId};

use crate::fixture::{NOW, event};

const NEWEST: EventPage = EventPage::Newest { rows_max: 100 };

fn allowed(seq: u64) -> EventRecord {
    event(seq, EventOutcome::Allowed, &["JR-6.2.2.a", "AN-1"])
}

fn refused(seq: u64) -> EventRecord {
    event(seq, EventOutcome::Refused, &["AN-1"])
}

fn seqs(events: &[EventRecord]) -> Vec<u64> {
    events.iter().map(|event| event.seq).collect()
}

pub(crate) async fn events_are_read_as_they_were(store: Arc<dyn Store>) {
    let mut bare = allowed(3);
    bare.function = None;
    bare.device = None;
    bare.class = None;
    bare.clauses = Arc::from([]);
    let events = [allowed(1), refused(2), bare];
    assert_eq!(store.append_events(&events).await.unwrap(), 3);
    let mut read = store.events(&EventFilter::default(), NEWEST).await.unwrap();
    read.reverse();
    assert_eq!(read, events);
    assert_eq!(store.append_events(&[]).await.unwrap(), 0);
}

pub(crate) async fn a_batch_that_is_sent_again_counts_once(store: Arc<dyn Store>) {
    let events: Vec<_> = (1..=10).map(allowed).collect();
    assert_eq!(store.append_events(&events[..6]).await.unwrap(), 6);
    assert_eq!(store.append_events(&events[..6]).await.unwrap(), 0);
    assert_eq!(store.append_events(&events[3..]).await.unwrap(), 4);
    assert_eq!(store.last_event_seq().await.unwrap(), 10);
    let read = store.events(&EventFilter::default(), NEWEST).await.unwrap();
    assert_eq!(seqs(&read), (1..=10).rev().collect::<Vec<_>>());
    let evidence = store.clause_evidence().await.unwrap();
    assert!(evidence.iter().all(|seen| seen.allowed == 10));
    let latencies = store.latencies(Timestamp::from_millis(0)).await.unwrap();
    assert_eq!(
        latencies.iter().map(|latency| latency.count).sum::<u64>(),
        10
    );
}

pub(crate) async fn pages_go_both_ways(store: Arc<dyn Store>) {
    // More than one statement's worth of rows.
    let events: Vec<_> = (1..=700).map(allowed).collect();
    store.append_events(&events).await.unwrap();
    let page = async |page| seqs(&store.events(&EventFilter::default(), page).await.unwrap());
    assert_eq!(
        page(EventPage::Newest { rows_max: 3 }).await,
        [700, 699, 698]
    );
    assert_eq!(
        page(EventPage::Before {
            seq: 698,
            rows_max: 2
        })
        .await,
        [697, 696]
    );
    assert_eq!(
        page(EventPage::After {
            seq: 697,
            rows_max: 2
        })
        .await,
        [698, 699]
    );
    assert_eq!(
        page(EventPage::After {
            seq: 700,
            rows_max: 2
        })
        .await,
        [0; 0]
    );
    assert_eq!(
        page(EventPage::After {
            seq: u64::MAX,
            rows_max: 2
        })
        .await,
        [0; 0]
    );
    assert_eq!(
        page(EventPage::Before {
            seq: 1,
            rows_max: 2
        })
        .await,
        [0; 0]
    );
    assert_eq!(
        page(EventPage::Newest { rows_max: u32::MAX }).await.len(),
        700
    );
}

pub(crate) async fn filters_narrow(store: Arc<dyn Store>) {
    let mut odd = refused(3);
    odd.device = Some(DeviceId::from_bytes([9; 16]));
    odd.function = Some("hefu.session.open".into());
    let events = [allowed(1), refused(2), odd.clone()];
    store.append_events(&events).await.unwrap();
    let found = async |filter: EventFilter| seqs(&store.events(&filter, NEWEST).await.unwrap());
    let any = EventFilter::default;

    assert_eq!(
        found(EventFilter {
            outcome: Some(EventOutcome::Refused),
            ..any()
        })
        .await,
        [3, 2]
    );
    assert_eq!(
        found(EventFilter {
            outcome: Some(EventOutcome::Allowed),
            ..any()
        })
        .await,
        [1]
    );
    let one = EventFilter {
        request_id: Some(events[1].request_id),
        ..any()
    };
    assert_eq!(found(one).await, [2]);
    assert_eq!(
        found(EventFilter {
            guard: Some("replay".into()),
            ..any()
        })
        .await,
        [3, 2]
    );
    assert_eq!(
        found(EventFilter {
            device: odd.device,
            ..any()
        })
        .await,
        [3]
    );
    let function = EventFilter {
        function: Some("hefu.session.open".into()),
        ..any()
    };
    assert_eq!(found(function).await, [3]);
    let clause = |clause: &str| EventFilter {
        clause: Some(clause.to_owned()),
        ..any()
    };
    assert_eq!(found(clause("JR-6.2.2.a")).await, [1]);
    assert_eq!(found(clause("AN-1")).await, [3, 2, 1]);
    for none in ["AN", "JR-6.2.2", "%", "_N-1", "", "' OR 1 = 1 --"] {
        assert_eq!(found(clause(none)).await, [0; 0], "{none}");
    }
    let both = EventFilter {
        clause: Some("AN-1".into()),
        outcome: Some(EventOutcome::Allowed),
        ..any()
    };
    assert_eq!(found(both).await, [1]);
}

pub(crate) async fn evidence_and_latencies_add_up(store: Arc<dyn Store>) {
    let mut slow = allowed(4);
    slow.micros = 300_001;
    slow.at = NOW.plus_secs(60);
    store
        .append_events(&[allowed(1), refused(2), allowed(3)])
        .await
        .unwrap();
    store.append_events(&[slow]).await.unwrap();

    let evidence = store.clause_evidence().await.unwrap();
    let [an, jr] = evidence.as_slice() else {
        panic!("two clauses: {evidence:?}")
    };
    assert_eq!((&*an.clause, an.allowed, an.refused), ("AN-1", 3, 1));
    assert_eq!(
        (an.allowed_at, an.refused_at),
        (Some(NOW.plus_secs(60)), Some(NOW.plus_millis(2)))
    );
    assert_eq!((&*jr.clause, jr.allowed, jr.refused), ("JR-6.2.2.a", 3, 0));
    assert_eq!(
        (jr.allowed_at, jr.refused_at),
        (Some(NOW.plus_secs(60)), None)
    );

    let latencies = store.latencies(NOW).await.unwrap();
    let found: Vec<_> = latencies
        .iter()
        .map(|l| (&*l.class, l.bucket, l.count))
        .collect();
    let (fast, slow) = (latency_bucket(1_234), latency_bucket(300_001));
    assert_eq!(
        found,
        [("trade", fast, 2), ("trade", slow, 1)],
        "refused ones do not count"
    );
    let minute = latencies[1].minute;
    assert_eq!(minute.millis() % 60_000, 0);
    assert_eq!(store.latencies(minute).await.unwrap().len(), 1);
}

pub(crate) async fn a_purge_keeps_the_evidence_and_the_numbering(store: Arc<dyn Store>) {
    let mut events: Vec<_> = (1..=10).map(allowed).collect();
    for (event, minute) in events.iter_mut().zip(0..) {
        event.at = NOW.plus_secs(minute * 60);
    }
    store.append_events(&events).await.unwrap();
    let before = NOW.plus_secs(5 * 60);
    assert_eq!(store.purge_events(before, 3).await.unwrap(), 3);
    assert_eq!(store.purge_events(before, 100).await.unwrap(), 2);
    assert_eq!(store.purge_events(before, 100).await.unwrap(), 0);
    let left = store.events(&EventFilter::default(), NEWEST).await.unwrap();
    assert_eq!(seqs(&left), [10, 9, 8, 7, 6]);
    assert_eq!(
        store
            .latencies(Timestamp::from_millis(0))
            .await
            .unwrap()
            .len(),
        5
    );
    assert!(
        store
            .clause_evidence()
            .await
            .unwrap()
            .iter()
            .all(|seen| seen.allowed == 10)
    );
    assert_eq!(
        store
            .purge_events(NOW.plus_secs(86_400), 100)
            .await
            .unwrap(),
        5
    );
    assert_eq!(store.last_event_seq().await.unwrap(), 10);
    assert_eq!(store.append_events(&events).await.unwrap(), 0);
}

pub(crate) async fn too_large_a_batch_is_refused(store: Arc<dyn Store>) {
    let most = u64::from(EVENTS_BATCH_MAX);
    let events: Vec<_> = (1..=most + 1).map(refused).collect();
    let too_many = store.append_events(&events).await;
    assert!(matches!(too_many, Err(StoreError::TooMany { .. })));
    assert_eq!(store.last_event_seq().await.unwrap(), 0);
    assert_eq!(store.append_events(&events[1..]).await.unwrap(), most);
}
