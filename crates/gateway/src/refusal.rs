//! A refusal: all of it inside, the public code outside, always in one shape.
//!
//! Clauses: JR-6.2.4.a, JR-6.2.4.f, JR-6.2.5.

use hefu_tally::{
    ids::RequestId,
    problem::{self, Code, Problem},
};

use crate::{
    endpoints,
    guards::{
        Guard, channel, framing, limits, mask, permission, replay, route, schema, session,
        signature, unseal, upstream,
    },
    reply::Reply,
    transport::service::ServiceError,
};

/// Why a request was refused, with the guard that did.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    Framing(framing::Reason),
    Limits(limits::Reason),
    Route(route::Reason),
    Channel(channel::Reason),
    Signature(signature::Reason),
    Replay(replay::Reason),
    Session(session::Reason),
    Permission(permission::Reason),
    Schema(schema::Reason),
    Unseal(unseal::Reason),
    Upstream(upstream::Reason),
    Mask(mask::Reason),
    Enrolment(endpoints::device::Reason),
    Login(endpoints::session::Reason),
    /// Our own failure.
    Fault(Fault),
}

/// What can go wrong on our side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Fault {
    /// Decisions cannot be recorded, so none is made.
    NotRecorded,
    /// The system gave no randomness.
    Random,
    /// Our own response could not be signed.
    NotSigned,
    /// Code panicked.
    Panic,
}

macro_rules! reasons {
    ($($variant:ident($type:ty)),* $(,)?) => {
        $(impl From<$type> for Reason {
            fn from(reason: $type) -> Self {
                Self::$variant(reason)
            }
        })*
    };
}

reasons!(
    Framing(framing::Reason),
    Limits(limits::Reason),
    Route(route::Reason),
    Channel(channel::Reason),
    Signature(signature::Reason),
    Replay(replay::Reason),
    Session(session::Reason),
    Permission(permission::Reason),
    Schema(schema::Reason),
    Unseal(unseal::Reason),
    Upstream(upstream::Reason),
    Mask(mask::Reason),
    Enrolment(endpoints::device::Reason),
    Login(endpoints::session::Reason),
    Fault(Fault),
);

/// Faults are nobody's guard; their events are evidence for how errors are told.
const FAULT_GUARD: Guard = Guard {
    name: "fault",
    clauses: hefu_standards::clauses!(),
};

impl Reason {
    /// The guard that refused.
    pub(crate) const fn guard(&self) -> Guard {
        match self {
            Self::Framing(_) => framing::GUARD,
            Self::Limits(_) => limits::GUARD,
            Self::Route(_) => route::GUARD,
            Self::Channel(_) => channel::GUARD,
            Self::Signature(_) => signature::GUARD,
            Self::Replay(_) => replay::GUARD,
            Self::Session(_) => session::GUARD,
            Self::Permission(_) => permission::GUARD,
            Self::Schema(_) => schema::GUARD,
            Self::Unseal(_) => unseal::GUARD,
            Self::Upstream(_) => upstream::GUARD,
            Self::Mask(_) => mask::GUARD,
            Self::Enrolment(_) => endpoints::device::GUARD,
            Self::Login(_) => endpoints::session::GUARD,
            Self::Fault(_) => FAULT_GUARD,
        }
    }

    /// The stable inner code, for operators only. Never holds a value of the request.
    pub(crate) fn name(&self) -> &'static str {
        match self {
            Self::Framing(reason) => reason.name(),
            Self::Limits(reason) => reason.name(),
            Self::Route(reason) => reason.name(),
            Self::Channel(reason) => reason.name(),
            Self::Signature(reason) => reason.name(),
            Self::Replay(reason) => reason.name(),
            Self::Session(reason) => reason.name(),
            Self::Permission(reason) => reason.name(),
            Self::Schema(reason) => reason.name(),
            Self::Unseal(reason) => reason.name(),
            Self::Upstream(reason) => reason.name(),
            Self::Mask(reason) => reason.name(),
            Self::Enrolment(reason) => reason.name(),
            Self::Login(reason) => reason.name(),
            Self::Fault(Fault::NotRecorded) => "not-recorded",
            Self::Fault(Fault::Random) => "no-randomness",
            Self::Fault(Fault::NotSigned) => "not-signed",
            Self::Fault(Fault::Panic) => "panic",
        }
    }

    /// The rule of the contract that was broken, for operators only.
    pub(crate) fn rule(&self) -> Option<&str> {
        match self {
            Self::Schema(reason) => reason.rule(),
            Self::Unseal(reason) => reason.rule(),
            _ => None,
        }
    }

    /// The one map from what happened to what is told (PROTOCOL §8).
    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Framing(_) => Code::Malformed,
            Self::Limits(reason) => of_limit(*reason),
            Self::Route(reason) => reason.code(),
            Self::Channel(reason) => reason.code(),
            Self::Signature(reason) => reason.code(),
            Self::Replay(replay::Reason::Time(refusal)) => refusal.code(),
            Self::Replay(replay::Reason::Replayed) => Code::Unauthenticated,
            Self::Replay(replay::Reason::MemoryFull) => Code::Unavailable,
            Self::Session(reason) => reason.code(),
            Self::Permission(
                permission::Reason::Unnamed
                | permission::Reason::NotOwner
                | permission::Reason::NoSubject,
            ) => Code::NotFound,
            Self::Permission(permission::Reason::Unanswered(reason)) | Self::Upstream(reason) => {
                of_service(*reason)
            }
            Self::Schema(reason) => reason.code(),
            Self::Unseal(reason) => reason.code(),
            Self::Mask(mask::Reason::NotMaskable(_)) => Code::Internal,
            Self::Enrolment(reason) => reason.code(),
            Self::Login(reason) => reason.code(),
            Self::Fault(Fault::NotRecorded) => Code::Unavailable,
            Self::Fault(Fault::Random | Fault::NotSigned | Fault::Panic) => Code::Internal,
        }
    }

    /// The response, not signed yet.
    pub(crate) fn reply(&self, request_id: RequestId) -> Reply {
        let code = self.code();
        let body = Problem { code, request_id }.to_json();
        let reply = Reply::new(code.status(), body.into())
            .with("content-type", problem::MEDIA_TYPE)
            .with("x-request-id", request_id.to_string());
        match (self, code) {
            (Self::Limits(limits::Reason::RateExceeded { retry_after_s }), _) => {
                reply.with("retry-after", retry_after_s.to_string())
            }
            (_, Code::RateLimited) => reply.with("retry-after", "1"),
            _ => reply,
        }
    }
}

const fn of_limit(reason: limits::Reason) -> Code {
    match reason {
        limits::Reason::HeadTooLarge | limits::Reason::TooManyFields => Code::HeadersTooLarge,
        limits::Reason::HeadTooSlow | limits::Reason::BodyTooSlow => Code::Timeout,
        limits::Reason::BodyTooLarge => Code::TooLarge,
        limits::Reason::BodiesTooLarge | limits::Reason::TooManyInFlight => Code::Unavailable,
        limits::Reason::RateExceeded { .. } | limits::Reason::RateTableFull => Code::RateLimited,
    }
}

const fn of_service(reason: upstream::Reason) -> Code {
    match reason {
        upstream::Reason::Deadline => Code::GatewayTimeout,
        upstream::Reason::Service(
            ServiceError::Connect
            | ServiceError::Closed
            | ServiceError::Head
            | ServiceError::Framing
            | ServiceError::BodyTooLarge,
        )
        | upstream::Reason::UnexpectedStatus
        | upstream::Reason::Failed => Code::BadGateway,
        upstream::Reason::Unprocessable => Code::Unprocessable,
        upstream::Reason::NotFound => Code::NotFound,
        upstream::Reason::Conflict => Code::Conflict,
        upstream::Reason::RateLimited => Code::RateLimited,
    }
}
