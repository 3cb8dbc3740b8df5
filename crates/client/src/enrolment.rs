//! Enrolling a device: a one-time code and two fresh keys for a certificate
//! (docs/PROTOCOL.md, section 5).
//!
//! The code is sealed for this one request, the request is signed by the key that it brings, and
//! both keys stay in their store.
//!
//! Clauses: AN-1, AN-5, AP-5.2, AP-5.5, CJ-4.3.3.b, CJ-6.3.b, JR-6.1.4.f.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::x509::{Name, Request};
use hefu_tally::clock::Timestamp;
use hefu_tally::ids::{DeviceId, KeyId};
use hefu_tally::key::{Algorithm, PublicKey};
use hefu_tally::messages::{
    ENROL_FUNCTION, ENROL_PATH, EnrolRequest, EnrolResponse, MODEL_CHARS_MAX, Platform,
    RENEW_FUNCTION, RENEW_PATH, RenewRequest, TlcpRequest,
};
use http::Method;
use serde::{Deserialize, Serialize};
use zeroize::Zeroize as _;

use crate::client::{Client, Credentials, Inner, SetupError};
use crate::csr;
use crate::error::{AnswerError, SendError};
use crate::key_store::{KeyRef, KeyStoreError, Purpose, StoredKey};
use crate::options::ChannelPolicy;
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
    /// When the certificate ends, in Unix seconds. Renew before.
    pub not_after: i64,
    /// What it signs requests with.
    pub signature_key: KeyRef,
    /// What it opens channels with.
    pub channel_key: KeyRef,
    /// What it opens TLCP channels with; none for TLS alone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tlcp: Option<TlcpEnrolment>,
}

/// A device's pair for TLCP.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlcpEnrolment {
    /// The certificate that signs.
    pub sign_pem: String,
    /// The certificate that encrypts.
    pub encryption_pem: String,
    /// The certificates above them.
    pub chain_pem: String,
    /// The key of the certificate that signs.
    pub sign_key: KeyRef,
    /// The key of the certificate that encrypts.
    pub encryption_key: KeyRef,
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

/// Keys of channels that have no certificates yet.
struct ChannelKeys {
    tls: KeyRef,
    /// The one that signs and the one that decrypts, where the policy wants TLCP.
    tlcp: Option<(KeyRef, KeyRef)>,
}

impl ChannelKeys {
    fn all(&self) -> Vec<&KeyRef> {
        let mut all = vec![&self.tls];
        if let Some((sign, encryption)) = &self.tlcp {
            all.extend([sign, encryption]);
        }
        all
    }
}

impl Enrolment {
    /// All keys that it uses.
    #[must_use]
    pub fn keys(&self) -> Vec<&KeyRef> {
        let mut all = self.channel_keys();
        all.insert(0, &self.signature_key);
        all
    }

    fn channel_keys(&self) -> Vec<&KeyRef> {
        let mut all = vec![&self.channel_key];
        if let Some(tlcp) = &self.tlcp {
            all.extend([&tlcp.sign_key, &tlcp.encryption_key]);
        }
        all
    }
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
        let inner = &self.inner;
        let algorithm = inner.options.signature_algorithm;
        let signature = inner.keys.make_key(Purpose::Signature, algorithm)?;
        let outcome = match inner.make_channel_keys() {
            Ok(keys) => {
                let outcome = inner.enrol(code, device, &signature, &keys).await;
                if outcome.is_err() {
                    inner.delete_keys(&keys.all()).ok();
                }
                outcome
            }
            Err(error) => Err(error.into()),
        };
        if outcome.is_err() {
            inner.delete_keys(&[&signature]).ok();
        }
        outcome
    }

    /// Gets new certificates for new channel keys, before the old certificates end: the device stays
    /// the same, and so does its signature key. Store what comes back, in the place of the old
    /// enrolment: the old certificates open no channel from then on, and the old channel keys are
    /// deleted. Sessions that are open keep the channels that they have; open new ones.
    ///
    /// When it is too late, the gateway refuses the old certificate
    /// ([`ChannelError::DeviceCertificateRefused`](crate::ChannelError)), and the device has to be
    /// enrolled again with a new code.
    ///
    /// # Errors
    /// When keys cannot be made, or the gateway cannot be reached or refuses. The old enrolment is in
    /// use then as before, unless [`SendError::may_have_been_carried_out`] holds: try again, and enrol
    /// again when the gateway refuses the old certificate.
    pub async fn renew(&self) -> Result<Enrolment, EnrolError> {
        let old = self.enrolment().ok_or(SendError::NotEnrolled)?;
        let keys = self.inner.make_channel_keys()?;
        let outcome = self.inner.renew(&old, &keys).await;
        match &outcome {
            Ok(_) => self.inner.delete_keys(&old.channel_keys()).ok(),
            Err(_) => self.inner.delete_keys(&keys.all()).ok(),
        };
        outcome
    }

    /// Renews when less than [`Options::renew_before`](crate::Options::renew_before) of the
    /// certificate's time is left, by the client's corrected clock; none when it is too early. Call it
    /// when the app starts.
    ///
    /// # Errors
    /// As [`renew`](Self::renew).
    pub async fn renew_if_due(&self) -> Result<Option<Enrolment>, EnrolError> {
        let old = self.enrolment().ok_or(SendError::NotEnrolled)?;
        let left_s = old.not_after - self.inner.clock.read().now.secs();
        let before_s = self.inner.options.renew_before.as_secs();
        if left_s > i64::try_from(before_s).unwrap_or(i64::MAX) {
            return Ok(None);
        }
        self.renew().await.map(Some)
    }

    /// Deletes the keys of an enrolment that is no longer used.
    ///
    /// # Errors
    /// When the key store fails.
    pub fn forget(&self, enrolment: &Enrolment) -> Result<(), KeyStoreError> {
        self.inner.delete_keys(&enrolment.keys())
    }
}

impl Inner {
    fn make_channel_keys(&self) -> Result<ChannelKeys, KeyStoreError> {
        let mut made = Vec::new();
        let keys = self.make_channel_keys_into(&mut made);
        if keys.is_err() {
            let made: Vec<_> = made.iter().collect();
            self.delete_keys(&made).ok();
        }
        keys
    }

    /// Whatever was made before a failure is in `made`.
    fn make_channel_keys_into(&self, made: &mut Vec<KeyRef>) -> Result<ChannelKeys, KeyStoreError> {
        let mut make = |purpose, algorithm| {
            let key = self.keys.make_key(purpose, algorithm)?;
            made.push(key.clone());
            Ok::<_, KeyStoreError>(key)
        };
        let tls = make(Purpose::Channel, Algorithm::EcdsaP256Sha256)?;
        let mut pair = || {
            let sign = make(Purpose::TlcpSign, Algorithm::Sm2Sm3)?;
            let encryption = make(Purpose::TlcpEncryption, Algorithm::Sm2Sm3)?;
            // A store may make SM2 keys and still have no handles of them.
            self.keys.tlcp_keys(&sign, &encryption)?;
            Ok::<_, KeyStoreError>((sign, encryption))
        };
        let tlcp = match self.options.channel {
            ChannelPolicy::Tls => None,
            ChannelPolicy::Tlcp => Some(pair()?),
            ChannelPolicy::TlcpWhereEquipped if self.trust.tlcp_ca_pem.is_none() => None,
            ChannelPolicy::TlcpWhereEquipped => match pair() {
                Ok(pair) => Some(pair),
                Err(KeyStoreError::Algorithm) => None,
                Err(error) => return Err(error),
            },
        };
        Ok(ChannelKeys { tls, tlcp })
    }

    /// Asks for a pair with a proof of the key that signs.
    fn tlcp_request(
        &self,
        keys: Option<&(KeyRef, KeyRef)>,
    ) -> Result<Option<TlcpRequest>, KeyStoreError> {
        let Some((sign, encryption)) = keys else {
            return Ok(None);
        };
        let handles = self.keys.tlcp_keys(sign, encryption)?;
        // The authority takes nothing of the request but its key.
        let subject = Name::parse("CN=device").map_err(|_| KeyStoreError::Failed)?;
        let csr = Request::make(&subject, &*handles.signing).map_err(|_| KeyStoreError::Failed)?;
        Ok(Some(TlcpRequest {
            sign_csr: URL_SAFE_NO_PAD.encode(csr),
            encryption_key: URL_SAFE_NO_PAD.encode(handles.decrypting.encryption_key().to_sec1()),
        }))
    }

    fn delete_keys(&self, keys: &[&KeyRef]) -> Result<(), KeyStoreError> {
        // Each is tried, and the first failure told.
        let outcomes: Vec<_> = keys.iter().map(|key| self.keys.delete_key(key)).collect();
        outcomes.into_iter().collect()
    }

    async fn enrol(
        &self,
        code: &str,
        device: &DeviceInfo,
        signature: &KeyRef,
        keys: &ChannelKeys,
    ) -> Result<Enrolment, EnrolError> {
        let public = self.keys.public_key(signature)?;
        let mut request = EnrolRequest {
            code: code.to_owned(),
            channel_csr: URL_SAFE_NO_PAD.encode(csr::make(self.keys.as_ref(), &keys.tls)?),
            signature_key: public.clone(),
            platform: device.platform,
            model: device.model.clone(),
            tlcp: self.tlcp_request(keys.tlcp.as_ref())?,
        };
        let spec = built_in(Method::POST, ENROL_PATH, ENROL_FUNCTION)?
            .json(&request)
            .seal("/code");
        request.code.zeroize();
        let answer = self.ask_to_enrol(&spec, &public, signature).await?;
        self.take_into_use(answer, public.device_id(), signature, keys)
    }

    async fn renew(&self, old: &Enrolment, keys: &ChannelKeys) -> Result<Enrolment, EnrolError> {
        let enrolled = self.enrolled().ok_or(SendError::NotEnrolled)?;
        let signer = self.device_key(&enrolled);
        let request = RenewRequest {
            channel_csr: URL_SAFE_NO_PAD.encode(csr::make(self.keys.as_ref(), &keys.tls)?),
            tlcp: self.tlcp_request(keys.tlcp.as_ref())?,
        };
        let spec = built_in(Method::POST, RENEW_PATH, RENEW_FUNCTION)?.json(&request);
        let credentials = Credentials {
            key_id: KeyId::Device(old.device),
            signer: SigningWith::Device(&signer),
            authorization: None,
            answered_by: self.answered_by_gateway(),
        };
        let response = self.call(&enrolled.channel, &spec, &credentials).await?;
        if response.status() != 200 {
            return Err(AnswerError::Status.into());
        }
        let answer = response.json().map_err(|_| AnswerError::Shape)?;
        self.take_into_use(answer, old.device, &old.signature_key, keys)
    }

    /// Makes an enrolment of the gateway's answer, and uses it from now on.
    fn take_into_use(
        &self,
        answer: EnrolResponse,
        device: DeviceId,
        signature: &KeyRef,
        keys: &ChannelKeys,
    ) -> Result<Enrolment, EnrolError> {
        if answer.device != device {
            return Err(AnswerError::Shape.into());
        }
        let enrolment = Enrolment {
            device,
            certificate_pem: answer.certificate_pem,
            chain_pem: answer.chain_pem,
            not_after: answer.not_after,
            signature_key: signature.clone(),
            channel_key: keys.tls.clone(),
            tlcp: match (answer.tlcp, &keys.tlcp) {
                (Some(pair), Some((sign, encryption))) => Some(TlcpEnrolment {
                    sign_pem: pair.sign_pem,
                    encryption_pem: pair.encryption_pem,
                    chain_pem: pair.chain_pem,
                    sign_key: sign.clone(),
                    encryption_key: encryption.clone(),
                }),
                // A gateway that gives no pair speaks no TLCP; adopting it says so.
                _ => None,
            },
        };
        self.adopt(enrolment.clone()).map_err(|error| match error {
            SetupError::KeyStore(error) => EnrolError::KeyStore(error),
            SetupError::Origin
            | SetupError::Authority
            | SetupError::NoTlcp
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
