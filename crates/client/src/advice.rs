//! From what went wrong to what the user should do.

use std::time::Duration;

use hefu_tally::problem::Code;

use crate::enrolment::EnrolError;
use crate::error::{ChannelError, PrepareError, SendError};
use crate::key_store::KeyStoreError;
use crate::response::Refusal;
use crate::session::OpenSessionError;

/// What the app should do, or have the user do.
///
/// It is advice for a screen, never a command: nothing is deleted, nobody is logged in again and
/// nothing is sent without the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Advice {
    /// Try again later, or on another network; `after` is what the gateway asked for.
    RetryLater {
        /// The wait that the gateway asked for, if it did.
        after: Option<Duration>,
    },
    /// Let the user log in (again); at login: user name or password are wrong.
    LogInAgain,
    /// The gateway does not know this device (any longer), or its certificate is over: enrol it again,
    /// with a new code.
    EnrolAgain,
    /// Have the user set the phone's date and time.
    UpdateClock,
    /// Repeating will not help: show what happened, with the request id for the institution.
    GiveUp,
}

/// What was being done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operation {
    Enrol,
    OpenSession,
    Call,
}

/// The one place where errors become advice.
pub(crate) fn on(error: &SendError, operation: Operation) -> Advice {
    match error {
        SendError::NotEnrolled => Advice::EnrolAgain,
        SendError::SessionEnded(_) => Advice::LogInAgain,
        SendError::Prepare(error) => match error {
            PrepareError::KeyStore(error) => on_key_store(error),
            PrepareError::Random(_) => Advice::RetryLater { after: None },
            PrepareError::Target
            | PrepareError::Field(_)
            | PrepareError::Body
            | PrepareError::NothingToSeal(_)
            | PrepareError::SealedTooMany
            | PrepareError::Seal(_)
            | PrepareError::Sign(_) => Advice::GiveUp,
        },
        SendError::Refused(refusal) => on_refusal(refusal, operation),
        SendError::ResponseNotAuthentic(_) | SendError::ResponseTooLarge => Advice::GiveUp,
        SendError::Channel(error) => match error {
            ChannelError::Unreachable(_)
            | ChannelError::Tls(_)
            | ChannelError::Broken(_)
            | ChannelError::NotHttp(_) => Advice::RetryLater { after: None },
            ChannelError::NotTheGateway(_) => Advice::GiveUp,
            ChannelError::GatewayCertificateTime(_) => Advice::UpdateClock,
            ChannelError::DeviceCertificateRefused(_) => Advice::EnrolAgain,
        },
        SendError::Timeout { .. } => Advice::RetryLater { after: None },
    }
}

/// A code says more than a status, and a status is all that a newer gateway's code leaves us.
fn on_refusal(refusal: &Refusal, operation: Operation) -> Advice {
    let later = Advice::RetryLater {
        after: refusal.retry_after(),
    };
    let unauthenticated = match operation {
        Operation::Enrol => Advice::EnrolAgain,
        // A device's key that the gateway knows brings a signed answer, whatever the password is.
        Operation::OpenSession if !refusal.trusted() => Advice::EnrolAgain,
        Operation::OpenSession | Operation::Call => Advice::LogInAgain,
    };
    match refusal.code() {
        Some(Code::Unauthenticated) => unauthenticated,
        Some(
            Code::Timeout
            | Code::RateLimited
            | Code::Internal
            | Code::BadGateway
            | Code::Unavailable
            | Code::GatewayTimeout,
        ) => later,
        Some(
            Code::Malformed
            | Code::Invalid
            | Code::NotFound
            | Code::Conflict
            | Code::TooLarge
            | Code::UnsupportedMediaType
            | Code::Unprocessable
            | Code::HeadersTooLarge,
        ) => Advice::GiveUp,
        None if refusal.status() == 401 => unauthenticated,
        None if matches!(refusal.status(), 408 | 429 | 500..) => later,
        None => Advice::GiveUp,
    }
}

pub(crate) const fn on_key_store(error: &KeyStoreError) -> Advice {
    match error {
        KeyStoreError::Missing | KeyStoreError::Damaged => Advice::EnrolAgain,
        KeyStoreError::Locked
        | KeyStoreError::Failed
        | KeyStoreError::Storage(_)
        | KeyStoreError::Phone(_) => Advice::RetryLater { after: None },
        KeyStoreError::Algorithm => Advice::GiveUp,
    }
}

impl EnrolError {
    /// What the app should do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::KeyStore(error) => on_key_store(error),
            Self::Model | Self::Answer(_) => Advice::GiveUp,
            Self::Send(error) => on(error, Operation::Enrol),
        }
    }
}

impl OpenSessionError {
    /// What the app should do about it.
    #[must_use]
    pub fn advice(&self) -> Advice {
        match self {
            Self::Random(_) => Advice::RetryLater { after: None },
            Self::Answer(_) => Advice::GiveUp,
            Self::Send(error) => on(error, Operation::OpenSession),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_refusal_means_another_thing_at_enrolment_at_login_and_later() {
        let refusal = |status, code: &str, trusted| {
            let problem = format!(r#"{{"status":{status},"code":"{code}","request_id":"x"}}"#);
            SendError::Refused(Refusal::read(
                status,
                problem.as_bytes(),
                Some("30"),
                trusted,
            ))
        };
        let refused = |status, code: &str| refusal(status, code, true);
        let unauthenticated = refused(401, "unauthenticated");
        assert_eq!(on(&unauthenticated, Operation::Enrol), Advice::EnrolAgain);
        assert_eq!(
            on(&unauthenticated, Operation::OpenSession),
            Advice::LogInAgain
        );
        assert_eq!(unauthenticated.advice(), Advice::LogInAgain);
        let unknown = refusal(401, "unauthenticated", false);
        assert_eq!(on(&unknown, Operation::OpenSession), Advice::EnrolAgain);
        assert_eq!(unknown.advice(), Advice::LogInAgain);
        let after = Some(Duration::from_secs(30));
        assert_eq!(
            refused(429, "rate-limited").advice(),
            Advice::RetryLater { after }
        );
        assert_eq!(
            refused(503, "unavailable").advice(),
            Advice::RetryLater { after }
        );
        assert_eq!(refused(422, "unprocessable").advice(), Advice::GiveUp);
        // Codes of a gateway that is newer than this client.
        assert_eq!(refused(401, "new").advice(), Advice::LogInAgain);
        assert_eq!(refused(599, "new").advice(), Advice::RetryLater { after });
        assert_eq!(refused(418, "new").advice(), Advice::GiveUp);
    }

    #[test]
    fn each_kind_of_trouble_has_its_advice() {
        let io = || std::io::Error::from(std::io::ErrorKind::ConnectionRefused);
        let tls = || crate::error::ChannelCause::from(rustls::Error::HandshakeNotComplete);
        let later = Advice::RetryLater { after: None };
        for (error, advice) in [
            (SendError::NotEnrolled, Advice::EnrolAgain),
            (ChannelError::Unreachable(io()).into(), later),
            (ChannelError::Tls(tls()).into(), later),
            (ChannelError::NotTheGateway(tls()).into(), Advice::GiveUp),
            (
                ChannelError::GatewayCertificateTime(tls()).into(),
                Advice::UpdateClock,
            ),
            (
                ChannelError::DeviceCertificateRefused(tls()).into(),
                Advice::EnrolAgain,
            ),
            (SendError::Timeout { sent: true }, later),
            (SendError::ResponseTooLarge, Advice::GiveUp),
            (PrepareError::KeyStore(KeyStoreError::Locked).into(), later),
            (
                PrepareError::KeyStore(KeyStoreError::Missing).into(),
                Advice::EnrolAgain,
            ),
            (PrepareError::Target.into(), Advice::GiveUp),
        ] {
            assert_eq!(error.advice(), advice, "{error}");
        }
    }
}
