//! Enrolling devices: a one-time code for a certificate.
//!
//! Clauses: AN-1, CJ-6.3.b, JR-6.1.4.f.

use std::{fmt, sync::Arc};

use hefu_gm::{hmac::HmacSm3, rng::RngError};
use hefu_store::{
    CertificateRecord, DeviceRecord, DeviceStatus, Enrolled, EnrolmentCodeRecord, Store, StoreError,
};
use hefu_tally::{
    clock::Timestamp,
    ids::DeviceId,
    key::PublicKey,
    messages::{MODEL_CHARS_MAX, Platform},
    problem::Code,
};
use rand_core::TryCryptoRng;
use subtle::ConstantTimeEq;

use crate::{
    StoreKey,
    authority::{Authority, ChannelRequest, IssueError},
    code::EnrolmentCode,
    tlcp::PairRequest,
};

/// Tries that a code takes. Stops: guessing of the secret part by who knows the public one.
pub const CODE_TRIES_MAX: u32 = 5;
/// How long expired codes are kept, for operators who ask what became of one, in seconds.
const CODE_KEPT_S: i64 = 7 * 86_400;

/// How codes and certificates are given out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EnrolmentConfig {
    /// How long a code may be used, in seconds.
    pub code_s: i64,
    /// How long a device's certificate holds, in days.
    pub certificate_days: u32,
}

impl Default for EnrolmentConfig {
    /// A day for the code, 90 days for the certificate.
    fn default() -> Self {
        Self {
            code_s: 86_400,
            certificate_days: 90,
        }
    }
}

/// Why no code was made.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MakeCodeError {
    /// The generator failed.
    #[error(transparent)]
    Rng(#[from] RngError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// The keys that a device opens channels with, as it sent them.
#[derive(Clone, Copy, Debug)]
pub struct ChannelKeys<'a> {
    /// A PKCS#10 request for the TLS key, in DER.
    pub csr: &'a [u8],
    /// What a pair for TLCP is asked for with: a PKCS#10 request for the key that signs, in DER, and
    /// the point that is encrypted to.
    pub tlcp: Option<(&'a [u8], &'a [u8])>,
}

/// A device that wants to be enrolled. Its request was signed by `signature_key`: the caller
/// verified that, and opened the sealed code.
#[derive(Clone, Copy, Debug)]
pub struct NewDevice<'a> {
    /// As it was typed.
    pub code: &'a str,
    /// What the device signs with; it signed this request.
    pub signature_key: &'a PublicKey,
    /// The keys that it opens channels with.
    pub channel: ChannelKeys<'a>,
    /// What kind of phone.
    pub platform: Platform,
    /// What the device says it is.
    pub model: &'a str,
}

/// A device is enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledDevice {
    /// Its id.
    pub device: DeviceId,
    /// Its TLS certificate.
    pub certificate_pem: String,
    /// The authority's certificate.
    pub chain_pem: String,
    /// When its certificate ends.
    pub not_after: Timestamp,
    /// Its pair for TLCP, where it asked for one and there is an authority for it.
    pub tlcp: Option<EnrolledPair>,
}

/// A device's pair for TLCP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EnrolledPair {
    /// The certificate that signs.
    pub sign_pem: String,
    /// The certificate that encrypts.
    pub encryption_pem: String,
    /// The SM2 authority's certificate.
    pub chain_pem: String,
}

/// Why a device was not enrolled. The device learns no more than [`public_code`](Self::public_code).
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum EnrolError {
    /// The model is longer than allowed, or not printable. No try was counted.
    #[error("the model is not a short printable text")]
    Model,
    /// The certificate request is not one for a P-256 key signed by it. No try was counted.
    #[error("the certificate request was refused")]
    ChannelRequest,
    /// The code is mistyped. No try was counted.
    #[error("the code is malformed")]
    CodeMalformed,
    /// There is no such code, or it is used, expired or tried too often.
    #[error("the code is unknown, used, expired or tried too often")]
    CodeSpent,
    /// The code's secret part is wrong. A try was counted.
    #[error("the code is wrong")]
    CodeWrong,
    /// A device with this signature key is enrolled already. The code is as it was, but for a try.
    #[error("the device is enrolled already")]
    DeviceExists,
    /// The device is frozen or revoked.
    #[error("the device is not active")]
    NotActive,
    /// The authority did not issue a certificate.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl EnrolError {
    /// What the device is told: the same for all that is wrong with code or device.
    #[must_use]
    pub const fn public_code(&self) -> Code {
        match self {
            Self::Model | Self::ChannelRequest => Code::Invalid,
            Self::CodeMalformed
            | Self::CodeSpent
            | Self::CodeWrong
            | Self::DeviceExists
            | Self::NotActive => Code::Unauthenticated,
            Self::Issue(_) => Code::Internal,
            Self::Store(_) => Code::Unavailable,
        }
    }

    /// The inner reason as events keep it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Model => "model",
            Self::ChannelRequest => "channel-request",
            Self::CodeMalformed => "code-malformed",
            Self::CodeSpent => "code-spent",
            Self::CodeWrong => "code-wrong",
            Self::DeviceExists => "device-exists",
            Self::NotActive => "device-not-active",
            Self::Issue(_) => "authority",
            Self::Store(_) => "store",
        }
    }
}

/// Gives out codes, and certificates for codes.
pub struct Enrolment {
    store: Arc<dyn Store>,
    authority: Arc<Authority>,
    code_key: HmacSm3,
    config: EnrolmentConfig,
}

impl Enrolment {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        authority: Arc<Authority>,
        key: &StoreKey,
        config: EnrolmentConfig,
    ) -> Self {
        Self {
            store,
            authority,
            code_key: key.mac_for(b"enrolment codes"),
            config,
        }
    }

    /// Makes a code for a device of `user`, or of any user.
    ///
    /// # Errors
    /// When generator or store fail.
    pub async fn make_code(
        &self,
        user: Option<&str>,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<EnrolmentCode, MakeCodeError> {
        loop {
            let code = EnrolmentCode::make(rng)?;
            let record = EnrolmentCodeRecord {
                selector: code.selector(),
                digest: code.digest(&self.code_key),
                user: user.map(str::to_owned),
                made_at: now,
                expires_at: now.plus_secs(self.config.code_s),
                tries: 0,
                used_at: None,
            };
            if self.store.insert_code(&record).await? {
                return Ok(code);
            }
            // A selector of 35 bits is taken now and then: the next one will be free.
        }
    }

    /// Enrols a device for a code (docs/PROTOCOL.md, section 5).
    ///
    /// # Errors
    /// With the reason, for the log; the device is told [`EnrolError::public_code`].
    pub async fn enrol(
        &self,
        new: NewDevice<'_>,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<EnrolledDevice, EnrolError> {
        let is_model_fit = new.model.chars().count() <= MODEL_CHARS_MAX
            && !new.model.chars().any(char::is_control);
        if !is_model_fit {
            return Err(EnrolError::Model);
        }
        let keys = self.read_keys(new.channel)?;
        let code = EnrolmentCode::parse(new.code).map_err(|_| EnrolError::CodeMalformed)?;
        let selector = code.selector();
        // The try is counted before the secret is compared: so it is five, however many come at
        // once.
        let stored = self
            .store
            .take_code_try(&selector, CODE_TRIES_MAX, now)
            .await?
            .ok_or(EnrolError::CodeSpent)?;
        let is_right = code.digest(&self.code_key).ct_eq(&stored.digest);
        if !bool::from(is_right) {
            return Err(EnrolError::CodeWrong);
        }
        let id = new.signature_key.device_id();
        let (record, enrolled) = self.issue(id, &keys, now, rng)?;
        let device = DeviceRecord {
            id,
            signature_key: new.signature_key.clone(),
            certificate: record,
            user: stored.user,
            platform: new.platform.as_str().to_owned(),
            model: new.model.to_owned(),
            status: DeviceStatus::Active,
            status_at: now,
            enrolled_at: now,
        };
        // The certificate is worth nothing before this write: it is no known device's.
        match self.store.enrol_device(&device, &selector, now).await? {
            Enrolled::Done => Ok(enrolled),
            Enrolled::CodeSpent => Err(EnrolError::CodeSpent),
            Enrolled::DeviceExists => Err(EnrolError::DeviceExists),
        }
    }

    /// Issues a device's certificates anew, for new keys. The caller verified that the device's own key
    /// signed the request, and lets look-ups read the store afterwards.
    ///
    /// # Errors
    /// With the reason, for the log; [`EnrolError::NotActive`] when the device was frozen or revoked in
    /// between.
    pub(crate) async fn renew(
        &self,
        id: DeviceId,
        channel: ChannelKeys<'_>,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<EnrolledDevice, EnrolError> {
        let keys = self.read_keys(channel)?;
        let (record, enrolled) = self.issue(id, &keys, now, rng)?;
        // From here on the old certificates are no device's.
        if self.store.set_device_certificate(id, &record).await? {
            Ok(enrolled)
        } else {
            Err(EnrolError::NotActive)
        }
    }

    /// Where there is no authority for TLCP, asking for a pair is no mistake: the device then has none.
    fn read_keys(
        &self,
        keys: ChannelKeys<'_>,
    ) -> Result<(ChannelRequest, Option<PairRequest>), EnrolError> {
        let channel = ChannelRequest::parse(keys.csr).map_err(|_| EnrolError::ChannelRequest)?;
        let pair = match (self.authority.tlcp(), keys.tlcp) {
            (Some(authority), Some((csr, point))) => {
                let request = authority.read_request(csr, point);
                Some(request.map_err(|_| EnrolError::ChannelRequest)?)
            }
            _ => None,
        };
        Ok((channel, pair))
    }

    /// The certificates of a device, and what the store keeps of them.
    fn issue(
        &self,
        id: DeviceId,
        (channel, pair): &(ChannelRequest, Option<PairRequest>),
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<(CertificateRecord, EnrolledDevice), IssueError> {
        let days = self.config.certificate_days;
        let issued = self.authority.issue_device(id, channel, days, now, rng)?;
        let record = CertificateRecord {
            sha256: issued.sha256,
            not_after: issued.not_after,
        };
        let tlcp = match (self.authority.tlcp(), pair) {
            (Some(authority), Some(request)) => {
                let beside = (&issued.sha256, issued.not_after);
                let pair = authority.issue_device(id, beside, request, now, rng)?;
                Some(EnrolledPair {
                    sign_pem: pair.sign.to_pem(),
                    encryption_pem: pair.encryption.to_pem(),
                    chain_pem: authority.certificate().to_pem(),
                })
            }
            _ => None,
        };
        let enrolled = EnrolledDevice {
            device: id,
            certificate_pem: issued.pem,
            chain_pem: self.authority.certificate_pem().to_owned(),
            not_after: issued.not_after,
            tlcp,
        };
        Ok((record, enrolled))
    }

    /// Deletes codes that expired a week ago.
    pub(crate) async fn purge(&self, now: Timestamp) -> Result<u64, StoreError> {
        self.store.purge_codes(now.plus_secs(-CODE_KEPT_S)).await
    }
}

impl fmt::Debug for Enrolment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Enrolment")
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}
