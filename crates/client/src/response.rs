//! What came back: nothing of it is believed before its signature holds for the request that was
//! sent.
//!
//! Clauses: AP-5.2, CJ-4.3.3.e, CJ-6.3.d.3, JR-6.1.5.1, JR-6.2.2.a.

use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use hefu_tally::clock::Timestamp;
use hefu_tally::fields::Fields;
use hefu_tally::ids::RequestId;
use hefu_tally::problem::{Code, MEDIA_TYPE, ReceivedProblem};
use hefu_tally::signature::response::ResponseRefusal;
use http::{HeaderMap, HeaderValue};
use serde::de::DeserializeOwned;

use crate::wire::PreparedRequest;

/// Longest wait that a gateway can ask for. Stops: an unsigned field that locks an app for a year.
pub const RETRY_AFTER_MAX: Duration = Duration::from_secs(3_600);

/// A response that the gateway signed for the request it answers.
///
/// Its status can be an error of the service, where the contract gives that error a schema of its
/// own; what the gateway refuses comes as [`SendError::Refused`](crate::SendError::Refused) instead.
#[derive(Clone)]
pub struct Response {
    status: u16,
    content_type: Option<String>,
    request_id: Option<RequestId>,
    signed_at: Timestamp,
    body: Bytes,
}

impl Response {
    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Whether the status is one of success.
    #[must_use]
    pub const fn is_success(&self) -> bool {
        self.status >= 200 && self.status < 300
    }

    /// The media type of the body.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.content_type.as_deref()
    }

    /// Under which the operator finds this request.
    #[must_use]
    pub const fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }

    /// The gateway's clock when it signed.
    #[must_use]
    pub const fn signed_at(&self) -> Timestamp {
        self.signed_at
    }

    /// The body.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// The body as JSON.
    ///
    /// # Errors
    /// When it is not JSON of that shape.
    pub fn json<T: DeserializeOwned>(&self) -> Result<T, serde_json::Error> {
        serde_json::from_slice(&self.body)
    }
}

impl fmt::Debug for Response {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Response")
            .field("status", &self.status)
            .field("request_id", &self.request_id)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}

/// A refusal of the gateway.
///
/// One that is not [`trusted`](Self::trusted) bears no signature: the gateway does not know the key
/// that signed the request (an ended session's, a device's that was removed), refused it before it
/// looked at the signature, or somebody else answered. It says that the request was refused, and
/// nothing more may be built on it: the client neither ends a session nor moves its clock for it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    status: u16,
    code: Option<Code>,
    request_id: Option<RequestId>,
    retry_after: Option<Duration>,
    trusted: bool,
    /// An earlier try of the same request has an unknown outcome.
    after_uncertain: bool,
}

impl Refusal {
    pub(crate) fn read(status: u16, body: &[u8], retry_after: Option<&str>, trusted: bool) -> Self {
        let problem = serde_json::from_slice::<ReceivedProblem>(body).ok();
        Self {
            status,
            code: problem
                .as_ref()
                .and_then(|problem| problem.code.parse().ok()),
            request_id: problem.and_then(|problem| problem.request_id.parse().ok()),
            retry_after: retry_after
                .and_then(|text| text.parse().ok())
                .map(|secs| Duration::from_secs(secs).min(RETRY_AFTER_MAX)),
            trusted,
            after_uncertain: false,
        }
    }

    /// The HTTP status.
    #[must_use]
    pub const fn status(&self) -> u16 {
        self.status
    }

    /// Why, as far as it is told; none when the code is not known to this client.
    #[must_use]
    pub const fn code(&self) -> Option<Code> {
        self.code
    }

    /// What the user can read out to the institution.
    #[must_use]
    pub const fn request_id(&self) -> Option<RequestId> {
        self.request_id
    }

    /// How long the gateway asks to wait: an hour at most. It is not covered by the signature.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }

    /// Whether the gateway signed it.
    #[must_use]
    pub const fn trusted(&self) -> bool {
        self.trusted
    }

    pub(crate) const fn after_uncertain(mut self) -> Self {
        self.after_uncertain = true;
        self
    }

    pub(crate) const fn may_have_been_carried_out(&self) -> bool {
        // From 500 on the service may have been reached; below it was not.
        self.status >= 500 || self.after_uncertain
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "refused with status {}", self.status)?;
        if let Some(code) = self.code {
            write!(f, " ({code})")?;
        }
        if !self.trusted {
            f.write_str(", unsigned")?;
        }
        if let Some(id) = self.request_id {
            write!(f, ", request {id}")?;
        }
        Ok(())
    }
}

/// What a response turned out to be.
#[derive(Debug)]
pub(crate) enum Judged {
    /// Signed, an answer.
    Answer(Response),
    /// Signed at that time (Unix seconds), a refusal.
    Refusal(Refusal, i64),
    /// Not signed, a refusal.
    UntrustedRefusal(Refusal),
}

/// Verifies a response to `request`.
pub(crate) fn judge(
    request: &PreparedRequest,
    status: u16,
    fields: &HeaderMap,
    body: Bytes,
) -> Result<Judged, ResponseRefusal> {
    let text = |name: &str| fields.get(name).and_then(|value| value.to_str().ok());
    let refusal = |trusted| Refusal::read(status, &body, text("retry-after"), trusted);
    let signed_at = match request.verify_response(status, &HeaderFields(fields), &body) {
        Ok(signed_at) => signed_at,
        Err(ResponseRefusal::Unsigned) if status >= 400 => {
            return Ok(Judged::UntrustedRefusal(refusal(false)));
        }
        Err(refused) => return Err(refused),
    };
    let content_type = text("content-type").map(str::to_owned);
    if status >= 400 && content_type.as_deref().is_some_and(is_problem) {
        return Ok(Judged::Refusal(refusal(true), signed_at));
    }
    Ok(Judged::Answer(Response {
        status,
        content_type,
        request_id: text("x-request-id").and_then(|id| id.parse().ok()),
        signed_at: Timestamp::from_secs(signed_at),
        body,
    }))
}

fn is_problem(content_type: &str) -> bool {
    let media_type = content_type.split(';').next().unwrap_or_default();
    media_type.trim().eq_ignore_ascii_case(MEDIA_TYPE)
}

/// Header fields of the HTTP library, as the signature rules read them.
struct HeaderFields<'map>(&'map HeaderMap);

impl Fields for HeaderFields<'_> {
    fn values<'fields>(&'fields self, name: &str) -> impl Iterator<Item = &'fields [u8]> {
        self.0.get_all(name).into_iter().map(HeaderValue::as_bytes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refusal_is_read_as_far_as_it_is_understood() {
        let read = |body: &str, after| Refusal::read(429, body.as_bytes(), after, true);
        let id = "01010101-0101-7101-8101-010101010101";
        let problem = format!(r#"{{"status":429,"code":"rate-limited","request_id":"{id}"}}"#);
        let refusal = read(&problem, Some("7"));
        assert_eq!(refusal.code(), Some(Code::RateLimited));
        assert_eq!(refusal.request_id(), id.parse().ok());
        assert_eq!(refusal.retry_after(), Some(Duration::from_secs(7)));
        for body in [
            "",
            "null",
            "<html>",
            r#"{"status":"x"}"#,
            &"[".repeat(10_000),
        ] {
            let refusal = read(body, Some("99999999999"));
            assert_eq!((refusal.status(), refusal.code()), (429, None), "{body}");
            assert_eq!(refusal.retry_after(), Some(RETRY_AFTER_MAX));
        }
        assert_eq!(read("", Some("tomorrow")).retry_after(), None);
    }

    #[test]
    fn parameters_of_the_media_type_do_not_matter() {
        assert!(is_problem("application/problem+json"));
        assert!(is_problem("Application/Problem+JSON; charset=utf-8"));
        assert!(!is_problem("application/json"));
    }
}
