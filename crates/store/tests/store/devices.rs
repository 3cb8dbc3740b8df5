//! Devices.

use std::sync::Arc;

use hefu_store::{CertificateRecord, DeviceStatus, Enrolled, Store};
use hefu_tally::{
    ids::DeviceId,
    key::{Algorithm, SigningKey},
};

use crate::fixture::{NOW, code, device, session, with_user_and_device};

pub(crate) async fn a_device_is_stored_once_and_read_as_it_was(store: Arc<dyn Store>) {
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::EcdsaP256Sha256,
        Algorithm::Sm2Sm3,
    ] {
        let mut device = device();
        device.signature_key = SigningKey::make(algorithm).unwrap().public_key().unwrap();
        assert!(store.insert_device(&device).await.unwrap());
        assert_eq!(store.device(device.id).await.unwrap().unwrap(), device);
        assert!(!store.insert_device(&device).await.unwrap());
    }
    let mut anybodys = device();
    anybodys.user = None;
    assert!(store.insert_device(&anybodys).await.unwrap());
    assert_eq!(store.device(anybodys.id).await.unwrap().unwrap(), anybodys);
    assert_eq!(
        store.device(DeviceId::from_bytes([0; 16])).await.unwrap(),
        None
    );
}

pub(crate) async fn of_many_enrolments_with_one_code_one_is_done(store: Arc<dyn Store>) {
    assert!(store.insert_code(&code("A")).await.unwrap());
    let enrolments: Vec<_> = (0..40)
        .map(|_| {
            let store = Arc::clone(&store);
            tokio::spawn(async move {
                let device = device();
                let enrolled = store.enrol_device(&device, "A", NOW).await.unwrap();
                let is_there = store.device(device.id).await.unwrap().is_some();
                assert_eq!(is_there, enrolled == Enrolled::Done);
                enrolled
            })
        })
        .collect();
    let mut done = 0;
    for one in enrolments {
        match one.await.unwrap() {
            Enrolled::Done => done += 1,
            other => assert_eq!(other, Enrolled::CodeSpent),
        }
    }
    assert_eq!(done, 1);
}

pub(crate) async fn an_existing_device_leaves_the_code_unused(store: Arc<dyn Store>) {
    assert!(store.insert_code(&code("A")).await.unwrap());
    let existing = device();
    assert!(store.insert_device(&existing).await.unwrap());
    let enrolled = store.enrol_device(&existing, "A", NOW).await.unwrap();
    assert_eq!(enrolled, Enrolled::DeviceExists);
    assert_eq!(
        store.enrol_device(&device(), "A", NOW).await.unwrap(),
        Enrolled::Done
    );
}

pub(crate) async fn only_an_active_device_gets_another_certificate(store: Arc<dyn Store>) {
    let id = with_user_and_device(&*store, "zhang").await;
    let before = store.device(id).await.unwrap().unwrap();
    let certificate = CertificateRecord {
        sha256: [0x5a; 32],
        not_after: NOW.plus_secs(99),
    };
    let set = async |id| {
        store
            .set_device_certificate(id, &certificate)
            .await
            .unwrap()
    };
    assert!(set(id).await);
    let renewed = store.device(id).await.unwrap().unwrap();
    assert_eq!(renewed.certificate, certificate);
    assert_eq!(renewed.signature_key, before.signature_key);
    for status in [DeviceStatus::Frozen, DeviceStatus::Revoked] {
        store.set_device_status(id, status, NOW).await.unwrap();
        assert!(!set(id).await, "{status:?}");
    }
    assert!(!set(DeviceId::from_bytes([0; 16])).await);
}

pub(crate) async fn a_status_change_ends_sessions_and_revocation_is_for_ever(
    store: Arc<dyn Store>,
) {
    let lost = with_user_and_device(&*store, "zhang").await;
    let other = with_user_and_device(&*store, "zhang").await;
    let (ending, staying) = (session("zhang", lost), session("zhang", other));
    store.open_session(&ending, 9).await.unwrap();
    store.open_session(&staying, 9).await.unwrap();

    let later = NOW.plus_secs(5);
    let ended = store
        .set_device_status(lost, DeviceStatus::Frozen, later)
        .await
        .unwrap();
    assert_eq!(ended.unwrap(), [ending.id]);
    let frozen = store.device(lost).await.unwrap().unwrap();
    assert_eq!(
        (frozen.status, frozen.status_at),
        (DeviceStatus::Frozen, later)
    );
    let left: Vec<_> = store
        .sessions(None, 9)
        .await
        .unwrap()
        .iter()
        .map(|s| s.id)
        .collect();
    assert_eq!(left, [staying.id]);

    let thawed = store
        .set_device_status(lost, DeviceStatus::Active, later)
        .await
        .unwrap();
    assert_eq!(thawed.unwrap(), []);
    assert!(store.open_session(&ending, 9).await.is_ok());

    let ended = store
        .set_device_status(lost, DeviceStatus::Revoked, later)
        .await
        .unwrap();
    assert_eq!(ended.unwrap(), [ending.id]);
    for status in DeviceStatus::ALL {
        assert_eq!(
            store.set_device_status(lost, status, later).await.unwrap(),
            None
        );
    }
    let unknown = DeviceId::from_bytes([0; 16]);
    let set = store
        .set_device_status(unknown, DeviceStatus::Frozen, NOW)
        .await
        .unwrap();
    assert_eq!(set, None);
}

pub(crate) async fn pages_hold_every_device_once(store: Arc<dyn Store>) {
    let mut all = Vec::new();
    for _ in 0..7 {
        let device = device();
        assert!(store.insert_device(&device).await.unwrap());
        all.push(device.id);
    }
    all.sort_unstable();
    let (mut seen, mut after) = (Vec::new(), None);
    loop {
        let page = store.devices(after, 3).await.unwrap();
        assert!(page.len() <= 3);
        let Some(last) = page.last() else { break };
        after = Some(last.id);
        seen.extend(page.iter().map(|device| device.id));
    }
    assert_eq!(seen, all);
}
