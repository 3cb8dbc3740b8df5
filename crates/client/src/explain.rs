//! What a request says and why: for people who look at one.

use std::fmt;

use crate::wire::PreparedRequest;

/// What stands where a secret was.
const REDACTED: &str = "(redacted)";

/// A request with the reason for each of its parts. It holds no secret: the token is redacted, the
/// body is left out, and what was sealed is named only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// `GET`, `POST`, …
    pub method: String,
    /// The absolute URI that is signed.
    pub target_uri: String,
    /// The text that is signed, line by line.
    pub signature_base: String,
    /// The header fields in the order in which they are sent.
    pub headers: Vec<ExplainedHeader>,
    /// JSON pointers of the fields that were sealed.
    pub sealed: Vec<String>,
    /// Length of the body.
    pub body_bytes: usize,
}

/// A header field and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainedHeader {
    /// In lower case.
    pub name: String,
    /// As it is sent; redacted where it is secret.
    pub value: String,
    /// Why it is there.
    pub reason: &'static str,
}

impl PreparedRequest {
    /// Explains the request.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        let token = self
            .header("authorization")
            .and_then(|value| value.split_once(' '))
            .map(|(_, token)| token)
            .filter(|token| !token.is_empty());
        let redact = |text: &str| match token {
            Some(token) => text.replace(token, REDACTED),
            None => text.to_owned(),
        };
        let headers = self.headers.iter().map(|(name, value)| ExplainedHeader {
            name: name.clone(),
            value: redact(value),
            reason: reason(name),
        });
        Explanation {
            method: self.method.clone(),
            target_uri: self.target_uri.clone(),
            signature_base: redact(&self.base),
            headers: headers.collect(),
            sealed: self.sealed.clone(),
            body_bytes: self.body.len(),
        }
    }
}

fn reason(name: &str) -> &'static str {
    match name {
        "host" => "Where the request goes; the gateway refuses any other than its own.",
        "x-function-no" => "Names the business operation; signed, so that it cannot be exchanged.",
        "authorization" => "The session's token; worth nothing without the key that signs.",
        "content-type" => "What the body is; the gateway takes what the function's contract names.",
        "content-length" => "Where the body ends; the gateway takes no other framing.",
        "idempotency-key" => "Lets the service carry the request out once, however often it comes.",
        "content-digest" => "The body's digest; the signature covers the body through it.",
        "signature-input" => "What is signed, by which key, when, until when, and the nonce.",
        "signature" => "The signature over the text that signature-input describes.",
        _ => "Sent as it was given; the signature does not cover it.",
    }
}

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{} {}", self.method, self.target_uri)?;
        for header in &self.headers {
            writeln!(
                f,
                "{}: {}\n    {}",
                header.name, header.value, header.reason
            )?;
        }
        writeln!(f, "body: {} bytes", self.body_bytes)?;
        for pointer in &self.sealed {
            writeln!(f, "    {pointer} is sealed for this request alone.")?;
        }
        writeln!(f, "signed text:")?;
        for line in self.signature_base.lines() {
            writeln!(f, "    {line}")?;
        }
        Ok(())
    }
}
