//! A user's session: opened under the device's key, used under a key that is agreed for it alone,
//! closed on the gateway (docs/PROTOCOL.md, section 6).
//!
//! The token is in memory only, travels in `Authorization` only, and is worth nothing without one of
//! the two keys.
//!
//! Clauses: CJ-4.2.2.d, CJ-4.2.2.e, CJ-6.3.d.2, CJ-6.3.e, JR-6.1.4.d, JR-6.2.2.a, JR-6.2.2.d,
//! JR-6.2.2.e.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_gm::Zeroizing;
use hefu_gm::rng::RngError;
use hefu_gm::sm2::EphemeralSecret;
use hefu_tally::clock::Timestamp;
use hefu_tally::function::FunctionNo;
use hefu_tally::ids::{KeyId, SessionId};
use hefu_tally::key::{SessionKey, Signer};
use hefu_tally::messages::{
    AUTHORIZATION_SCHEME, Agreement, AgreementAlgorithm, CLOSE_SESSION_FUNCTION,
    CLOSE_SESSION_PATH, OPEN_SESSION_FUNCTION, OPEN_SESSION_PATH, OpenSessionRequest,
    OpenSessionResponse, TOKEN_CHARS,
};
use hefu_tally::session_key::{self, Side};
use http::Method;
use tokio::sync::watch;
use zeroize::Zeroize as _;

use crate::client::{Caller, Client, Credentials, Enrolled, Inner};
use crate::error::{AnswerError, PrepareError, SendError};
use crate::options::Rng;
use crate::request::{Request, SigningWith, Spec};
use crate::response::{Refusal, Response};
use crate::wire::AnsweredBy;

/// How a session ended, as far as the client knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SessionEnd {
    /// [`Session::close`] ended it.
    Closed,
    /// The gateway refused it over its own signature: it was idle too long, too old, ended by a newer
    /// login, or its device was frozen.
    Refused,
}

impl fmt::Display for SessionEnd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Closed => "closed",
            Self::Refused => "refused by the gateway",
        })
    }
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSessionError {
    /// The system gave no randomness for the key agreement.
    #[error(transparent)]
    Random(#[from] RngError),
    /// The gateway was not reached, or refused: user name or password are wrong, or the device may
    /// not log in.
    #[error(transparent)]
    Send(#[from] SendError),
    /// The gateway's answer cannot be used.
    #[error(transparent)]
    Answer(#[from] AnswerError),
}

/// An open session. Its key and token are wiped when it is dropped; only [`close`](Self::close) ends
/// it on the gateway too.
pub struct Session {
    client: Client,
    enrolled: Arc<Enrolled>,
    id: SessionId,
    key: SessionKey,
    /// The whole value of `Authorization`.
    authorization: Zeroizing<String>,
    expires_at: Timestamp,
    idle: Duration,
    end: watch::Sender<Option<SessionEnd>>,
}

impl Client {
    /// Logs a user in. The password travels sealed to the gateway's encryption key, inside the
    /// channel, and opens for this one request only.
    ///
    /// # Errors
    /// When the gateway cannot be reached or refuses.
    pub async fn open_session(
        &self,
        user: &str,
        password: &str,
    ) -> Result<Session, OpenSessionError> {
        let enrolled = self.inner.enrolled().ok_or(SendError::NotEnrolled)?;
        let randomness = self.inner.options.system.randomness.as_ref();
        let secret = EphemeralSecret::make(&mut Rng(randomness))?;
        let mut request = OpenSessionRequest {
            user: user.to_owned(),
            password: password.to_owned(),
            agreement: Agreement {
                alg: AgreementAlgorithm::Sm2Ecdh,
                public: URL_SAFE_NO_PAD.encode(secret.public_key()),
            },
        };
        let spec = built_in(Method::POST, OPEN_SESSION_PATH, OPEN_SESSION_FUNCTION)?
            .json(&request)
            .seal("/password");
        request.password.zeroize();
        let response = Caller::Device(self).send(&spec).await?;
        if response.status() != 201 {
            return Err(AnswerError::Status.into());
        }
        let opened = read_opened(&response)?;
        let point = URL_SAFE_NO_PAD
            .decode(&opened.agreement.public)
            .ok()
            .and_then(|point| point.try_into().ok())
            .ok_or(AnswerError::Shape)?;
        let device = enrolled.enrolment.device;
        let key = session_key::derive(Side::Client, secret, &point, device, opened.session)
            .map_err(|_| AnswerError::Agreement)?;
        Ok(Session {
            client: self.clone(),
            enrolled,
            id: opened.session,
            key: SessionKey::from_bytes(&key),
            authorization: Zeroizing::new(format!(
                "{AUTHORIZATION_SCHEME} {}",
                opened.token.as_str()
            )),
            expires_at: Timestamp::from_secs(opened.expires_at),
            idle: Duration::from_secs(opened.idle_s),
            end: watch::Sender::new(None),
        })
    }
}

/// What a login brought, with the token in a place that is wiped.
struct Opened {
    session: SessionId,
    token: Zeroizing<String>,
    expires_at: i64,
    idle_s: u64,
    agreement: Agreement,
}

fn read_opened(response: &Response) -> Result<Opened, AnswerError> {
    let opened: OpenSessionResponse = response.json().map_err(|_| AnswerError::Shape)?;
    let token = Zeroizing::new(opened.token);
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    if token.len() != TOKEN_CHARS || !token.bytes().all(allowed) {
        return Err(AnswerError::Shape);
    }
    Ok(Opened {
        session: opened.session,
        token,
        expires_at: opened.expires_at,
        idle_s: opened.idle_s,
        agreement: opened.agreement,
    })
}

impl Session {
    /// Begins a request: a function of the service, by its method, path and number.
    pub fn request(&self, method: Method, path: &str, function: FunctionNo) -> Request<'_> {
        Request::new(Caller::Session(self), Spec::new(method, path, function))
    }

    /// Logs the user out: ends the session on the gateway, then here.
    ///
    /// # Errors
    /// When the gateway cannot be reached or refuses. The session is then still open, until the
    /// gateway ends it for being idle; dropping it forgets its key and token all the same.
    pub async fn close(&self) -> Result<(), SendError> {
        let function = CLOSE_SESSION_FUNCTION;
        let spec = built_in(Method::DELETE, CLOSE_SESSION_PATH, function)?;
        Caller::Session(self).send(&spec).await?;
        self.end_with(SessionEnd::Closed);
        Ok(())
    }

    /// Its id, which is no secret.
    #[must_use]
    pub const fn id(&self) -> SessionId {
        self.id
    }

    /// When it ends in any case, by the gateway's clock.
    #[must_use]
    pub const fn expires_at(&self) -> Timestamp {
        self.expires_at
    }

    /// After how long without a request it ends.
    #[must_use]
    pub const fn idle(&self) -> Duration {
        self.idle
    }

    /// How it ended; none while it is open, as far as the client knows.
    #[must_use]
    pub fn ended(&self) -> Option<SessionEnd> {
        *self.end.borrow()
    }

    /// Waits until it has ended: for the screen that then asks the user to log in. The client never
    /// logs in by itself.
    pub async fn wait_for_end(&self) -> SessionEnd {
        let mut end = self.end.subscribe();
        loop {
            if let Some(end) = *end.borrow_and_update() {
                return end;
            }
            // Fails only when the sender is gone, which this very session holds.
            if end.changed().await.is_err() {
                return SessionEnd::Closed;
            }
        }
    }

    /// What signs with the session's key: for those who build requests themselves.
    #[must_use]
    pub fn signer(&self) -> Arc<dyn Signer> {
        Arc::new(self.key.clone())
    }

    /// The secret value of `Authorization`: for those who build requests themselves.
    #[must_use]
    pub fn dangerous_authorization(&self) -> &str {
        &self.authorization
    }

    /// Learns from a refusal. Only the gateway's signature ends a session.
    pub(crate) fn learn(&self, refusal: &Refusal) {
        if refusal.trusted() && refusal.status() == 401 {
            self.end_with(SessionEnd::Refused);
        }
    }

    fn end_with(&self, end: SessionEnd) {
        self.end.send_if_modified(|current| {
            let is_first = current.is_none();
            current.get_or_insert(end);
            is_first
        });
    }

    pub(crate) fn inner(&self) -> &Inner {
        &self.client.inner
    }

    pub(crate) fn enrolled(&self) -> Arc<Enrolled> {
        Arc::clone(&self.enrolled)
    }

    pub(crate) fn authorization(&self) -> &str {
        &self.authorization
    }

    pub(crate) fn credentials(&self) -> Credentials<'_> {
        Credentials {
            key_id: KeyId::Session(self.id),
            signer: SigningWith::Session(&self.key),
            authorization: Some(&self.authorization),
            answered_by: AnsweredBy::Session(self.id, Box::new(self.key.clone())),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("expires_at", &self.expires_at)
            .field("ended", &self.ended())
            .finish_non_exhaustive()
    }
}

/// A request of the gateway's own functions.
pub(crate) fn built_in(method: Method, path: &str, function: &str) -> Result<Spec, SendError> {
    let function = function.parse().map_err(|_| PrepareError::Target)?;
    Ok(Spec::new(method, path, function))
}
