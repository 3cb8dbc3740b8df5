//! An institution with cheap password hashes, and phones.

use std::{path::Path, sync::Arc};

use hefu_gm::{Zeroizing, rng::SystemRng, sm2::EphemeralSecret};
use hefu_identity::{
    Identity, IdentityConfig, LoginError, LoginRequest, OpenIdentityError, StoreKey,
    authority::Authority,
    devices::Device,
    enrolment::{ChannelKeys, EnrolError, EnrolledDevice, NewDevice},
    password::{NewPassword, PasswordConfig},
    sessions::OpenedSession,
};
use hefu_store::{Store, memory::MemoryStore, sqlite::SqliteStore};
use hefu_tally::{
    clock::Timestamp,
    key::{Algorithm, PublicKey, SigningKey},
    messages::Platform,
};

pub(crate) const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);
pub(crate) const PASSWORD: &str = "correct horse 1";

pub(crate) fn config() -> IdentityConfig {
    IdentityConfig {
        passwords: PasswordConfig {
            memory_kib: 8,
            passes: 1,
            at_once_max: 2,
            waiting_max: 62,
        },
        ..IdentityConfig::default()
    }
}

pub(crate) struct Institution {
    pub(crate) identity: Identity,
    pub(crate) store: Arc<dyn Store>,
    pub(crate) authority: Arc<Authority>,
    pub(crate) key: StoreKey,
}

impl Institution {
    pub(crate) async fn new() -> Self {
        Self::with(Arc::new(MemoryStore::new()), config()).await
    }

    pub(crate) async fn with(store: Arc<dyn Store>, config: IdentityConfig) -> Self {
        let authority = Authority::make("Test Bank", 3_650, NOW, &mut SystemRng).unwrap();
        let (authority, key) = (Arc::new(authority), StoreKey::make(&mut SystemRng).unwrap());
        let identity = open(
            Arc::clone(&store),
            Arc::clone(&authority),
            &key,
            config,
            NOW,
        )
        .await
        .unwrap();
        Self {
            identity,
            store,
            authority,
            key,
        }
    }

    /// Ends this process and starts the next one on the same store.
    pub(crate) async fn restarted(self, store: Arc<dyn Store>, now: Timestamp) -> Self {
        let Self { authority, key, .. } = self;
        let identity = open(
            Arc::clone(&store),
            Arc::clone(&authority),
            &key,
            config(),
            now,
        )
        .await
        .unwrap();
        Self {
            identity,
            store,
            authority,
            key,
        }
    }

    pub(crate) async fn add_user(&self, name: &str) {
        let password = NewPassword::parse(Zeroizing::new(PASSWORD.to_owned())).unwrap();
        let subject = format!("customer of {name}");
        self.identity
            .users
            .add(name, &subject, password, NOW, &mut SystemRng)
            .await
            .unwrap();
    }

    pub(crate) async fn code_for(&self, user: Option<&str>) -> String {
        let code = self
            .identity
            .enrolment
            .make_code(user, NOW, &mut SystemRng)
            .await
            .unwrap();
        code.dangerous_text().to_string()
    }

    /// A new phone, enrolled for `user`.
    pub(crate) async fn phone_of(&self, user: Option<&str>) -> Arc<Device> {
        let code = self.code_for(user).await;
        let enrolled = self.enrol(&Phone::new(), &code, NOW).await.unwrap();
        self.identity
            .devices
            .find(enrolled.device)
            .await
            .unwrap()
            .unwrap()
    }

    pub(crate) async fn enrol(
        &self,
        phone: &Phone,
        code: &str,
        now: Timestamp,
    ) -> Result<EnrolledDevice, EnrolError> {
        let new = NewDevice {
            code,
            signature_key: &phone.signature_key,
            channel: ChannelKeys {
                csr: &phone.csr,
                tlcp: None,
            },
            platform: Platform::Harmony,
            model: phone.model,
        };
        self.identity
            .enrolment
            .enrol(new, now, &mut SystemRng)
            .await
    }

    pub(crate) async fn log_in(
        &self,
        device: &Device,
        user: &str,
        password: &str,
        now: Timestamp,
    ) -> Result<OpenedSession, LoginError> {
        let half = EphemeralSecret::make(&mut SystemRng).unwrap().public_key();
        let login = LoginRequest {
            device,
            user,
            password: Zeroizing::new(password.as_bytes().to_vec()),
            client_half: &half,
        };
        self.identity.log_in(login, now, &mut SystemRng).await
    }

    /// Logs in with the right password.
    pub(crate) async fn session(
        &self,
        device: &Device,
        user: &str,
        now: Timestamp,
    ) -> OpenedSession {
        self.log_in(device, user, PASSWORD, now).await.unwrap()
    }
}

pub(crate) async fn open(
    store: Arc<dyn Store>,
    authority: Arc<Authority>,
    key: &StoreKey,
    config: IdentityConfig,
    now: Timestamp,
) -> Result<Identity, OpenIdentityError> {
    Identity::open(store, authority, key, config, now, &mut SystemRng).await
}

pub(crate) async fn sqlite(folder: &Path) -> Arc<SqliteStore> {
    Arc::new(
        SqliteStore::open(&folder.join("hefu.sqlite"))
            .await
            .unwrap(),
    )
}

pub(crate) struct Phone {
    pub(crate) signature_key: PublicKey,
    pub(crate) csr: Vec<u8>,
    pub(crate) model: &'static str,
}

impl Phone {
    pub(crate) fn new() -> Self {
        let tls_key = rcgen::KeyPair::generate().unwrap();
        let csr = rcgen::CertificateParams::default()
            .serialize_request(&tls_key)
            .unwrap();
        Self {
            signature_key: SigningKey::make(Algorithm::Ed25519)
                .unwrap()
                .public_key()
                .unwrap(),
            csr: csr.der().to_vec(),
            model: "手机 7",
        }
    }
}

pub(crate) fn der(pem: &str) -> Vec<u8> {
    x509_parser::pem::parse_x509_pem(pem.as_bytes())
        .unwrap()
        .1
        .contents
}
