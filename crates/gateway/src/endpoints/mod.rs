//! The gateway's own functions: enrolment and sessions. They pass the same guards as a service's
//! functions; only what they mean is in `hefu-identity`.

pub(crate) mod device;
pub(crate) mod session;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use bytes::Bytes;
use hefu_gm::{Zeroizing, sm2::DecryptionKey};
use hefu_tally::ids::RequestId;
use serde::{Serialize, de::DeserializeOwned};

use crate::{
    guards::{
        framing::Head,
        unseal::{self, Binding},
    },
    reply::Reply,
    transport::service::is_json,
};

/// Why a body is not what a function of ours takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum BodyFault {
    /// It is not said to be JSON in UTF-8.
    MediaType,
    /// It is not the JSON of this function.
    Shape,
}

fn parse<T: DeserializeOwned>(head: &Head, body: &[u8]) -> Result<T, BodyFault> {
    if !head.field("content-type").is_some_and(is_json) {
        return Err(BodyFault::MediaType);
    }
    serde_json::from_slice(body).map_err(|_| BodyFault::Shape)
}

/// The text in a sealed field of ours, which holds a JSON string.
fn open_text(
    key: &DecryptionKey,
    binding: Binding<'_>,
    pointer: &str,
    sealed: &str,
) -> Result<Zeroizing<String>, unseal::Reason> {
    let json = unseal::open(key, binding, pointer, sealed)?;
    let text = serde_json::from_slice(&json).map_err(|_| unseal::Reason::Text)?;
    Ok(Zeroizing::new(text))
}

fn decode(base64url: &str) -> Option<Vec<u8>> {
    URL_SAFE_NO_PAD.decode(base64url).ok()
}

fn encode(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// A response with a JSON body, which every response of ours can be.
fn json(status: u16, request_id: RequestId, body: &impl Serialize) -> Result<Reply, NotSerialized> {
    let body = serde_json::to_vec(body).map_err(|_| NotSerialized)?;
    Ok(reply(status, request_id, body.into()))
}

/// Our own type could not be written as JSON.
struct NotSerialized;

/// A response of a function that passed.
pub(crate) fn reply(status: u16, request_id: RequestId, body: Bytes) -> Reply {
    Reply::new(status, body)
        .with("content-type", "application/json")
        .with("x-request-id", request_id.to_string())
}
