//! Everything a gateway needs, small and fast, and the gateway itself.

use std::{net::SocketAddr, sync::Arc};

use hefu_evidence::{EventFilter, EventPage, EventRecord, Importer, Recorder, SpoolConfig};
use hefu_gateway::{
    Channel, Gateway, GatewayConfig, Limits, Origin, Parts, Rate, TlsParts, UpstreamConfig,
    contract::Contract,
};
use hefu_gm::{
    rng::SystemRng,
    sm2::{DecryptionKey, EncryptionKey},
};
use hefu_identity::{
    Identity, IdentityConfig, StoreKey,
    authority::{Authority, ChannelRequest},
    password::PasswordConfig,
};
use hefu_store::{
    CertificateRecord, DeviceRecord, DeviceStatus, Devices as _, Events as _, PasswordHash,
    UserRecord, UserStatus, Users as _,
    memory::MemoryStore,
    nonces::{MemoryNonces, Nonces},
};
use hefu_tally::{
    clock::{Clock as _, FixedClock, Timestamp},
    key::{Algorithm, PublicKey, SigningKey},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
};
use tempfile::TempDir;

use super::{Key, Phone, Request, Response, Wire, service::Service};

const CONTRACT: &str = include_str!("contract.yaml");
const START: Timestamp = Timestamp::from_secs(1_760_000_000);

/// What differs from test to test.
pub(crate) struct Setup {
    pub(crate) limits: Limits,
    pub(crate) tls: bool,
    pub(crate) nonces: Option<Arc<dyn Nonces>>,
    pub(crate) spool: SpoolConfig,
    pub(crate) workers: usize,
    pub(crate) upstream: Option<SocketAddr>,
}

impl Default for Setup {
    fn default() -> Self {
        let plenty = Rate {
            per_s: 100_000,
            burst: 100_000,
        };
        Self {
            limits: Limits {
                peer_rate: plenty,
                device_rate: plenty,
                linger_ms: 200,
                ..Limits::default()
            },
            tls: false,
            nonces: None,
            spool: SpoolConfig::default(),
            workers: 1,
            upstream: None,
        }
    }
}

impl Setup {
    pub(crate) fn limits(change: impl FnOnce(&mut Limits)) -> Self {
        let mut setup = Self::default();
        change(&mut setup.limits);
        setup
    }

    pub(crate) fn tls() -> Self {
        Self {
            tls: true,
            ..Self::default()
        }
    }
}

pub(crate) struct World {
    pub(crate) gateway: Option<Gateway>,
    pub(crate) address: SocketAddr,
    pub(crate) origin: String,
    pub(crate) service: Arc<Service>,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) store: Arc<MemoryStore>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) authority: Arc<Authority>,
    importer: tokio::sync::Mutex<Importer>,
    pub(crate) signing_key: PublicKey,
    pub(crate) encryption_key: EncryptionKey,
    _folder: TempDir,
}

impl World {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let folder = TempDir::new().unwrap();
        let service = Service::start().await;
        let clock = Arc::new(FixedClock::at(START));
        let store = Arc::new(MemoryStore::new());
        let authority = Arc::new(Authority::make("Test", 365, START, &mut SystemRng).unwrap());
        let passwords = PasswordConfig {
            memory_kib: 8,
            passes: 1,
            ..PasswordConfig::default()
        };
        let config = IdentityConfig {
            passwords,
            ..IdentityConfig::default()
        };
        let store_key = StoreKey::make(&mut SystemRng).unwrap();
        let identity = Identity::open(
            store.clone(),
            authority.clone(),
            &store_key,
            config,
            START,
            &mut SystemRng,
        )
        .await
        .unwrap();
        let identity = Arc::new(identity);
        let (recorder, importer) = Recorder::open(folder.path(), setup.spool, 0).unwrap();
        let signing_key = SigningKey::make(Algorithm::Sm2Sm3).unwrap();
        let encryption_key = DecryptionKey::make(&mut SystemRng).unwrap();
        // Long before the tests' first request, as after an hour of running.
        let running_since = START.plus_secs(-3_600);
        let nonces = setup.nonces.unwrap_or_else(|| {
            Arc::new(MemoryNonces::new(1 << 14, running_since, &mut SystemRng).unwrap())
        });
        let scheme = if setup.tls { "https" } else { "http" };
        // The port in the origin need not be the one that is listened on: a balancer may stand in
        // front.
        let origin = format!("{scheme}://localhost:8443");
        let upstream = setup.upstream.unwrap_or(service.address);
        let config = GatewayConfig {
            listen: "127.0.0.1:0".parse().unwrap(),
            origin: Origin::parse(&origin).unwrap(),
            workers: setup.workers,
            limits: setup.limits,
            upstream: UpstreamConfig::at(upstream),
        };
        let channel = if setup.tls {
            let server = authority
                .issue_server(&["localhost"], 30, START, &mut SystemRng)
                .unwrap();
            Channel::Tls(TlsParts {
                certificate_chain: vec![der(&server.certificate.pem)],
                private_key: PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes()).unwrap(),
                device_roots: vec![authority.certificate_der().to_vec().into()],
            })
        } else {
            Channel::DangerousPlain
        };
        let public_key = signing_key.public_key().unwrap();
        let parts = Parts {
            signing_key_id: public_key.gateway_key_id(),
            encryption_key: encryption_key.clone(),
            clock: clock.clone(),
            identity: identity.clone(),
            nonces,
            recorder: recorder.clone(),
            contract: Contract::parse(CONTRACT.as_bytes(), "contract.yaml")
                .unwrap_or_else(|error| panic!("{error:#?}")),
            signing_key: Arc::new(signing_key),
        };
        let gateway = Gateway::start(config, channel, parts).unwrap();
        let world = Self {
            address: gateway.local_addr(),
            gateway: Some(gateway),
            origin,
            service,
            clock,
            store,
            identity,
            authority,
            importer: tokio::sync::Mutex::new(importer),
            signing_key: public_key,
            encryption_key: *encryption_key.encryption_key(),
            _folder: folder,
        };
        world.user("alice").await;
        world.user("bob").await;
        world
    }

    async fn user(&self, name: &str) {
        let user = UserRecord {
            name: name.to_owned(),
            subject: name.to_owned(),
            password: PasswordHash::from_phc("$none".to_owned()),
            password_at: START,
            status: UserStatus::Active,
            failed_logins: 0,
            locked_until: Timestamp::from_millis(0),
            made_at: START,
        };
        self.store.insert_user(&user).await.unwrap();
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    pub(crate) fn gateway(&self) -> &Gateway {
        self.gateway.as_ref().expect("it was not shut down")
    }

    pub(crate) fn authority(&self) -> String {
        self.origin.split_once("://").unwrap().1.to_owned()
    }

    /// An enrolled phone with an open session.
    pub(crate) async fn phone(&self, user: &str) -> Phone {
        let mut phone = self.enrolled(Algorithm::Ed25519).await;
        phone.log_in(self, user).await;
        phone
    }

    /// An enrolled phone, without the enrolment that `enrolment.rs` tests.
    pub(crate) async fn enrolled(&self, algorithm: Algorithm) -> Phone {
        let mut phone = Phone::new(algorithm);
        let channel_key = rcgen::KeyPair::generate().unwrap();
        let request = rcgen::CertificateParams::default()
            .serialize_request(&channel_key)
            .unwrap();
        let request = ChannelRequest::parse(request.der()).unwrap();
        let issued = self
            .authority
            .issue_device(phone.device, &request, 30, self.now(), &mut SystemRng)
            .unwrap();
        phone.channel = Some((
            der(&issued.pem),
            PrivateKeyDer::try_from(channel_key.serialize_der()).unwrap(),
        ));
        let device = DeviceRecord {
            id: phone.device,
            signature_key: phone.public_key(),
            certificate: CertificateRecord {
                sha256: issued.sha256,
                not_after: issued.not_after,
            },
            user: None,
            platform: "other".to_owned(),
            model: "test".to_owned(),
            status: DeviceStatus::Active,
            status_at: self.now(),
            enrolled_at: self.now(),
        };
        self.store.insert_device(&device).await.unwrap();
        phone
    }

    pub(crate) async fn wire(&self) -> Wire {
        Wire::plain(self.address).await
    }

    /// A connection with that phone's certificate.
    pub(crate) async fn wire_of(&self, phone: &Phone) -> Wire {
        Wire::tls(self.address, self.tls_client(phone.channel.as_ref()))
            .await
            .unwrap()
    }

    /// How a client connects that trusts our authority alone, by the tests' clock.
    pub(crate) fn tls_client(
        &self,
        certificate: Option<&(CertificateDer<'static>, PrivateKeyDer<'static>)>,
    ) -> ClientConfig {
        let mut roots = RootCertStore::empty();
        roots
            .add(self.authority.certificate_der().to_vec().into())
            .unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let time = Arc::new(ClientTime(START));
        let config = ClientConfig::builder_with_details(provider, time)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_root_certificates(roots);
        match certificate {
            None => config.with_no_client_auth(),
            Some((certificate, key)) => config
                .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
                .unwrap(),
        }
    }

    /// Signs a request and sends it over a connection of its own.
    pub(crate) async fn call(&self, phone: &Phone, key: Key, request: Request) -> Response {
        let request = phone.sign(self, key, request);
        self.wire().await.send(&request).await
    }

    /// Every event recorded until now, oldest first.
    pub(crate) async fn events(&self) -> Vec<EventRecord> {
        self.importer
            .lock()
            .await
            .import(&*self.store)
            .await
            .unwrap();
        let page = EventPage::After {
            seq: 0,
            rows_max: 1_000,
        };
        self.store
            .events(&EventFilter::default(), page)
            .await
            .unwrap()
    }

    /// The inner reasons of the refusals until now.
    pub(crate) async fn reasons(&self) -> Vec<String> {
        let events = self.events().await;
        let refused = events.iter().filter(|event| event.code.is_some());
        refused
            .map(|event| format!("{}: {}", event.guard, event.reason))
            .collect()
    }

    /// The inner reason of the last refusal.
    pub(crate) async fn reason(&self) -> String {
        self.reasons().await.pop().expect("nothing was refused")
    }
}

fn der(pem: &str) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem.as_bytes()).unwrap()
}

#[derive(Debug)]
struct ClientTime(Timestamp);

impl rustls::time_provider::TimeProvider for ClientTime {
    fn current_time(&self) -> Option<rustls::pki_types::UnixTime> {
        let since = std::time::Duration::from_millis(self.0.millis().try_into().unwrap());
        Some(rustls::pki_types::UnixTime::since_unix_epoch(since))
    }
}
