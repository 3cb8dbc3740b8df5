//! Users: logging in with a password, within bounds.
//!
//! An unknown name, a wrong password, a locked and a frozen user are refused alike, and cost alike:
//! one claim written to the store, one hash. So nobody learns from answers or their times who is a
//! customer.
//!
//! Clauses: JR-6.2.1.1.a, JR-6.2.1.1.b, JR-6.2.1.2.a.

use std::{fmt, sync::Arc};

use hefu_gm::Zeroizing;
use hefu_store::{LoginLimit, Store, StoreError, UserRecord, UserStatus};
use hefu_tally::{clock::Timestamp, messages::USER_CHARS_MAX, problem::Code};
use rand_core::TryCryptoRng;

use crate::{
    devices::Device,
    password::{HashError, Hasher, NewPassword, PASSWORD_BYTES_MAX},
};

/// Five failed logins lock for five minutes, unless configured otherwise.
pub const LOGIN_LIMIT_DEFAULT: LoginLimit = LoginLimit {
    failures_max: 5,
    lock_ms: 300_000,
};

/// Why a user was not added.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AddUserError {
    /// The name is empty, too long or not printable.
    #[error("a user name has 1 to {USER_CHARS_MAX} printable characters")]
    Name,
    /// There is one of that name.
    #[error("the user exists already")]
    Exists,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a new password was not set.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SetPasswordError {
    /// There is no such user.
    #[error("there is no such user")]
    UnknownUser,
    /// The password could not be hashed.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why a login was refused; for the log only.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoginRefusal {
    /// There is no such user, or too many logins failed.
    UnknownOrLocked,
    /// The password is wrong.
    WrongPassword,
    /// The user may not log in.
    Frozen,
    /// The device belongs to another user.
    AnothersDevice,
}

/// Why nobody was authenticated.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum AuthenticateError {
    /// User or password are refused.
    #[error("the login was refused")]
    Refused(LoginRefusal),
    /// The password could not be verified.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl AuthenticateError {
    /// What the client is told.
    #[must_use]
    pub const fn public_code(&self) -> Code {
        match self {
            Self::Refused(_) => Code::Unauthenticated,
            Self::Hash(HashError::Busy) | Self::Store(_) => Code::Unavailable,
            Self::Hash(_) => Code::Internal,
        }
    }

    /// The inner reason as events keep it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Refused(LoginRefusal::UnknownOrLocked) => "user-unknown-or-locked",
            Self::Refused(LoginRefusal::WrongPassword) => "password-wrong",
            Self::Refused(LoginRefusal::Frozen) => "user-frozen",
            Self::Refused(LoginRefusal::AnothersDevice) => "device-of-another-user",
            Self::Hash(HashError::Busy) => "logins-busy",
            Self::Hash(_) => "password-hash",
            Self::Store(_) => "store",
        }
    }
}

/// A user whose password was right.
#[derive(Clone, PartialEq, Eq)]
pub struct Authenticated {
    /// The login name.
    pub user: String,
    /// The customer at the service.
    pub subject: String,
}

impl fmt::Debug for Authenticated {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Authenticated(redacted)")
    }
}

/// The users.
pub struct Users {
    store: Arc<dyn Store>,
    hasher: Hasher,
    limit: LoginLimit,
}

impl Users {
    pub(crate) fn new(store: Arc<dyn Store>, hasher: Hasher, limit: LoginLimit) -> Self {
        Self {
            store,
            hasher,
            limit,
        }
    }

    /// Adds a user, who is the customer `subject` at the service.
    ///
    /// # Errors
    /// When the name is unfit or taken, the password cannot be hashed or the store fails.
    pub async fn add(
        &self,
        name: &str,
        subject: &str,
        password: NewPassword,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<(), AddUserError> {
        if !is_name(name) || !is_name(subject) {
            return Err(AddUserError::Name);
        }
        let user = UserRecord {
            name: name.to_owned(),
            subject: subject.to_owned(),
            password: self.hasher.hash(password, rng).await?,
            password_at: now,
            status: UserStatus::Active,
            failed_logins: 0,
            locked_until: Timestamp::from_millis(0),
            made_at: now,
        };
        if self.store.insert_user(&user).await? {
            Ok(())
        } else {
            Err(AddUserError::Exists)
        }
    }

    /// Verifies a password on a device whose signature was verified before.
    ///
    /// # Errors
    /// With the reason, for the log; the client is told [`AuthenticateError::public_code`].
    pub async fn authenticate(
        &self,
        name: &str,
        password: Zeroizing<Vec<u8>>,
        device: &Device,
        now: Timestamp,
    ) -> Result<Authenticated, AuthenticateError> {
        let refused = |why| Err(AuthenticateError::Refused(why));
        // A device of another user neither tries passwords nor locks anybody out.
        let is_anothers = device.user.as_deref().is_some_and(|owner| owner != name);
        let claimed = if is_anothers || !is_name(name) {
            ""
        } else {
            name
        };
        // Claimed before it is compared: so the limit holds, however many come at once.
        let user = self.store.take_login(claimed, self.limit, now).await?;
        let is_too_long = password.len() > PASSWORD_BYTES_MAX;
        let password = if is_too_long {
            Zeroizing::default()
        } else {
            password
        };
        let stored = user.as_ref().map(|user| user.password.clone());
        let is_right = self.hasher.verify(password, stored).await? && !is_too_long;
        let Some(user) = user else {
            return refused(if is_anothers {
                LoginRefusal::AnothersDevice
            } else {
                LoginRefusal::UnknownOrLocked
            });
        };
        if !is_right {
            return refused(LoginRefusal::WrongPassword);
        }
        if user.status != UserStatus::Active {
            return refused(LoginRefusal::Frozen);
        }
        self.store.clear_logins(&user.name).await?;
        Ok(Authenticated {
            user: user.name,
            subject: user.subject,
        })
    }

    pub(crate) async fn hash(
        &self,
        password: NewPassword,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<hefu_store::PasswordHash, HashError> {
        self.hasher.hash(password, rng).await
    }
}

impl fmt::Debug for Users {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Users")
            .field("limit", &self.limit)
            .finish_non_exhaustive()
    }
}

fn is_name(name: &str) -> bool {
    (1..=USER_CHARS_MAX).contains(&name.chars().count()) && !name.chars().any(char::is_control)
}
