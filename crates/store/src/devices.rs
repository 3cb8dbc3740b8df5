//! Devices: who may speak to the gateway.

use async_trait::async_trait;
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, SessionId},
    key::PublicKey,
};

use crate::StoreError;

/// Whether a device may speak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeviceStatus {
    /// It may.
    Active,
    /// Not for now: lost, perhaps found again.
    Frozen,
    /// Never again.
    Revoked,
}

impl DeviceStatus {
    /// Every status.
    pub const ALL: [Self; 3] = [Self::Active, Self::Frozen, Self::Revoked];

    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
            Self::Revoked => "revoked",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// The one certificate with which a device opens connections.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CertificateRecord {
    /// SHA-256 of its DER. Any other certificate that names the device is not the device's.
    pub sha256: [u8; 32],
    /// Its end.
    pub not_after: Timestamp,
}

/// A device.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeviceRecord {
    /// Named after its signature key.
    pub id: DeviceId,
    /// What it signs with.
    pub signature_key: PublicKey,
    /// What it connects with.
    pub certificate: CertificateRecord,
    /// The only user who may log in on it; none: any user may.
    pub user: Option<String>,
    /// `android`, `ios`, `harmony` or `other`.
    pub platform: String,
    /// What the device says it is; at most 64 characters.
    pub model: String,
    /// Whether it may speak.
    pub status: DeviceStatus,
    /// When the status last changed.
    pub status_at: Timestamp,
    /// When it was enrolled.
    pub enrolled_at: Timestamp,
}

/// What became of an enrolment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Enrolled {
    /// The code is used up and the device is stored, both or neither.
    Done,
    /// The code is used, expired or gone. Nothing was stored.
    CodeSpent,
    /// The device is there already. The code was not used up.
    DeviceExists,
}

/// Devices.
#[async_trait]
pub trait Devices: Send + Sync {
    /// Stores a device without a code: for an operator's own tools. False when there is one with
    /// this id.
    ///
    /// # Errors
    /// When the store fails.
    async fn insert_device(&self, device: &DeviceRecord) -> Result<bool, StoreError>;

    /// Uses up an enrolment code and stores the device, both or neither. Of any number of calls
    /// with one code, at most one is [`Enrolled::Done`].
    ///
    /// # Errors
    /// When the store fails.
    async fn enrol_device(
        &self,
        device: &DeviceRecord,
        code_selector: &str,
        now: Timestamp,
    ) -> Result<Enrolled, StoreError>;

    /// The device of that id.
    ///
    /// # Errors
    /// When the store fails.
    async fn device(&self, id: DeviceId) -> Result<Option<DeviceRecord>, StoreError>;

    /// Devices with an id above `after`, in the order of their ids, at most
    /// [`PAGE_ROWS_MAX`](crate::PAGE_ROWS_MAX).
    ///
    /// # Errors
    /// When the store fails.
    async fn devices(
        &self,
        after: Option<DeviceId>,
        rows_max: u32,
    ) -> Result<Vec<DeviceRecord>, StoreError>;

    /// Puts a new certificate in the place of the device's. False when there is no such device, or it
    /// is not active.
    ///
    /// # Errors
    /// When the store fails.
    async fn set_device_certificate(
        &self,
        id: DeviceId,
        certificate: &CertificateRecord,
    ) -> Result<bool, StoreError>;

    /// Sets the status. A device that is not active any more loses all its sessions in the same
    /// transaction; their ids come back. None when there is no such device, or it is revoked:
    /// that is for ever.
    ///
    /// # Errors
    /// When the store fails.
    async fn set_device_status(
        &self,
        id: DeviceId,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
}
