//! A phone that signs by hand, so that tests can sign wrongly.

use hefu_gm::{
    rng::SystemRng,
    sm2::{EncryptionKey, EphemeralSecret},
};
use hefu_identity::users::Authenticated;
use hefu_tally::{
    digest::DigestAlgorithm,
    ids::{DeviceId, KeyId, SessionId},
    key::{Algorithm, PublicKey, SessionKey, Signer, SigningKey, VerifyWith},
    nonce,
    sealed::{self, Place},
    session_key::{self, Side},
    signature::{
        base::Message,
        request::{self, RequestSignature},
        response::{self, ResponseRefusal},
    },
    time::Window,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};

use super::{Response, World};

/// A request in the making; tests spoil it where they like.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) fields: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
}

impl Request {
    pub(crate) fn new(method: &str, target: &str, function: &str) -> Self {
        Self {
            method: method.to_owned(),
            target: target.to_owned(),
            fields: vec![("X-Function-No".to_owned(), function.to_owned())],
            body: Vec::new(),
        }
    }

    pub(crate) fn json(mut self, body: &str) -> Self {
        self.body = body.as_bytes().to_vec();
        self.with("Content-Type", "application/json")
    }

    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.fields.push((name.to_owned(), value.to_owned()));
        self
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        for (own, old) in &mut self.fields {
            if own.eq_ignore_ascii_case(name) {
                value.clone_into(old);
                return;
            }
        }
        panic!("{name} is not in the request");
    }

    pub(crate) fn remove(&mut self, name: &str) {
        self.fields
            .retain(|(own, _)| !own.eq_ignore_ascii_case(name));
    }

    pub(crate) fn field(&self, name: &str) -> &str {
        let field = self
            .fields
            .iter()
            .find(|(own, _)| own.eq_ignore_ascii_case(name));
        &field.unwrap_or_else(|| panic!("no {name}")).1
    }

    pub(crate) fn to_bytes(&self) -> Vec<u8> {
        let mut text = format!("{} {} HTTP/1.1\r\n", self.method, self.target);
        for (name, value) in &self.fields {
            text += &format!("{name}: {value}\r\n");
        }
        text += &format!("Content-Length: {}\r\n\r\n", self.body.len());
        [text.as_bytes(), &self.body].concat()
    }
}

/// What a phone signs with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Device,
    Session,
}

/// How a phone signs, unless a test has it otherwise.
#[derive(Clone, Debug)]
pub(crate) struct Manner {
    pub(crate) created_after_s: i64,
    pub(crate) window_s: u16,
    pub(crate) nonce: Option<String>,
    pub(crate) digest: DigestAlgorithm,
    pub(crate) token: bool,
}

impl Default for Manner {
    fn default() -> Self {
        Self {
            created_after_s: 0,
            window_s: 60,
            nonce: None,
            digest: DigestAlgorithm::Sm3,
            token: true,
        }
    }
}

pub(crate) struct Session {
    pub(crate) id: SessionId,
    pub(crate) token: String,
    pub(crate) key: SessionKey,
}

pub(crate) struct Phone {
    pub(crate) device: DeviceId,
    pub(crate) key: SigningKey,
    pub(crate) session: Option<Session>,
    pub(crate) channel: Option<(CertificateDer<'static>, PrivateKeyDer<'static>)>,
}

impl Phone {
    pub(crate) fn new(algorithm: Algorithm) -> Self {
        let key = SigningKey::make(algorithm).unwrap();
        Self {
            device: key.public_key().unwrap().device_id(),
            key,
            session: None,
            channel: None,
        }
    }

    pub(crate) fn public_key(&self) -> PublicKey {
        self.key.public_key().unwrap()
    }

    pub(crate) fn token(&self) -> &str {
        &self.session.as_ref().unwrap().token
    }

    pub(crate) fn key_id(&self, key: Key) -> KeyId {
        match key {
            Key::Device => KeyId::Device(self.device),
            Key::Session => KeyId::Session(self.session.as_ref().unwrap().id),
        }
    }

    fn signer(&self, key: Key) -> &dyn Signer {
        match key {
            Key::Device => &self.key,
            Key::Session => &self.session.as_ref().unwrap().key,
        }
    }

    /// Opens a session without the login that `login.rs` tests.
    pub(crate) async fn log_in(&mut self, world: &World, user: &str) {
        let secret = EphemeralSecret::make(&mut SystemRng).unwrap();
        let user = Authenticated {
            user: user.to_owned(),
            subject: user.to_owned(),
        };
        let sessions = &world.identity.sessions;
        let opened = sessions
            .open(
                user,
                self.device,
                &secret.public_key(),
                world.now(),
                &mut SystemRng,
            )
            .await
            .unwrap();
        self.adopt(
            secret,
            &opened.agreement,
            opened.session.id,
            opened.token.dangerous_text().to_owned(),
        );
    }

    pub(crate) fn adopt(
        &mut self,
        secret: EphemeralSecret,
        gateway_half: &[u8; 65],
        id: SessionId,
        token: String,
    ) {
        let key = session_key::derive(Side::Client, secret, gateway_half, self.device, id).unwrap();
        let key = SessionKey::from_bytes(&key);
        self.session = Some(Session { id, token, key });
    }

    pub(crate) fn sign(&self, world: &World, key: Key, request: Request) -> Request {
        self.sign_in_manner(world, key, request, &Manner::default())
    }

    pub(crate) fn sign_in_manner(
        &self,
        world: &World,
        key: Key,
        mut request: Request,
        manner: &Manner,
    ) -> Request {
        request
            .fields
            .insert(0, ("Host".to_owned(), world.authority()));
        if let Some(session) = self.session.as_ref().filter(|_| manner.token) {
            request = request.with("Authorization", &format!("Hefu {}", session.token));
        }
        let nonce = manner.nonce.clone();
        let signature = RequestSignature {
            key_id: self.key_id(key),
            created: world.now().secs() + manner.created_after_s,
            window: Window::from_secs(manner.window_s).unwrap(),
            nonce: &nonce.unwrap_or_else(|| nonce::make(&mut SystemRng).unwrap()),
            digest: manner.digest,
        };
        let target_uri = format!("{}{}", world.origin, request.target);
        let message = Message::request(&request.method, &target_uri, &request.fields);
        let signed = request::sign(self.signer(key), &signature, &message, &request.body).unwrap();
        request
            .with("Content-Digest", &signed.content_digest)
            .with("Signature-Input", &signed.signature_input)
            .with("Signature", &signed.signature)
    }

    /// Checks a response as a phone must (PROTOCOL §4).
    pub(crate) fn verify(
        &self,
        world: &World,
        key: Key,
        request: &Request,
        response: &Response,
    ) -> Result<i64, ResponseRefusal> {
        let session = self.session.as_ref();
        let (key_id, key) = match key {
            Key::Device => (
                world.signing_key.gateway_key_id().to_string(),
                VerifyWith::Public(&world.signing_key),
            ),
            Key::Session => {
                let session = session.unwrap();
                (session.id.to_string(), VerifyWith::Session(&session.key))
            }
        };
        let target_uri = format!("{}{}", world.origin, request.target);
        response::verify(
            &key_id,
            key,
            &Message::response(response.status, &response.fields),
            &response.body,
            &Message::request(&request.method, &target_uri, &request.fields),
            request::LABEL,
        )
    }
}

/// Seals a JSON value for one place of one request.
pub(crate) fn seal(
    key: &EncryptionKey,
    function: &str,
    key_id: KeyId,
    nonce: &str,
    pointer: &str,
    json: &str,
) -> String {
    let key_id = key_id.to_string();
    let place = Place {
        function,
        key_id: &key_id,
        nonce,
        pointer,
    };
    sealed::seal(key, &place, json.as_bytes(), &mut SystemRng).unwrap()
}
