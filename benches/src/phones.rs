//! Phones, built on the real client: enrolled, logged in, and signing requests ahead.

use std::sync::Arc;

use hefu_client::{Client, DeviceInfo, Method, Options, Session, SoftwareKeyStore};
use hefu_tally::{digest::DigestAlgorithm, messages::Platform, time::Window, trust::TrustFile};
use rustls::ClientConfig;
use serde_json::{Value, json};

use crate::{Failure, serve, serve::Started};

/// The password of the users that exist in the gateway under test alone.
pub(crate) const PASSWORD: &str = "tally-2019-bench";

/// A phone with two open sessions, which differ in what bodies are digested with.
#[derive(Debug)]
pub(crate) struct Phone {
    client: Client,
    session: Session,
    sha_256: Session,
}

/// What signs a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignedBy {
    /// The session's key: `hmac-sm3`; the body digested with `sm3`, as the client does unasked.
    Session,
    /// The session's key: `hmac-sm3`; the body digested with `sha-256`.
    SessionSha256,
    /// The device's key: `sm2-sm3`.
    Device,
}

impl Phone {
    /// Enrols, logs in, and sees one honest request answered: signature and mask as they have to be.
    async fn enrol(trust: &TrustFile, code: &str, user: &str) -> Result<Self, Failure> {
        let keys = Arc::new(SoftwareKeyStore::in_memory());
        let client = Client::new(trust.clone(), keys.clone(), Options::default())?;
        let info = DeviceInfo {
            platform: Platform::Other,
            model: "bench".to_owned(),
        };
        let enrolment = client.enrol(code, &info).await?;
        let options = Options {
            digest: DigestAlgorithm::Sha256,
            ..Options::default()
        };
        let with_sha_256 = Client::new(trust.clone(), keys, options)?.with_enrolment(enrolment)?;
        let phone = Self {
            session: client.open_session(user, PASSWORD).await?,
            sha_256: with_sha_256.open_session(user, PASSWORD).await?,
            client,
        };
        for session in [&phone.session, &phone.sha_256] {
            let response = echo(session)?.json(&body()).send().await?;
            let shown: Value = response.json()?;
            let phone = shown.pointer("/phone").and_then(Value::as_str);
            if phone != Some("138****8000") {
                return Err(format!("the gateway does not mask: {shown}").into());
            }
        }
        Ok(phone)
    }

    /// Its TLS identity.
    pub(crate) fn tls(&self) -> Result<Arc<ClientConfig>, Failure> {
        Ok(self
            .client
            .tls_config()
            .ok_or("the phone is not enrolled")?)
    }

    /// Requests to the echo route, each with a nonce of its own, as they go over the wire.
    pub(crate) fn sign(&self, by: SignedBy, count: usize) -> Result<Vec<Vec<u8>>, Failure> {
        let body = body();
        let mut requests = Vec::with_capacity(count);
        for _ in 0..count {
            let request = match by {
                SignedBy::Session => echo(&self.session)?,
                SignedBy::SessionSha256 => echo(&self.sha_256)?,
                SignedBy::Device => echo(&self.session)?.signed_by_device(),
            };
            let request = request.json(&body).window(Window::DEFAULT);
            requests.push(request.prepare()?.to_bytes().to_vec());
        }
        Ok(requests)
    }
}

fn echo(session: &Session) -> Result<hefu_client::Request<'_>, Failure> {
    Ok(session.request(Method::POST, "/echo", "E9001".parse()?))
}

/// One phone for each code that the gateway made.
pub(crate) async fn enrol_all(started: &Started) -> Result<Vec<Phone>, Failure> {
    let trust = TrustFile::from_json(started.trust.as_bytes())?;
    let mut phones = Vec::with_capacity(started.codes.len());
    for (index, code) in started.codes.iter().enumerate() {
        phones.push(Phone::enrol(&trust, code, &serve::user(index)).await?);
    }
    Ok(phones)
}

/// Some 200 bytes, with a field that the gateway has to mask on the way back.
fn body() -> Value {
    json!({
        "message": "A tally was cut in two: the general kept one half, the court the other, and \
                    nothing moved until the two halves matched.",
        "count": 2019,
        "phone": "13800138000",
    })
}
