//! Users and their password hashes.

use async_trait::async_trait;
use hefu_tally::{clock::Timestamp, ids::SessionId};
use std::fmt;

use crate::StoreError;

/// A password hash in PHC form. It is no password, but whoever has it can guess at home: it is not
/// printed.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash(String);

impl PasswordHash {
    /// From its PHC form.
    #[must_use]
    pub const fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// Its PHC form.
    #[must_use]
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("PasswordHash(redacted)")
    }
}

/// Whether a user may log in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum UserStatus {
    /// They may.
    Active,
    /// They may not.
    Frozen,
}

impl UserStatus {
    /// Every status.
    pub const ALL: [Self; 2] = [Self::Active, Self::Frozen];

    /// As it is stored and shown.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Frozen => "frozen",
        }
    }

    pub(crate) fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == text)
    }
}

/// A user.
#[derive(Clone, PartialEq, Eq)]
pub struct UserRecord {
    /// The login name.
    pub name: String,
    /// The customer at the service.
    pub subject: String,
    /// Of the password.
    pub password: PasswordHash,
    /// When the password was set.
    pub password_at: Timestamp,
    /// Whether they may log in.
    pub status: UserStatus,
    /// Failed logins since the last success or lock.
    pub failed_logins: u32,
    /// Nobody logs in before.
    pub locked_until: Timestamp,
    /// When the user was stored.
    pub made_at: Timestamp,
}

impl fmt::Debug for UserRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("UserRecord")
            .field("name", &"(redacted)")
            .field("subject", &"(redacted)")
            .field("status", &self.status)
            .field("failed_logins", &self.failed_logins)
            .field("locked_until", &self.locked_until)
            .finish_non_exhaustive()
    }
}

/// How many failed logins lock a user, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoginLimit {
    /// The failed login that locks.
    pub failures_max: u32,
    /// For how long.
    pub lock_ms: i64,
}

/// Users.
#[async_trait]
pub trait Users: Send + Sync {
    /// Stores a user. False when the name is taken.
    ///
    /// # Errors
    /// When the store fails.
    async fn insert_user(&self, user: &UserRecord) -> Result<bool, StoreError>;

    /// The user of that name.
    ///
    /// # Errors
    /// When the store fails.
    async fn user(&self, name: &str) -> Result<Option<UserRecord>, StoreError>;

    /// Claims one login before the password is compared, as if it had failed: with the
    /// `failures_max`th the user is locked and the count starts again. So no number of parallel
    /// calls gets more comparisons than the limit. None when the user is unknown or locked; that
    /// is written too, so that it takes as long.
    ///
    /// # Errors
    /// When the store fails.
    async fn take_login(
        &self,
        name: &str,
        limit: LoginLimit,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, StoreError>;

    /// Takes the claim back after the password was right: no failures, no lock.
    ///
    /// # Errors
    /// When the store fails.
    async fn clear_logins(&self, name: &str) -> Result<(), StoreError>;

    /// Sets a new password, and ends the user's sessions in the same transaction; their ids come
    /// back. None when there is no such user.
    ///
    /// # Errors
    /// When the store fails.
    async fn set_password(
        &self,
        name: &str,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;

    /// Sets the status. A frozen user loses all sessions in the same transaction; their ids come
    /// back. None when there is no such user.
    ///
    /// # Errors
    /// When the store fails.
    async fn set_user_status(
        &self,
        name: &str,
        status: UserStatus,
    ) -> Result<Option<Vec<SessionId>>, StoreError>;
}
