//! Requests as they go over the wire, for those who carry them themselves: other transports, load
//! generators, and testers who sign a request correctly and then alter it.
//!
//! ```no_run
//! # async fn example(session: &hefu_client::Session) -> Result<(), Box<dyn std::error::Error>> {
//! use hefu_client::Method;
//!
//! let mut request = session
//!     .request(Method::POST, "/transfers", "T2001".parse()?)
//!     .json(&serde_json::json!({ "amount_cents": 100 }))
//!     .prepare()?;
//! request.body = br#"{"amount_cents":999}"#.to_vec();
//! let bytes = request.to_bytes(); // a body that was not signed: the gateway refuses it
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::sync::Arc;

use hefu_gm::Zeroizing;
use hefu_tally::fields::Fields;
use hefu_tally::ids::{GatewayKeyId, SessionId};
use hefu_tally::key::{PublicKey, SessionKey, VerifyWith};
use hefu_tally::signature::base::Message;
use hefu_tally::signature::request::LABEL;
use hefu_tally::signature::response::{self, ResponseRefusal};
use zeroize::Zeroize as _;

/// Who signs the response to a request (docs/PROTOCOL.md, section 4).
#[derive(Clone, Debug)]
pub(crate) enum AnsweredBy {
    /// The session's key, to what the session's key signed.
    Session(SessionId, Box<SessionKey>),
    /// The gateway's signing key, to what a device's key signed.
    Gateway(GatewayKeyId, Arc<PublicKey>),
}

/// A signed request that has not been sent.
///
/// The fields are open to whoever wants to alter them. It holds the session's token and is wiped
/// when it is dropped; printing it shows neither token nor body.
#[derive(Clone)]
pub struct PreparedRequest {
    /// `GET`, `POST`, …
    pub method: String,
    /// In origin form: path and query.
    pub target: String,
    /// All header fields, in the order in which they are sent; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it is sent: sealed fields are sealed.
    pub body: Vec<u8>,
    pub(crate) target_uri: String,
    pub(crate) base: Zeroizing<String>,
    pub(crate) sealed: Vec<String>,
    pub(crate) answered_by: AnsweredBy,
}

impl PreparedRequest {
    /// The value of the first header field with this name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(field, _)| field.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// The request as HTTP/1.1.
    #[must_use]
    pub fn to_bytes(&self) -> Zeroizing<Vec<u8>> {
        let lines = self
            .headers
            .iter()
            .map(|(name, value)| name.len() + value.len() + 4);
        let length = self.method.len() + self.target.len() + 16 + lines.sum::<usize>();
        let mut bytes = Zeroizing::new(Vec::with_capacity(length + self.body.len()));
        let first_line = [&self.method, " ", &self.target, " HTTP/1.1\r\n"];
        let lines = self
            .headers
            .iter()
            .flat_map(|(name, value)| [name, ": ", value, "\r\n"]);
        for part in first_line.into_iter().chain(lines).chain(["\r\n"]) {
            bytes.extend_from_slice(part.as_bytes());
        }
        bytes.extend_from_slice(&self.body);
        bytes
    }

    /// Checks that a response is the gateway's answer to this very request. Gives the gateway's
    /// clock, in Unix seconds.
    ///
    /// # Errors
    /// When it is not signed, not by the key that has to, not for this request, or altered.
    pub fn verify_response<F: Fields + ?Sized>(
        &self,
        status: u16,
        fields: &F,
        body: &[u8],
    ) -> Result<i64, ResponseRefusal> {
        let request = Message::request(&self.method, &self.target_uri, &self.headers);
        let response = Message::response(status, fields);
        let (key_id, key) = match &self.answered_by {
            AnsweredBy::Session(id, key) => (id.to_string(), VerifyWith::Session(key)),
            AnsweredBy::Gateway(id, key) => (id.to_string(), VerifyWith::Public(key)),
        };
        response::verify(&key_id, key, &response, body, &request, LABEL)
    }
}

impl Drop for PreparedRequest {
    fn drop(&mut self) {
        for (name, value) in &mut self.headers {
            if name.eq_ignore_ascii_case("authorization") {
                value.zeroize();
            }
        }
    }
}

impl fmt::Debug for PreparedRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        f.debug_struct("PreparedRequest")
            .field("method", &self.method)
            .field("target", &self.target)
            .field("headers", &names)
            .field("body_bytes", &self.body.len())
            .finish_non_exhaustive()
    }
}
