//! Decisions as they are kept: rows, and two running sums over them.

use async_trait::async_trait;
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId},
};
use std::{collections::BTreeMap, sync::Arc};

use crate::StoreError;

/// Most events of one batch. Stops: a backlog that becomes one endless transaction.
pub const EVENTS_BATCH_MAX: u32 = 4_096;

/// Upper bounds of the latency buckets in microseconds; the last bucket has none. The limits of
/// the three classes (100, 300 and 500 ms) are among them, so that what kept them is counted
/// exactly.
pub const LATENCY_BOUNDS_MICROS: [u32; 15] = [
    250, 500, 1_000, 2_500, 5_000, 10_000, 25_000, 50_000, 100_000, 200_000, 300_000, 400_000,
    500_000, 1_000_000, 5_000_000,
];

/// How many buckets there are.
pub const LATENCY_BUCKETS: usize = LATENCY_BOUNDS_MICROS.len() + 1;

/// The bucket of a latency: the first whose bound it does not exceed.
#[must_use]
pub fn latency_bucket(micros: u32) -> usize {
    LATENCY_BOUNDS_MICROS.partition_point(|bound| *bound < micros)
}

/// Whether a request passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum EventOutcome {
    /// Every guard let it pass.
    Allowed,
    /// A guard refused it.
    Refused,
}

impl EventOutcome {
    /// Every outcome.
    pub const ALL: [Self; 2] = [Self::Allowed, Self::Refused];

    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|outcome| outcome.as_str() == text)
    }
}

/// One decision. There is no field in which a customer's data could stand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventRecord {
    /// Its number in the order of recording, from 1.
    pub seq: u64,
    /// The request.
    pub request_id: RequestId,
    /// When it was decided.
    pub at: Timestamp,
    /// The function number, where one was found.
    pub function: Option<Arc<str>>,
    /// The device, where one was proved.
    pub device: Option<DeviceId>,
    /// The guard that decided.
    pub guard: Arc<str>,
    /// The clauses this decision is evidence for.
    pub clauses: Arc<[Box<str>]>,
    /// Whether it passed.
    pub outcome: EventOutcome,
    /// The public code of the refusal.
    pub code: Option<Arc<str>>,
    /// The inner reason: a fixed word, never data.
    pub reason: Arc<str>,
    /// The function's latency class, where one was found.
    pub class: Option<Arc<str>>,
    /// The HTTP status.
    pub status: u16,
    /// From the whole head to the decision.
    pub micros: u32,
    /// It reached the service, so that its time counts for the class.
    pub served: bool,
}

/// Which events.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct EventFilter {
    /// Only this outcome.
    pub outcome: Option<EventOutcome>,
    /// Only this request.
    pub request_id: Option<RequestId>,
    /// Only this guard.
    pub guard: Option<String>,
    /// Only this function.
    pub function: Option<String>,
    /// Only this device.
    pub device: Option<DeviceId>,
    /// Only evidence for this clause.
    pub clause: Option<String>,
}

/// Which page of them; at most [`PAGE_ROWS_MAX`](crate::PAGE_ROWS_MAX) rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventPage {
    /// The newest, newest first.
    Newest {
        /// Rows.
        rows_max: u32,
    },
    /// Those recorded before that number, newest first: towards the past.
    Before {
        /// The number.
        seq: u64,
        /// Rows.
        rows_max: u32,
    },
    /// Those recorded after that number, oldest first: what has come since.
    After {
        /// The number.
        seq: u64,
        /// Rows.
        rows_max: u32,
    },
}

/// What was last seen for a clause.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClauseEvidence {
    /// The clause.
    pub clause: Box<str>,
    /// How many requests passed it.
    pub allowed: u64,
    /// When the last one did.
    pub allowed_at: Option<Timestamp>,
    /// How many it refused.
    pub refused: u64,
    /// When the last one was.
    pub refused_at: Option<Timestamp>,
}

/// Requests of one minute in one latency bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LatencyCount {
    /// The start of the minute.
    pub minute: Timestamp,
    /// The latency class.
    pub class: Box<str>,
    /// Index of the bucket, below [`LATENCY_BUCKETS`].
    pub bucket: usize,
    /// How many.
    pub count: u64,
}

/// Events, and what they add up to.
#[async_trait]
pub trait Events: Send + Sync {
    /// Stores events with ascending numbers, at most [`EVENTS_BATCH_MAX`], and adds them to the
    /// sums, in one transaction. Those whose number is not above the last stored one are skipped:
    /// a batch may be sent again. Tells how many were new.
    ///
    /// # Errors
    /// When the store fails; then none of them was stored, or (out of reach) all or none.
    async fn append_events(&self, events: &[EventRecord]) -> Result<u64, StoreError>;

    /// The last stored number; 0 when there is none. It survives [`purge_events`](Self::purge_events).
    ///
    /// # Errors
    /// When the store fails.
    async fn last_event_seq(&self) -> Result<u64, StoreError>;

    /// A page of events.
    ///
    /// # Errors
    /// When the store fails.
    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, StoreError>;

    /// What was last seen for each clause that was ever seen, sorted by clause.
    ///
    /// # Errors
    /// When the store fails.
    async fn clause_evidence(&self) -> Result<Vec<ClauseEvidence>, StoreError>;

    /// The latencies of requests that reached the service, in the minutes from `since` on, sorted by minute, class
    /// and bucket; buckets without requests are left out.
    ///
    /// # Errors
    /// When the store fails.
    async fn latencies(&self, since: Timestamp) -> Result<Vec<LatencyCount>, StoreError>;

    /// Deletes events (at most `rows_max` of them) and latencies from before `before`; tells how
    /// many events. The evidence by clause stays.
    ///
    /// # Errors
    /// When the store fails.
    async fn purge_events(&self, before: Timestamp, rows_max: u32) -> Result<u64, StoreError>;
}

/// What events add up to.
#[derive(Debug, Default)]
pub(crate) struct Sums {
    pub(crate) evidence: BTreeMap<Box<str>, ClauseEvidence>,
    /// By minute, class and bucket.
    pub(crate) latencies: BTreeMap<(i64, Box<str>, usize), u64>,
}

impl Sums {
    /// Adds a batch. Events of one clause set are counted together first: a batch has thousands of
    /// events, some ten sets, and some fifty clauses in a set.
    pub(crate) fn add(&mut self, events: &[EventRecord]) {
        let mut sets: Vec<(&[Box<str>], ClauseEvidence)> = Vec::new();
        for event in events {
            self.add_latency(event);
            // Sets are shared, so the same place is the same set; two places with equal sets are
            // merely counted apart.
            let clauses: &[Box<str>] = &event.clauses;
            let known = sets
                .iter_mut()
                .find(|(known, _)| std::ptr::eq(*known, clauses));
            if let Some((_, count)) = known {
                count.add(event.outcome, event.at);
            } else {
                let mut count = ClauseEvidence::none("");
                count.add(event.outcome, event.at);
                sets.push((clauses, count));
            }
        }
        for (clauses, count) in sets {
            for clause in clauses {
                let evidence = self
                    .evidence
                    .entry(clause.clone())
                    .or_insert_with(|| ClauseEvidence::none(clause));
                evidence.merge(&count);
            }
        }
    }

    fn add_latency(&mut self, event: &EventRecord) {
        if let (true, Some(class)) = (event.served, &event.class) {
            let key = (
                minute_of(event.at),
                Box::from(&**class),
                latency_bucket(event.micros),
            );
            *self.latencies.entry(key).or_default() += 1;
        }
    }
}

impl ClauseEvidence {
    fn none(clause: &str) -> Self {
        Self {
            clause: clause.into(),
            allowed: 0,
            allowed_at: None,
            refused: 0,
            refused_at: None,
        }
    }

    fn add(&mut self, outcome: EventOutcome, at: Timestamp) {
        let (sum, last) = match outcome {
            EventOutcome::Allowed => (&mut self.allowed, &mut self.allowed_at),
            EventOutcome::Refused => (&mut self.refused, &mut self.refused_at),
        };
        *sum = sum.saturating_add(1);
        *last = (*last).max(Some(at));
    }

    fn merge(&mut self, other: &Self) {
        self.allowed = self.allowed.saturating_add(other.allowed);
        self.allowed_at = self.allowed_at.max(other.allowed_at);
        self.refused = self.refused.saturating_add(other.refused);
        self.refused_at = self.refused_at.max(other.refused_at);
    }
}

const MINUTE_MS: i64 = 60_000;

pub(crate) fn minute_of(at: Timestamp) -> i64 {
    at.millis().div_euclid(MINUTE_MS).saturating_mul(MINUTE_MS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_latency_at_a_bound_is_still_within_it() {
        let bound = LATENCY_BOUNDS_MICROS
            .iter()
            .position(|bound| *bound == 300_000)
            .unwrap();
        assert_eq!(latency_bucket(300_000), bound);
        assert_eq!(latency_bucket(300_001), bound + 1);
        assert_eq!(latency_bucket(0), 0);
        assert_eq!(latency_bucket(u32::MAX), LATENCY_BUCKETS - 1);
        assert!(LATENCY_BOUNDS_MICROS.is_sorted());
    }
}
