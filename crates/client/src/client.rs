//! A client: what it knows of its gateway, its device's keys, and how it gets an answer.
//!
//! Clauses: AN-10, CJ-6.3.d.4.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use hefu_gm::x509::Trust;
use hefu_tally::function::FunctionNo;
use hefu_tally::ids::KeyId;
use hefu_tally::key::{Algorithm, PublicKey, Signer};
use hefu_tally::problem::Code;
use hefu_tally::trust::TrustFile;
use http::Method;
use rustls::{ClientConfig, RootCertStore};

use crate::channel::tlcp::{self, Tlcp};
use crate::channel::{Channel, Origin, Securing, tls};
use crate::clock::{CorrectedClock, Reading};
use crate::enrolment::Enrolment;
use crate::error::{ChannelError, PrepareError, SendError};
use crate::key_store::{KeyStore, KeyStoreError, Purpose, StoredKey};
use crate::options::{ChannelPolicy, Options};
use crate::request::{Making, Request, SigningWith, Spec};
use crate::response::{Judged, Response, judge};
use crate::session::Session;
use crate::wire::{AnsweredBy, PreparedRequest};

/// Why there is no client.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetupError {
    /// The trust file's origin is not `https://host` or `https://host:port` with a host name or address.
    #[error("the trust file's origin is not https://host:port")]
    Origin,
    /// The trust file has no certificate that can be a root.
    #[error("the trust file's ca_pem has no usable certificate")]
    Authority,
    /// The policy is TLCP, and the trust file names no authority for it, or the gateway gave the device
    /// no pair of certificates for it.
    #[error("TLCP is prescribed, and the gateway is not known to speak it")]
    NoTlcp,
    /// The device's keys cannot be used. With [`KeyStoreError::Missing`] the device has to be
    /// enrolled again.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The enrolment belongs to other keys than those in the store.
    #[error("the enrolment is not one of the keys in this store")]
    OtherKeys,
    /// The device's certificate cannot be read or is not for its channel key.
    #[error("the device's certificate is not one for its channel key")]
    Certificate,
    /// The TLS library refused its configuration.
    #[error("TLS cannot be set up: {0}")]
    Tls(#[from] rustls::Error),
}

/// The app's half of one institution's gateway.
///
/// Cloning it is cheap, and all clones are the same client. It runs on a tokio runtime.
#[derive(Clone)]
pub struct Client {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) trust: TrustFile,
    gateway_key: Arc<PublicKey>,
    pub(crate) origin: Arc<Origin>,
    pub(crate) keys: Arc<dyn KeyStore>,
    pub(crate) options: Arc<Options>,
    pub(crate) clock: Arc<CorrectedClock>,
    roots: Arc<RootCertStore>,
    /// Without a certificate, as enrolment uses it.
    anonymous_tls: Arc<ClientConfig>,
    /// The authorities for TLCP, where the policy wants it.
    tlcp_roots: Option<Trust>,
    enrolled: RwLock<Option<Arc<Enrolled>>>,
}

/// An enrolled device, ready for use.
#[derive(Debug)]
pub(crate) struct Enrolled {
    pub(crate) enrolment: Enrolment,
    algorithm: Algorithm,
    pub(crate) channel: Channel,
}

impl Client {
    /// A client for the gateway of `trust`, with the device's keys in `keys`.
    ///
    /// # Errors
    /// When the trust file cannot be used.
    pub fn new(
        trust: TrustFile,
        keys: Arc<dyn KeyStore>,
        options: Options,
    ) -> Result<Self, SetupError> {
        let origin = Origin::parse(&trust.origin).ok_or(SetupError::Origin)?;
        if !origin.is_secure && !options.dangerous_plaintext {
            return Err(SetupError::Origin);
        }
        let roots = tls::roots(&trust.ca_pem).ok_or(SetupError::Authority)?;
        let tlcp_roots = tlcp_roots(&trust, options.channel)?;
        let clock = Arc::new(CorrectedClock::new(Arc::clone(&options.system.clock)));
        let anonymous_tls = tls::config(Arc::clone(&roots), Arc::clone(&clock), None)?;
        let inner = Inner {
            gateway_key: Arc::new(trust.signing_key.clone()),
            trust,
            origin: Arc::new(origin),
            keys,
            options: Arc::new(options),
            clock,
            roots,
            anonymous_tls,
            tlcp_roots,
            enrolled: RwLock::new(None),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    /// The client with an enrolment that was made and stored before.
    ///
    /// # Errors
    /// When the enrolment does not fit the keys in the store.
    pub fn with_enrolment(self, enrolment: Enrolment) -> Result<Self, SetupError> {
        self.inner.adopt(enrolment)?;
        Ok(self)
    }

    /// The enrolment, for the app to store; none before the device is enrolled.
    #[must_use]
    pub fn enrolment(&self) -> Option<Enrolment> {
        let enrolled = self.inner.enrolled()?;
        Some(enrolled.enrolment.clone())
    }

    /// Begins a request under the device's key, without a session: for the few functions that a
    /// device may call before its user has logged in, such as opening an account.
    pub fn request(&self, method: Method, path: &str, function: FunctionNo) -> Request<'_> {
        Request::new(Caller::Device(self), Spec::new(method, path, function))
    }

    /// The TLS configuration with the device's certificate; none before the device is enrolled. For
    /// those who open connections themselves.
    #[must_use]
    pub fn tls_config(&self) -> Option<Arc<ClientConfig>> {
        Some(Arc::clone(self.inner.enrolled()?.channel.tls_config()))
    }

    /// The TLS configuration without a certificate, as enrolment uses it.
    #[must_use]
    pub fn tls_config_without_certificate(&self) -> Arc<ClientConfig> {
        Arc::clone(&self.inner.anonymous_tls)
    }

    /// Whether the enrolled device's channels are TLCP; otherwise they are TLS.
    #[must_use]
    pub fn speaks_tlcp(&self) -> bool {
        let enrolled = self.inner.enrolled();
        enrolled.is_some_and(|enrolled| enrolled.channel.is_tlcp())
    }

    /// Scheme, host and port of the gateway.
    #[must_use]
    pub fn origin(&self) -> &str {
        self.inner.origin.as_str()
    }

    /// What signs with the device's key: for those who build requests themselves.
    ///
    /// # Errors
    /// When the device is not enrolled.
    pub fn device_signer(&self) -> Result<Arc<dyn Signer>, SendError> {
        let enrolled = self.inner.enrolled().ok_or(SendError::NotEnrolled)?;
        Ok(Arc::new(self.inner.device_key(&enrolled)))
    }
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let enrolled = self.inner.enrolled();
        f.debug_struct("Client")
            .field("origin", &self.inner.origin.as_str())
            .field(
                "device",
                &enrolled.map(|enrolled| enrolled.enrolment.device),
            )
            .finish_non_exhaustive()
    }
}

/// Who sends a request.
#[derive(Clone, Copy)]
pub(crate) enum Caller<'caller> {
    /// A session, under its own key or the device's.
    Session(&'caller Session),
    /// The device alone.
    Device(&'caller Client),
}

impl<'caller> Caller<'caller> {
    pub(crate) fn prepare(self, spec: &Spec) -> Result<PreparedRequest, SendError> {
        let standing = self.standing()?;
        let inner = standing.inner;
        Ok(inner.make(spec, &standing.credentials(spec), inner.clock.read())?)
    }

    pub(crate) async fn send(self, spec: &Spec) -> Result<Response, SendError> {
        let standing = self.standing()?;
        let credentials = standing.credentials(spec);
        let channel = &standing.enrolled.channel;
        let outcome = standing.inner.call(channel, spec, &credentials).await;
        if let (Some(session), Err(SendError::Refused(refusal))) = (standing.session, &outcome) {
            session.learn(refusal);
        }
        outcome
    }

    fn standing(self) -> Result<Standing<'caller>, SendError> {
        let (inner, enrolled, session) = match self {
            Self::Session(session) => {
                if let Some(end) = session.ended() {
                    return Err(SendError::SessionEnded(end));
                }
                (session.inner(), session.enrolled(), Some(session))
            }
            Self::Device(client) => {
                let enrolled = client.inner.enrolled().ok_or(SendError::NotEnrolled)?;
                (client.inner.as_ref(), enrolled, None)
            }
        };
        Ok(Standing {
            device: inner.device_key(&enrolled),
            inner,
            enrolled,
            session,
        })
    }
}

/// A caller who may send now, with the keys for it.
struct Standing<'caller> {
    inner: &'caller Inner,
    enrolled: Arc<Enrolled>,
    device: StoredKey,
    session: Option<&'caller Session>,
}

impl Standing<'_> {
    fn credentials(&self, spec: &Spec) -> Credentials<'_> {
        match self.session {
            Some(session) if !spec.by_device => session.credentials(),
            session => Credentials {
                key_id: KeyId::Device(self.enrolled.enrolment.device),
                signer: SigningWith::Device(&self.device),
                authorization: session.map(Session::authorization),
                answered_by: self.inner.answered_by_gateway(),
            },
        }
    }
}

/// What a request is signed with.
pub(crate) struct Credentials<'keys> {
    pub(crate) key_id: KeyId,
    pub(crate) signer: SigningWith<'keys>,
    /// The whole value of `Authorization`.
    pub(crate) authorization: Option<&'keys str>,
    pub(crate) answered_by: AnsweredBy,
}

impl Inner {
    pub(crate) fn enrolled(&self) -> Option<Arc<Enrolled>> {
        self.enrolled
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    /// Takes an enrolment into use, once all of it fits together.
    pub(crate) fn adopt(&self, enrolment: Enrolment) -> Result<(), SetupError> {
        let purposes = (
            enrolment.signature_key.purpose(),
            enrolment.channel_key.purpose(),
        );
        let public = self.keys.public_key(&enrolment.signature_key)?;
        if purposes != (Purpose::Signature, Purpose::Channel)
            || public.device_id() != enrolment.device
        {
            return Err(SetupError::OtherKeys);
        }
        let certified = tls::certified_key(
            &self.keys,
            &enrolment.channel_key,
            &enrolment.certificate_pem,
            &enrolment.chain_pem,
        )
        .map_err(|unfit| match unfit {
            tls::Unfit::KeyStore(error) => SetupError::KeyStore(error),
            tls::Unfit::Certificate => SetupError::Certificate,
        })?;
        let (roots, clock) = (Arc::clone(&self.roots), Arc::clone(&self.clock));
        let tls = tls::config(roots, clock, Some(certified))?;
        let securing = Securing {
            tls,
            tlcp: self.tlcp_of(&enrolment)?,
            clock: Arc::clone(&self.clock),
        };
        let enrolled = Enrolled {
            enrolment,
            algorithm: public.algorithm(),
            channel: self.channel(securing, self.options.idle_connections_max),
        };
        *self
            .enrolled
            .write()
            .unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(enrolled));
        Ok(())
    }

    /// How an enrolled device opens TLCP channels; none where the policy settles on TLS.
    fn tlcp_of(&self, enrolment: &Enrolment) -> Result<Option<Arc<Tlcp>>, SetupError> {
        let Some(roots) = &self.tlcp_roots else {
            return Ok(None);
        };
        let Some(pair) = &enrolment.tlcp else {
            // A device that was enrolled for TLS, or a store without SM2.
            return match self.options.channel {
                ChannelPolicy::Tls | ChannelPolicy::TlcpWhereEquipped => Ok(None),
                ChannelPolicy::Tlcp => Err(SetupError::NoTlcp),
            };
        };
        let identity = tlcp::identity(&self.keys, pair).map_err(|unfit| match unfit {
            tls::Unfit::KeyStore(error) => SetupError::KeyStore(error),
            tls::Unfit::Certificate => SetupError::Certificate,
        })?;
        let config = tlcp::config(&self.origin.host, roots, Some(identity));
        config.ok_or(SetupError::Authority).map(Some)
    }

    fn channel(&self, securing: Securing, kept_max: usize) -> Channel {
        let (origin, options) = (Arc::clone(&self.origin), Arc::clone(&self.options));
        Channel::new(origin, options, securing, kept_max)
    }

    /// A channel without a certificate, for one use: what comes later comes with a certificate.
    pub(crate) fn anonymous_channel(&self) -> Channel {
        let tlcp = self
            .tlcp_roots
            .as_ref()
            .and_then(|roots| tlcp::config(&self.origin.host, roots, None));
        let securing = Securing {
            tls: Arc::clone(&self.anonymous_tls),
            tlcp,
            clock: Arc::clone(&self.clock),
        };
        self.channel(securing, 0)
    }

    pub(crate) fn device_key(&self, enrolled: &Enrolled) -> StoredKey {
        let key = enrolled.enrolment.signature_key.clone();
        StoredKey::new(Arc::clone(&self.keys), key, enrolled.algorithm)
    }

    pub(crate) fn answered_by_gateway(&self) -> AnsweredBy {
        AnsweredBy::Gateway(self.trust.signing_key_id, Arc::clone(&self.gateway_key))
    }

    fn make(
        &self,
        spec: &Spec,
        credentials: &Credentials<'_>,
        reading: Reading,
    ) -> Result<PreparedRequest, PrepareError> {
        spec.make(&Making {
            origin: &self.origin,
            encryption_key: &self.trust.encryption_key,
            credentials,
            created_s: reading.now.secs(),
            window: self.options.window,
            digest: self.options.digest,
            randomness: self.options.system.randomness.as_ref(),
        })
    }

    /// Sends a request, again where that is safe, and verifies what comes back.
    pub(crate) async fn call(
        &self,
        channel: &Channel,
        spec: &Spec,
        credentials: &Credentials<'_>,
    ) -> Result<Response, SendError> {
        let sent = AtomicBool::new(false);
        let timeout = self.options.system.timer.wait(self.options.request_timeout);
        tokio::select! {
            biased;
            outcome = self.settle(channel, spec, credentials, &sent) => outcome,
            () = timeout => Err(SendError::Timeout { sent: sent.load(Ordering::Relaxed) }),
        }
    }

    /// Tries until there is an answer, or no further try is allowed (docs/PROTOCOL.md, section 4).
    async fn settle(
        &self,
        channel: &Channel,
        spec: &Spec,
        credentials: &Credentials<'_>,
        sent: &AtomicBool,
    ) -> Result<Response, SendError> {
        let mut clock_corrected = false;
        let mut retries = 0;
        // The first try that may have been carried out although it failed.
        let mut uncertain: Option<SendError> = None;
        loop {
            let reading = self.clock.read();
            let error = match self
                .attempt(channel, spec, credentials, reading, sent)
                .await
            {
                Ok(Judged::Answer(response)) => return Ok(response),
                Ok(Judged::Refusal(refusal, signed_at_s)) => {
                    // Refused by the gateway itself, so that signing it anew is no second try.
                    if refusal.status() == 401
                        && !clock_corrected
                        && self.clock.correct(signed_at_s, reading)
                    {
                        clock_corrected = true;
                        sent.store(uncertain.is_some(), Ordering::Relaxed);
                        continue;
                    }
                    SendError::Refused(refusal)
                }
                Ok(Judged::UntrustedRefusal(refusal)) => SendError::Refused(refusal),
                Err(error) => error,
            };
            if !spec.is_repeatable() || retries >= self.options.retries_max || !is_passing(&error) {
                return Err(with_doubt(error, uncertain));
            }
            if error.may_have_been_carried_out() {
                uncertain.get_or_insert(error);
            }
            let wait = self.backoff(retries)?;
            self.options.system.timer.wait(wait).await;
            retries += 1;
        }
    }

    async fn attempt(
        &self,
        channel: &Channel,
        spec: &Spec,
        credentials: &Credentials<'_>,
        reading: Reading,
        sent: &AtomicBool,
    ) -> Result<Judged, SendError> {
        let request = self.make(spec, credentials, reading)?;
        let received = channel.exchange(&request, sent).await?;
        judge(&request, received.status, &received.fields, received.body)
            .map_err(SendError::ResponseNotAuthentic)
    }

    /// The wait before a repetition: doubled each time, and up to half of it longer by chance.
    fn backoff(&self, retries: u32) -> Result<Duration, PrepareError> {
        let mut random = [0; 2];
        self.options.system.randomness.fill(&mut random)?;
        let options = &self.options;
        let doubled = options.backoff_first.saturating_mul(1 << retries.min(16));
        let wait = doubled.min(options.backoff_max);
        Ok(wait + wait.mul_f64(f64::from(u16::from_le_bytes(random)) / f64::from(u16::MAX) / 2.0))
    }
}

/// The authorities for TLCP, where the policy wants it.
fn tlcp_roots(trust: &TrustFile, policy: ChannelPolicy) -> Result<Option<Trust>, SetupError> {
    let wanted = match policy {
        ChannelPolicy::Tls => return Ok(None),
        ChannelPolicy::Tlcp => trust.tlcp_ca_pem.as_ref().ok_or(SetupError::NoTlcp)?,
        ChannelPolicy::TlcpWhereEquipped => match &trust.tlcp_ca_pem {
            Some(ca_pem) => ca_pem,
            None => return Ok(None),
        },
    };
    let roots = tlcp::trust(wanted).ok_or(SetupError::Authority)?;
    Ok(Some(roots))
}

/// Whether the same request may succeed a moment later. An unsigned refusal is never acted upon, and
/// a response that is not authentic is never answered with another request.
fn is_passing(error: &SendError) -> bool {
    match error {
        SendError::Refused(refusal) => {
            refusal.trusted()
                && matches!(
                    refusal.code(),
                    Some(Code::BadGateway | Code::Unavailable | Code::GatewayTimeout)
                )
        }
        SendError::Channel(error) => {
            matches!(
                error,
                ChannelError::Unreachable(_) | ChannelError::Broken(_)
            )
        }
        // Of one connection; that of the whole call ends the call.
        SendError::Timeout { sent } => !sent,
        SendError::NotEnrolled
        | SendError::SessionEnded(_)
        | SendError::Prepare(_)
        | SendError::ResponseNotAuthentic(_)
        | SendError::ResponseTooLarge => false,
    }
}

/// The last error, without hiding that an earlier try may have been carried out.
fn with_doubt(error: SendError, uncertain: Option<SendError>) -> SendError {
    match (error, uncertain) {
        (SendError::Refused(refusal), Some(_)) => SendError::Refused(refusal.after_uncertain()),
        (error, Some(uncertain)) if !error.may_have_been_carried_out() => uncertain,
        (error, _) => error,
    }
}
