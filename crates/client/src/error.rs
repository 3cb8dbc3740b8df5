//! Why a call did not succeed.

use std::io;

use hefu_gm::rng::RngError;
use hefu_tally::sealed::{FIELDS_MAX, SealError};
use hefu_tally::signature::request::SignRequestError;
use hefu_tally::signature::response::ResponseRefusal;

use crate::advice::{self, Advice, Operation};
use crate::key_store::KeyStoreError;
use crate::response::Refusal;
use crate::session::SessionEnd;

/// Why a request could not even be made: the caller's mistake, or the phone's trouble.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum PrepareError {
    /// The path does not begin with a slash, or has a fragment, spaces or bytes that a target cannot
    /// have. Encode what stands in it.
    #[error("the path is not one that a request can have")]
    Target,
    /// A header field has an impossible name or value, or is one that the client writes itself.
    #[error("the header field {0:?} cannot be sent")]
    Field(String),
    /// The body cannot be written as JSON, or fields of it shall be sealed and it is not JSON.
    #[error("the body is not JSON")]
    Body,
    /// There is nothing at the JSON pointer that shall be sealed.
    #[error("the body has nothing at {0:?} to seal")]
    NothingToSeal(String),
    /// More fields than a gateway opens.
    #[error("at most {FIELDS_MAX} fields of a request can be sealed")]
    SealedTooMany,
    /// A field could not be sealed.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// The device's key could not be used.
    #[error(transparent)]
    KeyStore(#[from] KeyStoreError),
    /// The request could not be signed.
    #[error(transparent)]
    Sign(#[from] SignRequestError),
    /// The system gave no randomness.
    #[error(transparent)]
    Random(#[from] RngError),
}

/// What the library of a channel says.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelCause {
    /// TLS.
    #[error(transparent)]
    Tls(#[from] rustls::Error),
    /// TLCP.
    #[error(transparent)]
    Tlcp(#[from] hefu_tlcp::Error),
}

/// Why there is no channel, or it broke.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ChannelError {
    /// The gateway was not found or did not take the connection: no network, or no gateway.
    #[error("the gateway cannot be reached: {0}")]
    Unreachable(#[source] io::Error),
    /// What answered is not the gateway: its certificate is another authority's, or another name's.
    /// Somebody may be in between; on this network the app should not go on.
    #[error("what answered is not the gateway: {0}")]
    NotTheGateway(#[source] ChannelCause),
    /// The gateway's certificate is not valid now: the phone's clock is wrong, or the institution let
    /// it expire.
    #[error("the gateway's certificate is not valid at the phone's date: {0}")]
    GatewayCertificateTime(#[source] ChannelCause),
    /// The gateway refused the device's certificate: expired, revoked, or of another authority. The
    /// device has to be enrolled again.
    #[error("the gateway refused the device's certificate: {0}")]
    DeviceCertificateRefused(#[source] ChannelCause),
    /// The handshake failed otherwise; captive portals of hotels and airports look like this.
    #[error("no TLS or TLCP channel could be opened: {0}")]
    Tls(#[source] ChannelCause),
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[source] hyper::Error),
    /// What came back is not HTTP/1.1, or its head is over the limits.
    #[error("what came back is not a response: {0}")]
    NotHttp(#[source] hyper::Error),
}

/// Why a request did not bring a response.
///
/// [`advice`](Self::advice) says what the app should do, and
/// [`may_have_been_carried_out`](Self::may_have_been_carried_out) whether money may have moved.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SendError {
    /// The client has no enrolled device. Enrol, or load the enrolment that was stored.
    #[error("this device is not enrolled")]
    NotEnrolled,
    /// The session is over; nothing was sent. Let the user log in again.
    #[error("the session has ended: {0}")]
    SessionEnded(SessionEnd),
    /// The request could not be made; nothing was sent. Mostly a mistake in the app.
    #[error(transparent)]
    Prepare(#[from] PrepareError),
    /// The gateway refused the request. [`Refusal::trusted`] says whether it signed that.
    #[error("{0}")]
    Refused(Refusal),
    /// A response came that is not this gateway's answer to this request. Nothing of it was used.
    /// Somebody may be in between; tell the institution.
    #[error("the response is not authentic: {0}")]
    ResponseNotAuthentic(#[source] ResponseRefusal),
    /// The response is longer than [`Options::response_bytes_max`](crate::Options).
    #[error("the response is larger than the limit")]
    ResponseTooLarge,
    /// No channel, or it broke.
    #[error(transparent)]
    Channel(#[from] ChannelError),
    /// No answer in time.
    #[error("no answer in time")]
    Timeout {
        /// Whether the request had been sent.
        sent: bool,
    },
}

impl SendError {
    /// What the app should do about it, in a session.
    #[must_use]
    pub fn advice(&self) -> Advice {
        advice::on(self, Operation::Call)
    }

    /// Whether the gateway may have passed the request on all the same. When true, an app that moved
    /// money asks what became of it, or sends it again under the same idempotency key; it does not
    /// tell the user that nothing happened.
    #[must_use]
    pub const fn may_have_been_carried_out(&self) -> bool {
        match self {
            Self::NotEnrolled | Self::SessionEnded(_) | Self::Prepare(_) => false,
            Self::Refused(refusal) => refusal.may_have_been_carried_out(),
            Self::ResponseNotAuthentic(_) | Self::ResponseTooLarge => true,
            Self::Channel(error) => match error {
                ChannelError::Broken(_) | ChannelError::NotHttp(_) => true,
                ChannelError::Unreachable(_)
                | ChannelError::NotTheGateway(_)
                | ChannelError::GatewayCertificateTime(_)
                | ChannelError::DeviceCertificateRefused(_)
                | ChannelError::Tls(_) => false,
            },
            Self::Timeout { sent } => *sent,
        }
    }
}

/// A signed answer of the gateway that is not what the contract says: a gateway of another version.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AnswerError {
    /// Another status than the function's.
    #[error("the gateway answered with an unexpected status")]
    Status,
    /// Not the members that it must have.
    #[error("the gateway's answer has not the expected members")]
    Shape,
    /// The certificate is malformed or not for this device's keys.
    #[error("the certificate is not one for this device's keys")]
    Certificate,
    /// The gateway's half of the key agreement was refused.
    #[error("the key agreement failed")]
    Agreement,
}
