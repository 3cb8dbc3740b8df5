//! Requests and responses keep the schemas of the service's own OpenAPI document.
//!
//! Reading comes first and alone (strict JSON, typed parameters), because the owner rule needs what
//! was read; the schema itself is asked once the user may reach the object at all.
//!
//! Clauses: JR-6.2.4.a, JR-6.2.4.c, JR-6.2.4.e, JR-6.2.5.

use hefu_tally::problem::Code;

use super::{Guard, framing::Head, upstream};
use crate::{
    contract::{Checked, Function, Request, RequestFault, RequestInput, ResponseFault},
    transport::service::ServiceResponse,
};

pub(crate) const GUARD: Guard = Guard {
    name: "schema",
    clauses: hefu_standards::clauses!(),
};

/// How a message breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub(crate) enum Reason {
    /// The request does.
    Request(RequestFault),
    /// The response does.
    Response(ResponseFault),
}

impl Reason {
    /// The stable inner code for operators.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Request(fault) => request_fault_name(fault),
            Self::Response(fault) => response_fault_name(fault),
        }
    }

    /// The place of the document that was broken, for the operator's log.
    pub(crate) fn rule(&self) -> Option<&str> {
        match self {
            Self::Request(
                RequestFault::Schema { schema: place }
                | RequestFault::ParameterMissing { name: place }
                | RequestFault::ParameterRepeated { name: place }
                | RequestFault::ParameterType { name: place },
            )
            | Self::Response(ResponseFault::Schema { schema: place }) => Some(place),
            _ => None,
        }
    }

    pub(crate) const fn code(&self) -> Code {
        match self {
            Self::Request(fault) => of_request_fault(fault),
            Self::Response(
                ResponseFault::Undeclared
                | ResponseFault::MediaType
                | ResponseFault::Json(_)
                | ResponseFault::BodyUnexpected
                | ResponseFault::Schema { .. },
            ) => Code::BadGateway,
            Self::Response(ResponseFault::Mask) => Code::Internal,
        }
    }
}

/// What is told of a request that breaks its contract.
pub(crate) const fn of_request_fault(fault: &RequestFault) -> Code {
    match fault {
        RequestFault::MediaType | RequestFault::Charset => Code::UnsupportedMediaType,
        RequestFault::Json(_) | RequestFault::Query => Code::Malformed,
        RequestFault::BodyUnexpected
        | RequestFault::BodyMissing
        | RequestFault::ParameterUnknown
        | RequestFault::ParameterMissing { .. }
        | RequestFault::ParameterRepeated { .. }
        | RequestFault::ParameterType { .. }
        | RequestFault::Schema { .. }
        | RequestFault::SealedTooMany
        | RequestFault::SealedJson(_) => Code::Invalid,
        RequestFault::SealedCount => Code::Internal,
    }
}

/// The stable inner code of a request's fault.
pub(crate) const fn request_fault_name(fault: &RequestFault) -> &'static str {
    match fault {
        RequestFault::MediaType => "request-media-type",
        RequestFault::Charset => "request-charset",
        RequestFault::Json(_) => "request-json",
        RequestFault::Query => "request-query",
        RequestFault::BodyUnexpected => "request-body-unexpected",
        RequestFault::BodyMissing => "request-body-missing",
        RequestFault::ParameterUnknown => "parameter-unknown",
        RequestFault::ParameterMissing { .. } => "parameter-missing",
        RequestFault::ParameterRepeated { .. } => "parameter-repeated",
        RequestFault::ParameterType { .. } => "parameter-type",
        RequestFault::Schema { .. } => "request-schema",
        RequestFault::SealedTooMany => "sealed-too-many",
        RequestFault::SealedJson(_) => "sealed-json",
        RequestFault::SealedCount => "sealed-count",
    }
}

const fn response_fault_name(fault: &ResponseFault) -> &'static str {
    match fault {
        ResponseFault::Undeclared => "response-undeclared",
        ResponseFault::MediaType => "response-media-type",
        ResponseFault::Json(_) => "response-json",
        ResponseFault::BodyUnexpected => "response-body-unexpected",
        ResponseFault::Schema { .. } => "response-schema",
        ResponseFault::Mask => "mask",
    }
}

/// The fields of a request that its contract declares, every line of them.
pub(crate) fn declared_fields<'request>(
    function: &'request Function,
    head: &'request Head,
) -> Vec<(&'request str, &'request [u8])> {
    function
        .request
        .declared_fields()
        .flat_map(|name| head.lines(name).map(move |value| (name, value)))
        .collect()
}

/// Reads a request by its contract.
///
/// # Errors
/// When it cannot be read in one way only.
pub(crate) fn read<'request>(
    function: &Function,
    input: &RequestInput<'request>,
) -> Result<Request<'request>, Reason> {
    function.request.read(input).map_err(Reason::Request)
}

/// # Errors
/// Naming the rule that the request breaks.
pub(crate) fn check(function: &Function, request: &Request<'_>) -> Result<(), Reason> {
    function.request.check(request).map_err(Reason::Request)
}

/// Checks what the service answered. A refusal of the service passes only if the contract declares
/// a body for it and this is one; otherwise its status alone is told, mapped.
///
/// # Errors
/// How the response breaks the contract, or what its status says.
pub(crate) fn check_response<'response>(
    function: &'response Function,
    response: &'response ServiceResponse,
) -> Result<Checked<'response>, ResponseRefusal> {
    let checked = function
        .response
        .check(response.status, response.is_json, &response.body);
    match (checked, response.status) {
        (Ok(checked), 200..=299 | 400..=499) => Ok(checked),
        (Err(fault), 200..=299) => Err(ResponseRefusal::Schema(Reason::Response(fault))),
        (Ok(_) | Err(_), status) => {
            Err(ResponseRefusal::Status(upstream::Reason::of_status(status)))
        }
    }
}

/// Why a response of the service is not passed on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum ResponseRefusal {
    Schema(Reason),
    Status(upstream::Reason),
}
