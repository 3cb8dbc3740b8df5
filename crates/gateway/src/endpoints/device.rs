//! Enrolment (PROTOCOL §5): a device proves its key and a one-time code, and gets certificates; later it
//! proves its key again, and gets new ones before the old end.
//!
//! A captured enrolment that is sent again fails three times over: its nonce is used, its code is
//! used, and its sealed code opens in no other request.
//!
//! Clauses: AN-1, CJ-4.3.3.b, CJ-6.3.b, JR-6.1.4.f, JR-6.2.1.1.a.

use hefu_gm::{rng::SystemRng, sm2::DecryptionKey};
use hefu_identity::{
    Identity,
    enrolment::{ChannelKeys, EnrolError, EnrolledDevice, NewDevice},
};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId},
    messages::{
        CSR_CHARS_MAX, EnrolRequest, EnrolResponse, RenewRequest, TlcpCertificates, TlcpRequest,
    },
    problem::Code,
};

use super::BodyFault;
use crate::{
    guards::{
        Guard,
        framing::Head,
        unseal::{self, Binding},
    },
    reply::Reply,
};

pub(crate) const GUARD: Guard = Guard {
    name: "enrolment",
    clauses: hefu_standards::clauses!(),
};

/// Why a device is not enrolled.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// The body is not an enrolment.
    Body(BodyFault),
    /// The sealed code does not open.
    Sealed(unseal::Reason),
    /// The certificate request is too long, or not base64url.
    ChannelRequest,
    /// Code, device or certificate request are refused.
    Refused {
        /// The stable inner code.
        name: &'static str,
        /// What is told.
        code: Code,
    },
    /// Our own answer could not be written.
    Answer,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Body(BodyFault::MediaType) => "request-media-type",
            Self::Body(BodyFault::Shape) => "request-shape",
            Self::Sealed(reason) => reason.name(),
            Self::ChannelRequest => "channel-request",
            Self::Refused { name, .. } => name,
            Self::Answer => "answer",
        }
    }

    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Body(BodyFault::MediaType) => Code::UnsupportedMediaType,
            Self::Body(BodyFault::Shape) | Self::ChannelRequest => Code::Invalid,
            Self::Sealed(reason) => reason.code(),
            Self::Refused { code, .. } => *code,
            Self::Answer => Code::Internal,
        }
    }
}

impl From<EnrolError> for Reason {
    fn from(error: EnrolError) -> Self {
        Self::Refused {
            name: error.reason(),
            code: error.public_code(),
        }
    }
}

/// Reads an enrolment; before its signature is verified, since it brings the key itself.
///
/// # Errors
/// When the body is no enrolment.
pub(crate) fn parse(head: &Head, body: &[u8]) -> Result<EnrolRequest, Reason> {
    let request: EnrolRequest = super::parse(head, body).map_err(Reason::Body)?;
    if request.channel_csr.len() > CSR_CHARS_MAX {
        return Err(Reason::ChannelRequest);
    }
    Ok(request)
}

/// Enrols the device whose key signed the request.
///
/// # Errors
/// When code or device are refused.
pub(crate) async fn enrol(
    identity: &Identity,
    key: &DecryptionKey,
    binding: Binding<'_>,
    request: &EnrolRequest,
    request_id: RequestId,
    now: Timestamp,
) -> Result<Reply, Reason> {
    let code = super::open_text(key, binding, "/code", &request.code).map_err(Reason::Sealed)?;
    let keys = Keys::read(&request.channel_csr, request.tlcp.as_ref())?;
    let new = NewDevice {
        code: &code,
        signature_key: &request.signature_key,
        channel: keys.as_channel_keys(),
        platform: request.platform,
        model: &request.model,
    };
    let enrolled = identity.enrolment.enrol(new, now, &mut SystemRng).await?;
    answer(201, request_id, enrolled)
}

/// Reads a request for new certificates.
///
/// # Errors
/// When the body is none.
pub(crate) fn parse_renewal(head: &Head, body: &[u8]) -> Result<RenewRequest, Reason> {
    super::parse(head, body).map_err(Reason::Body)
}

/// Issues the device's certificates anew, for the device whose key signed the request.
///
/// # Errors
/// When the requests for certificates are refused, or the device is not active any more.
pub(crate) async fn renew(
    identity: &Identity,
    device: DeviceId,
    request: &RenewRequest,
    request_id: RequestId,
    now: Timestamp,
) -> Result<Reply, Reason> {
    let keys = Keys::read(&request.channel_csr, request.tlcp.as_ref())?;
    let channel = keys.as_channel_keys();
    let renewed = identity
        .renew_device(device, channel, now, &mut SystemRng)
        .await?;
    answer(200, request_id, renewed)
}

fn answer(status: u16, request_id: RequestId, enrolled: EnrolledDevice) -> Result<Reply, Reason> {
    let response = EnrolResponse {
        device: enrolled.device,
        certificate_pem: enrolled.certificate_pem,
        chain_pem: enrolled.chain_pem,
        not_after: enrolled.not_after.secs(),
        tlcp: enrolled.tlcp.map(|pair| TlcpCertificates {
            sign_pem: pair.sign_pem,
            encryption_pem: pair.encryption_pem,
            chain_pem: pair.chain_pem,
        }),
    };
    super::json(status, request_id, &response).map_err(|_| Reason::Answer)
}

/// The keys of channels, out of base64url.
struct Keys {
    csr: Vec<u8>,
    tlcp: Option<(Vec<u8>, Vec<u8>)>,
}

impl Keys {
    fn read(csr: &str, tlcp: Option<&TlcpRequest>) -> Result<Self, Reason> {
        let decode = |text: &str| super::decode(text).ok_or(Reason::ChannelRequest);
        Ok(Self {
            csr: decode(csr)?,
            tlcp: match tlcp {
                Some(tlcp) => Some((decode(&tlcp.sign_csr)?, decode(&tlcp.encryption_key)?)),
                None => None,
            },
        })
    }

    fn as_channel_keys(&self) -> ChannelKeys<'_> {
        let tlcp = self.tlcp.as_ref();
        ChannelKeys {
            csr: &self.csr,
            tlcp: tlcp.map(|(csr, key)| (csr.as_slice(), key.as_slice())),
        }
    }
}
