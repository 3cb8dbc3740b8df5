//! How a client behaves, and what it takes from the phone it runs on.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use hefu_gm::rng::{self, RngError, SystemRng};
use hefu_tally::clock::{Clock, SystemClock};
use hefu_tally::digest::DigestAlgorithm;
use hefu_tally::key::Algorithm;
use hefu_tally::time::Window;
use rand_core::{TryCryptoRng, TryRng};

/// How a client behaves. [`Options::default`] fits a phone on a mobile network.
#[derive(Clone, Debug)]
pub struct Options {
    /// What a device that is enrolled signs with: `sm2-sm3`, `ed25519` or `ecdsa-p256-sha256`.
    pub signature_algorithm: Algorithm,
    /// What protects the channel.
    pub channel: ChannelPolicy,
    /// How long before its end a device's certificate is renewed; see
    /// [`Client::renew_if_due`](crate::Client::renew_if_due).
    pub renew_before: Duration,
    /// What bodies are digested with.
    pub digest: DigestAlgorithm,
    /// For how long a signed request holds. A function whose contract names a shorter window needs
    /// [`Request::window`](crate::Request::window); 30 seconds fit every function that names none.
    pub window: Window,
    /// For TCP and TLS together. Stops: networks that swallow the first packet.
    pub connect_timeout: Duration,
    /// For a whole call, with all its tries and the waiting between them. Stops: a gateway, or
    /// whoever sits before it, that answers one byte a minute.
    pub request_timeout: Duration,
    /// Longest body of a response, in bytes. Stops: answers that fill the phone's memory.
    pub response_bytes_max: usize,
    /// Longest head of a response, in bytes; at least 8,192.
    pub response_head_bytes_max: usize,
    /// Most header fields of a response.
    pub response_fields_max: usize,
    /// Most connections that are kept for the next request.
    pub idle_connections_max: usize,
    /// For how long an unused connection is kept. Below what the gateway allows, so that a request
    /// rarely meets a connection that is just being closed.
    pub idle_connection_kept: Duration,
    /// How often a request that may be repeated is sent again.
    pub retries_max: u32,
    /// The wait before the first repetition; it doubles with each, and up to half of it is added at
    /// random, so that a thousand phones do not come back at once.
    pub backoff_first: Duration,
    /// The longest wait before a repetition.
    pub backoff_max: Duration,
    /// Accepts a trust file whose origin begins with `http://`: nothing is encrypted and nobody is
    /// authenticated below the signatures. For tests and measurements on loopback.
    pub dangerous_plaintext: bool,
    /// Clock, randomness and timer.
    pub system: System,
}

/// What protects the channel to the gateway. Each policy stands by what it says: a channel that
/// cannot be opened is an error and never a reason to try the other one, since whoever sits in
/// between would choose it then.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ChannelPolicy {
    /// TLS 1.3 or 1.2.
    #[default]
    Tls,
    /// TLCP, for institutions that prescribe it. The trust file has to name its authority, and the
    /// key store has to have SM2 keys.
    Tlcp,
    /// TLCP where the trust file names its authority and the key store has SM2 keys, which is known
    /// before the first connection; TLS otherwise.
    TlcpWhereEquipped,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            signature_algorithm: Algorithm::Sm2Sm3,
            channel: ChannelPolicy::default(),
            renew_before: Duration::from_secs(30 * 86_400),
            digest: DigestAlgorithm::Sm3,
            window: Window::from_secs(30).unwrap_or(Window::DEFAULT),
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            response_bytes_max: 4 << 20,
            response_head_bytes_max: 16 << 10,
            response_fields_max: 64,
            idle_connections_max: 2,
            idle_connection_kept: Duration::from_secs(20),
            retries_max: 2,
            backoff_first: Duration::from_millis(200),
            backoff_max: Duration::from_secs(5),
            dangerous_plaintext: false,
            system: System::default(),
        }
    }
}

/// What a client takes from the phone it runs on.
#[derive(Clone, Debug)]
pub struct System {
    /// The phone's clock, which may be wrong.
    pub clock: Arc<dyn Clock>,
    /// Randomness for nonces, sealed fields and key agreements.
    pub randomness: Arc<dyn Randomness>,
    /// Waits.
    pub timer: Arc<dyn Timer>,
}

impl Default for System {
    fn default() -> Self {
        Self {
            clock: Arc::new(SystemClock),
            randomness: Arc::new(SystemRandomness),
            timer: Arc::new(TokioTimer),
        }
    }
}

/// A source of randomness that many tasks share.
pub trait Randomness: Send + Sync + fmt::Debug {
    /// Fills `out` with bytes that nobody can foresee.
    ///
    /// # Errors
    /// When there are none. What needed them is then not done.
    fn fill(&self, out: &mut [u8]) -> Result<(), RngError>;
}

/// The operating system's randomness.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemRandomness;

impl Randomness for SystemRandomness {
    fn fill(&self, out: &mut [u8]) -> Result<(), RngError> {
        rng::fill(&mut SystemRng, out)
    }
}

/// A [`Randomness`] as the rules take it.
pub(crate) struct Rng<'source>(pub(crate) &'source dyn Randomness);

impl TryRng for Rng<'_> {
    type Error = RngError;

    fn try_next_u32(&mut self) -> Result<u32, RngError> {
        let mut bytes = [0; 4];
        self.0.fill(&mut bytes)?;
        Ok(u32::from_le_bytes(bytes))
    }

    fn try_next_u64(&mut self) -> Result<u64, RngError> {
        let mut bytes = [0; 8];
        self.0.fill(&mut bytes)?;
        Ok(u64::from_le_bytes(bytes))
    }

    fn try_fill_bytes(&mut self, out: &mut [u8]) -> Result<(), RngError> {
        self.0.fill(out)
    }
}

impl TryCryptoRng for Rng<'_> {}

/// What [`Timer::wait`] gives: done when the time has passed.
pub type Waiting = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Waits, for timeouts and between tries.
pub trait Timer: Send + Sync + fmt::Debug {
    /// Is done after `duration`.
    fn wait(&self, duration: Duration) -> Waiting;
}

/// The runtime's timer.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokioTimer;

impl Timer for TokioTimer {
    fn wait(&self, duration: Duration) -> Waiting {
        Box::pin(tokio::time::sleep(duration))
    }
}
