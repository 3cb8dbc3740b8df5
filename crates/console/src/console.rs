//! The console as a whole: what it is made of and what it serves.

use std::{fmt, sync::Arc};

use axum::{
    Router,
    middleware::from_fn_with_state,
    routing::{get, post},
};
use hefu_gm::rng::RngError;
use hefu_tally::clock::Clock;
use jiff::tz::Offset;
use rand_core::TryCryptoRng;
use zeroize::Zeroizing;

use crate::{
    assets,
    form_token::FormTokens,
    guard,
    operator::{NewOperatorError, Operator, PASSWORD_BYTES_MAX, PASSWORD_BYTES_MIN},
    origin::Origin,
    pages,
    sessions::Sessions,
    source::Source,
};

/// What whoever runs it decides.
pub struct ConsoleConfig {
    /// The names it answers under; see [`Origin::of_loopback`].
    pub origins: Vec<Origin>,
    /// The operator's password, [`PASSWORD_BYTES_MIN`] to [`PASSWORD_BYTES_MAX`] bytes.
    pub password: Zeroizing<Vec<u8>>,
    /// Minutes east of Greenwich in which times are written.
    pub utc_offset_minutes: i16,
}

impl fmt::Debug for ConsoleConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConsoleConfig")
            .field("origins", &self.origins)
            .field("password", &"(redacted)")
            .field("utc_offset_minutes", &self.utc_offset_minutes)
            .finish()
    }
}

/// Why there is no console.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ConsoleError {
    /// Nobody could open a page.
    #[error("the console needs at least one origin under which it answers")]
    NoOrigin,
    /// Too short to be one, or longer than is ever compared.
    #[error(
        "the operator's password has to have {PASSWORD_BYTES_MIN} to {PASSWORD_BYTES_MAX} bytes"
    )]
    Password,
    /// No clock on earth.
    #[error("the offset from UTC has to be within 14 hours")]
    UtcOffset,
    /// The password could not be hashed.
    #[error("the operator's password could not be hashed")]
    Hash,
    /// There was no randomness.
    #[error(transparent)]
    Rng(#[from] RngError),
}

/// The console: cheap to clone, all clones are one.
#[derive(Clone, Debug)]
pub struct Console {
    shared: Arc<Shared>,
}

/// What handlers see.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) source: Arc<dyn Source>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) origins: Vec<Origin>,
    pub(crate) operator: Operator,
    pub(crate) sessions: Sessions,
    pub(crate) form_tokens: FormTokens,
    pub(crate) offset: Offset,
}

impl Console {
    /// Hashes the password, which takes some tens of milliseconds, and is ready then.
    ///
    /// # Errors
    /// When the configuration is no good, or there is no randomness.
    #[expect(
        clippy::needless_pass_by_value,
        reason = "the plain password is wiped when this returns"
    )]
    pub fn new(
        config: ConsoleConfig,
        source: Arc<dyn Source>,
        clock: Arc<dyn Clock>,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, ConsoleError> {
        if config.origins.is_empty() {
            return Err(ConsoleError::NoOrigin);
        }
        if !(PASSWORD_BYTES_MIN..=PASSWORD_BYTES_MAX).contains(&config.password.len()) {
            return Err(ConsoleError::Password);
        }
        let seconds = i32::from(config.utc_offset_minutes) * 60;
        let offset = Offset::from_seconds(seconds)
            .ok()
            .filter(|_| seconds.abs() <= 14 * 3_600)
            .ok_or(ConsoleError::UtcOffset)?;
        let operator = Operator::new(&config.password, rng).map_err(|error| match error {
            NewOperatorError::Rng(error) => ConsoleError::Rng(error),
            NewOperatorError::Hash(_) => ConsoleError::Hash,
        })?;
        Ok(Self {
            shared: Arc::new(Shared {
                source,
                clock,
                origins: config.origins.clone(),
                operator,
                sessions: Sessions::default(),
                form_tokens: FormTokens::new(rng)?,
                offset,
            }),
        })
    }
}

/// The pages, guarded; to be served on a listener of their own.
///
/// What is merged with it, such as health and metrics, stays outside its guard.
pub fn router(console: &Console) -> Router {
    let shared = &console.shared;
    Router::new()
        .route("/", get(pages::overview::page))
        .route("/coverage", get(pages::coverage::page))
        .route("/clauses/{id}", get(pages::clause::page))
        .route("/events", get(pages::events::page))
        .route("/events/{request_id}", get(pages::event::page))
        .route("/latency", get(pages::latency::page))
        .route("/devices", get(pages::devices::page))
        .route("/devices/{id}", get(pages::device::page))
        .route("/devices/{id}/status", post(pages::device::set_status))
        .route("/live/events", get(pages::events::live))
        .route("/live/recent", get(pages::overview::recent))
        .route("/login", get(pages::login::page).post(pages::login::log_in))
        .route("/logout", post(pages::login::log_out))
        .route("/language", post(pages::language::switch))
        .route("/static/{name}", get(assets::asset))
        .fallback(pages::error::nothing_here)
        .with_state(Arc::clone(shared))
        .layer(from_fn_with_state(Arc::clone(shared), guard::guard))
}
