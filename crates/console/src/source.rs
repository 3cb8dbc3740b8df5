//! What the pages show, behind one trait; and that trait over the running system.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use hefu_evidence::{
    ClassLatency, EventFilter, EventPage, EventRecord, Evidence, EvidencedRow, Recorder, spool,
};
use hefu_identity::Identity;
use hefu_standards::coverage::Row;
use hefu_store::{DeviceRecord, DeviceStatus, Store, StoreError};
use hefu_tally::{clock::Timestamp, ids::DeviceId};

/// Where the pages read, and the one thing that they change.
#[async_trait]
pub trait Source: fmt::Debug + Send + Sync {
    /// Every clause in the order of the catalogue, with what was last seen of it.
    ///
    /// # Errors
    /// When the store fails.
    async fn coverage(&self) -> Result<Vec<EvidencedRow>, StoreError>;

    /// A page of events.
    ///
    /// # Errors
    /// When the store fails.
    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, StoreError>;

    /// The latencies by class from `since` on.
    ///
    /// # Errors
    /// When the store fails.
    async fn latency(&self, since: Timestamp) -> Result<[ClassLatency; 3], StoreError>;

    /// Devices with an id above `after`, in the order of their ids.
    ///
    /// # Errors
    /// When the store fails.
    async fn devices(
        &self,
        after: Option<DeviceId>,
        rows_max: u32,
    ) -> Result<Vec<DeviceRecord>, StoreError>;

    /// The device of that id.
    ///
    /// # Errors
    /// When the store fails.
    async fn device(&self, id: DeviceId) -> Result<Option<DeviceRecord>, StoreError>;

    /// Freezes, thaws or revokes a device, and ends its sessions unless it is active then. False
    /// when there is no such device, or it is revoked: that is for ever.
    ///
    /// # Errors
    /// When the store fails.
    async fn set_device_status(
        &self,
        id: DeviceId,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Result<bool, StoreError>;

    /// How storing and recording are going.
    async fn health(&self) -> Health;
}

/// How storing and recording are going.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Health {
    /// The store answers.
    pub store_answers: bool,
    /// The recorder, where this process records.
    pub spool: Option<spool::Health>,
}

/// The running system: the store, and who records and changes beside it.
#[derive(Debug)]
pub struct Live {
    store: Arc<dyn Store>,
    evidence: Evidence,
    identity: Arc<Identity>,
    recorder: Recorder,
    rows: Vec<Row>,
}

impl Live {
    /// `rows` is the coverage of the joined registries, without evidence.
    #[must_use]
    pub fn new(
        store: Arc<dyn Store>,
        identity: Arc<Identity>,
        recorder: Recorder,
        rows: Vec<Row>,
    ) -> Self {
        let evidence = Evidence::new(Arc::clone(&store));
        Self {
            store,
            evidence,
            identity,
            recorder,
            rows,
        }
    }
}

#[async_trait]
impl Source for Live {
    async fn coverage(&self) -> Result<Vec<EvidencedRow>, StoreError> {
        self.evidence.coverage(self.rows.clone()).await
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, StoreError> {
        self.evidence.events(filter, page).await
    }

    async fn latency(&self, since: Timestamp) -> Result<[ClassLatency; 3], StoreError> {
        self.evidence.latency(since).await
    }

    async fn devices(
        &self,
        after: Option<DeviceId>,
        rows_max: u32,
    ) -> Result<Vec<DeviceRecord>, StoreError> {
        self.store.devices(after, rows_max).await
    }

    async fn device(&self, id: DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        self.store.device(id).await
    }

    async fn set_device_status(
        &self,
        id: DeviceId,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Result<bool, StoreError> {
        let ended = self.identity.set_device_status(id, status, now).await?;
        Ok(ended.is_some())
    }

    async fn health(&self) -> Health {
        let store_answers = match self.store.check().await {
            Ok(()) => true,
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "the store does not answer"
                );
                false
            }
        };
        Health {
            store_answers,
            spool: Some(self.recorder.health()),
        }
    }
}
