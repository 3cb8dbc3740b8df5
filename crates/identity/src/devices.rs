//! Enrolled devices, as the gateway asks for them with every request.
//!
//! A request's device is looked up in memory; what is not there is read from the store. A device
//! that is frozen or revoked is refused from the moment the operator says so.
//!
//! Clauses: JR-6.3.1.g.

use std::{
    collections::HashMap,
    fmt,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
};

use hefu_gm::x509::Certificate;
use hefu_store::{DeviceRecord, DeviceStatus, Store, StoreError};
use hefu_tally::{clock::Timestamp, ids::DeviceId, key::PublicKey};
use subtle::ConstantTimeEq;

use crate::{
    authority::{device_named_by, sha256},
    tlcp,
};

/// Devices that are kept in memory. Stops: a gateway whose memory grows with all customers. Which
/// one makes room for a new one is left to chance.
pub const DEVICES_IN_MEMORY_MAX: usize = 100_000;

/// A device.
#[derive(Debug)]
pub struct Device {
    /// Its id: that of its signature key.
    pub id: DeviceId,
    /// What it signs with.
    pub signature_key: PublicKey,
    /// The only user who may log in on it; none: any user may.
    pub user: Option<String>,
    /// Whether it may speak.
    pub status: DeviceStatus,
    certificate_sha256: [u8; 32],
    certificate_not_after: Timestamp,
}

impl Device {
    /// Whether it may speak.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.status == DeviceStatus::Active
    }

    fn of(record: DeviceRecord) -> Self {
        Self {
            id: record.id,
            signature_key: record.signature_key,
            user: record.user,
            status: record.status,
            certificate_sha256: record.certificate.sha256,
            certificate_not_after: record.certificate.not_after,
        }
    }
}

/// Why a connection's certificate is not accepted. Never told to the peer.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CertificateRefusal {
    /// It names no device.
    #[error("the certificate names no device")]
    NamesNoDevice,
    /// There is no such device.
    #[error("there is no such device")]
    UnknownDevice,
    /// It names the device, but is not the one that the device was given.
    #[error("the certificate is not the device's own")]
    NotItsOwn,
    /// It has expired.
    #[error("the certificate has expired")]
    Expired,
    /// The device is frozen or revoked.
    #[error("the device is {}", .0.as_str())]
    NotActive(DeviceStatus),
    /// It could not be looked up.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The devices.
pub struct Devices {
    store: Arc<dyn Store>,
    known: RwLock<HashMap<DeviceId, Arc<Device>>>,
    /// Counts changes, so that no look-up puts back what was read before one.
    changes: AtomicU64,
    in_memory_max: usize,
}

impl Devices {
    pub(crate) fn new(store: Arc<dyn Store>) -> Self {
        Self {
            store,
            known: RwLock::default(),
            changes: AtomicU64::new(0),
            in_memory_max: DEVICES_IN_MEMORY_MAX,
        }
    }

    /// The device, if it is in memory: the look-up of every request.
    #[must_use]
    pub fn in_memory(&self, id: DeviceId) -> Option<Arc<Device>> {
        self.known
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&id)
            .cloned()
    }

    /// The device, from memory or from the store; whatever its status.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn find(&self, id: DeviceId) -> Result<Option<Arc<Device>>, StoreError> {
        if let Some(device) = self.in_memory(id) {
            return Ok(Some(device));
        }
        let changes = self.changes.load(Ordering::Acquire);
        let Some(record) = self.store.device(id).await? else {
            return Ok(None);
        };
        let device = Arc::new(Device::of(record));
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        if changes == self.changes.load(Ordering::Acquire) {
            make_room(&mut known, self.in_memory_max);
            known.insert(id, Arc::clone(&device));
            return Ok(Some(device));
        }
        // Something changed in between: what was read may be old. Ask again, without keeping it.
        drop(known);
        let record = self.store.device(id).await?;
        Ok(record.map(|record| Arc::new(Device::of(record))))
    }

    /// The active device whose own certificate this is. The TLS library verified before that our
    /// authority issued it.
    ///
    /// # Errors
    /// With the reason, for the log.
    pub async fn by_certificate(
        &self,
        certificate_der: &[u8],
        now: Timestamp,
    ) -> Result<Arc<Device>, CertificateRefusal> {
        let id = device_named_by(certificate_der).map_err(|_| CertificateRefusal::NamesNoDevice)?;
        let device = self
            .find(id)
            .await?
            .ok_or(CertificateRefusal::UnknownDevice)?;
        let is_own = sha256(certificate_der).ct_eq(&device.certificate_sha256);
        if !bool::from(is_own) {
            return Err(CertificateRefusal::NotItsOwn);
        }
        if now >= device.certificate_not_after {
            return Err(CertificateRefusal::Expired);
        }
        if !device.is_active() {
            return Err(CertificateRefusal::NotActive(device.status));
        }
        Ok(device)
    }

    /// The active device whose own TLCP certificate this is: the one that signs. TLCP verified before
    /// that our SM2 authority issued it. It holds as long as the TLS certificate that it names is the
    /// device's own.
    ///
    /// # Errors
    /// With the reason, for the log.
    pub async fn by_tlcp_certificate(
        &self,
        certificate: &Certificate,
        now: Timestamp,
    ) -> Result<Arc<Device>, CertificateRefusal> {
        let (id, channel) =
            tlcp::device_named_by(certificate).map_err(|_| CertificateRefusal::NamesNoDevice)?;
        let device = self
            .find(id)
            .await?
            .ok_or(CertificateRefusal::UnknownDevice)?;
        if !bool::from(channel.ct_eq(&device.certificate_sha256)) {
            return Err(CertificateRefusal::NotItsOwn);
        }
        if !certificate.validity().holds_at(now.secs()) {
            return Err(CertificateRefusal::Expired);
        }
        if !device.is_active() {
            return Err(CertificateRefusal::NotActive(device.status));
        }
        Ok(device)
    }

    /// Takes a device out of memory before and after a change, so that look-ups read the store.
    pub(crate) fn forget_now_and_on_drop(&self, id: DeviceId) -> Forgotten<'_> {
        self.forget(id);
        Forgotten { devices: self, id }
    }

    fn forget(&self, id: DeviceId) {
        let mut known = self.known.write().unwrap_or_else(PoisonError::into_inner);
        self.changes.fetch_add(1, Ordering::AcqRel);
        known.remove(&id);
    }
}

impl fmt::Debug for Devices {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Devices").finish_non_exhaustive()
    }
}

pub(crate) struct Forgotten<'a> {
    devices: &'a Devices,
    id: DeviceId,
}

impl Drop for Forgotten<'_> {
    fn drop(&mut self) {
        self.devices.forget(self.id);
    }
}

// Any one will do; the map's order is by chance.
fn make_room(known: &mut HashMap<DeviceId, Arc<Device>>, max: usize) {
    while known.len() >= max.max(1) {
        let Some(any) = known.keys().next().copied() else {
            return;
        };
        known.remove(&any);
    }
}
