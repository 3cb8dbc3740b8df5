//! Everything together: changes that reach devices, users and sessions at once.
//!
//! Clauses: JR-6.2.1.1.a, JR-6.3.1.g.

use std::{fmt, sync::Arc};

use hefu_gm::{Zeroizing, sm2::PUBLIC_KEY_BYTES};
use hefu_store::{DeviceStatus, LoginLimit, Store, StoreError, UserStatus};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, SessionId},
    problem::Code,
};
use rand_core::TryCryptoRng;

use crate::{
    StoreKey,
    authority::Authority,
    devices::{Device, Devices},
    enrolment::{ChannelKeys, EnrolError, EnrolledDevice, Enrolment, EnrolmentConfig},
    password::{HashError, Hasher, NewPassword, PasswordConfig},
    sessions::{OpenSessionError, OpenedSession, RestoreError, SessionConfig, Sessions},
    users::{AuthenticateError, LOGIN_LIMIT_DEFAULT, SetPasswordError, Users},
};

/// What an operator sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IdentityConfig {
    /// Codes and certificates.
    pub enrolment: EnrolmentConfig,
    /// Sessions.
    pub sessions: SessionConfig,
    /// Password hashes.
    pub passwords: PasswordConfig,
    /// Failed logins.
    pub logins: LoginLimit,
}

impl Default for IdentityConfig {
    fn default() -> Self {
        Self {
            enrolment: EnrolmentConfig::default(),
            sessions: SessionConfig::default(),
            passwords: PasswordConfig::default(),
            logins: LOGIN_LIMIT_DEFAULT,
        }
    }
}

/// Why there is no identity.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenIdentityError {
    /// The password hasher could not be set up.
    #[error(transparent)]
    Hash(#[from] HashError),
    /// The sessions could not be restored.
    #[error(transparent)]
    Restore(#[from] RestoreError),
}

/// A login. The device signed the request, and its connection bears the device's certificate: the
/// caller verified that, and opened the sealed password.
pub struct LoginRequest<'a> {
    /// The device.
    pub device: &'a Device,
    /// The user's name.
    pub user: &'a str,
    /// The password, in UTF-8.
    pub password: Zeroizing<Vec<u8>>,
    /// The client's half of the key agreement.
    pub client_half: &'a [u8; PUBLIC_KEY_BYTES],
}

impl fmt::Debug for LoginRequest<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LoginRequest")
            .field("device", &self.device.id)
            .finish_non_exhaustive()
    }
}

/// Why a login failed.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoginError {
    /// Nobody was authenticated.
    #[error(transparent)]
    Authenticate(#[from] AuthenticateError),
    /// No session was opened.
    #[error(transparent)]
    Open(#[from] OpenSessionError),
}

impl LoginError {
    /// What the client is told.
    #[must_use]
    pub const fn public_code(&self) -> Code {
        match self {
            Self::Authenticate(error) => error.public_code(),
            Self::Open(OpenSessionError::Agreement) => Code::Invalid,
            Self::Open(OpenSessionError::NotActive) => Code::Unauthenticated,
            Self::Open(OpenSessionError::Full | OpenSessionError::Store(_)) => Code::Unavailable,
            Self::Open(OpenSessionError::Rng(_)) => Code::Internal,
        }
    }

    /// The inner reason as events keep it.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Authenticate(error) => error.reason(),
            Self::Open(OpenSessionError::Agreement) => "agreement",
            Self::Open(OpenSessionError::NotActive) => "not-active",
            Self::Open(OpenSessionError::Full) => "sessions-full",
            Self::Open(OpenSessionError::Store(_)) => "store",
            Self::Open(OpenSessionError::Rng(_)) => "rng",
        }
    }
}

/// Devices, users and sessions.
#[derive(Debug)]
pub struct Identity {
    /// Codes, and certificates for codes.
    pub enrolment: Enrolment,
    /// The devices.
    pub devices: Devices,
    /// The users.
    pub users: Users,
    /// The sessions.
    pub sessions: Sessions,
    store: Arc<dyn Store>,
}

impl Identity {
    /// Reads the open sessions from the store and is ready then.
    ///
    /// # Errors
    /// When the store fails, was sealed under another key, or the password cost is out of range.
    pub async fn open(
        store: Arc<dyn Store>,
        authority: Arc<Authority>,
        key: &StoreKey,
        config: IdentityConfig,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<Self, OpenIdentityError> {
        let hasher = Hasher::new(key, config.passwords, rng)?;
        let sessions = Sessions::restore(Arc::clone(&store), key, config.sessions, now).await?;
        Ok(Self {
            enrolment: Enrolment::new(Arc::clone(&store), authority, key, config.enrolment),
            devices: Devices::new(Arc::clone(&store)),
            users: Users::new(Arc::clone(&store), hasher, config.logins),
            sessions,
            store,
        })
    }

    /// Logs a user in: authenticates them and opens a session.
    ///
    /// # Errors
    /// With the reason, for the log; the client is told [`LoginError::public_code`].
    pub async fn log_in(
        &self,
        login: LoginRequest<'_>,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<OpenedSession, LoginError> {
        let LoginRequest {
            device,
            user,
            password,
            client_half,
        } = login;
        let user = self.users.authenticate(user, password, device, now).await?;
        Ok(self
            .sessions
            .open(user, device.id, client_half, now, rng)
            .await?)
    }

    /// Freezes, revokes or thaws a device. Unless it is active then, its sessions have ended and
    /// nothing it sends is accepted. Gives the sessions that ended; none when there is no such
    /// device, or it is revoked already.
    ///
    /// # Errors
    /// When the store fails; the device's sessions have ended in any case.
    pub async fn set_device_status(
        &self,
        id: DeviceId,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let set = async {
            // Forgotten again when the write is over, or given up by a caller who went away.
            let _forgotten = self.devices.forget_now_and_on_drop(id);
            self.store.set_device_status(id, status, now).await
        };
        let ends = |session: &crate::sessions::Session| {
            session.device == id && status != DeviceStatus::Active
        };
        self.sessions
            .end_where(ends, set, |ended| ended.as_deref().unwrap_or_default())
            .await
    }

    /// Issues a device's certificates anew, for new channel keys. Its own signature key signed the
    /// request: the caller verified that. The old certificates open no connection from then on; those
    /// that are open stay.
    ///
    /// # Errors
    /// With the reason, for the log; the device is told [`EnrolError::public_code`].
    pub async fn renew_device(
        &self,
        id: DeviceId,
        channel: ChannelKeys<'_>,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<EnrolledDevice, EnrolError> {
        let _forgotten = self.devices.forget_now_and_on_drop(id);
        self.enrolment.renew(id, channel, now, rng).await
    }

    /// Freezes or thaws a user; a frozen one's sessions have ended. Gives them; none when there is
    /// no such user.
    ///
    /// # Errors
    /// When the store fails; the user's sessions have ended in any case.
    pub async fn set_user_status(
        &self,
        name: &str,
        status: UserStatus,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let set = self.store.set_user_status(name, status);
        let ends = |session: &crate::sessions::Session| {
            session.user == name && status != UserStatus::Active
        };
        self.sessions
            .end_where(ends, set, |ended| ended.as_deref().unwrap_or_default())
            .await
    }

    /// Sets a new password and ends the user's sessions; gives them.
    ///
    /// # Errors
    /// When there is no such user, the password cannot be hashed, or the store fails.
    pub async fn set_password(
        &self,
        name: &str,
        password: NewPassword,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<Vec<SessionId>, SetPasswordError> {
        let password = self.users.hash(password, rng).await?;
        let set = self.store.set_password(name, &password, now);
        self.sessions
            .end_where(
                |s| s.user == name,
                set,
                |ended| ended.as_deref().unwrap_or_default(),
            )
            .await?
            .ok_or(SetPasswordError::UnknownUser)
    }

    /// What has to be done every few seconds, and before the end: writes when sessions were used,
    /// clears away what has ended.
    ///
    /// # Errors
    /// When the store fails; the next call makes up for it.
    pub async fn tend(&self, now: Timestamp) -> Result<(), StoreError> {
        self.sessions.tend(now).await?;
        self.enrolment.purge(now).await?;
        Ok(())
    }
}
