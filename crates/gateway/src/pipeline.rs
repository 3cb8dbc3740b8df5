//! A request's life, guard by guard.

use std::{
    borrow::Cow,
    fmt,
    panic::AssertUnwindSafe,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use bytes::Bytes;
use futures_util::FutureExt as _;
use hefu_evidence::{Event, Outcome, Recorder};
use hefu_gm::{
    rng::{BatchedRng, RngError},
    sm2::DecryptionKey,
    x509::Certificate,
};
use hefu_identity::Identity;
use hefu_store::nonces::Nonces;
use hefu_tally::{
    clock::{Clock, Stopwatch, Timestamp},
    digest::DigestAlgorithm,
    ids::RequestId,
    key::Signer,
    messages::EnrolRequest,
    signature::{
        base::Message,
        response::{self, ResponseSignature},
    },
};
use tokio::{net::TcpStream, sync::watch, time::timeout};
use tracing::Instrument as _;

use crate::{
    config::{GatewayConfig, Limits},
    contract::{Function, PathParams, RequestInput},
    endpoints::{self, session::Login},
    exchange::{Channel, Peer},
    gateway::StartError,
    guards::{
        Guard, channel,
        framing::Head,
        limits::{self, Connections, Counted, Rates},
        mask,
        permission::{self, Owners},
        replay,
        route::{BuiltIn, KeyRule, Operation, ReservedFunction, Route, Routed, Routes},
        schema::{self, ResponseRefusal},
        session,
        signature::{self, Decoys, Keys, Signed, SignedBy},
        unseal::{self, Binding},
        upstream::{self, Caller, Deadline},
    },
    metrics::{Gauges, Metrics},
    ops::Readiness,
    parts::Parts,
    passed::Passed,
    refusal::{Fault, Reason},
    reply::Reply,
    transport::{connection::Body, service::Service},
};

/// How long the service may take to accept a connection before it counts as not ready.
const READY_MS: u64 = 500;

/// What all workers share.
pub(crate) struct Shared {
    config: GatewayConfig,
    clock: Arc<dyn Clock>,
    identity: Arc<Identity>,
    nonces: Arc<dyn Nonces>,
    recorder: Recorder,
    signing_key: Arc<dyn Signer>,
    signing_key_id: String,
    encryption_key: DecryptionKey,
    decoys: Decoys,
    routes: Routes,
    metrics: Metrics,
    peer_rate: Rates,
    device_rate: Rates,
    connections: Connections,
    in_flight: Counted,
    bodies: Counted,
    stop: watch::Receiver<bool>,
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

impl Shared {
    pub(crate) fn new(
        config: GatewayConfig,
        parts: Parts,
        stop: watch::Receiver<bool>,
    ) -> Result<Self, StartError> {
        let limits = &config.limits;
        let metrics = Metrics::new();
        let routes = Routes::new(parts.contract, &metrics, limits.rate_keys_max)
            .map_err(|ReservedFunction(no)| StartError::ReservedFunction { no })?;
        Ok(Self {
            decoys: Decoys::make().map_err(StartError::Key)?,
            peer_rate: Rates::of(limits.peer_rate, limits.rate_keys_max),
            device_rate: Rates::of(limits.device_rate, limits.rate_keys_max),
            connections: Connections::new(limits.connections_max, limits.connections_per_peer_max),
            in_flight: Counted::new(limits.in_flight_max),
            bodies: Counted::new(limits.body_bytes_total_max),
            signing_key_id: parts.signing_key_id.to_string(),
            signing_key: parts.signing_key,
            encryption_key: parts.encryption_key,
            clock: parts.clock,
            identity: parts.identity,
            nonces: parts.nonces,
            recorder: parts.recorder,
            routes,
            metrics,
            stop,
            config,
        })
    }
}

/// The guards in their order, as one worker runs them.
#[derive(Debug)]
pub(crate) struct Pipeline {
    shared: Arc<Shared>,
    service: Service,
    owners: Owners,
    /// For request ids.
    random: Mutex<BatchedRng>,
}

/// What is known of a request so far; what its event will tell.
#[derive(Debug)]
struct Progress<'request> {
    request_id: RequestId,
    stopwatch: Stopwatch,
    target_uri: String,
    route: Option<&'request Route>,
    signed: Option<Signed<'request>>,
    passed: Passed,
    served: bool,
}

impl Pipeline {
    pub(crate) fn new(shared: Arc<Shared>) -> Self {
        let limits = &shared.config.limits;
        Self {
            service: Service::new(shared.config.upstream.clone()),
            owners: Owners::new(limits.owners_max, limits.owner_ms),
            random: Mutex::default(),
            shared,
        }
    }

    /// Decides a request, and answers it. The decision is recorded when this returns.
    pub(crate) async fn handle<B: Body>(&self, peer: &Peer, head: Head, body: &mut B) -> Reply {
        let mut progress = match self.begin() {
            Ok(progress) => progress,
            Err(reply) => return reply,
        };
        let target = [self.shared.config.origin.as_str(), head.target()];
        progress.target_uri = target.concat();
        let span = tracing::debug_span!(
            "request",
            id = %progress.request_id,
            function = tracing::field::Empty,
            code = tracing::field::Empty,
        );
        let decision = AssertUnwindSafe(self.decide(peer, &head, body, &mut progress))
            .catch_unwind()
            .instrument(span.clone())
            .await
            .unwrap_or_else(|_| {
                self.shared.metrics.panics.inc();
                Err(Fault::Panic.into())
            });
        span.record("function", progress.route.map(|route| route.no.as_str()));
        let code = decision.as_ref().err().map(|reason| reason.code().as_str());
        span.record("code", code.unwrap_or("ok"));
        self.conclude(decision, &progress, Some(&head))
    }

    /// Answers what could not be read as a request.
    pub(crate) fn refuse_unread(&self, reason: Reason) -> Reply {
        match self.begin() {
            Ok(progress) => self.conclude(Err(reason), &progress, None),
            Err(reply) => reply,
        }
    }

    fn begin<'request>(&self) -> Result<Progress<'request>, Reply> {
        let stopwatch = Stopwatch::start();
        let Ok(request_id) = self.make_request_id() else {
            // Not even an id: the system is out of randomness, and nothing can be recorded.
            return Err(Reason::from(Fault::Random).reply(RequestId::from_bytes([0; 16])));
        };
        Ok(Progress {
            request_id,
            stopwatch,
            target_uri: String::new(),
            route: None,
            signed: None,
            passed: Passed::default(),
            served: false,
        })
    }

    /// The life of a request up to its answer.
    async fn decide<'request, B: Body>(
        &'request self,
        peer: &Peer,
        head: &'request Head,
        body: &mut B,
        progress: &mut Progress<'request>,
    ) -> Result<Reply, Reason> {
        let shared = &*self.shared;
        self.admit(peer)?;
        let Routed { route, operation } = shared.routes.find(head, &shared.config.origin)?;
        progress.route = Some(route);
        check_rates(route, peer)?;
        channel::check(peer, operation.key_rule())?;
        progress.passed.add(Passed::of(peer.protocol));
        if matches!(peer.channel, Channel::Device(_)) {
            progress.passed.add(Passed::CHANNEL);
        }
        let bytes_max = operation
            .body_bytes_max()
            .min(shared.config.limits.body_bytes_max);
        let body = body.read(bytes_max).await?;
        let _in_flight = shared
            .in_flight
            .take(1)
            .ok_or(limits::Reason::TooManyInFlight)?;

        let enrolment = match operation.key_rule() {
            KeyRule::Enrolling => Some(endpoints::device::parse(head, &body)?),
            KeyRule::Device | KeyRule::DeviceOrSession => None,
        };
        let now = self.now();
        let keys = Keys {
            identity: &shared.identity,
            decoys: &shared.decoys,
            enrolling: enrolment.as_ref().map(|request| &request.signature_key),
        };
        let key_rule = operation.key_rule();
        let target_uri = progress.target_uri.as_str();
        let signed = signature::verify(keys, key_rule, head, target_uri, &body, now).await?;
        let signed = progress.signed.insert(signed);
        replay::check(&*shared.nonces, &signed.verified, now, operation.window())?;
        let session = session::admit(
            &shared.identity.sessions,
            peer,
            &signed.by,
            &operation,
            head,
            now,
        )?;
        if session.is_some() {
            progress.passed.add(Passed::SESSION);
        }
        let signed = (signed.by.clone(), signed.verified.nonce().to_owned());
        let accepted = Accepted {
            head,
            body,
            by: signed.0,
            nonce: signed.1,
            session,
            now,
            route,
        };
        match operation {
            Operation::BuiltIn(built_in) => {
                self.answer(built_in, enrolment, &accepted, progress).await
            }
            Operation::Service(function, path) => {
                self.serve(function, &path, &accepted, progress).await
            }
        }
    }

    /// The guards of a service's function, behind the session.
    async fn serve(
        &self,
        function: &Function,
        path: &PathParams,
        accepted: &Accepted<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<Reply, Reason> {
        let deadline = Deadline::of(function);
        let subject = accepted
            .session
            .as_ref()
            .map(|session| session.subject.as_str());
        let caller = Caller::new(progress.request_id, accepted.by.device(), subject);
        let fields = schema::declared_fields(function, accepted.head);
        let input = RequestInput {
            path,
            query: accepted.head.query(),
            fields: &fields,
            content_type: accepted.head.field("content-type"),
            body: &accepted.body,
        };
        let request = schema::read(function, &input)?;
        let (service, owners) = (&self.service, &self.owners);
        permission::check(service, owners, function, &request, &caller, deadline).await?;
        if function.owner.is_some() {
            progress.passed.add(Passed::PERMISSION);
        }
        schema::check(function, &request)?;
        let key_id = accepted.key_id();
        let key = &self.shared.encryption_key;
        let content = unseal::body(key, accepted.binding(&key_id), function, &request)?;
        if !request.sealed().is_empty() {
            progress.passed.add(Passed::UNSEAL);
        }
        progress.served = true;
        let head = accepted.head;
        let response =
            upstream::forward(service, function, head, &content, &caller, deadline).await?;
        let checked =
            schema::check_response(function, &response).map_err(|refusal| match refusal {
                ResponseRefusal::Schema(reason) => Reason::Schema(reason),
                ResponseRefusal::Status(reason) => Reason::Upstream(reason),
            })?;
        let shown = match mask::apply(checked)? {
            Cow::Borrowed(shown) => response.body.slice_ref(shown),
            Cow::Owned(shown) => shown.into(),
        };
        progress.passed.add(Passed::SCHEMA);
        progress.passed.add(Passed::UPSTREAM);
        Ok(endpoints::reply(
            response.status,
            progress.request_id,
            shown,
        ))
    }

    /// The gateway's own functions.
    async fn answer(
        &self,
        built_in: BuiltIn,
        enrolment: Option<EnrolRequest>,
        accepted: &Accepted<'_>,
        progress: &mut Progress<'_>,
    ) -> Result<Reply, Reason> {
        let identity = &*self.shared.identity;
        let key = &self.shared.encryption_key;
        let (request_id, now) = (progress.request_id, accepted.now);
        let key_id = accepted.key_id();
        let binding = accepted.binding(&key_id);
        let (reply, passed) = match (built_in, &accepted.by, enrolment, &accepted.session) {
            (BuiltIn::Enrol, _, Some(request), _) => {
                let reply =
                    endpoints::device::enrol(identity, key, binding, &request, request_id, now);
                (reply.await?, Passed::ENROLMENT)
            }
            (BuiltIn::Renew, SignedBy::Device(device), _, _) => {
                let request = endpoints::device::parse_renewal(accepted.head, &accepted.body)?;
                let reply =
                    endpoints::device::renew(identity, device.id, &request, request_id, now);
                (reply.await?, Passed::ENROLMENT)
            }
            (BuiltIn::OpenSession, SignedBy::Device(device), _, _) => {
                let login = Login {
                    device,
                    head: accepted.head,
                    body: &accepted.body,
                    binding,
                    request_id,
                };
                let reply = endpoints::session::open(identity, key, login, now);
                (reply.await?, Passed::LOGIN)
            }
            (BuiltIn::CloseSession, _, _, Some(session)) => {
                let reply = endpoints::session::close(identity, session, request_id);
                (reply.await?, Passed::LOGIN)
            }
            // The guards before gave each function what it needs.
            _ => return Err(signature::Reason::KeyUnknown.into()),
        };
        progress.passed.add(passed);
        if matches!(built_in, BuiltIn::Enrol | BuiltIn::OpenSession) {
            progress.passed.add(Passed::UNSEAL);
        }
        Ok(reply)
    }

    /// What every request has to pass before anything of it is looked at.
    fn admit(&self, peer: &Peer) -> Result<(), Reason> {
        if !self.shared.recorder.is_recording() {
            return Err(Fault::NotRecorded.into());
        }
        let rates = match peer.channel {
            Channel::Device(_) => &self.shared.device_rate,
            Channel::DangerousPlain | Channel::Anonymous | Channel::Refused(_) => {
                &self.shared.peer_rate
            }
        };
        Ok(rates.check(peer.rate_key())?)
    }

    /// Signs the answer where it can be, records the decision, counts it.
    fn conclude(
        &self,
        decision: Result<Reply, Reason>,
        progress: &Progress<'_>,
        head: Option<&Head>,
    ) -> Reply {
        let (reply, mut refused) = match decision {
            Ok(reply) => (reply, None),
            Err(reason) => (reason.reply(progress.request_id), Some(reason)),
        };
        let mut reply = self.signed(reply, progress, head).unwrap_or_else(|fault| {
            let reason = refused.insert(fault.into());
            reason.reply(progress.request_id)
        });
        let micros = progress.stopwatch.elapsed_micros();
        let event = self.event(progress, refused.as_ref(), reply.status, micros);
        if self.shared.recorder.record(&event).is_err() {
            let reason = refused.insert(Fault::NotRecorded.into());
            reply = self
                .signed(reason.reply(progress.request_id), progress, head)
                .unwrap_or_else(|fault| Reason::from(fault).reply(progress.request_id));
        }
        let function = progress.route.map(|route| &route.metrics);
        let function = function.unwrap_or(&self.shared.routes.nowhere);
        match &refused {
            None => self.shared.metrics.passed(function, micros),
            Some(reason) => {
                log(progress, reason);
                let (code, guard) = (reason.code().as_str(), reason.guard().name);
                self.shared.metrics.refused(function, code, guard, micros);
            }
        }
        reply
    }

    fn event(
        &self,
        progress: &Progress<'_>,
        refused: Option<&Reason>,
        status: u16,
        micros: u64,
    ) -> Event {
        Event {
            request_id: progress.request_id,
            at: self.now(),
            function: progress.route.map(|route| route.no.clone()),
            device: progress.signed.as_ref().map(|signed| signed.by.device()),
            guard: refused.map_or("all", |reason| reason.guard().name),
            clauses: refused.map_or_else(
                || progress.passed.clauses(),
                |reason| reason.guard().clauses,
            ),
            outcome: refused.map_or(Outcome::Allowed, |_| Outcome::Refused),
            code: refused.map(Reason::code),
            reason: refused.map_or("", Reason::name),
            class: progress.route.map(|route| route.class),
            status,
            micros: u32::try_from(micros).unwrap_or(u32::MAX),
            served: progress.served,
        }
    }

    /// PROTOCOL §4: whenever the request's signature verified, the response is signed.
    fn signed(
        &self,
        reply: Reply,
        progress: &Progress<'_>,
        head: Option<&Head>,
    ) -> Result<Reply, Fault> {
        let mut reply = reply;
        if head.is_some_and(|head| head.method() == "HEAD") {
            // What is signed is what arrives, and here no body does.
            reply.body = Bytes::new();
        }
        let (Some(signed), Some(head)) = (&progress.signed, head) else {
            return Ok(reply);
        };
        let session_id;
        let (signer, key_id): (&dyn Signer, &str) = match &signed.by {
            SignedBy::Session(session) => {
                session_id = session.id.to_string();
                (&session.key, &session_id)
            }
            SignedBy::Device(_) | SignedBy::New(_) => {
                (&*self.shared.signing_key, &self.shared.signing_key_id)
            }
        };
        let signature = ResponseSignature {
            key_id,
            created: self.now().secs(),
            request_label: signed.verified.label(),
            digest: digest_of(head),
        };
        let fields = response::sign(
            signer,
            &signature,
            &Message::response(reply.status, &reply),
            &reply.body,
            &Message::request(head.method(), &progress.target_uri, head),
        )
        .map_err(|_| Fault::NotSigned)?;
        Ok(reply
            .with("content-digest", fields.content_digest)
            .with("signature-input", fields.signature_input)
            .with("signature", fields.signature))
    }

    fn make_request_id(&self) -> Result<RequestId, RngError> {
        let mut random = self.random.lock().unwrap_or_else(PoisonError::into_inner);
        RequestId::make(self.now(), &mut *random)
    }

    pub(crate) fn now(&self) -> Timestamp {
        self.shared.clock.now()
    }

    pub(crate) fn unix_s(&self) -> u64 {
        u64::try_from(self.now().secs()).unwrap_or(0)
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.shared.config.limits
    }

    pub(crate) fn metrics(&self) -> &Metrics {
        &self.shared.metrics
    }

    pub(crate) fn connections(&self) -> &Connections {
        &self.shared.connections
    }

    /// Bytes of bodies being read.
    pub(crate) fn bodies(&self) -> &Counted {
        &self.shared.bodies
    }

    /// What a connection proved, by the certificate (DER) that the handshake accepted.
    pub(crate) async fn channel_of(&self, certificate: Option<&[u8]>) -> Channel {
        let Some(certificate) = certificate else {
            return Channel::Anonymous;
        };
        let devices = &self.shared.identity.devices;
        let found = devices.by_certificate(certificate, self.now()).await;
        channel::of_certificate(found)
    }

    /// As [`channel_of`](Self::channel_of), for a device that speaks TLCP.
    pub(crate) async fn tlcp_channel_of(&self, certificate: Option<&Certificate>) -> Channel {
        let Some(certificate) = certificate else {
            return Channel::Anonymous;
        };
        let devices = &self.shared.identity.devices;
        let found = devices.by_tlcp_certificate(certificate, self.now()).await;
        channel::of_certificate(found)
    }

    pub(crate) async fn readiness(&self) -> Readiness {
        let shared = &self.shared;
        let accepting = !*shared.stop.borrow();
        let events = shared.recorder.is_recording();
        let nonces = shared.nonces.has_room(self.now());
        let connected = TcpStream::connect(shared.config.upstream.address);
        let connected = timeout(Duration::from_millis(READY_MS), connected).await;
        let service = matches!(connected, Ok(Ok(_)));
        Readiness {
            ready: accepting && events && nonces && service,
            accepting,
            events,
            nonces,
            service,
        }
    }

    /// A handshake ended without a connection. That is a decision too, when it was ours.
    pub(crate) fn handshake_failed(
        &self,
        refused: Option<(Guard, &'static str)>,
        stopwatch: Stopwatch,
    ) {
        self.shared.metrics.handshakes_failed.inc();
        let (Some((guard, reason)), Ok(request_id)) = (refused, self.make_request_id()) else {
            return;
        };
        let event = Event {
            request_id,
            at: self.now(),
            function: None,
            device: None,
            guard: guard.name,
            clauses: guard.clauses,
            outcome: Outcome::Refused,
            code: None,
            reason,
            class: None,
            status: 0,
            micros: u32::try_from(stopwatch.elapsed_micros()).unwrap_or(u32::MAX),
            served: false,
        };
        // Nothing waits for this answer; the recorder itself remembers that it failed.
        let _ = self.shared.recorder.record(&event);
        let (guard, clauses) = (event.guard, event.clauses);
        tracing::info!(%request_id, guard, ?clauses, reason, "refused");
    }

    pub(crate) fn metrics_text(&self) -> Result<String, fmt::Error> {
        let shared = &self.shared;
        shared.metrics.encode(&Gauges {
            connections: shared.connections.now(),
            in_flight: shared.in_flight.now(),
            events: shared.recorder.health(),
        })
    }
}

/// A request that is signed, fresh, and where needed in a session.
struct Accepted<'request> {
    head: &'request Head,
    body: Bytes,
    by: SignedBy,
    nonce: String,
    session: Option<Arc<hefu_identity::sessions::Session>>,
    now: Timestamp,
    route: &'request Route,
}

impl Accepted<'_> {
    fn key_id(&self) -> String {
        match &self.by {
            SignedBy::Session(session) => session.id.to_string(),
            SignedBy::Device(_) | SignedBy::New(_) => self.by.device().to_string(),
        }
    }

    fn binding<'binding>(&'binding self, key_id: &'binding str) -> Binding<'binding> {
        Binding {
            function: self.route.no.as_str(),
            key_id,
            nonce: &self.nonce,
        }
    }
}

/// The rates of the function itself.
fn check_rates(route: &Route, peer: &Peer) -> Result<(), limits::Reason> {
    if let Some(rate) = &route.rate_per_device {
        rate.check(peer.rate_key())?;
    }
    match &route.rate {
        Some(rate) => rate.check(limits::RateKey::Everyone),
        None => Ok(()),
    }
}

/// The response is digested as the request was.
fn digest_of(head: &Head) -> DigestAlgorithm {
    let field = head.field("content-digest").unwrap_or_default();
    if memchr::memmem::find(field, b"sha-256=").is_some() {
        DigestAlgorithm::Sha256
    } else {
        DigestAlgorithm::Sm3
    }
}

/// JR-6.2.4.f: all of it for the operator, under the id that the client was told.
fn log(progress: &Progress<'_>, reason: &Reason) {
    tracing::info!(
        request_id = %progress.request_id,
        function = progress.route.map(|route| route.no.as_str()),
        guard = reason.guard().name,
        clauses = ?reason.guard().clauses,
        code = reason.code().as_str(),
        reason = reason.name(),
        rule = reason.rule(),
        "refused"
    );
}
