//! Keys: where they are, what they are good for, and who can read them.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use hefu_client::{
    Advice, Client, KeyRef, KeyStore, KeyStoreError, Method, Protection, Purpose, SendError,
    SetupError, SoftwareKeyStore,
};
use hefu_tally::key::{Algorithm, PublicKey};

use crate::double::{CODE, Double, PASSWORD, Phone, info, options};

const KEY: Protection<'static> = Protection::Key(&[1; 32]);

#[test]
fn a_folder_keeps_keys_for_who_knows_its_secret() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    for protection in [
        KEY,
        Protection::Passphrase("correct horse"),
        Protection::DangerousNone,
    ] {
        let open = |protection| SoftwareKeyStore::open(&path, protection).unwrap();
        for algorithm in [
            Algorithm::Sm2Sm3,
            Algorithm::Ed25519,
            Algorithm::EcdsaP256Sha256,
        ] {
            let store = open(protection);
            let key = store.make_key(Purpose::Signature, algorithm).unwrap();
            let public = store.public_key(&key).unwrap();
            drop(store);

            let store = open(protection);
            assert_eq!(store.public_key(&key).unwrap(), public);
            let signature = store.sign(&key, b"message").unwrap();
            assert!(public.verify(b"message", &signature).is_ok());

            for other in [Protection::Key(&[2; 32]), Protection::Passphrase("wrong")] {
                let refused = open(other).sign(&key, b"message");
                assert!(matches!(refused, Err(KeyStoreError::Damaged)), "{other:?}");
            }
            store.delete_key(&key).unwrap();
            store.delete_key(&key).unwrap();
            assert!(matches!(
                open(protection).public_key(&key),
                Err(KeyStoreError::Missing)
            ));
        }
    }
    assert_eq!(fs::read_dir(&path).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn files_are_their_owners_and_hold_nothing_in_the_clear() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("keys");
    let store = SoftwareKeyStore::open(&path, KEY).unwrap();
    let key = store
        .make_key(Purpose::Signature, Algorithm::Ed25519)
        .unwrap();
    let mode = |path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let file = path.join(format!("{key}.json"));
    assert_eq!((mode(path.as_path()), mode(file.as_path())), (0o700, 0o600));
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("sealed") && !text.contains("plain"));
}

#[test]
fn one_keys_file_does_not_pass_for_anothers() {
    let folder = tempfile::tempdir().unwrap();
    let store = SoftwareKeyStore::open(folder.path(), KEY).unwrap();
    let make = || {
        store
            .make_key(Purpose::Signature, Algorithm::Sm2Sm3)
            .unwrap()
    };
    let (first, second) = (make(), make());
    let file = |key: &KeyRef| folder.path().join(format!("{key}.json"));
    fs::copy(file(&first), file(&second)).unwrap();
    let store = SoftwareKeyStore::open(folder.path(), KEY).unwrap();
    assert!(store.public_key(&first).is_ok());
    assert!(matches!(
        store.public_key(&second),
        Err(KeyStoreError::Damaged)
    ));

    fs::write(file(&second), "{}").unwrap();
    assert!(matches!(
        store.public_key(&second),
        Err(KeyStoreError::Damaged)
    ));
}

#[test]
fn a_key_serves_one_purpose() {
    let store = SoftwareKeyStore::in_memory();
    for (purpose, algorithm) in [
        (Purpose::Channel, Algorithm::Sm2Sm3),
        (Purpose::Channel, Algorithm::Ed25519),
        (Purpose::Signature, Algorithm::HmacSm3),
    ] {
        let refused = store.make_key(purpose, algorithm);
        assert!(
            matches!(refused, Err(KeyStoreError::Algorithm)),
            "{purpose:?} {algorithm}"
        );
    }
    let key = store
        .make_key(Purpose::Signature, Algorithm::EcdsaP256Sha256)
        .unwrap();
    let (algorithm, pkcs8) = store.dangerous_export(&key).unwrap();
    let as_channel = KeyRef::new(Purpose::Channel, "a").unwrap();
    assert!(matches!(
        store.public_key(&as_channel),
        Err(KeyStoreError::Missing)
    ));
    store.import(&as_channel, algorithm, &pkcs8).unwrap();
    let sm2 = store
        .make_key(Purpose::Signature, Algorithm::Sm2Sm3)
        .unwrap();
    let (algorithm, pkcs8) = store.dangerous_export(&sm2).unwrap();
    let refused = store.import(&as_channel, algorithm, &pkcs8);
    assert!(matches!(refused, Err(KeyStoreError::Algorithm)));
}

#[tokio::test]
async fn an_enrolment_needs_its_own_keys() {
    let double = Double::start().await;
    let phone = Phone::enrolled(&double).await;
    let honest = phone.client.enrolment().unwrap();
    let adopt = |enrolment| {
        Client::new(double.trust.clone(), phone.keys.clone(), options().0)
            .unwrap()
            .with_enrolment(enrolment)
    };
    assert!(adopt(honest.clone()).is_ok());

    let mut swapped = honest.clone();
    swapped.signature_key = honest.channel_key.clone();
    assert!(matches!(adopt(swapped), Err(SetupError::OtherKeys)));

    let mut other = honest.clone();
    other.channel_key = phone
        .keys
        .make_key(Purpose::Channel, Algorithm::EcdsaP256Sha256)
        .unwrap();
    assert!(matches!(adopt(other), Err(SetupError::Certificate)));

    let mut other = honest.clone();
    other.signature_key = phone
        .keys
        .make_key(Purpose::Signature, Algorithm::Sm2Sm3)
        .unwrap();
    assert!(matches!(adopt(other), Err(SetupError::OtherKeys)));

    for pem in [
        "",
        "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
    ] {
        let mut broken = honest.clone();
        broken.certificate_pem = pem.into();
        broken.chain_pem = String::new();
        assert!(matches!(adopt(broken), Err(SetupError::Certificate)));
    }
    phone.client.forget(&honest).unwrap();
    assert!(matches!(
        adopt(honest),
        Err(SetupError::KeyStore(KeyStoreError::Missing))
    ));
}

/// A store as a phone's secure hardware is: it counts what it signs, and can be locked.
#[derive(Debug)]
struct Hardware {
    keys: SoftwareKeyStore,
    handshakes: AtomicUsize,
    locked: AtomicBool,
}

impl KeyStore for Hardware {
    fn make_key(&self, purpose: Purpose, algorithm: Algorithm) -> Result<KeyRef, KeyStoreError> {
        self.keys.make_key(purpose, algorithm)
    }

    fn public_key(&self, key: &KeyRef) -> Result<PublicKey, KeyStoreError> {
        self.keys.public_key(key)
    }

    fn sign(&self, key: &KeyRef, message: &[u8]) -> Result<Vec<u8>, KeyStoreError> {
        if key.purpose() == Purpose::Channel {
            self.handshakes.fetch_add(1, Ordering::SeqCst);
        } else if self.locked.load(Ordering::SeqCst) {
            return Err(KeyStoreError::Locked);
        }
        self.keys.sign(key, message)
    }

    fn delete_key(&self, key: &KeyRef) -> Result<(), KeyStoreError> {
        self.keys.delete_key(key)
    }
}

#[tokio::test]
async fn keys_in_hardware_open_channels_and_can_be_locked() {
    let double = Double::start().await;
    let hardware = Arc::new(Hardware {
        keys: SoftwareKeyStore::in_memory(),
        handshakes: AtomicUsize::new(0),
        locked: AtomicBool::new(false),
    });
    let client = Client::new(double.trust.clone(), hardware.clone(), options().0).unwrap();
    client.enrol(CODE, &info()).await.unwrap();
    let signed = hardware.handshakes.load(Ordering::SeqCst);
    let session = client.open_session("alice", PASSWORD).await.unwrap();
    assert_eq!(hardware.handshakes.load(Ordering::SeqCst), signed + 1);

    hardware.locked.store(true, Ordering::SeqCst);
    let request = || session.request(Method::PUT, "/hello", "Q1".parse().unwrap());
    let error = request().signed_by_device().send().await.unwrap_err();
    let SendError::Prepare(hefu_client::PrepareError::KeyStore(KeyStoreError::Locked)) = error
    else {
        panic!("{error}")
    };
    assert_eq!(
        error_advice(&session).await,
        Advice::RetryLater { after: None }
    );
    // The session's own key is not in hardware and works on.
    assert!(request().send().await.is_ok());
    hardware.locked.store(false, Ordering::SeqCst);
    assert!(request().signed_by_device().send().await.is_ok());
}

async fn error_advice(session: &hefu_client::Session) -> Advice {
    let request = session.request(Method::PUT, "/hello", "Q1".parse().unwrap());
    request
        .signed_by_device()
        .send()
        .await
        .unwrap_err()
        .advice()
}
