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
        upstream::Reason::Service(ServiceError::Deadline) => Code::GatewayTimeout,
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

#[cfg(test)]
mod tests {
    use hefu_tally::{
        digest::DigestRefusal, fields::Duplicate, sealed::OpenRefusal,
        signature::request::RequestRefusal, time::TimeRefusal,
    };

    use super::*;
    use crate::contract::{RequestFault, ResponseFault};

    #[test]
    #[expect(clippy::too_many_lines, reason = "one line a reason")]
    fn each_reason_has_its_public_code() {
        let request = |fault| Reason::Schema(schema::Reason::Request(fault));
        let response = |fault| Reason::Schema(schema::Reason::Response(fault));
        let signature = |refusal| Reason::Signature(signature::Reason::Refused(refusal));
        let service = |error| Reason::Upstream(upstream::Reason::Service(error));
        let expired = RequestRefusal::Time(TimeRefusal::Expired);
        let full = limits::Reason::RateTableFull;
        let limited = limits::Reason::RateExceeded { retry_after_s: 7 };
        let unanswered =
            permission::Reason::Unanswered(upstream::Reason::Service(ServiceError::Deadline));
        let map = [
            (framing::Reason::BareLineEnd.into(), Code::Malformed),
            (framing::Reason::TransferEncoding.into(), Code::Malformed),
            (limits::Reason::HeadTooLarge.into(), Code::HeadersTooLarge),
            (limits::Reason::TooManyFields.into(), Code::HeadersTooLarge),
            (limits::Reason::HeadTooSlow.into(), Code::Timeout),
            (limits::Reason::BodyTooSlow.into(), Code::Timeout),
            (limits::Reason::BodyTooLarge.into(), Code::TooLarge),
            (limits::Reason::BodiesTooLarge.into(), Code::Unavailable),
            (limits::Reason::TooManyInFlight.into(), Code::Unavailable),
            (limited.into(), Code::RateLimited),
            (full.into(), Code::RateLimited),
            (route::Reason::Host.into(), Code::Malformed),
            (route::Reason::FunctionForm.into(), Code::Malformed),
            (route::Reason::FunctionUnknown.into(), Code::NotFound),
            (route::Reason::Method.into(), Code::NotFound),
            (route::Reason::Path.into(), Code::NotFound),
            (
                channel::Reason::CertificateMissing.into(),
                Code::Unauthenticated,
            ),
            (channel::Reason::NotActive.into(), Code::Unauthenticated),
            (channel::Reason::Store.into(), Code::Unavailable),
            (
                signature(RequestRefusal::Duplicate(Duplicate)),
                Code::Malformed,
            ),
            (signature(RequestRefusal::Unsigned), Code::Unauthenticated),
            (signature(RequestRefusal::Signature), Code::Unauthenticated),
            (
                signature(DigestRefusal::Mismatch.into()),
                Code::Unauthenticated,
            ),
            (signature::Reason::KeyUnknown.into(), Code::Unauthenticated),
            (signature::Reason::Store.into(), Code::Unavailable),
            (replay::Reason::Time(expired).into(), Code::Unauthenticated),
            (replay::Reason::Replayed.into(), Code::Unauthenticated),
            (replay::Reason::MemoryFull.into(), Code::Unavailable),
            (session::Reason::TokenUnknown.into(), Code::Unauthenticated),
            (
                session::Reason::AnotherConnection.into(),
                Code::Unauthenticated,
            ),
            (permission::Reason::NotOwner.into(), Code::NotFound),
            (permission::Reason::Unnamed.into(), Code::NotFound),
            (unanswered.into(), Code::GatewayTimeout),
            (request(RequestFault::MediaType), Code::UnsupportedMediaType),
            (request(RequestFault::Query), Code::Malformed),
            (
                request(RequestFault::Schema {
                    schema: "/x".to_owned(),
                }),
                Code::Invalid,
            ),
            (response(ResponseFault::Undeclared), Code::BadGateway),
            (
                response(ResponseFault::Schema {
                    schema: "/x".to_owned(),
                }),
                Code::BadGateway,
            ),
            (response(ResponseFault::Mask), Code::Internal),
            (
                unseal::Reason::Open(OpenRefusal::Refused).into(),
                Code::Invalid,
            ),
            (
                upstream::Reason::Service(ServiceError::Deadline).into(),
                Code::GatewayTimeout,
            ),
            (service(ServiceError::Connect), Code::BadGateway),
            (service(ServiceError::BodyTooLarge), Code::BadGateway),
            (upstream::Reason::Failed.into(), Code::BadGateway),
            (upstream::Reason::NotFound.into(), Code::NotFound),
            (upstream::Reason::Conflict.into(), Code::Conflict),
            (upstream::Reason::Unprocessable.into(), Code::Unprocessable),
            (upstream::Reason::RateLimited.into(), Code::RateLimited),
            (
                mask::Reason::NotMaskable(ResponseFault::Mask).into(),
                Code::Internal,
            ),
            (Fault::NotRecorded.into(), Code::Unavailable),
            (Fault::Panic.into(), Code::Internal),
        ];
        for (reason, code) in map {
            let reason: Reason = reason;
            assert_eq!(reason.code(), code, "{reason:?}");
            assert!(!reason.name().is_empty() && !reason.guard().clauses.is_empty());
        }
    }

    #[test]
    fn a_refusal_tells_its_code_and_nothing_of_its_reason() {
        let request_id = RequestId::from_bytes([7; 16]);
        let place = "/paths/~1transfers/post";
        let fault = RequestFault::Schema {
            schema: place.to_owned(),
        };
        let reason = Reason::Schema(schema::Reason::Request(fault));
        assert_eq!(reason.rule(), Some(place), "the operator is told");
        let reply = reason.reply(request_id);
        assert_eq!(
            reply.body,
            r#"{"type":"urn:hefu:problem:invalid","title":"The request does not fit this function.","status":400,"code":"invalid","request_id":"07070707-0707-0707-0707-070707070707"}"#
        );
        let told = format!("{reply:?}");
        assert!(
            !told.contains("transfers") && !told.contains("schema"),
            "{told}"
        );
    }

    #[test]
    fn who_comes_too_often_is_told_when_to_come_again() {
        let request_id = RequestId::from_bytes([7; 16]);
        let limited = limits::Reason::RateExceeded { retry_after_s: 7 };
        let reply = Reason::from(limited).reply(request_id);
        assert!(reply.fields.contains(&("retry-after", "7".into())));
        let service = Reason::from(upstream::Reason::RateLimited).reply(request_id);
        assert!(service.fields.contains(&("retry-after", "1".into())));
    }
}
