//! A small gateway: TLS with its own authority, the wire contract on the other side, and tricks that
//! a test can play on the client.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_client::{Client, DeviceInfo, KeyStore, Options, Session, SoftwareKeyStore, System};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{DecryptionKey, EphemeralSecret};
use hefu_tally::clock::{Clock as _, FixedClock, Timestamp};
use hefu_tally::digest::DigestAlgorithm;
use hefu_tally::ids::{DeviceId, KeyId, RequestId, SessionId};
use hefu_tally::key::{Algorithm, PublicKey, SessionKey, Signer, SigningKey, VerifyWith};
use hefu_tally::messages::{
    Agreement, AgreementAlgorithm, EnrolRequest, EnrolResponse, OpenSessionRequest,
    OpenSessionResponse, Platform,
};
use hefu_tally::problem::{Code, MEDIA_TYPE, Problem};
use hefu_tally::sealed::{self, Place};
use hefu_tally::session_key::{self, Side};
use hefu_tally::signature::base::Message;
use hefu_tally::signature::request::Claim;
use hefu_tally::signature::response::{self, ResponseSignature};
use hefu_tally::time::Window;
use hefu_tally::trust::TrustFile;
use rcgen::{
    BasicConstraints, CertificateParams, CertificateSigningRequestParams, DnType, IsCa, Issuer,
    KeyPair,
};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig};
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use serde_json::{Value, json};
use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;

use crate::timer::FakeTimer;

/// The gateway's time when a test begins, in Unix seconds.
pub(crate) const NOW_S: i64 = 1_760_000_000;
pub(crate) const CODE: &str = "one-time-code";
pub(crate) const PASSWORD: &str = "correct horse";

pub(crate) type Fields = Vec<(String, String)>;

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Fields,
    pub(crate) body: Vec<u8>,
}

impl Seen {
    pub(crate) fn field(&self, name: &str) -> Option<&str> {
        let found = self.fields.iter().find(|(field, _)| field == name);
        found.map(|(_, value)| value.as_str())
    }

    /// A parameter of the signature, quotes removed.
    pub(crate) fn parameter(&self, name: &str) -> String {
        let input = self.field("signature-input").unwrap();
        let after = input.split(&format!(";{name}=")).nth(1).unwrap();
        after
            .split(';')
            .next()
            .unwrap()
            .trim_matches('"')
            .to_owned()
    }
}

/// A response before it is written.
#[derive(Clone, Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) fields: Fields,
    pub(crate) body: Vec<u8>,
}

impl Answer {
    fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            fields: vec![("content-type".into(), "application/json".into())],
            body: body.to_string().into_bytes(),
        }
    }

    fn problem(code: Code) -> Self {
        let request_id = RequestId::from_bytes([7; 16]);
        Self {
            status: code.status(),
            fields: vec![("content-type".into(), MEDIA_TYPE.into())],
            body: Problem { code, request_id }.to_json().into_bytes(),
        }
    }

    pub(crate) fn field_mut(&mut self, name: &str) -> &mut String {
        let found = self.fields.iter_mut().find(|(field, _)| field == name);
        &mut found.unwrap().1
    }
}

/// What happens to the next request instead of the honest answer.
pub(crate) enum Trick {
    /// Nothing.
    Honest,
    /// A refusal, signed (at so many seconds off the gateway's clock) or not.
    Refuse(Code, Option<i64>),
    /// The honest answer, altered after it was signed.
    Alter(fn(&mut Answer)),
    /// The honest answer, signed by a key that is not the expected one.
    SignedBy(Arc<dyn Signer>, String),
    /// The honest answer, altered before it is signed.
    Edit(fn(&mut Answer)),
    /// This answer, signed.
    Say(u16, Value),
    /// This answer, as it was.
    Instead(Answer),
    /// These bytes.
    Bytes(Vec<u8>),
    /// The connection ends without an answer.
    Close,
    /// No answer, ever.
    Hang,
}

/// Which keys of the double verified a request, and sign its response.
enum Known {
    Session(SessionId, Box<SessionKey>),
    Device(DeviceId),
}

struct OpenSession {
    key: SessionKey,
    token: String,
    device: DeviceId,
}

#[derive(Default)]
struct State {
    code: Option<String>,
    devices: HashMap<DeviceId, PublicKey>,
    certificates: HashMap<Vec<u8>, DeviceId>,
    sessions: HashMap<SessionId, OpenSession>,
    nonces: HashSet<(String, String)>,
    seen: Vec<Seen>,
    answers: Vec<Answer>,
    opened: Vec<String>,
    tricks: VecDeque<Trick>,
    connections: usize,
}

/// How a double differs from an honest one.
#[derive(Clone)]
pub(crate) struct Setup {
    pub(crate) names: Vec<String>,
    /// Years in which the server's certificate holds.
    pub(crate) years: (i32, i32),
    pub(crate) tls12_only: bool,
    pub(crate) plaintext: bool,
    /// Believes device certificates of another authority only.
    pub(crate) foreign_devices: bool,
    /// What the trust file says about the authority is another one's.
    pub(crate) foreign_authority: bool,
}

impl Default for Setup {
    fn default() -> Self {
        Self {
            names: vec!["127.0.0.1".into()],
            years: (2000, 2100),
            tls12_only: false,
            plaintext: false,
            foreign_devices: false,
            foreign_authority: false,
        }
    }
}

pub(crate) struct Double {
    pub(crate) trust: TrustFile,
    pub(crate) clock: Arc<FixedClock>,
    shared: Arc<Shared>,
}

struct Shared {
    origin: String,
    authority: Issuer<'static, KeyPair>,
    authority_pem: String,
    signing: SigningKey,
    decryption: DecryptionKey,
    clock: Arc<FixedClock>,
    state: Mutex<State>,
    arrived: watch::Sender<usize>,
}

impl Double {
    pub(crate) async fn start() -> Self {
        Self::with(Setup::default()).await
    }

    pub(crate) async fn with(setup: Setup) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let scheme = if setup.plaintext { "http" } else { "https" };
        let origin = format!("{scheme}://{}", listener.local_addr().unwrap());
        let (authority, authority_pem) = authority();
        let tls = (!setup.plaintext).then(|| acceptor(&setup, &authority, &authority_pem));
        let signing = SigningKey::make(Algorithm::Sm2Sm3).unwrap();
        let decryption = DecryptionKey::make(&mut SystemRng).unwrap();
        let trusted_pem = if setup.foreign_authority {
            self::authority().1
        } else {
            authority_pem.clone()
        };
        let trust = TrustFile::new(
            origin.clone(),
            trusted_pem,
            signing.public_key().unwrap(),
            *decryption.encryption_key(),
        );
        let clock = Arc::new(FixedClock::at(Timestamp::from_secs(NOW_S)));
        let shared = Arc::new(Shared {
            origin,
            authority,
            authority_pem,
            signing,
            decryption,
            clock: clock.clone(),
            state: Mutex::new(State {
                code: Some(CODE.into()),
                ..State::default()
            }),
            arrived: watch::Sender::new(0),
        });
        tokio::spawn(accept(listener, tls, shared.clone()));
        Self {
            trust,
            clock,
            shared,
        }
    }

    /// Plays these tricks on the next requests.
    pub(crate) fn play(&self, tricks: impl IntoIterator<Item = Trick>) {
        self.shared.state.lock().unwrap().tricks.extend(tricks);
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.shared.state.lock().unwrap().seen.clone()
    }

    pub(crate) fn last_seen(&self) -> Seen {
        self.seen().last().unwrap().clone()
    }

    pub(crate) fn last_answer(&self) -> Answer {
        let state = self.shared.state.lock().unwrap();
        state.answers.last().unwrap().clone()
    }

    /// The plaintext of every sealed field that was opened.
    pub(crate) fn opened(&self) -> Vec<String> {
        self.shared.state.lock().unwrap().opened.clone()
    }

    pub(crate) fn connections(&self) -> usize {
        self.shared.state.lock().unwrap().connections
    }

    /// A new enrolment code.
    pub(crate) fn give_code(&self) {
        self.shared.state.lock().unwrap().code = Some(CODE.into());
    }

    /// Forgets all sessions, as after a timeout.
    pub(crate) fn end_sessions(&self) {
        self.shared.state.lock().unwrap().sessions.clear();
    }

    /// Waits until so many requests have arrived in all.
    pub(crate) async fn wait_for_requests(&self, count: usize) {
        let mut arrived = self.shared.arrived.subscribe();
        arrived.wait_for(|arrived| *arrived >= count).await.unwrap();
    }
}

/// A phone for a double.
pub(crate) struct Phone {
    pub(crate) client: Client,
    pub(crate) clock: Arc<FixedClock>,
    pub(crate) timer: Arc<FakeTimer>,
    pub(crate) keys: Arc<SoftwareKeyStore>,
}

impl Phone {
    pub(crate) fn new(double: &Double) -> Self {
        Self::with(double, |_| ())
    }

    pub(crate) fn with(double: &Double, change: impl FnOnce(&mut Options)) -> Self {
        let keys = Arc::new(SoftwareKeyStore::in_memory());
        let (mut options, clock, timer) = options();
        change(&mut options);
        let client = Client::new(double.trust.clone(), keys.clone(), options).unwrap();
        Self {
            client,
            clock,
            timer,
            keys,
        }
    }

    pub(crate) async fn enrolled(double: &Double) -> Self {
        let phone = Self::new(double);
        phone.client.enrol(CODE, &info()).await.unwrap();
        phone
    }

    pub(crate) async fn logged_in(double: &Double) -> (Self, Session) {
        let phone = Self::enrolled(double).await;
        let session = phone.client.open_session("alice", PASSWORD).await.unwrap();
        (phone, session)
    }
}

/// Options with a clock and a timer that the test moves.
pub(crate) fn options() -> (Options, Arc<FixedClock>, Arc<FakeTimer>) {
    let clock = Arc::new(FixedClock::at(Timestamp::from_secs(NOW_S)));
    let timer = Arc::new(FakeTimer::new());
    let options = Options {
        system: System {
            clock: clock.clone(),
            timer: timer.clone(),
            ..System::default()
        },
        ..Options::default()
    };
    (options, clock, timer)
}

pub(crate) fn info() -> DeviceInfo {
    DeviceInfo {
        platform: Platform::Other,
        model: "test phone".into(),
    }
}

/// How many keys a store still has, of two names.
pub(crate) fn has_keys(keys: &dyn KeyStore, enrolment: &hefu_client::Enrolment) -> bool {
    keys.public_key(&enrolment.signature_key).is_ok()
        && keys.public_key(&enrolment.channel_key).is_ok()
}

fn authority() -> (Issuer<'static, KeyPair>, String) {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::default();
    params
        .distinguished_name
        .push(DnType::CommonName, "Test authority");
    params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
    let pem = params.self_signed(&key).unwrap().pem();
    (Issuer::new(params, key), pem)
}

fn roots(pem: &str) -> Arc<RootCertStore> {
    use rustls_pki_types::pem::PemObject as _;
    let mut roots = RootCertStore::empty();
    roots
        .add(CertificateDer::from_pem_slice(pem.as_bytes()).unwrap())
        .unwrap();
    Arc::new(roots)
}

fn acceptor(
    setup: &Setup,
    authority: &Issuer<'static, KeyPair>,
    authority_pem: &str,
) -> TlsAcceptor {
    let key = KeyPair::generate().unwrap();
    let mut params = CertificateParams::new(setup.names.clone()).unwrap();
    params.not_before = rcgen::date_time_ymd(setup.years.0, 1, 1);
    params.not_after = rcgen::date_time_ymd(setup.years.1, 1, 1);
    let certificate = params.signed_by(&key, authority).unwrap();
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let device_roots = if setup.foreign_devices {
        self::authority().1
    } else {
        authority_pem.to_owned()
    };
    let verifier =
        WebPkiClientVerifier::builder_with_provider(roots(&device_roots), provider.clone())
            .allow_unauthenticated()
            .build()
            .unwrap();
    let versions: &[_] = if setup.tls12_only {
        &[&rustls::version::TLS12]
    } else {
        &[&rustls::version::TLS13]
    };
    let mut config = ServerConfig::builder_with_provider(provider)
        .with_protocol_versions(versions)
        .unwrap()
        .with_client_cert_verifier(verifier)
        .with_single_cert(
            vec![certificate.der().clone()],
            PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
        )
        .unwrap();
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    TlsAcceptor::from(Arc::new(config))
}

async fn accept(listener: TcpListener, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    loop {
        let (stream, _) = listener.accept().await.unwrap();
        shared.state.lock().unwrap().connections += 1;
        tokio::spawn(connection(stream, tls.clone(), shared.clone()));
    }
}

async fn connection(stream: TcpStream, tls: Option<TlsAcceptor>, shared: Arc<Shared>) {
    let Some(tls) = tls else {
        return serve(stream, None, &shared).await;
    };
    match tls.accept(stream).into_fallible().await {
        Ok(stream) => {
            let certificate = stream.get_ref().1.peer_certificates();
            let certificate = certificate.map(|chain| chain[0].to_vec());
            let device = certificate
                .and_then(|der| shared.state.lock().unwrap().certificates.get(&der).copied());
            serve(stream, device, &shared).await;
        }
        // Closing on unread bytes would be a reset, which can overtake the alert.
        Err((_, mut stream)) => {
            stream.shutdown().await.ok();
            stream.read_to_end(&mut Vec::new()).await.ok();
        }
    }
}

async fn serve(
    mut stream: impl AsyncRead + AsyncWrite + Unpin,
    peer: Option<DeviceId>,
    shared: &Shared,
) {
    let mut buffer = Vec::new();
    while let Some(seen) = read(&mut stream, &mut buffer).await {
        let (is_head, trick) = {
            let mut state = shared.state.lock().unwrap();
            state.seen.push(seen.clone());
            (
                seen.method == "HEAD",
                state.tricks.pop_front().unwrap_or(Trick::Honest),
            )
        };
        shared.arrived.send_modify(|arrived| *arrived += 1);
        let bytes = match trick {
            Trick::Close => break,
            Trick::Hang => std::future::pending().await,
            Trick::Bytes(bytes) => bytes,
            trick => {
                let answer = shared.answer(&seen, peer, trick);
                shared.state.lock().unwrap().answers.push(answer.clone());
                encode(&answer, is_head)
            }
        };
        if stream.write_all(&bytes).await.is_err() || stream.flush().await.is_err() {
            break;
        }
    }
    stream.shutdown().await.ok();
}

async fn read(stream: &mut (impl AsyncRead + Unpin), buffer: &mut Vec<u8>) -> Option<Seen> {
    let head_end = loop {
        if let Some(at) = buffer.windows(4).position(|four| four == b"\r\n\r\n") {
            break at + 4;
        }
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    };
    let head: Vec<u8> = buffer.drain(..head_end).collect();
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.trim_end().split("\r\n");
    let mut first = lines.next().unwrap().split(' ');
    let (method, target) = (first.next().unwrap(), first.next().unwrap());
    let fields: Fields = lines
        .map(|line| line.split_once(": ").unwrap())
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = fields.iter().find(|(name, _)| name == "content-length");
    let length: usize = length.map_or(0, |(_, value)| value.parse().unwrap());
    while buffer.len() < length {
        if stream.read_buf(buffer).await.ok()? == 0 {
            return None;
        }
    }
    Some(Seen {
        method: method.to_owned(),
        target: target.to_owned(),
        fields,
        body: buffer.drain(..length).collect(),
    })
}

fn encode(answer: &Answer, is_head: bool) -> Vec<u8> {
    let mut head = format!("HTTP/1.1 {} Any\r\n", answer.status);
    for (name, value) in &answer.fields {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    if answer.status != 204 && !is_head {
        head.push_str(&format!("content-length: {}\r\n", answer.body.len()));
    }
    head.push_str("\r\n");
    [head.as_bytes(), &answer.body].concat()
}

impl Shared {
    fn answer(&self, seen: &Seen, peer: Option<DeviceId>, trick: Trick) -> Answer {
        let uri = format!("{}{}", self.origin, seen.target);
        let message = Message::request(&seen.method, &uri, &seen.fields);
        let (known, label) = match self.verify(seen, &message) {
            Ok(known) => known,
            Err(code) => return Answer::problem(code),
        };
        let sign = |answer, at| self.sign(answer, &known, None, at, &message, &label);
        match trick {
            Trick::Refuse(code, Some(at)) => sign(Answer::problem(code), at),
            Trick::Refuse(code, None) => Answer::problem(code),
            Trick::Edit(edit) => {
                let mut answer = self.decide(seen, peer, &known);
                edit(&mut answer);
                sign(answer, 0)
            }
            Trick::Say(status, body) => sign(Answer::json(status, &body), 0),
            Trick::Instead(answer) => answer,
            Trick::Alter(alter) => {
                let mut answer = sign(self.decide(seen, peer, &known), 0);
                alter(&mut answer);
                answer
            }
            Trick::SignedBy(signer, id) => {
                let answer = self.decide(seen, peer, &known);
                self.sign(
                    answer,
                    &known,
                    Some((signer.as_ref(), &id)),
                    0,
                    &message,
                    &label,
                )
            }
            Trick::Honest | Trick::Bytes(_) | Trick::Close | Trick::Hang => {
                sign(self.decide(seen, peer, &known), 0)
            }
        }
    }

    /// Finds the key that a request names and verifies the signature: what comes before the first
    /// signed answer.
    fn verify(&self, seen: &Seen, message: &Message<'_, Fields>) -> Result<(Known, String), Code> {
        let claim = Claim::read(&seen.fields).map_err(|refusal| refusal.code())?;
        let label = claim.label().to_owned();
        let state = self.state.lock().unwrap();
        let refused = |_| Code::Unauthenticated;
        let known = match claim.key_id() {
            KeyId::Session(id) => {
                let session = state.sessions.get(&id).ok_or(Code::Unauthenticated)?;
                let key = session.key.clone();
                claim
                    .verify(VerifyWith::Session(&key), message, &seen.body)
                    .map_err(refused)?;
                Known::Session(id, Box::new(key))
            }
            KeyId::Device(id) if seen.target == "/hefu/v1/devices" => {
                let request: EnrolRequest =
                    serde_json::from_slice(&seen.body).map_err(|_| Code::Invalid)?;
                let key = request.signature_key;
                assert_eq!(key.device_id(), id);
                claim
                    .verify(VerifyWith::Public(&key), message, &seen.body)
                    .map_err(refused)?;
                Known::Device(id)
            }
            KeyId::Device(id) => {
                let key = state.devices.get(&id).ok_or(Code::Unauthenticated)?;
                claim
                    .verify(VerifyWith::Public(key), message, &seen.body)
                    .map_err(refused)?;
                Known::Device(id)
            }
        };
        Ok((known, label))
    }

    fn sign(
        &self,
        mut answer: Answer,
        known: &Known,
        instead: Option<(&dyn Signer, &str)>,
        off_s: i64,
        request: &Message<'_, Fields>,
        label: &str,
    ) -> Answer {
        let request_id = RequestId::make(self.clock.now(), &mut SystemRng).unwrap();
        answer
            .fields
            .push(("x-request-id".into(), request_id.to_string()));
        let gateway_id = self
            .signing
            .public_key()
            .unwrap()
            .gateway_key_id()
            .to_string();
        let session_id;
        let (signer, key_id): (&dyn Signer, &str) = match (instead, known) {
            (Some(instead), _) => instead,
            (None, Known::Session(id, key)) => {
                session_id = id.to_string();
                (&**key, &session_id)
            }
            (None, Known::Device(_)) => (&self.signing, &gateway_id),
        };
        let signature = ResponseSignature {
            key_id,
            created: self.clock.now().secs() + off_s,
            request_label: label,
            digest: DigestAlgorithm::Sm3,
        };
        let response = Message::response(answer.status, &answer.fields);
        let signed = response::sign(signer, &signature, &response, &answer.body, request).unwrap();
        answer.fields.extend([
            ("content-digest".into(), signed.content_digest),
            ("signature-input".into(), signed.signature_input),
            ("signature".into(), signed.signature),
        ]);
        answer
    }

    /// All that comes behind the signature.
    fn decide(&self, seen: &Seen, peer: Option<DeviceId>, known: &Known) -> Answer {
        match self.admit(seen, peer, known) {
            Ok(()) => {}
            Err(code) => return Answer::problem(code),
        }
        let outcome = match (seen.method.as_str(), seen.target.as_str()) {
            ("POST", "/hefu/v1/devices") => self.enrol(seen),
            ("POST", "/hefu/v1/sessions") => self.open_session(seen, known),
            ("DELETE", "/hefu/v1/sessions/current") => {
                let id: KeyId = seen.parameter("keyid").parse().unwrap();
                let KeyId::Session(id) = id else {
                    panic!("closed by a device")
                };
                self.state.lock().unwrap().sessions.remove(&id);
                Ok(Answer {
                    status: 204,
                    body: Vec::new(),
                    ..Answer::json(204, &Value::Null)
                })
            }
            ("POST", "/transfers") => self.transfer(seen),
            ("HEAD", _) => Ok(Answer {
                body: Vec::new(),
                ..Answer::json(200, &Value::Null)
            }),
            ("GET" | "POST" | "PUT", "/hello") => Ok(Answer::json(200, &json!({"hello": "world"}))),
            ("GET", "/refused-by-service") => Ok(Answer::json(422, &json!({"reason": "too late"}))),
            _ => Err(Code::NotFound),
        };
        outcome.unwrap_or_else(Answer::problem)
    }

    fn admit(&self, seen: &Seen, peer: Option<DeviceId>, known: &Known) -> Result<(), Code> {
        let (created, expires) = (seen.parameter("created"), seen.parameter("expires"));
        let (created, expires) = (created.parse().unwrap(), expires.parse().unwrap());
        hefu_tally::time::check(created, expires, self.clock.now(), Window::DEFAULT)
            .map_err(|_| Code::Unauthenticated)?;
        let mut state = self.state.lock().unwrap();
        let nonce = (seen.parameter("keyid"), seen.parameter("nonce"));
        if !state.nonces.insert(nonce) || seen.field("x-function-no").is_none() {
            return Err(Code::Unauthenticated);
        }
        let device = match known {
            Known::Session(id, _) => state.sessions[id].device,
            Known::Device(id) => *id,
        };
        let is_enrolment = seen.target == "/hefu/v1/devices";
        let is_plaintext = self.origin.starts_with("http://");
        if !is_plaintext && peer != (!is_enrolment).then_some(device) {
            return Err(Code::Unauthenticated);
        }
        let token = seen
            .field("authorization")
            .map(|value| value.strip_prefix("Hefu ").unwrap());
        let needs_token = !seen.target.starts_with("/hefu/v1/") || seen.method == "DELETE";
        let of_token = state
            .sessions
            .values()
            .find(|session| Some(session.token.as_str()) == token);
        match (needs_token, token, of_token) {
            (false, None, _) => Ok(()),
            (true, Some(_), Some(session)) if session.device == device => Ok(()),
            // Open to devices without a session, as opening an account is.
            (true, None, _) if seen.target == "/hello" && matches!(known, Known::Device(_)) => {
                Ok(())
            }
            _ => Err(Code::Unauthenticated),
        }
    }

    /// Opens the sealed field at `pointer`.
    fn unseal(&self, seen: &Seen, pointer: &str) -> Result<String, Code> {
        let body: Value = serde_json::from_slice(&seen.body).map_err(|_| Code::Malformed)?;
        let text = body
            .pointer(pointer)
            .and_then(Value::as_str)
            .ok_or(Code::Invalid)?;
        let (key_id, nonce) = (seen.parameter("keyid"), seen.parameter("nonce"));
        let place = Place {
            function: seen.field("x-function-no").unwrap(),
            key_id: &key_id,
            nonce: &nonce,
            pointer,
        };
        let plain = sealed::open(&self.decryption, &place, text).map_err(|_| Code::Invalid)?;
        let plain = String::from_utf8(plain.to_vec()).unwrap();
        self.state.lock().unwrap().opened.push(plain.clone());
        Ok(plain)
    }

    fn enrol(&self, seen: &Seen) -> Result<Answer, Code> {
        assert_eq!(seen.field("x-function-no"), Some("hefu.device.enrol"));
        let code = self.unseal(seen, "/code")?;
        let mut state = self.state.lock().unwrap();
        let is_right = state
            .code
            .as_ref()
            .is_some_and(|right| right == code.trim_matches('"'));
        if !is_right {
            return Err(Code::Unauthenticated);
        }
        state.code = None;
        let request: EnrolRequest = serde_json::from_slice(&seen.body).unwrap();
        let device = request.signature_key.device_id();
        let csr = URL_SAFE_NO_PAD.decode(request.channel_csr).unwrap();
        let mut csr = CertificateSigningRequestParams::from_der(&csr.into()).unwrap();
        csr.params
            .distinguished_name
            .push(DnType::CommonName, device.to_string());
        let certificate = csr.signed_by(&self.authority).unwrap();
        state
            .certificates
            .insert(certificate.der().to_vec(), device);
        state.devices.insert(device, request.signature_key);
        let response = EnrolResponse {
            tlcp: None,
            device,
            certificate_pem: certificate.pem(),
            chain_pem: self.authority_pem.clone(),
            not_after: NOW_S + 86_400,
        };
        Ok(Answer::json(201, &serde_json::to_value(response).unwrap()))
    }

    fn open_session(&self, seen: &Seen, known: &Known) -> Result<Answer, Code> {
        assert_eq!(seen.field("x-function-no"), Some("hefu.session.open"));
        let Known::Device(device) = known else {
            return Err(Code::Unauthenticated);
        };
        if self.unseal(seen, "/password")?.trim_matches('"') != PASSWORD {
            return Err(Code::Unauthenticated);
        }
        let request: OpenSessionRequest = serde_json::from_slice(&seen.body).unwrap();
        let peer = URL_SAFE_NO_PAD.decode(request.agreement.public).unwrap();
        let secret = EphemeralSecret::make(&mut SystemRng).unwrap();
        let public = URL_SAFE_NO_PAD.encode(secret.public_key());
        let id = SessionId::make(&mut SystemRng).unwrap();
        let peer = peer.try_into().unwrap();
        let key = session_key::derive(Side::Gateway, secret, &peer, *device, id).unwrap();
        let mut token = [0; 32];
        hefu_gm::rng::fill(&mut SystemRng, &mut token).unwrap();
        let session = OpenSession {
            key: SessionKey::from_bytes(&key),
            token: URL_SAFE_NO_PAD.encode(token),
            device: *device,
        };
        let response = OpenSessionResponse {
            session: id,
            token: session.token.clone(),
            expires_at: NOW_S + 3_600,
            idle_s: 300,
            agreement: Agreement {
                alg: AgreementAlgorithm::Sm2Ecdh,
                public,
            },
        };
        self.state.lock().unwrap().sessions.insert(id, session);
        Ok(Answer::json(201, &serde_json::to_value(response).unwrap()))
    }

    fn transfer(&self, seen: &Seen) -> Result<Answer, Code> {
        // Key business: only the device's own key will do, and the answer to another is unsigned.
        if !seen.parameter("keyid").starts_with("d-") {
            return Err(Code::Unauthenticated);
        }
        self.unseal(seen, "/payment_password")?;
        Ok(Answer::json(201, &json!({"transfer": 1})))
    }
}
