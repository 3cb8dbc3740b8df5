//! Phones, built on the real client: enrolled, logged in, and signing requests ahead.

use std::sync::Arc;

use hefu_client::{Client, DeviceInfo, Method, Options, Session, SoftwareKeyStore};
use hefu_tally::{messages::Platform, time::Window, trust::TrustFile};
use rustls::ClientConfig;
use serde_json::{Value, json};

use crate::{Failure, serve, serve::Started};

/// The password of the users that exist in the gateway under test alone.
pub(crate) const PASSWORD: &str = "tally-2019-bench";

/// A phone with an open session.
#[derive(Debug)]
pub(crate) struct Phone {
    client: Client,
    session: Session,
}

/// What signs a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SignedBy {
    /// The session's key: `hmac-sm3`.
    Session,
    /// The device's key: `sm2-sm3`.
    Device,
}

impl Phone {
    /// Enrols, logs in, and sees one honest request answered: signature and mask as they have to be.
    async fn enrol(trust: &TrustFile, code: &str, user: &str) -> Result<Self, Failure> {
        let keys = Arc::new(SoftwareKeyStore::in_memory());
        let client = Client::new(trust.clone(), keys, Options::default())?;
        let info = DeviceInfo {
            platform: Platform::Other,
            model: "bench".to_owned(),
        };
        client.enrol(code, &info).await?;
        let session = client.open_session(user, PASSWORD).await?;
        let phone = Self { client, session };
        let response = phone.echo()?.json(&body()).send().await?;
        let shown: Value = response.json()?;
        if shown["phone"] != "138****8000" {
            return Err(format!("the gateway does not mask: {shown}").into());
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
            let request = self.echo()?.json(&body).window(Window::DEFAULT);
            let request = match by {
                SignedBy::Session => request,
                SignedBy::Device => request.signed_by_device(),
            };
            requests.push(request.prepare()?.to_bytes().to_vec());
        }
        Ok(requests)
    }

    fn echo(&self) -> Result<hefu_client::Request<'_>, Failure> {
        let function = "E9001".parse()?;
        Ok(self.session.request(Method::POST, "/echo", function))
    }
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
