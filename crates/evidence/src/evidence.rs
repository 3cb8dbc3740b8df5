//! What the console asks.

use std::sync::Arc;

use hefu_standards::coverage::Row;
use hefu_store::{
    EVENTS_BATCH_MAX, EventFilter, EventPage, EventRecord, LatencyCount, Store, StoreError,
};
use hefu_tally::clock::Timestamp;

use crate::{ClassLatency, EvidencedRow, evidenced, latency_by_class};

/// Reads what was recorded. Events are seen here once they are imported, a fraction of a second
/// after they were recorded.
#[derive(Clone, Debug)]
pub struct Evidence {
    store: Arc<dyn Store>,
}

impl Evidence {
    /// Over a store.
    #[must_use]
    pub fn new(store: Arc<dyn Store>) -> Self {
        Self { store }
    }

    /// A page of events.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, StoreError> {
        self.store.events(filter, page).await
    }

    /// The clauses with what was last seen of each.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn coverage(&self, rows: Vec<Row>) -> Result<Vec<EvidencedRow>, StoreError> {
        Ok(evidenced(rows, self.store.clause_evidence().await?))
    }

    /// The latencies by class, from the minute of `since` on.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latency(&self, since: Timestamp) -> Result<[ClassLatency; 3], StoreError> {
        Ok(latency_by_class(&self.store.latencies(since).await?))
    }

    /// The same minute by minute, for a chart.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn latency_by_minute(
        &self,
        since: Timestamp,
    ) -> Result<Vec<LatencyCount>, StoreError> {
        self.store.latencies(since).await
    }

    /// Deletes events and latencies from before `before`, in batches that let others write between
    /// them; tells how many events. What was seen for each clause stays.
    ///
    /// # Errors
    /// When the store fails; the batches before are deleted.
    pub async fn forget_before(&self, before: Timestamp) -> Result<u64, StoreError> {
        let mut forgotten = 0;
        loop {
            let batch = self.store.purge_events(before, EVENTS_BATCH_MAX).await?;
            forgotten += batch;
            if batch < u64::from(EVENTS_BATCH_MAX) {
                return Ok(forgotten);
            }
        }
    }
}
