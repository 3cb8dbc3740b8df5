//! The gateway under test, as a deployment has it: SQLite, the spool of events and what takes them
//! into the database, nonces in memory with their mark on disk. Two listeners share all of it, one
//! with TLS and one without, since what TLS costs is one of the questions.

use std::{
    io::{self, Write as _},
    net::SocketAddr,
    path::Path,
    sync::Arc,
    time::Duration,
};

use hefu_evidence::{Recorder, SpoolConfig};
use hefu_gateway::{
    Channel, Gateway, GatewayConfig, Limits, Origin, Parts, Rate, TlsParts, UpstreamConfig,
    contract::Contract,
};
use hefu_gm::{Zeroizing, rng::SystemRng, sm2::DecryptionKey, sm2::PrivateKey};
use hefu_identity::{
    Identity, IdentityConfig, StoreKey, authority::Authority, authority::ServerIdentity,
    password::NewPassword,
};
use hefu_store::{
    Events as _, Store,
    nonces::{Mark, MemoryNonces, Nonces},
    sqlite::SqliteStore,
};
use hefu_tally::{
    clock::{Clock as _, SystemClock, Timestamp},
    key::{Algorithm, SigningKey},
    trust::TrustFile,
};
use rustls_pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};
use serde::{Deserialize, Serialize};

use crate::{Failure, bank, phones::PASSWORD};

/// How often events go from the spool into the database, as in `hefu serve`.
const IMPORT_EVERY: Duration = Duration::from_millis(500);

/// More than one core can send, and still a rate that is counted for each device and request.
const UNREACHED: Rate = Rate {
    per_s: 1_000_000,
    burst: 1_000_000,
};

/// Certificate and key of the gateway, for nginx to show the same.
pub(crate) const CERTIFICATE_FILE: &str = "server.pem";
/// The key.
pub(crate) const KEY_FILE: &str = "server.key";
/// The authority of the devices' certificates.
pub(crate) const AUTHORITY_FILE: &str = "ca.pem";

/// What a gateway is started with.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct ServeArguments {
    /// An empty folder.
    #[arg(long)]
    pub(crate) data: std::path::PathBuf,
    /// Where the bank listens.
    #[arg(long)]
    pub(crate) service: SocketAddr,
    /// Enrolment codes and users to make.
    #[arg(long)]
    pub(crate) phones: usize,
    /// Nonces that are remembered.
    #[arg(long)]
    pub(crate) nonces_max: usize,
}

/// What a started gateway tells, in one line of JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Started {
    /// Where it listens with TLS.
    pub(crate) tls: SocketAddr,
    /// Where it listens without.
    pub(crate) plain: SocketAddr,
    /// The trust file.
    pub(crate) trust: String,
    /// One enrolment code a phone.
    pub(crate) codes: Vec<String>,
}

/// The user of a phone.
pub(crate) fn user(phone: usize) -> String {
    format!("phone-{phone}")
}

/// Serves until standard input ends.
///
/// # Errors
/// With what did not start.
pub(crate) async fn run(arguments: &ServeArguments) -> Result<(), Failure> {
    let started = SystemClock.now();
    let store = Arc::new(SqliteStore::open(&arguments.data.join("hefu.db")).await?);
    let parts = Shared::make(arguments, Arc::clone(&store) as Arc<dyn Store>, started).await?;
    let (recorder, importer) = Recorder::open(
        &arguments.data.join("spool"),
        SpoolConfig::default(),
        store.last_event_seq().await?,
    )?;
    let address = free_address()?;
    let origin = format!("https://localhost:{}", address.port());
    let codes = parts.make_users(arguments.phones, started).await?;
    let tls = Channel::Tls(parts.tls(&arguments.data, started)?);
    let tls = parts.start(tls, address, &origin, &recorder, arguments.service)?;
    let anywhere = SocketAddr::from(([127, 0, 0, 1], 0));
    let plain = Channel::DangerousPlain;
    let plain = parts.start(plain, anywhere, &origin, &recorder, arguments.service)?;
    // What is created in the second of the start is refused: it could be a replay from before.
    tokio::time::sleep(Duration::from_secs(1)).await;

    let told = Started {
        tls: tls.local_addr(),
        plain: plain.local_addr(),
        trust: parts.trust(&origin)?,
        codes,
    };
    let mut out = io::stdout();
    writeln!(out, "{}", serde_json::to_string(&told)?)?;
    out.flush()?;
    importer.run(store, IMPORT_EVERY, bank::input_ends()).await;
    plain.shutdown().await;
    tls.shutdown().await;
    Ok(())
}

/// What both listeners share.
struct Shared {
    authority: Arc<Authority>,
    identity: Arc<Identity>,
    nonces: Arc<dyn Nonces>,
    signing_key: Arc<SigningKey>,
    encryption_key: PrivateKey,
}

impl Shared {
    async fn make(
        arguments: &ServeArguments,
        store: Arc<dyn Store>,
        now: Timestamp,
    ) -> Result<Self, Failure> {
        let authority = Arc::new(Authority::make("Hefu", 365, now, &mut SystemRng)?);
        let store_key = StoreKey::make(&mut SystemRng)?;
        let identity = Identity::open(
            store,
            Arc::clone(&authority),
            &store_key,
            IdentityConfig::default(),
            now,
            &mut SystemRng,
        )
        .await?;
        let mark = Mark::create(&arguments.data.join("nonces.mark"))?;
        let nonces = MemoryNonces::with_mark(arguments.nonces_max, now, mark, &mut SystemRng)?;
        Ok(Self {
            authority,
            identity: Arc::new(identity),
            nonces: Arc::new(nonces),
            signing_key: Arc::new(SigningKey::make(Algorithm::Sm2Sm3)?),
            encryption_key: PrivateKey::make(&mut SystemRng)?,
        })
    }

    async fn make_users(&self, phones: usize, now: Timestamp) -> Result<Vec<String>, Failure> {
        let mut codes = Vec::with_capacity(phones);
        for phone in 0..phones {
            let password = NewPassword::parse(Zeroizing::new(PASSWORD.to_owned()))?;
            let (users, name) = (&self.identity.users, user(phone));
            users
                .add(&name, &name, password, now, &mut SystemRng)
                .await?;
            let enrolment = &self.identity.enrolment;
            let code = enrolment.make_code(None, now, &mut SystemRng).await?;
            codes.push(code.dangerous_text().to_string());
        }
        Ok(codes)
    }

    /// The gateway's certificate, also written where nginx finds it.
    fn tls(&self, data: &Path, now: Timestamp) -> Result<TlsParts, Failure> {
        let ServerIdentity {
            certificate,
            key_pem,
            ..
        } = self
            .authority
            .issue_server(&["localhost"], 7, now, &mut SystemRng)?;
        let authority = self.authority.certificate_pem();
        std::fs::write(data.join(CERTIFICATE_FILE), &certificate.pem)?;
        std::fs::write(data.join(KEY_FILE), key_pem.as_bytes())?;
        std::fs::write(data.join(AUTHORITY_FILE), authority)?;
        Ok(TlsParts {
            certificate_chain: vec![CertificateDer::from_pem_slice(certificate.pem.as_bytes())?],
            private_key: PrivateKeyDer::from_pem_slice(key_pem.as_bytes())?,
            device_roots: vec![CertificateDer::from_pem_slice(authority.as_bytes())?],
        })
    }

    fn start(
        &self,
        channel: Channel,
        listen: SocketAddr,
        origin: &str,
        recorder: &Recorder,
        service: SocketAddr,
    ) -> Result<Gateway, Failure> {
        let config = GatewayConfig {
            listen,
            origin: Origin::parse(origin)?,
            workers: 1,
            limits: Limits {
                peer_rate: UNREACHED,
                device_rate: UNREACHED,
                ..Limits::default()
            },
            upstream: UpstreamConfig::at(service),
        };
        let parts = Parts {
            signing_key_id: self.signing_key.public_key()?.gateway_key_id(),
            signing_key: self.signing_key.clone(),
            encryption_key: DecryptionKey::from(self.encryption_key.clone()),
            clock: Arc::new(SystemClock),
            identity: Arc::clone(&self.identity),
            nonces: Arc::clone(&self.nonces),
            recorder: recorder.clone(),
            contract: Contract::parse(hefu_example_bank::OPENAPI.as_bytes(), "openapi.yaml")?,
        };
        Ok(Gateway::start(config, channel, parts)?)
    }

    fn trust(&self, origin: &str) -> Result<String, Failure> {
        let encryption_key = DecryptionKey::from(self.encryption_key.clone());
        let trust = TrustFile::new(
            origin.to_owned(),
            self.authority.certificate_pem().to_owned(),
            self.signing_key.public_key()?,
            *encryption_key.encryption_key(),
        );
        Ok(trust.to_json()?)
    }
}

/// An address that nobody uses: the origin names its port before the gateway listens.
fn free_address() -> io::Result<SocketAddr> {
    std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()
}
