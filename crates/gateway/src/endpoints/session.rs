//! Login and logout (PROTOCOL §6): a session is opened under the device's signature key, with a key
//! agreed for it alone, and ends on the server when it is closed.
//!
//! Clauses: JR-6.1.4.d, JR-6.2.1.1.a, JR-6.2.2.c, JR-6.2.2.d, JR-6.2.2.f.

use std::sync::Arc;

use bytes::Bytes;
use hefu_gm::{Zeroizing, rng::SystemRng, sm2::DecryptionKey};
use hefu_identity::{Identity, LoginError, LoginRequest, devices::Device, sessions::Session};
use hefu_tally::{
    clock::Timestamp,
    ids::RequestId,
    messages::{Agreement, AgreementAlgorithm, OpenSessionRequest, OpenSessionResponse},
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
    name: "login",
    clauses: hefu_standards::clauses!(),
};

/// Why no session is opened, or none is closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// The body is not a login.
    Body(BodyFault),
    /// The sealed password does not open.
    Sealed(unseal::Reason),
    /// The client's half of the agreement is no point.
    Agreement,
    /// User, password, device or session are refused.
    Refused {
        /// The stable inner code.
        name: &'static str,
        /// What is told.
        code: Code,
    },
    /// The session is ended here, but perhaps not in the store.
    NotStored,
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
            Self::Agreement => "agreement",
            Self::Refused { name, .. } => name,
            Self::NotStored => "store",
            Self::Answer => "answer",
        }
    }

    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Body(BodyFault::MediaType) => Code::UnsupportedMediaType,
            Self::Body(BodyFault::Shape) | Self::Agreement => Code::Invalid,
            Self::Sealed(reason) => reason.code(),
            Self::Refused { code, .. } => *code,
            Self::NotStored => Code::Unavailable,
            Self::Answer => Code::Internal,
        }
    }
}

impl From<LoginError> for Reason {
    fn from(error: LoginError) -> Self {
        Self::Refused {
            name: error.reason(),
            code: error.public_code(),
        }
    }
}

/// A request of ours, verified.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Login<'request> {
    pub(crate) device: &'request Arc<Device>,
    pub(crate) head: &'request Head,
    pub(crate) body: &'request [u8],
    pub(crate) binding: Binding<'request>,
    pub(crate) request_id: RequestId,
}

/// Opens a session.
///
/// # Errors
/// When user, password, device or agreement are refused.
pub(crate) async fn open(
    identity: &Identity,
    key: &DecryptionKey,
    login: Login<'_>,
    now: Timestamp,
) -> Result<Reply, Reason> {
    let request: OpenSessionRequest = super::parse(login.head, login.body).map_err(Reason::Body)?;
    let password = super::open_text(key, login.binding, "/password", &request.password)
        .map_err(Reason::Sealed)?;
    let client_half = super::decode(&request.agreement.public)
        .and_then(|point| point.try_into().ok())
        .ok_or(Reason::Agreement)?;
    let login_request = LoginRequest {
        device: login.device,
        user: &request.user,
        password: Zeroizing::new(password.as_bytes().to_vec()),
        client_half: &client_half,
    };
    let opened = identity.log_in(login_request, now, &mut SystemRng).await?;
    let response = OpenSessionResponse {
        session: opened.session.id,
        token: opened.token.dangerous_text().to_owned(),
        expires_at: opened.session.expires_at.secs(),
        idle_s: opened.idle_s,
        agreement: Agreement {
            alg: AgreementAlgorithm::Sm2Ecdh,
            public: super::encode(&opened.agreement),
        },
    };
    super::json(201, login.request_id, &response).map_err(|_| Reason::Answer)
}

/// Ends a session, here and in the store.
///
/// # Errors
/// When the store fails; the session is refused from now on in any case.
pub(crate) async fn close(
    identity: &Identity,
    session: &Session,
    request_id: RequestId,
) -> Result<Reply, Reason> {
    let closed = identity.sessions.close(session.id).await;
    closed.map_err(|_| Reason::NotStored)?;
    Ok(super::reply(204, request_id, Bytes::new()))
}
