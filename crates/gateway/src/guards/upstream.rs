//! Forwards what passed to the service, within the deadline of the function's class, and lets
//! nothing of the service through that its contract does not name.
//!
//! The service hears who asks from the gateway alone: `X-Hefu-*` fields of a request stay outside
//! because only fields that the contract declares are passed on, and never these. Of the response
//! only the status and the body come back, so `Server`, `X-Powered-By` and their like do not.
//!
//! Clauses: CJ-5.3.f, CJ-6.4.4, JR-6.2.4.a, JR-6.2.5.

use std::{borrow::Cow, fmt::Write as _, time::Duration};

use hefu_tally::ids::{DeviceId, RequestId};
use tokio::time::Instant;

use super::{Guard, framing::Head};
use crate::{
    contract::Function,
    transport::service::{Service, ServiceError, ServiceRequest, ServiceResponse},
};

pub(crate) const GUARD: Guard = Guard {
    name: "upstream",
    clauses: hefu_standards::clauses!(),
};

/// Why the service's answer is not passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// The service could not be heard, or not within the class's deadline.
    Service(ServiceError),
    /// It refused what was asked: 400 or 422.
    Unprocessable,
    /// 401, 403, 404 or 410.
    NotFound,
    /// 409 or 412.
    Conflict,
    /// 429.
    RateLimited,
    /// Any other 4xx, a redirect, or a status outside HTTP's.
    UnexpectedStatus,
    /// 5xx.
    Failed,
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Service(ServiceError::Connect) => "service-unreachable",
            Self::Service(ServiceError::Closed) => "service-closed",
            Self::Service(ServiceError::Head) => "service-head",
            Self::Service(ServiceError::Framing) => "service-framing",
            Self::Service(ServiceError::BodyTooLarge) => "service-body-too-large",
            Self::Service(ServiceError::Deadline) => "deadline",
            Self::Unprocessable => "service-unprocessable",
            Self::NotFound => "service-not-found",
            Self::Conflict => "service-conflict",
            Self::RateLimited => "service-rate-limited",
            Self::UnexpectedStatus => "service-unexpected-status",
            Self::Failed => "service-failed",
        }
    }

    /// What a status says that the contract does not pass on (PROTOCOL §8).
    pub(crate) const fn of_status(status: u16) -> Self {
        match status {
            400 | 422 => Self::Unprocessable,
            401 | 403 | 404 | 410 => Self::NotFound,
            409 | 412 => Self::Conflict,
            429 => Self::RateLimited,
            500..=599 => Self::Failed,
            _ => Self::UnexpectedStatus,
        }
    }
}

/// When the service has to have answered all that one request asks of it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline(Instant);

impl Deadline {
    /// CJ-5.3.f: by the function's class, from now on.
    pub(crate) fn of(function: &Function) -> Self {
        Self(Instant::now() + Duration::from_millis(function.class.deadline_ms()))
    }
}

/// Who asks, as the service is told.
#[derive(Debug)]
pub(crate) struct Caller<'caller> {
    request_id: String,
    device: String,
    /// The customer, as the service knows them.
    pub(crate) subject: Option<&'caller str>,
    subject_field: Option<Cow<'caller, str>>,
}

impl<'caller> Caller<'caller> {
    pub(crate) fn new(
        request_id: RequestId,
        device: DeviceId,
        subject: Option<&'caller str>,
    ) -> Self {
        Self {
            request_id: request_id.to_string(),
            device: device.to_string(),
            subject,
            subject_field: subject.map(field_text),
        }
    }

    fn fields(&self) -> Vec<(&str, &[u8])> {
        let mut fields = Vec::with_capacity(8);
        fields.push(("x-request-id", self.request_id.as_bytes()));
        fields.push(("x-hefu-device", self.device.as_bytes()));
        if let Some(subject) = &self.subject_field {
            fields.push(("x-hefu-subject", subject.as_bytes()));
        }
        fields
    }
}

/// Forwards a request.
///
/// # Errors
/// When there is no whole answer in time.
pub(crate) async fn forward(
    service: &Service,
    function: &Function,
    head: &Head,
    body: &[u8],
    caller: &Caller<'_>,
    deadline: Deadline,
) -> Result<ServiceResponse, Reason> {
    let mut fields = caller.fields();
    fields.push(("x-hefu-function", function.no.as_str().as_bytes()));
    for name in function.request.declared_fields() {
        if !stays_inside(name) {
            fields.extend(head.lines(name).map(|value| (name, value)));
        }
    }
    if !body.is_empty() {
        fields.push(("content-type", b"application/json"));
    }
    let request = ServiceRequest {
        method: function.method.as_str(),
        target: head.target(),
        fields: &fields,
        body,
        repeatable: function.idempotent,
    };
    send(service, &request, deadline).await
}

/// Asks the service something on the gateway's own behalf.
///
/// # Errors
/// When there is no whole answer in time.
pub(crate) async fn ask(
    service: &Service,
    target: &str,
    caller: &Caller<'_>,
    deadline: Deadline,
) -> Result<ServiceResponse, Reason> {
    let request = ServiceRequest {
        method: "GET",
        target,
        fields: &caller.fields(),
        body: &[],
        repeatable: true,
    };
    send(service, &request, deadline).await
}

async fn send(
    service: &Service,
    request: &ServiceRequest<'_>,
    deadline: Deadline,
) -> Result<ServiceResponse, Reason> {
    service
        .send(request, deadline.0)
        .await
        .map_err(Reason::Service)
}

/// A subject as a field can carry it: other bytes than visible ASCII, and the percent sign itself,
/// are percent-encoded.
fn field_text(subject: &str) -> Cow<'_, str> {
    let is_plain = |byte: u8| byte.is_ascii_graphic() && byte != b'%';
    if subject.bytes().all(is_plain) {
        return Cow::Borrowed(subject);
    }
    let mut text = String::with_capacity(subject.len() * 3);
    for byte in subject.bytes() {
        if is_plain(byte) {
            text.push(char::from(byte));
        } else {
            let _ = write!(text, "%{byte:02X}");
        }
    }
    Cow::Owned(text)
}

/// Fields that no contract can have passed on: those that only the gateway sets, those that prove
/// who sent the request (a service could use them in the customer's name), and those of one
/// connection.
fn stays_inside(name: &str) -> bool {
    name.starts_with("x-hefu-")
        || name.starts_with("proxy-")
        || matches!(
            name,
            "authorization"
                | "connection"
                | "content-digest"
                | "content-length"
                | "content-type"
                | "cookie"
                | "expect"
                | "host"
                | "keep-alive"
                | "signature"
                | "signature-input"
                | "te"
                | "transfer-encoding"
                | "x-request-id"
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_subject_can_break_out_of_its_field() {
        assert_eq!(field_text("C-1001@bank"), "C-1001@bank");
        assert_eq!(field_text("李\r\nx: 1%"), "%E6%9D%8E%0D%0Ax:%201%25");
    }

    #[test]
    fn no_contract_passes_on_what_proves_the_sender() {
        for name in [
            "authorization",
            "signature",
            "cookie",
            "x-hefu-subject",
            "x-request-id",
        ] {
            assert!(stays_inside(name), "{name}");
        }
        for name in ["idempotency-key", "accept-language", "x-channel"] {
            assert!(!stays_inside(name), "{name}");
        }
    }

    #[test]
    fn statuses_map_as_the_protocol_says() {
        for (status, reason) in [
            (400, Reason::Unprocessable),
            (422, Reason::Unprocessable),
            (401, Reason::NotFound),
            (403, Reason::NotFound),
            (404, Reason::NotFound),
            (409, Reason::Conflict),
            (429, Reason::RateLimited),
            (500, Reason::Failed),
            (503, Reason::Failed),
            (302, Reason::UnexpectedStatus),
            (418, Reason::UnexpectedStatus),
            (999, Reason::UnexpectedStatus),
        ] {
            assert_eq!(Reason::of_status(status), reason, "{status}");
        }
    }
}
