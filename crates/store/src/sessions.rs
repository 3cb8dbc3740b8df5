//! Open sessions. An ended session leaves no row.

use async_trait::async_trait;
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, SessionId},
};
use std::fmt;

use crate::StoreError;

/// An open session.
#[derive(Clone, PartialEq, Eq)]
pub struct SessionRecord {
    /// The session, and the id of its key.
    pub id: SessionId,
    /// The user who logged in.
    pub user: String,
    /// The customer at the service.
    pub subject: String,
    /// The only device it works on.
    pub device: DeviceId,
    /// Keyed digest of the token.
    pub token_digest: [u8; 32],
    /// The session key, sealed.
    pub sealed_key: Vec<u8>,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it was last used, as far as is stored.
    pub touched_at: Timestamp,
    /// It ends when it is not used for so long.
    pub idle_ms: i64,
    /// It ends then in any case.
    pub expires_at: Timestamp,
}

impl SessionRecord {
    /// When it ends unless it is used before.
    #[must_use]
    pub fn ends_at(&self) -> Timestamp {
        self.touched_at
            .plus_millis(self.idle_ms)
            .min(self.expires_at)
    }
}

impl fmt::Debug for SessionRecord {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SessionRecord")
            .field("device", &self.device)
            .field("opened_at", &self.opened_at)
            .field("touched_at", &self.touched_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// What became of a new session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Opened {
    /// It is stored; these older ones of the user were over the limit and are ended.
    Done {
        /// The ended sessions.
        ended: Vec<SessionId>,
    },
    /// The device is not active, or the user is not: nothing was stored.
    Refused,
}

/// A session was used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Touch {
    /// The session.
    pub id: SessionId,
    /// When.
    pub at: Timestamp,
}

/// The oldest of a user's open sessions, so many that with a new one `sessions_max` are left.
pub(crate) fn over_limit(
    mut open: Vec<(Timestamp, SessionId)>,
    sessions_max: u32,
) -> Vec<SessionId> {
    open.sort_unstable();
    let kept = usize::try_from(sessions_max.max(1)).unwrap_or(usize::MAX) - 1;
    open.truncate(open.len().saturating_sub(kept));
    open.into_iter().map(|(_, id)| id).collect()
}

/// Sessions.
#[async_trait]
pub trait Sessions: Send + Sync {
    /// Stores a session and ends the user's oldest ones beyond `sessions_max` (the new one counts),
    /// in one transaction which also sees that device and user are active.
    ///
    /// # Errors
    /// When the store fails.
    async fn open_session(
        &self,
        session: &SessionRecord,
        sessions_max: u32,
    ) -> Result<Opened, StoreError>;

    /// Ends sessions, at most [`PAGE_ROWS_MAX`](crate::PAGE_ROWS_MAX), all or none; tells how many
    /// were there.
    ///
    /// # Errors
    /// When the store fails.
    async fn end_sessions(&self, ids: &[SessionId]) -> Result<u64, StoreError>;

    /// Moves sessions' last use forward, never back. At most
    /// [`PAGE_ROWS_MAX`](crate::PAGE_ROWS_MAX).
    ///
    /// # Errors
    /// When the store fails.
    async fn touch_sessions(&self, touches: &[Touch]) -> Result<(), StoreError>;

    /// Sessions with an id above `after`, in the order of their ids, at most
    /// [`PAGE_ROWS_MAX`](crate::PAGE_ROWS_MAX).
    ///
    /// # Errors
    /// When the store fails.
    async fn sessions(
        &self,
        after: Option<SessionId>,
        rows_max: u32,
    ) -> Result<Vec<SessionRecord>, StoreError>;

    /// Deletes the sessions that have ended by themselves, idle or expired; tells how many. It looks
    /// through all of them: for the start of a process.
    ///
    /// # Errors
    /// When the store fails.
    async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StoreError>;
}
