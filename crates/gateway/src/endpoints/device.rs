//! Enrolment (PROTOCOL §5): a device proves its key and a one-time code, and gets a certificate.
//!
//! A captured enrolment that is sent again fails three times over: its nonce is used, its code is
//! used, and its sealed code opens in no other request.
//!
//! Clauses: AN-1, CJ-4.3.3.b, JR-6.2.1.1.a.

use hefu_gm::{rng::SystemRng, sm2::DecryptionKey};
use hefu_identity::{
    Identity,
    enrolment::{EnrolError, NewDevice},
};
use hefu_tally::{
    clock::Timestamp,
    ids::RequestId,
    messages::{CSR_CHARS_MAX, EnrolRequest, EnrolResponse},
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
    let channel_csr = super::decode(&request.channel_csr).ok_or(Reason::ChannelRequest)?;
    let new = NewDevice {
        code: &code,
        signature_key: &request.signature_key,
        channel_csr: &channel_csr,
        platform: request.platform,
        model: &request.model,
    };
    let enrolled = identity.enrolment.enrol(new, now, &mut SystemRng).await?;
    let response = EnrolResponse {
        device: enrolled.device,
        certificate_pem: enrolled.certificate_pem,
        chain_pem: enrolled.chain_pem,
        not_after: enrolled.not_after.secs(),
    };
    super::json(201, request_id, &response).map_err(|_| Reason::Answer)
}
