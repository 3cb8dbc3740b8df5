#![doc = include_str!("../README.md")]
#![forbid(unsafe_code)]

pub mod backup;
mod codes;
mod devices;
mod error;
mod events;
pub mod memory;
pub mod nonces;
mod sessions;
pub mod sqlite;
mod users;

pub use codes::{CODE_SELECTOR_CHARS_MAX, EnrolmentCodeRecord, EnrolmentCodes};
pub use devices::{CertificateRecord, DeviceRecord, DeviceStatus, Devices, Enrolled};
pub use error::StoreError;
pub use events::{
    ClauseEvidence, EVENTS_BATCH_MAX, EventFilter, EventOutcome, EventPage, EventRecord, Events,
    LATENCY_BOUNDS_MICROS, LATENCY_BUCKETS, LatencyCount, latency_bucket,
};
pub use sessions::{Opened, SessionRecord, Sessions, Touch};
pub use users::{LoginLimit, PasswordHash, UserRecord, UserStatus, Users};

use async_trait::async_trait;
use std::fmt;

/// Most rows of one page. Stops: a query that fills the memory.
pub const PAGE_ROWS_MAX: u32 = 1_000;

/// All that the platform stores; `Arc<dyn Store>` is what the other crates hold.
#[async_trait]
pub trait Store:
    Devices + EnrolmentCodes + Users + Sessions + Events + fmt::Debug + Send + Sync
{
    /// Whether the store answers, for readiness.
    ///
    /// # Errors
    /// When it does not.
    async fn check(&self) -> Result<(), StoreError>;
}

hefu_standards::registry!();
