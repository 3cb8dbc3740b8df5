//! Refusals as they leave (RFC 9457): one shape, a stable public code, nothing else.
//!
//! Clauses: JR-6.2.4.a, JR-6.2.5.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::ids::RequestId;

/// The media type of a refusal.
pub const MEDIA_TYPE: &str = "application/problem+json";

/// A public code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Code {
    /// Not parseable, duplicated, or ambiguous.
    Malformed,
    /// Breaks the function's schema, or a sealed field does not open.
    Invalid,
    /// Signature, time, replay, session or device: one answer for all.
    Unauthenticated,
    /// Unknown, missing, or someone else's: one answer for all.
    NotFound,
    /// Headers or body arrived too slowly.
    Timeout,
    /// The service reports a conflict.
    Conflict,
    /// The body is over its limit.
    TooLarge,
    /// The body is not the declared JSON in UTF-8.
    UnsupportedMediaType,
    /// The service refuses the content.
    Unprocessable,
    /// Too many requests.
    RateLimited,
    /// The header fields are over their limit.
    HeadersTooLarge,
    /// The gateway's fault.
    Internal,
    /// The service broke its own contract.
    BadGateway,
    /// A check could not be made.
    Unavailable,
    /// The service missed its deadline.
    GatewayTimeout,
}

impl Code {
    /// Every code, in the order of its status.
    pub const ALL: [Self; 15] = [
        Self::Malformed,
        Self::Invalid,
        Self::Unauthenticated,
        Self::NotFound,
        Self::Timeout,
        Self::Conflict,
        Self::TooLarge,
        Self::UnsupportedMediaType,
        Self::Unprocessable,
        Self::RateLimited,
        Self::HeadersTooLarge,
        Self::Internal,
        Self::BadGateway,
        Self::Unavailable,
        Self::GatewayTimeout,
    ];

    /// As `code` shows it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Malformed => "malformed",
            Self::Invalid => "invalid",
            Self::Unauthenticated => "unauthenticated",
            Self::NotFound => "not-found",
            Self::Timeout => "timeout",
            Self::Conflict => "conflict",
            Self::TooLarge => "too-large",
            Self::UnsupportedMediaType => "unsupported-media-type",
            Self::Unprocessable => "unprocessable",
            Self::RateLimited => "rate-limited",
            Self::HeadersTooLarge => "headers-too-large",
            Self::Internal => "internal",
            Self::BadGateway => "bad-gateway",
            Self::Unavailable => "unavailable",
            Self::GatewayTimeout => "gateway-timeout",
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(self) -> u16 {
        match self {
            Self::Malformed | Self::Invalid => 400,
            Self::Unauthenticated => 401,
            Self::NotFound => 404,
            Self::Timeout => 408,
            Self::Conflict => 409,
            Self::TooLarge => 413,
            Self::UnsupportedMediaType => 415,
            Self::Unprocessable => 422,
            Self::RateLimited => 429,
            Self::HeadersTooLarge => 431,
            Self::Internal => 500,
            Self::BadGateway => 502,
            Self::Unavailable => 503,
            Self::GatewayTimeout => 504,
        }
    }

    /// One sentence for people, the same for every request.
    #[must_use]
    pub const fn title(self) -> &'static str {
        match self {
            Self::Malformed => "The request could not be read.",
            Self::Invalid => "The request does not fit this function.",
            Self::Unauthenticated => "The request could not be authenticated.",
            Self::NotFound => "There is nothing here for you.",
            Self::Timeout => "The request arrived too slowly.",
            Self::Conflict => "The request conflicts with the current state.",
            Self::TooLarge => "The request is too large.",
            Self::UnsupportedMediaType => "The request's content type is not accepted.",
            Self::Unprocessable => "The request cannot be carried out.",
            Self::RateLimited => "Too many requests; try again later.",
            Self::HeadersTooLarge => "The request's header fields are too large.",
            Self::Internal => "Something went wrong here.",
            Self::BadGateway => "The service gave no usable answer.",
            Self::Unavailable => "The service is not available now; try again later.",
            Self::GatewayTimeout => "The service did not answer in time.",
        }
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A text is no public code.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a public problem code")]
pub struct UnknownCode;

impl FromStr for Code {
    type Err = UnknownCode;

    fn from_str(text: &str) -> Result<Self, UnknownCode> {
        Self::ALL
            .into_iter()
            .find(|code| code.as_str() == text)
            .ok_or(UnknownCode)
    }
}

/// A refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Why, as far as it is told.
    pub code: Code,
    /// Under which the operator finds the rest.
    pub request_id: RequestId,
}

impl Problem {
    /// The body: the same members in the same order, always.
    #[must_use]
    pub fn to_json(&self) -> String {
        let (code, request_id) = (self.code.as_str(), self.request_id);
        let (title, status) = (self.code.title(), self.code.status());
        format!(
            r#"{{"type":"urn:hefu:problem:{code}","title":"{title}","status":{status},"code":"{code}","request_id":"{request_id}"}}"#
        )
    }
}

/// A refusal as a client reads it. Unknown members are ignored, as RFC 9457 asks.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReceivedProblem {
    /// The HTTP status it repeats.
    pub status: u16,
    /// The public code, which may be one of a newer gateway.
    pub code: String,
    /// Under which the operator finds the rest.
    pub request_id: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shape_is_the_documented_one() {
        let problem = Problem {
            code: Code::Unauthenticated,
            request_id: RequestId::from_bytes([1; 16]),
        };
        assert_eq!(
            problem.to_json(),
            r#"{"type":"urn:hefu:problem:unauthenticated","title":"The request could not be authenticated.","status":401,"code":"unauthenticated","request_id":"01010101-0101-0101-0101-010101010101"}"#
        );
    }

    #[test]
    fn every_code_is_found_by_its_text_and_makes_valid_json() {
        for code in Code::ALL {
            assert_eq!(code.as_str().parse(), Ok(code));
            let json = Problem {
                code,
                request_id: RequestId::from_bytes([0; 16]),
            }
            .to_json();
            let read: ReceivedProblem = serde_json::from_str(&json).unwrap();
            assert_eq!(
                (read.status, read.code.as_str()),
                (code.status(), code.as_str())
            );
        }
        assert!(Code::ALL.is_sorted_by_key(|code| code.status()));
    }
}
