//! Stores, and rows to put in them.

use std::{path::Path, sync::Arc};

use hefu_gm::rng::{self, SystemRng};
use hefu_store::{
    CertificateRecord, DeviceRecord, DeviceStatus, EnrolmentCodeRecord, EventOutcome, EventRecord,
    PasswordHash, SessionRecord, Store, UserRecord, UserStatus, memory::MemoryStore,
    sqlite::SqliteStore,
};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId, SessionId},
    key::{Algorithm, SigningKey},
};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);

pub(crate) fn memory() -> Arc<dyn Store> {
    Arc::new(MemoryStore::new())
}

pub(crate) async fn sqlite(folder: &Path) -> Arc<dyn Store> {
    Arc::new(
        SqliteStore::open(&folder.join("hefu.sqlite"))
            .await
            .unwrap(),
    )
}

fn random<const LENGTH: usize>() -> [u8; LENGTH] {
    let mut bytes = [0; LENGTH];
    rng::fill(&mut SystemRng, &mut bytes).unwrap();
    bytes
}

pub(crate) fn device() -> DeviceRecord {
    let signature_key = SigningKey::make(Algorithm::Ed25519)
        .unwrap()
        .public_key()
        .unwrap();
    DeviceRecord {
        id: DeviceId::from_bytes(random()),
        signature_key,
        certificate: CertificateRecord {
            sha256: random(),
            not_after: NOW.plus_secs(90 * 86_400),
        },
        user: Some("zhang".to_owned()),
        platform: "harmony".to_owned(),
        model: "手机 7".to_owned(),
        status: DeviceStatus::Active,
        status_at: NOW,
        enrolled_at: NOW,
    }
}

pub(crate) fn code(selector: &str) -> EnrolmentCodeRecord {
    EnrolmentCodeRecord {
        selector: selector.to_owned(),
        digest: random(),
        user: None,
        made_at: NOW,
        expires_at: NOW.plus_secs(60),
        tries: 0,
        used_at: None,
    }
}

pub(crate) fn user(name: &str) -> UserRecord {
    UserRecord {
        name: name.to_owned(),
        subject: format!("customer of {name}"),
        password: PasswordHash::from_phc("$argon2id$1".to_owned()),
        password_at: NOW,
        status: UserStatus::Active,
        failed_logins: 0,
        locked_until: Timestamp::from_millis(0),
        made_at: NOW,
    }
}

pub(crate) fn session(user: &str, device: DeviceId) -> SessionRecord {
    SessionRecord {
        id: SessionId::from_bytes(random()),
        user: user.to_owned(),
        subject: format!("customer of {user}"),
        device,
        token_digest: random(),
        sealed_key: random::<60>().to_vec(),
        opened_at: NOW,
        touched_at: NOW,
        idle_ms: 600_000,
        expires_at: NOW.plus_secs(3_600),
    }
}

/// A store with a user and a device to open sessions for.
pub(crate) async fn with_user_and_device(store: &dyn Store, name: &str) -> DeviceId {
    // Another test's step may have added the user.
    store.insert_user(&user(name)).await.unwrap();
    let device = device();
    assert!(store.insert_device(&device).await.unwrap());
    device.id
}

pub(crate) fn event(seq: u64, outcome: EventOutcome, clauses: &[&str]) -> EventRecord {
    let is_allowed = outcome == EventOutcome::Allowed;
    EventRecord {
        seq,
        request_id: RequestId::from_bytes(random()),
        at: NOW.plus_millis(i64::try_from(seq).unwrap()),
        function: Some("T2001".into()),
        device: Some(DeviceId::from_bytes([3; 16])),
        guard: if is_allowed {
            "pipeline".into()
        } else {
            "replay".into()
        },
        clauses: clauses.iter().map(|clause| Box::from(*clause)).collect(),
        outcome,
        code: (!is_allowed).then(|| "unauthenticated".into()),
        reason: if is_allowed {
            "".into()
        } else {
            "nonce-seen".into()
        },
        class: Some("trade".into()),
        status: if is_allowed { 200 } else { 401 },
        micros: 1_234,
        served: is_allowed,
    }
}
