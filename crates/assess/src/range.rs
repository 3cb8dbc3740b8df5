//! The ground on which probes run: the target, two customers' phones, their sessions.

use std::sync::{Arc, Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::EphemeralSecret;
use hefu_tally::clock::{Clock as _, SystemClock};
use hefu_tally::ids::SessionId;
use hefu_tally::key::{SessionKey, SigningKey};
use hefu_tally::messages::{
    AUTHORIZATION_SCHEME, OPEN_SESSION_FUNCTION, OPEN_SESSION_PATH, OpenSessionResponse,
};
use hefu_tally::session_key::{self, Side};
use hefu_tally::trust::{TrustError, TrustFile};
use rustls::client::ResolvesClientCert;
use rustls::{ClientConfig, RootCertStore};
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer, ServerName};
use serde_json::{Value, json};
use tokio::sync::OnceCell;

use crate::bundle::{Bundle, ChannelBundle, PhoneBundle};
use crate::draft::{Draft, SignatureDraft, Signed};
use crate::wire::{Reply, Wire};

/// How often a request is sent to a target that asks to slow down.
const ATTEMPTS: usize = 5;

/// Why no assessment can begin.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RangeError {
    /// The trust file in the bundle.
    #[error("{0}")]
    Trust(#[from] TrustError),
    /// The trust file in the bundle is no JSON object.
    #[error("the bundle's trust file cannot be written: {0}")]
    Json(#[from] serde_json::Error),
    /// A certificate or key in the bundle.
    #[error("the bundle's {0} cannot be used")]
    Part(&'static str),
    /// The target is not one that the trust file names.
    #[error(
        "the target {target} is not the trust file's origin {origin}; assess the deployment whose bundle this is"
    )]
    Target {
        /// What was asked for.
        target: String,
        /// What the trust file says.
        origin: String,
    },
    /// No session could be opened with the bundle's login.
    #[error("{user} could not log in: the target answered {answer}")]
    Login {
        /// The user's name.
        user: String,
        /// What came back.
        answer: String,
    },
}

/// A phone with its keys.
#[derive(Debug)]
pub struct Phone {
    bundle: PhoneBundle,
    key: SigningKey,
    tls: Arc<ClientConfig>,
    session: OnceCell<Session>,
}

/// An open session.
#[derive(Clone, Debug)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its key.
    pub key: SessionKey,
    token: String,
}

impl Session {
    /// What `Authorization` carries.
    #[must_use]
    pub fn authorization(&self) -> String {
        format!("{AUTHORIZATION_SCHEME} {}", self.token)
    }

    /// The token itself, for probes that put it where it does not belong.
    #[must_use]
    pub fn token(&self) -> &str {
        &self.token
    }
}

/// The target and what there is to attack it with.
#[derive(Debug)]
pub struct Range {
    /// What was given.
    pub bundle: Bundle,
    /// The trust file in it.
    pub trust: TrustFile,
    /// `host:port`.
    pub address: String,
    name: ServerName<'static>,
    roots: Arc<RootCertStore>,
    phones: Vec<Phone>,
    codes: Mutex<Vec<String>>,
    bare: Arc<ClientConfig>,
}

impl Range {
    /// Prepares the ground; nothing is sent yet.
    ///
    /// # Errors
    /// When a part of the bundle cannot be used, or it is another target's.
    pub fn new(target: &str, bundle: Bundle) -> Result<Self, RangeError> {
        let trust = TrustFile::from_json(bundle.trust.to_string().as_bytes())?;
        if target.trim_end_matches('/') != trust.origin {
            let (target, origin) = (target.to_owned(), trust.origin);
            return Err(RangeError::Target { target, origin });
        }
        let authority = trust
            .origin
            .strip_prefix("https://")
            .ok_or(RangeError::Part("origin"))?;
        let address = if authority.contains("]:")
            || authority
                .rsplit_once(':')
                .is_some_and(|(host, _)| !host.contains(':'))
        {
            authority.to_owned()
        } else {
            format!("{authority}:443")
        };
        let host = address
            .rsplit_once(':')
            .map_or(address.as_str(), |(host, _)| host);
        let host = host
            .trim_start_matches('[')
            .trim_end_matches(']')
            .to_owned();
        let name = ServerName::try_from(host).map_err(|_| RangeError::Part("origin"))?;
        let mut roots = RootCertStore::empty();
        for certificate in CertificateDer::pem_slice_iter(trust.ca_pem.as_bytes()) {
            let certificate = certificate.map_err(|_| RangeError::Part("CA certificate"))?;
            roots
                .add(certificate)
                .map_err(|_| RangeError::Part("CA certificate"))?;
        }
        let roots = Arc::new(roots);
        let phones = bundle
            .phones
            .iter()
            .map(|phone| Phone::new(phone, &roots))
            .collect::<Result<Vec<_>, _>>()?;
        let bare = tls_config(&roots, None)?;
        let codes = Mutex::new(bundle.codes.clone());
        Ok(Self {
            bundle,
            trust,
            address,
            name,
            roots,
            phones,
            codes,
            bare,
        })
    }

    /// The honest customer's phone.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a bundle with fewer than two phones is not read"
    )]
    pub fn phone(&self) -> &Phone {
        self.phones.first().expect("two phones")
    }

    /// The other customer's phone.
    #[must_use]
    #[expect(
        clippy::expect_used,
        reason = "a bundle with fewer than two phones is not read"
    )]
    pub fn other(&self) -> &Phone {
        self.phones.get(1).expect("two phones")
    }

    /// An enrolment code that has not been used; none when the bundle has no more.
    #[must_use]
    pub fn take_code(&self) -> Option<String> {
        self.codes
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .pop()
    }

    /// Now, in Unix seconds.
    #[must_use]
    pub fn now_s(&self) -> i64 {
        SystemClock.now().secs()
    }

    /// Connects as a phone.
    pub async fn connect(&self, phone: &Phone) -> Option<Wire> {
        Wire::connect(&phone.tls, &self.address, self.name.clone()).await
    }

    /// Connects without a client certificate.
    pub async fn connect_bare(&self) -> Option<Wire> {
        Wire::connect(&self.bare, &self.address, self.name.clone()).await
    }

    /// Connects with any certificate; none also when the certificate cannot be used at all.
    pub async fn connect_with(&self, channel: &ChannelBundle) -> Option<Wire> {
        let tls = tls_config(&self.roots, Some(channel)).ok()?;
        Wire::connect(&tls, &self.address, self.name.clone()).await
    }

    /// Sends a request on a connection of its own, again if the target only asked to slow down.
    pub async fn send(&self, phone: &Phone, bytes: &[u8]) -> Reply {
        let mut reply = self.send_once(phone, bytes).await;
        for _ in 1..ATTEMPTS {
            let Some(pause) = reply.pause() else { break };
            tokio::time::sleep(pause).await;
            reply = self.send_once(phone, bytes).await;
        }
        reply
    }

    async fn send_once(&self, phone: &Phone, bytes: &[u8]) -> Reply {
        match self.connect(phone).await {
            Some(mut wire) => wire.exchange(bytes).await,
            None => Reply::Closed,
        }
    }

    /// Sends a request on a connection of its own without a client certificate.
    pub async fn send_bare(&self, bytes: &[u8]) -> Reply {
        match self.connect_bare().await {
            Some(mut wire) => wire.exchange(bytes).await,
            None => Reply::Closed,
        }
    }

    /// Sends an honest request, signed anew each time, and waits as it is told to when the target finds it too much.
    pub async fn send_honest<F>(&self, phone: &Phone, make: F) -> Reply
    where
        F: AsyncFn() -> Result<Signed, RangeError>,
    {
        for attempt in 1..=ATTEMPTS {
            let Ok(signed) = make().await else {
                return Reply::Closed;
            };
            let reply = self.send_once(phone, &signed.to_bytes()).await;
            match reply.pause() {
                Some(pause) if attempt < ATTEMPTS => tokio::time::sleep(pause).await,
                _ => return reply,
            }
        }
        Reply::Silent
    }

    /// A phone's session, opened at its first use.
    ///
    /// # Errors
    /// When the bundle's login does not work.
    pub async fn session<'phone>(
        &self,
        phone: &'phone Phone,
    ) -> Result<&'phone Session, RangeError> {
        phone
            .session
            .get_or_try_init(|| self.open_session(phone))
            .await
    }

    /// Opens another session.
    ///
    /// # Errors
    /// When the bundle's login does not work.
    pub async fn open_session(&self, phone: &Phone) -> Result<Session, RangeError> {
        let failed = |answer: &Reply| RangeError::Login {
            user: phone.bundle.user.clone(),
            answer: answer.summary(),
        };
        let random = |_| RangeError::Part("randomness");
        let secret = EphemeralSecret::make(&mut SystemRng).map_err(random)?;
        let public = URL_SAFE_NO_PAD.encode(secret.public_key());
        let make = async || {
            let body = json!({
                "user": phone.bundle.user,
                "password": phone.bundle.password,
                "agreement": { "alg": "sm2-ecdh", "public": public },
            });
            let draft = self.by_device(phone, "POST", OPEN_SESSION_PATH, OPEN_SESSION_FUNCTION);
            Ok(draft
                .with_sealed(&self.trust, body, &["/password".to_owned()])
                .sign(&self.trust))
        };
        let reply = self.send_honest(phone, make).await;
        let Reply::Answer(answer) = &reply else {
            return Err(failed(&reply));
        };
        let opened: OpenSessionResponse =
            serde_json::from_slice(&answer.body).map_err(|_| failed(&reply))?;
        let peer = URL_SAFE_NO_PAD
            .decode(&opened.agreement.public)
            .map_err(|_| failed(&reply))?;
        let peer = peer.as_slice().try_into().map_err(|_| failed(&reply))?;
        let key = session_key::derive(
            Side::Client,
            secret,
            peer,
            phone.bundle.device,
            opened.session,
        )
        .map_err(|_| failed(&reply))?;
        let key = SessionKey::from_bytes(&key);
        Ok(Session {
            id: opened.session,
            key,
            token: opened.token,
        })
    }

    /// A draft under a phone's signature key, without a session.
    #[must_use]
    pub fn by_device<'phone>(
        &self,
        phone: &'phone Phone,
        method: &str,
        target: &str,
        function: &str,
    ) -> Draft<'phone> {
        let key_id = phone.bundle.device.to_string();
        Draft {
            method: method.to_owned(),
            target: target.to_owned(),
            function: function.to_owned(),
            body: None,
            content_type: None,
            authorization: None,
            others: Vec::new(),
            signature: SignatureDraft::honest(&phone.key, key_id, self.now_s()),
        }
    }

    /// A draft under a session's key.
    #[must_use]
    pub fn by_session<'session>(
        &self,
        session: &'session Session,
        method: &str,
        target: &str,
        function: &str,
    ) -> Draft<'session> {
        Draft {
            method: method.to_owned(),
            target: target.to_owned(),
            function: function.to_owned(),
            body: None,
            content_type: None,
            authorization: Some(session.authorization()),
            others: Vec::new(),
            signature: SignatureDraft::honest(&session.key, session.id.to_string(), self.now_s()),
        }
    }

    /// The bundle's read of the first customer's own object, under that customer's session.
    ///
    /// # Errors
    /// When the login does not work.
    pub async fn read(&self) -> Result<Draft<'_>, RangeError> {
        let read = &self.bundle.functions.read;
        Ok(self.by_session(
            self.session(self.phone()).await?,
            "GET",
            &read.own,
            &read.function,
        ))
    }

    /// The bundle's function for bodies, under the first customer's session.
    ///
    /// # Errors
    /// When the login does not work.
    pub async fn post(&self, body: &Value) -> Result<Draft<'_>, RangeError> {
        self.post_bytes(body.to_string().into_bytes()).await
    }

    /// [`post`](Self::post) with any bytes.
    ///
    /// # Errors
    /// When the login does not work.
    pub async fn post_bytes(&self, body: Vec<u8>) -> Result<Draft<'_>, RangeError> {
        let schema = &self.bundle.functions.schema;
        let session = self.session(self.phone()).await?;
        let mut draft = self.by_session(session, "POST", &schema.path, &schema.function);
        draft.body = Some(body);
        draft.content_type = Some("application/json".to_owned());
        Ok(draft)
    }

    /// The bundle's key-business function, under the first phone's signature key and with its
    /// customer's token.
    ///
    /// # Errors
    /// When the login does not work.
    pub async fn write(&self, body: &Value) -> Result<Draft<'_>, RangeError> {
        let write = &self.bundle.functions.write;
        let session = self.session(self.phone()).await?;
        let mut draft = self.by_device(self.phone(), "POST", &write.path, &write.function);
        draft.authorization = Some(session.authorization());
        draft.signature.expires = draft.signature.created + i64::from(write.window_s);
        draft
            .others
            .push(("Idempotency-Key".to_owned(), draft.signature.nonce.clone()));
        Ok(draft.with_sealed(&self.trust, body.clone(), &write.sealed))
    }

    /// The honest twin of most probes: the first customer reads what is theirs.
    pub async fn honest_read_passes(&self) -> bool {
        let make = async || Ok(self.read().await?.sign(&self.trust));
        self.send_honest(self.phone(), make).await.passed()
    }

    /// The honest twin of probes on bodies.
    pub async fn honest_post_passes(&self) -> bool {
        let body = &self.bundle.functions.schema.body;
        let make = async || Ok(self.post(body).await?.sign(&self.trust));
        self.send_honest(self.phone(), make).await.passed()
    }

    /// The honest twin of probes on key business.
    pub async fn honest_write_passes(&self) -> bool {
        let body = &self.bundle.functions.write.body;
        let make = async || Ok(self.write(body).await?.sign(&self.trust));
        self.send_honest(self.phone(), make).await.passed()
    }
}

impl Phone {
    fn new(bundle: &PhoneBundle, roots: &Arc<RootCertStore>) -> Result<Self, RangeError> {
        let broken = RangeError::Part("signature key");
        let Ok(pkcs8) = URL_SAFE_NO_PAD.decode(&bundle.signature_key) else {
            return Err(broken);
        };
        let Ok(key) = SigningKey::from_pkcs8(bundle.algorithm, &pkcs8) else {
            return Err(broken);
        };
        let tls = tls_config(roots, Some(&bundle.channel))?;
        Ok(Self {
            bundle: bundle.clone(),
            key,
            tls,
            session: OnceCell::new(),
        })
    }

    /// What was given of it.
    #[must_use]
    pub const fn bundle(&self) -> &PhoneBundle {
        &self.bundle
    }

    /// Its signature key.
    #[must_use]
    pub const fn key(&self) -> &SigningKey {
        &self.key
    }
}

fn tls_config(
    roots: &Arc<RootCertStore>,
    channel: Option<&ChannelBundle>,
) -> Result<Arc<ClientConfig>, RangeError> {
    let builder = ClientConfig::builder_with_provider(Arc::new(
        rustls::crypto::aws_lc_rs::default_provider(),
    ))
    .with_safe_default_protocol_versions()
    .map_err(|_| RangeError::Part("TLS library"))?
    .with_root_certificates(Arc::clone(roots));
    let mut config = match channel {
        None => builder.with_no_client_auth(),
        Some(channel) => builder.with_client_cert_resolver(Arc::new(Certificate::read(channel)?)),
    };
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    // A resumed session would hide whether the certificate is looked at.
    config.resumption = rustls::client::Resumption::disabled();
    Ok(Arc::new(config))
}

/// Presents its certificate whatever authorities the server asks for: an attacker does.
#[derive(Debug)]
struct Certificate(Arc<rustls::sign::CertifiedKey>);

impl Certificate {
    fn read(channel: &ChannelBundle) -> Result<Self, RangeError> {
        let part = |_| RangeError::Part("channel certificate");
        let chain = CertificateDer::pem_slice_iter(channel.certificate_pem.as_bytes())
            .collect::<Result<Vec<_>, _>>()
            .map_err(part)?;
        let key = PrivateKeyDer::from_pem_slice(channel.key_pem.as_bytes()).map_err(part)?;
        let key = rustls::crypto::aws_lc_rs::sign::any_supported_type(&key)
            .map_err(|_| RangeError::Part("channel key"))?;
        Ok(Self(Arc::new(rustls::sign::CertifiedKey::new(chain, key))))
    }
}

impl ResolvesClientCert for Certificate {
    fn resolve(
        &self,
        _: &[&[u8]],
        _: &[rustls::SignatureScheme],
    ) -> Option<Arc<rustls::sign::CertifiedKey>> {
        Some(Arc::clone(&self.0))
    }

    fn has_certs(&self) -> bool {
        true
    }
}
