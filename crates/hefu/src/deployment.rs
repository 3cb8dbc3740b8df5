//! A running deployment: store, spool, identity, gateway and operators' pages, put together here and
//! nowhere else, and taken down in order.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use hefu_console::ConsoleError;
use hefu_evidence::{Recorder, SpoolConfig, SpoolError};
use hefu_gateway::contract::Contract;
use hefu_gateway::{
    Channel, Gateway, GatewayConfig, Limits, Origin, Parts, ShutdownReport, StartError, TlcpParts,
    TlsParts, UpstreamConfig,
};
use hefu_gm::Zeroizing;
use hefu_gm::rng::{RngError, SystemRng};
use hefu_gm::x509::{Trust, TrustError};
use hefu_identity::authority::{Authority, IssueError};
use hefu_identity::tlcp::TlcpAuthority;
use hefu_identity::{Identity, IdentityConfig, OpenIdentityError};
use hefu_store::nonces::{Mark, MarkError, MemoryNonces, NONCES_MAX_DEFAULT};
use hefu_store::sqlite::{OpenError, SqliteStore};
use hefu_store::{Store, StoreError};
use hefu_tally::clock::{Clock as _, SystemClock, Timestamp};
use hefu_tally::key::KeyError;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinHandle;

use crate::expiry::{self, Expiring};
use crate::files::{self, FileError};
use crate::keys::Keys;
use crate::operators;

/// How long the gateway's own certificate holds; it is issued anew at every start.
const SERVER_DAYS: u32 = 90;
/// How often events go from the spool into the store.
const IMPORT_EVERY: Duration = Duration::from_millis(500);
/// How often the ends of certificates are looked at.
const EXPIRY_EVERY: Duration = Duration::from_secs(86_400);
/// How often sessions' uses are written and expired things cleared.
const TEND_EVERY: Duration = Duration::from_secs(5);

/// Why a deployment does not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DeployError {
    /// A folder or file.
    #[error(transparent)]
    File(#[from] FileError),
    /// The database.
    #[error("the database cannot be used: {0}")]
    Store(#[from] StoreError),
    /// The database's file.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The spool of events.
    #[error(transparent)]
    Spool(#[from] SpoolError),
    /// The mark of nonces.
    #[error("{0}; is another gateway running on this data folder?")]
    Mark(#[from] MarkError),
    /// Users, devices and sessions.
    #[error(transparent)]
    Identity(#[from] OpenIdentityError),
    /// The gateway's certificate.
    #[error("the gateway's certificate cannot be issued: {0}")]
    Certificate(#[from] IssueError),
    /// The gateway's pair for TLCP.
    #[error("the gateway's pair for TLCP cannot be used: {0}")]
    Tlcp(#[from] hefu_tlcp::IdentityError),
    /// The authority for TLCP.
    #[error("the SM2 authority cannot be used: {0}")]
    Trust(#[from] TrustError),
    /// The certificate that was issued does not read.
    #[error("the gateway's certificate cannot be read: {0}")]
    Pem(#[from] rustls_pki_types::pem::Error),
    /// The gateway's signing key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// The gateway.
    #[error(transparent)]
    Gateway(#[from] StartError),
    /// The operators' pages.
    #[error(transparent)]
    Operators(#[from] ConsoleError),
    /// The operators' address.
    #[error("the console cannot listen on {address}: {source}")]
    Listen {
        /// Where.
        address: SocketAddr,
        /// Why not.
        source: std::io::Error,
    },
    /// The system gave no randomness.
    #[error(transparent)]
    Random(#[from] RngError),
}

/// What a deployment is made of.
#[derive(Debug)]
pub struct Plan {
    /// Where phones connect.
    pub listen: SocketAddr,
    /// As phones write it.
    pub origin: Origin,
    /// Names and addresses in the gateway's certificate.
    pub names: Vec<String>,
    /// Whether TLCP is spoken beside TLS, where the keys have an authority for it.
    pub tlcp: bool,
    /// Threads that serve connections.
    pub workers: usize,
    /// What a stranger may take.
    pub limits: Limits,
    /// Where the service is.
    pub service: SocketAddr,
    /// The service's document.
    pub contract: Contract,
    /// Database, spool and mark.
    pub data: PathBuf,
    /// The keys.
    pub keys: Keys,
    /// Rules for users, devices and sessions.
    pub identity: IdentityConfig,
    /// Where operators connect.
    pub operators: SocketAddr,
    /// The operator's password; without one there are health and metrics, but no pages.
    pub password: Option<Zeroizing<Vec<u8>>>,
}

/// A running deployment.
#[derive(Debug)]
pub struct Deployment {
    gateway: Gateway,
    identity: Arc<Identity>,
    operators: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

/// Opens the database of a data folder, making it when there is none.
///
/// # Errors
/// When folder or database cannot be used.
pub async fn open_store(data: &Path) -> Result<Arc<dyn Store>, DeployError> {
    files::make_private_folder(data)?;
    Ok(Arc::new(SqliteStore::open(&data.join("hefu.db")).await?))
}

/// Opens the rules for users, devices and sessions over a store.
///
/// # Errors
/// When the store fails or was sealed under another key.
pub async fn open_identity(
    store: &Arc<dyn Store>,
    keys: &Keys,
    config: IdentityConfig,
) -> Result<Arc<Identity>, DeployError> {
    let authority = Arc::clone(&keys.authority);
    let (store, now) = (Arc::clone(store), SystemClock.now());
    let identity =
        Identity::open(store, authority, &keys.store, config, now, &mut SystemRng).await?;
    Ok(Arc::new(identity))
}

impl Deployment {
    /// Starts everything; phones are served when this returns.
    ///
    /// # Errors
    /// With what did not start; nothing is left running then.
    pub async fn start(plan: Plan) -> Result<Self, DeployError> {
        let store = open_store(&plan.data).await?;
        let identity = open_identity(&store, &plan.keys, plan.identity).await?;
        let spool = plan.data.join("spool");
        files::make_private_folder(&spool)?;
        let last_stored = store.last_event_seq().await?;
        let (recorder, importer) = Recorder::open(&spool, SpoolConfig::default(), last_stored)?;
        let started = SystemClock.now();
        let mark = open_mark(&plan.data.join("nonces.mark"), last_stored, started)?;
        let nonces = MemoryNonces::with_mark(NONCES_MAX_DEFAULT, started, mark, &mut SystemRng)?;

        let names: Vec<&str> = plan.names.iter().map(String::as_str).collect();
        let authority = &plan.keys.authority;
        let channel = channel(authority, &names, plan.tlcp, started)?;
        let ends = expiring(authority, started);
        let config = GatewayConfig {
            listen: plan.listen,
            origin: plan.origin,
            workers: plan.workers,
            limits: plan.limits,
            upstream: UpstreamConfig::at(plan.service),
        };
        let parts = Parts {
            signing_key_id: plan.keys.signing.public_key()?.gateway_key_id(),
            signing_key: plan.keys.signing,
            encryption_key: plan.keys.encryption,
            clock: Arc::new(SystemClock),
            identity: Arc::clone(&identity),
            nonces: Arc::new(nonces),
            recorder: recorder.clone(),
            contract: plan.contract,
        };
        let address = plan.operators;
        let listen = |source| DeployError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        let operators = listener.local_addr().map_err(listen)?;

        let gateway = Gateway::start(config, channel, parts)?;
        let mut router = gateway.ops_router();
        if let Some(password) = plan.password {
            let (store, identity) = (Arc::clone(&store), Arc::clone(&identity));
            router = router.merge(operators::pages(
                store, identity, recorder, password, operators,
            )?);
        }
        let (stop, stopped) = watch::channel(false);
        let tasks = vec![
            tokio::spawn(importer.run(store, IMPORT_EVERY, until(stopped.clone()))),
            tokio::spawn(tend(Arc::clone(&identity), stopped.clone())),
            tokio::spawn(watch_expiry(ends, stopped.clone())),
            tokio::spawn(serve_operators(listener, router, stopped)),
        ];
        until_next_second(started).await;
        Ok(Self {
            gateway,
            identity,
            operators,
            stop,
            tasks,
        })
    }

    /// Where phones connect.
    #[must_use]
    pub const fn address(&self) -> SocketAddr {
        self.gateway.local_addr()
    }

    /// Where operators connect.
    #[must_use]
    pub const fn operators(&self) -> SocketAddr {
        self.operators
    }

    /// Users, devices and sessions.
    #[must_use]
    pub const fn identity(&self) -> &Arc<Identity> {
        &self.identity
    }

    /// Lets requests in flight end, imports the last events, and stops.
    pub async fn shutdown(self) -> ShutdownReport {
        let report = self.gateway.shutdown().await;
        self.stop.send_replace(true);
        for task in self.tasks {
            // A task that panicked has nothing more to bring to an end.
            let _ = task.await;
        }
        report
    }
}

/// The gateway's certificates, issued anew at every start.
fn channel(
    authority: &Authority,
    names: &[&str],
    tlcp: bool,
    now: Timestamp,
) -> Result<Channel, DeployError> {
    let server = authority.issue_server(names, SERVER_DAYS, now, &mut SystemRng)?;
    let tls = TlsParts {
        certificate_chain: vec![CertificateDer::from_pem_slice(
            server.certificate.pem.as_bytes(),
        )?],
        private_key: PrivateKeyDer::from_pem_slice(server.key_pem.as_bytes())?,
        device_roots: vec![CertificateDer::from_pem_slice(
            authority.certificate_pem().as_bytes(),
        )?],
    };
    Ok(match authority.tlcp().filter(|_| tlcp) {
        Some(tlcp) => Channel::TlsAndTlcp(tls, tlcp_parts(tlcp, names, now)?),
        None => Channel::Tls(tls),
    })
}

/// The gateway's pair for TLCP, issued anew at every start like its TLS certificate.
fn tlcp_parts(
    authority: &TlcpAuthority,
    names: &[&str],
    now: Timestamp,
) -> Result<TlcpParts, DeployError> {
    let pair = authority.issue_server(names, SERVER_DAYS, now, &mut SystemRng)?;
    let root = authority.certificate().clone();
    let identity = hefu_tlcp::Identity::new(
        (pair.certificates.sign, pair.signing_key),
        (pair.certificates.encryption, pair.decryption_key),
        vec![root.clone()],
    )?;
    Ok(TlcpParts {
        provider: Arc::clone(authority.provider()),
        identity: Arc::new(identity),
        device_roots: Trust::new(vec![root])?,
    })
}

/// A data folder in which nothing was ever decided has accepted nothing, so nothing can be replayed
/// from it. Anywhere else a missing mark counts as the worst that may have happened.
fn open_mark(path: &Path, last_event: u64, started: Timestamp) -> Result<Mark, MarkError> {
    if last_event == 0 && !path.exists() {
        Mark::create(path)
    } else {
        Mark::open(path, started)
    }
}

/// What was created in the second of the start could be a replay from before it, and is refused
/// (docs/PROTOCOL.md, section 3); an honest phone that is told of the start should not run into that.
async fn until_next_second(started: Timestamp) {
    let rest = 1_000 - started.millis().rem_euclid(1_000);
    tokio::time::sleep(Duration::from_millis(rest.unsigned_abs())).await;
}

async fn until(mut stopped: watch::Receiver<bool>) {
    // An error means that the sender is gone, which is a stop too.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}

async fn tend(identity: Arc<Identity>, stopped: watch::Receiver<bool>) {
    let stop = until(stopped);
    tokio::pin!(stop);
    let mut ticks = tokio::time::interval(TEND_EVERY);
    loop {
        let ends = tokio::select! {
            () = &mut stop => true,
            _ = ticks.tick() => false,
        };
        if let Err(error) = identity.tend(SystemClock.now()).await {
            tracing::warn!(%error, "sessions could not be tended; trying again");
        }
        if ends {
            return;
        }
    }
}

/// The gateway's certificates. Its own for TLS and TLCP are issued at every start, together.
fn expiring(authority: &Authority, started: Timestamp) -> Vec<Expiring> {
    const AUTHORITY: &str = "ship an app with the trust file of a new deployment before";
    let mut ends = vec![
        Expiring {
            what: "the gateway's certificates",
            not_after: started.plus_secs(i64::from(SERVER_DAYS) * 86_400),
            next_step: "restart the gateway, which issues new ones",
        },
        Expiring {
            what: "the device authority",
            not_after: authority.not_after(),
            next_step: AUTHORITY,
        },
    ];
    ends.extend(authority.tlcp().map(|tlcp| Expiring {
        what: "the SM2 authority for TLCP",
        not_after: tlcp.not_after(),
        next_step: AUTHORITY,
    }));
    ends
}

async fn watch_expiry(certificates: Vec<Expiring>, stopped: watch::Receiver<bool>) {
    let stop = until(stopped);
    tokio::pin!(stop);
    let mut ticks = tokio::time::interval(EXPIRY_EVERY);
    loop {
        tokio::select! {
            () = &mut stop => return,
            _ = ticks.tick() => {}
        }
        for (certificate, days_left) in expiry::due(&certificates, SystemClock.now()) {
            let Expiring {
                what, next_step, ..
            } = certificate;
            tracing::warn!(days_left, "{what} will end; {next_step}");
        }
    }
}

async fn serve_operators(
    listener: TcpListener,
    router: axum::Router,
    stopped: watch::Receiver<bool>,
) {
    let serving = axum::serve(listener, router).with_graceful_shutdown(until(stopped));
    if let Err(error) = serving.await {
        tracing::error!(%error, "the console stopped");
    }
}
