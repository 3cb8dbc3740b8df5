//! A request in the making: body, sealed fields, token, signature.
//!
//! Sensitive fields are sealed first, under the gateway's dedicated key and for this one request;
//! then the body is digested, then all is signed. Each time it is sent it is made anew, with another
//! nonce, so that none of two tries is a replay of the other.
//!
//! Clauses: AN-1, AN-10, AP-5.5, CJ-4.2.2.a, CJ-4.2.2.d, CJ-6.3.d.2, CJ-6.3.d.3, CJ-6.3.d.4,
//! CJ-6.4.3.b, CJ-6.4.3.e, JR-6.1.5.1, JR-6.1.5.3.

use std::fmt;
use std::io;

use hefu_gm::Zeroizing;
use hefu_gm::sm2::EncryptionKey;
use hefu_tally::digest::DigestAlgorithm;
use hefu_tally::function::FunctionNo;
use hefu_tally::key::SessionKey;
use hefu_tally::nonce;
use hefu_tally::sealed::{self, FIELDS_MAX, PLAINTEXT_BYTES_MAX, Place};
use hefu_tally::signature::base::Message;
use hefu_tally::signature::request::{self, RequestSignature, SignRequestError};
use hefu_tally::time::Window;
use http::header::{HeaderName, HeaderValue};
use http::{Method, uri::PathAndQuery};
use serde::Serialize;
use serde_json::Value;
use zeroize::Zeroize as _;

use crate::channel::Origin;
use crate::client::{Caller, Credentials};
use crate::error::{PrepareError, SendError};
use crate::key_store::StoredKey;
use crate::options::{Randomness, Rng};
use crate::response::Response;
use crate::wire::PreparedRequest;

const IDEMPOTENCY_KEY: &str = "idempotency-key";

/// Header fields that the client writes, or that would change what the others mean.
const OWN_FIELDS: [&str; 12] = [
    "authorization",
    "connection",
    "content-digest",
    "content-length",
    "content-type",
    "expect",
    "host",
    IDEMPOTENCY_KEY,
    "signature",
    "signature-input",
    "transfer-encoding",
    "x-function-no",
];

/// A request in the making.
///
/// Mistakes in it show when it is sent or prepared. Whatever it holds of a JSON body is wiped when it
/// is dropped, since fields that will be sealed stand there in the clear.
#[must_use = "a request does nothing until it is sent"]
pub struct Request<'caller> {
    caller: Caller<'caller>,
    spec: Spec,
}

/// What is to be sent, apart from who sends it.
#[derive(Clone)]
pub(crate) struct Spec {
    method: Method,
    target: String,
    function: FunctionNo,
    body: Body,
    sealed: Vec<String>,
    idempotency_key: Option<String>,
    fields: Vec<(String, String)>,
    window: Option<Window>,
    pub(crate) by_device: bool,
    mistake: Option<Mistake>,
}

#[derive(Clone)]
enum Body {
    None,
    Json(SecretJson),
    Bytes(String, Zeroizing<Vec<u8>>),
}

/// What the caller did wrong while building.
#[derive(Clone)]
enum Mistake {
    Body,
    Field(String),
}

impl<'caller> Request<'caller> {
    pub(crate) fn new(caller: Caller<'caller>, spec: Spec) -> Self {
        Self { caller, spec }
    }

    /// Sends a JSON body.
    pub fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        self.spec = self.spec.json(body);
        self
    }

    /// Sends a body of any kind, as it is. Fields of it can be sealed if it is JSON.
    pub fn body(mut self, content_type: &str, body: impl Into<Vec<u8>>) -> Self {
        if is_field("content-type", content_type) {
            let body = Zeroizing::new(body.into());
            self.spec.body = Body::Bytes(content_type.to_owned(), body);
        } else {
            self.spec.mistake = Some(Mistake::Field("content-type".to_owned()));
        }
        self
    }

    /// Seals the value at a JSON pointer of the body (`"/payment_password"`): only the gateway can
    /// open it, and only at this place of this very request. The contract says which fields have to
    /// be sealed (`x-hefu-sealed`).
    pub fn seal(mut self, pointer: &str) -> Self {
        self.spec = self.spec.seal(pointer);
        self
    }

    /// Signs with the device's own key instead of the session's, as key business needs it: moving
    /// money, changing credentials. The contract says which functions do (`key_business`).
    pub fn signed_by_device(mut self) -> Self {
        self.spec.by_device = true;
        self
    }

    /// Marks the request as one that the service carries out once, however often it arrives under
    /// this key; the client may then repeat it after a failure. Use 16 or more random characters,
    /// and the same ones when the user tries again.
    pub fn idempotency_key(mut self, key: &str) -> Self {
        if is_field(IDEMPOTENCY_KEY, key) {
            self.spec.idempotency_key = Some(key.to_owned());
        } else {
            self.spec.mistake = Some(Mistake::Field(IDEMPOTENCY_KEY.to_owned()));
        }
        self
    }

    /// Adds a header field. It is not covered by the signature.
    pub fn header(mut self, name: &str, value: &str) -> Self {
        let name = name.to_ascii_lowercase();
        if !OWN_FIELDS.contains(&name.as_str()) && is_field(&name, value) {
            self.spec.fields.push((name, value.to_owned()));
        } else {
            self.spec.mistake = Some(Mistake::Field(name));
        }
        self
    }

    /// For how long the signature holds. The contract may name a shorter window (`window_s`).
    pub fn window(mut self, window: Window) -> Self {
        self.spec.window = Some(window);
        self
    }

    /// Makes and signs the request without sending it.
    ///
    /// # Errors
    /// When it cannot be made, or the device is not enrolled.
    pub fn prepare(&self) -> Result<PreparedRequest, SendError> {
        self.caller.prepare(&self.spec)
    }

    /// Sends it and verifies what comes back.
    ///
    /// # Errors
    /// When there is no authentic response, or it is a refusal.
    pub async fn send(self) -> Result<Response, SendError> {
        self.caller.send(&self.spec).await
    }
}

impl fmt::Debug for Request<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Request")
            .field("method", &self.spec.method)
            .field("target", &self.spec.target)
            .field("function", &self.spec.function)
            .field("sealed", &self.spec.sealed)
            .finish_non_exhaustive()
    }
}

/// What a request is made with: whose keys, for which gateway, at what time.
pub(crate) struct Making<'call> {
    pub(crate) origin: &'call Origin,
    pub(crate) encryption_key: &'call EncryptionKey,
    pub(crate) credentials: &'call Credentials<'call>,
    pub(crate) created_s: i64,
    pub(crate) window: Window,
    pub(crate) digest: DigestAlgorithm,
    pub(crate) randomness: &'call dyn Randomness,
}

/// A key that signs.
#[derive(Clone, Copy)]
pub(crate) enum SigningWith<'call> {
    Session(&'call SessionKey),
    Device(&'call StoredKey),
}

impl Spec {
    pub(crate) fn new(method: Method, target: &str, function: FunctionNo) -> Self {
        Self {
            method,
            target: target.to_owned(),
            function,
            body: Body::None,
            sealed: Vec::new(),
            idempotency_key: None,
            fields: Vec::new(),
            window: None,
            by_device: false,
            mistake: None,
        }
    }

    pub(crate) fn json<T: Serialize + ?Sized>(mut self, body: &T) -> Self {
        match serde_json::to_value(body) {
            Ok(value) => self.body = Body::Json(SecretJson(value)),
            Err(_) => self.mistake = Some(Mistake::Body),
        }
        self
    }

    pub(crate) fn seal(mut self, pointer: &str) -> Self {
        self.sealed.push(pointer.to_owned());
        self
    }

    /// Whether it may be sent twice (docs/PROTOCOL.md, section 4).
    pub(crate) fn is_repeatable(&self) -> bool {
        self.idempotency_key.is_some() || matches!(self.method, Method::GET | Method::HEAD)
    }

    /// Makes the request: seals, digests, signs.
    pub(crate) fn make(&self, with: &Making<'_>) -> Result<PreparedRequest, PrepareError> {
        match &self.mistake {
            Some(Mistake::Body) => return Err(PrepareError::Body),
            Some(Mistake::Field(name)) => return Err(PrepareError::Field(name.clone())),
            None => {}
        }
        if !is_target(&self.target) {
            return Err(PrepareError::Target);
        }
        let nonce = nonce::make(&mut Rng(with.randomness))?;
        let (content_type, body) = self.write_body(with, &nonce)?;
        let mut headers = self.headers(with, content_type, body.len());
        let target_uri = format!("{}{}", with.origin.as_str(), self.target);
        let signature = RequestSignature {
            key_id: with.credentials.key_id,
            created: with.created_s,
            window: self.window.unwrap_or(with.window),
            nonce: &nonce,
            digest: with.digest,
        };
        let message = Message::request(self.method.as_str(), &target_uri, &headers);
        let signer = with.credentials.signer;
        let signed = match signer {
            SigningWith::Session(key) => request::sign(key, &signature, &message, &body),
            SigningWith::Device(key) => request::sign(key, &signature, &message, &body),
        }
        .map_err(|error| signer.reason(error))?;
        headers.push(("content-digest".to_owned(), signed.content_digest));
        headers.push(("signature-input".to_owned(), signed.signature_input));
        headers.push(("signature".to_owned(), signed.signature));
        Ok(PreparedRequest {
            method: self.method.as_str().to_owned(),
            target: self.target.clone(),
            headers,
            body,
            target_uri,
            base: Zeroizing::new(signed.base),
            sealed: self.sealed.clone(),
            answered_by: with.credentials.answered_by.clone(),
        })
    }

    fn headers(
        &self,
        with: &Making<'_>,
        content_type: Option<&str>,
        body_bytes: usize,
    ) -> Vec<(String, String)> {
        let mut headers = Vec::with_capacity(10 + self.fields.len());
        let mut push = |name: &str, value: &str| headers.push((name.to_owned(), value.to_owned()));
        push("host", with.origin.authority());
        push("x-function-no", self.function.as_str());
        if let Some(authorization) = with.credentials.authorization {
            push("authorization", authorization);
        }
        if let Some(content_type) = content_type {
            push("content-type", content_type);
        }
        // RFC 9110 §8.6: methods that anticipate content say when there is none.
        let anticipates = matches!(self.method, Method::POST | Method::PUT | Method::PATCH);
        if body_bytes > 0 || anticipates {
            push("content-length", &body_bytes.to_string());
        }
        if let Some(key) = &self.idempotency_key {
            push(IDEMPOTENCY_KEY, key);
        }
        for (name, value) in &self.fields {
            push(name, value);
        }
        headers
    }

    /// The body as it is sent, and its type.
    fn write_body(
        &self,
        with: &Making<'_>,
        nonce: &str,
    ) -> Result<(Option<&str>, Vec<u8>), PrepareError> {
        let (content_type, mut json) = match &self.body {
            Body::None if self.sealed.is_empty() => return Ok((None, Vec::new())),
            Body::None => return Err(PrepareError::Body),
            Body::Json(json) if self.sealed.is_empty() => {
                let body = serde_json::to_vec(&json.0).map_err(|_| PrepareError::Body)?;
                return Ok((Some("application/json"), body));
            }
            Body::Json(json) => ("application/json", json.clone()),
            Body::Bytes(content_type, body) => {
                if self.sealed.is_empty() {
                    return Ok((Some(content_type), body.to_vec()));
                }
                let json = serde_json::from_slice(body).map_err(|_| PrepareError::Body)?;
                (content_type.as_str(), SecretJson(json))
            }
        };
        if self.sealed.len() > FIELDS_MAX {
            return Err(PrepareError::SealedTooMany);
        }
        let key_id = with.credentials.key_id.to_string();
        for pointer in &self.sealed {
            let place = Place {
                function: self.function.as_str(),
                key_id: &key_id,
                nonce,
                pointer,
            };
            // A pointer to the whole body is no field.
            let field = json.0.pointer_mut(pointer).filter(|_| !pointer.is_empty());
            let field = field.ok_or_else(|| PrepareError::NothingToSeal(pointer.clone()))?;
            let plain = SecretJson(field.take());
            let plain = PlainText::of(&plain.0).map_err(|_| sealed::SealError::TooLong)?;
            let sealed = sealed::seal(
                with.encryption_key,
                &place,
                &plain.0,
                &mut Rng(with.randomness),
            )?;
            *field = Value::String(sealed);
        }
        let body = serde_json::to_vec(&json.0).map_err(|_| PrepareError::Body)?;
        Ok((Some(content_type), body))
    }
}

impl SigningWith<'_> {
    /// The key store's own reason, where there is one.
    fn reason(self, error: SignRequestError) -> PrepareError {
        match self {
            Self::Session(_) => error.into(),
            Self::Device(key) => key
                .take_failure()
                .map_or_else(|| error.into(), PrepareError::KeyStore),
        }
    }
}

/// Printable ASCII in origin form; what else the gateway refuses is its business.
fn is_target(target: &str) -> bool {
    target.starts_with('/')
        && target
            .bytes()
            .all(|byte| byte.is_ascii_graphic() && byte != b'#')
        && PathAndQuery::try_from(target).is_ok_and(|parsed| parsed.as_str() == target)
}

fn is_field(name: &str, value: &str) -> bool {
    HeaderName::try_from(name).is_ok()
        && HeaderValue::try_from(value).is_ok_and(|value| value.to_str().is_ok())
}

/// JSON that may hold secrets: its texts are wiped when it is dropped.
#[derive(Clone)]
struct SecretJson(Value);

impl Drop for SecretJson {
    fn drop(&mut self) {
        wipe(&mut self.0);
    }
}

fn wipe(value: &mut Value) {
    match value {
        Value::String(text) => text.zeroize(),
        Value::Array(values) => values.iter_mut().for_each(wipe),
        Value::Object(members) => members.values_mut().for_each(wipe),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A JSON value as it is sealed, written into one allocation that never moves: a growing one would
/// leave pieces of the secret behind.
struct PlainText(Zeroizing<Vec<u8>>);

impl PlainText {
    fn of(value: &Value) -> serde_json::Result<Self> {
        let mut plain = Self(Zeroizing::new(Vec::with_capacity(PLAINTEXT_BYTES_MAX)));
        serde_json::to_writer(&mut plain, value)?;
        Ok(plain)
    }
}

impl io::Write for PlainText {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.0.len() + bytes.len() > PLAINTEXT_BYTES_MAX {
            return Err(io::Error::from(io::ErrorKind::FileTooLarge));
        }
        self.0.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn targets_that_would_be_read_differently_are_not_sent() {
        for target in ["/", "/a/b?c=d&e=%E4%BD%A0", "/a//b", "/a;b=1"] {
            assert!(is_target(target), "{target}");
        }
        for target in [
            "",
            "a",
            "http://other/",
            "/a b",
            "/a#b",
            "/你",
            "/a\r\nx: y",
            "*",
        ] {
            assert!(!is_target(target), "{target}");
        }
    }

    #[test]
    fn what_is_sealed_is_written_once_and_never_over_its_limit() {
        let longest = "x".repeat(PLAINTEXT_BYTES_MAX - 2);
        let written = PlainText::of(&Value::String(longest.clone())).unwrap();
        assert_eq!(written.0.len(), PLAINTEXT_BYTES_MAX);
        assert_eq!(written.0.capacity(), PLAINTEXT_BYTES_MAX);
        assert!(PlainText::of(&Value::String(longest + "x")).is_err());
    }

    #[test]
    fn every_text_of_a_body_is_wiped() {
        let mut value = serde_json::json!({ "a": "secret", "b": [{ "c": "secret" }], "d": 1 });
        wipe(&mut value);
        assert!(!value.to_string().contains("secret"));
    }
}
