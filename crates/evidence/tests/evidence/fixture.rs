//! Events to record.

use std::sync::Arc;

use hefu_evidence::{Class, Event, EventFilter, EventPage, EventRecord, Outcome};
use hefu_store::{Events, Store, memory::MemoryStore};
use hefu_tally::{clock::Timestamp, ids::RequestId, problem::Code};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);
pub(crate) const ALL: &[&str] = &["CJ-6.3.d.4", "JR-6.2.2.a", "AN-1"];
pub(crate) const REPLAY: &[&str] = &["CJ-6.3.d.4", "AN-1"];

/// The `number`th request; every third is refused.
pub(crate) fn event(number: u64) -> Event {
    let is_refused = number.is_multiple_of(3);
    let mut id = [0; 16];
    id[8..].copy_from_slice(&number.to_be_bytes());
    Event {
        request_id: RequestId::from_bytes(id),
        at: NOW.plus_millis(i64::try_from(number).unwrap()),
        function: Some("T2001".parse().unwrap()),
        device: None,
        guard: if is_refused { "replay" } else { "pipeline" },
        clauses: if is_refused { REPLAY } else { ALL },
        outcome: if is_refused {
            Outcome::Refused
        } else {
            Outcome::Allowed
        },
        code: is_refused.then_some(Code::Unauthenticated),
        reason: if is_refused { "nonce-seen" } else { "" },
        class: Some(Class::Trade),
        status: if is_refused { 401 } else { 200 },
        micros: 1_234,
        served: !is_refused,
    }
}

/// Which request an event is about.
pub(crate) fn number(event: &EventRecord) -> u64 {
    u64::from_be_bytes(event.request_id.as_bytes()[8..].try_into().unwrap())
}

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

/// Everything in the store, oldest first.
pub(crate) async fn everything<S: Events + ?Sized>(store: &S) -> Vec<EventRecord> {
    let (mut events, mut seq) = (Vec::new(), 0);
    loop {
        let page = EventPage::After {
            seq,
            rows_max: 1_000,
        };
        let page = store.events(&EventFilter::default(), page).await.unwrap();
        let Some(last) = page.last() else {
            return events;
        };
        seq = last.seq;
        events.extend(page);
    }
}

/// That the numbers go from 1 on without a gap.
pub(crate) fn assert_gapless(events: &[EventRecord]) {
    for (event, seq) in events.iter().zip(1..) {
        assert_eq!(event.seq, seq);
    }
}
