//! Enrolling a device: a one-time code and two fresh keys for a certificate
//! (docs/PROTOCOL.md, section 5).
//!
//! The code is sealed for this one request, the request is signed by the key that it brings, and
//! both keys stay in their store.
//!
//! Clauses: AN-1, AN-5, AP-5.2, AP-5.5, CJ-4.3.3.b.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_tally::clock::Timestamp;
use hefu_tally::ids::{DeviceId, KeyId};
use hefu_tally::key::{Algorithm, PublicKey};
use hefu_tally::messages::{
    ENROL_FUNCTION, ENROL_PATH, EnrolRequest, EnrolResponse, MODEL_CHARS_MAX, Platform,
};
use http::Method;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use crate::client::{Client, Credentials, Inner, SetupError};
use crate::csr;
use crate::error::{AnswerError, SendError};
use crate::key_store::{KeyRef, KeyStoreError, Purpose, StoredKey};
use crate::request::{SigningWith, Spec};
use crate::session::built_in;

/// What a device says about itself.
#[derive(Clone, Debug)]
pub struct DeviceInfo {
    /// What kind of phone.
    pub platform: Platform,
    /// Which phone, in at most 64 characters.
    pub model: String,
}

/// An enrolled device: what the app stores to be the same device tomorrow. Nothing in it is secret;
/// the keys are in the key store, under these names.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Enrolment {
    /// The device's id: that of its signature key.
    pub device: DeviceId,
    /// Its TLS certificate.
    pub certificate_pem: String,
    /// The certificates above it.
    pub chain_pem: String,
    /// When the certificate ends, in Unix seconds. Enrol again before.
    pub not_after: i64,
    /// What it signs requests with.
    pub signature_key: KeyRef,
    /// What it opens channels with.
    pub channel_key: KeyRef,
}

impl Enrolment {
    /// When the certificate ends.
    #[must_use]
    pub const fn expires(&self) -> Timestamp {
        Timestamp::from_secs(self.not_after)
    }
}

/// Why a device was not enrolled.
///
/// After a failure for which [`SendError::may_have_been_carried_out`] holds the code may be used up:
/// ask for a new one.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// The model is longer than 64 characters.
    #[error("the device's model has more than {MODEL_CHARS_MAX} characters")]
    Model,
    /// No keys could be made.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The gateway was not reached, or refused: then the code is wrong, used or expired.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The gateway's answer cannot be used.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// Two keys that are not enrolled yet.
struct NewKeys {
    signature: KeyRef,
    channel: KeyRef,
}

impl Client {
    /// Enrols this device with a one-time code: makes its keys, proves them, and takes the
    /// certificate into use. Store what comes back; it is all that the client needs next time,
    /// beside its key store.
    ///
    /// A device that was enrolled before gets new keys and becomes another device; its old keys stay
    /// in the store until [`forget`](Self::forget).
    ///
    /// # Errors
    /// When keys cannot be made, or the gateway cannot be reached or refuses. The new keys are then
    /// deleted.
    pub async fn enrol(&self, code: &str, device: &DeviceInfo) -> Result<Enrolment, EnrolError> {
        if device.model.chars().count() > MODEL_CHARS_MAX {
            return Err(EnrolError::Model);
        }
        let keys = self.inner.make_keys()?;
        let outcome = self.inner.enrol(code, device, &keys).await;
        if outcome.is_err() {
            self.inner
                .delete_keys([&keys.signature, &keys.channel])
                .ok();
        }
        outcome
    }

    /// Deletes the keys of an enrolment that is no longer used.
    ///
    /// # Errors
    /// When the key store fails.
    pub fn forget(&self, enrolment: &Enrolment) -> Result<(), KeyStoreError> {
        self.inner
            .delete_keys([&enrolment.signature_key, &enrolment.channel_key])
    }
}

impl Inner {
    fn make_keys(&self) -> Result<NewKeys, KeyStoreError> {
        let algorithm = self.options.signature_algorithm;
        let signature = self.keys.make_key(Purpose::Signature, algorithm)?;
        match self
            .keys
            .make_key(Purpose::Channel, Algorithm::EcdsaP256Sha256)
        {
            Ok(channel) => Ok(NewKeys { signature, channel }),
            Err(error) => {
                self.keys.delete_key(&signature).ok();
                Err(error)
            }
        }
    }

    fn delete_keys(&self, keys: [&KeyRef; 2]) -> Result<(), KeyStoreError> {
        let [first, second] = keys.map(|key| self.keys.delete_key(key));
        first.and(second)
    }

    async fn enrol(
        &self,
        code: &str,
        device: &DeviceInfo,
        keys: &NewKeys,
    ) -> Result<Enrolment, EnrolError> {
        let public = self.keys.public_key(&keys.signature)?;
        let mut request = EnrolRequest {
            code: code.to_owned(),
            channel_csr: URL_SAFE_NO_PAD.encode(csr::make(self.keys.as_ref(), &keys.channel)?),
            signature_key: public.clone(),
            platform: device.platform,
            model: device.model.clone(),
        };
        let spec = built_in(Method::POST, ENROL_PATH, ENROL_FUNCTION)?
            .json(&request)
            .seal("/code");
        request.code.zeroize();
        let answer = self.ask_to_enrol(&spec, &public, &keys.signature).await?;
        if answer.device != public.device_id() {
            return Err(AnswerError::Shape.into());
        }
        let enrolment = Enrolment {
            device: answer.device,
            certificate_pem: answer.certificate_pem,
            chain_pem: answer.chain_pem,
            not_after: answer.not_after,
            signature_key: keys.signature.clone(),
            channel_key: keys.channel.clone(),
        };
        self.adopt(enrolment.clone()).map_err(|error| match error {
            SetupError::KeyStore(error) => EnrolError::KeyStore(error),
            SetupError::Origin
            | SetupError::Authority
            | SetupError::OtherKeys
            | SetupError::Certificate
            | SetupError::Tls(_) => AnswerError::Certificate.into(),
        })?;
        Ok(enrolment)
    }

    async fn ask_to_enrol(
        &self,
        spec: &Spec,
        public: &PublicKey,
        key: &KeyRef,
    ) -> Result<EnrolResponse, EnrolError> {
        let signer = StoredKey::new(self.keys.clone(), key.clone(), public.algorithm());
        let credentials = Credentials {
            key_id: KeyId::Device(public.device_id()),
            signer: SigningWith::Device(&signer),
            authorization: None,
            answered_by: self.answered_by_gateway(),
        };
        let response = self
            .call(&self.anonymous_channel(), spec, &credentials)
            .await?;
        if response.status() != 201 {
            return Err(AnswerError::Status.into());
        }
        Ok(response.json().map_err(|_| AnswerError::Shape)?)
    }
}
