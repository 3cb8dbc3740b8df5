//! Sessions: from login to logout, bound to one device.
//!
//! Every request looks its session up, so the open ones lie in memory. Each change is in the store
//! before anybody is told of it; what only the store still knows after a crash in between can let
//! nobody in, since its token never left. The session key lies in the store sealed, the token as a
//! digest. When a session was last used is written from time to time only: after a crash a session
//! may end as much earlier as that.
//!
//! Clauses: CJ-4.2.2.e, CJ-6.3.d.2, CJ-6.3.e, JR-6.1.4.b, JR-6.2.2.a, JR-6.2.2.b, JR-6.2.2.c,
//! JR-6.2.2.d, JR-6.2.2.f.

mod table;

use std::{
    fmt,
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_gm::{
    Zeroizing,
    rng::{self, RngError},
    sm2::{EphemeralSecret, PUBLIC_KEY_BYTES},
    sm3,
};
use hefu_store::{Opened, PAGE_ROWS_MAX, SessionRecord, Store, StoreError, Touch};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, SessionId},
    key::SessionKey,
    messages::TOKEN_CHARS,
    session_key::{self, Side},
};
use rand_core::TryCryptoRng;
use subtle::ConstantTimeEq;
use tokio::sync::Mutex;

use crate::{
    StoreKey,
    store_key::{SealBroken, Sealer},
    users::Authenticated,
};
use table::Table;

/// Open sessions in memory. Stops: a gateway whose memory grows without end; a login beyond it is
/// refused.
pub const SESSIONS_MAX_DEFAULT: usize = 1_000_000;

const TOKEN_BYTES: usize = 32;

/// How long sessions live.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SessionConfig {
    /// A session ends when it is not used for so long, in seconds.
    pub idle_s: u32,
    /// It ends then in any case, in seconds after the login.
    pub lifetime_s: u32,
    /// Sessions of one user at a time; the oldest ends.
    pub per_user_max: u32,
    /// Sessions of all users at a time.
    pub sessions_max: usize,
}

impl Default for SessionConfig {
    /// Idle after 10 minutes, over after 12 hours, two for a user.
    fn default() -> Self {
        Self {
            idle_s: 600,
            lifetime_s: 43_200,
            per_user_max: 2,
            sessions_max: SESSIONS_MAX_DEFAULT,
        }
    }
}

/// A token as the client gets it, once. Erased when dropped, never printed.
pub struct Token(Zeroizing<String>);

impl Token {
    /// The secret text, for the one response that hands it out.
    #[must_use]
    pub fn dangerous_text(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(redacted)")
    }
}

/// An open session.
pub struct Session {
    /// Its id, and that of its key.
    pub id: SessionId,
    /// The user who logged in.
    pub user: String,
    /// The customer at the service.
    pub subject: String,
    /// The only device it works on.
    pub device: DeviceId,
    /// The session key, ready to verify requests and sign responses.
    pub key: SessionKey,
    /// When it was opened.
    pub opened_at: Timestamp,
    /// When it ends in any case.
    pub expires_at: Timestamp,
    token_digest: [u8; 32],
    idle_ms: i64,
    touched_ms: AtomicI64,
}

impl Session {
    /// Whether it is still open: neither idle for too long nor over.
    #[must_use]
    pub fn is_open(&self, now: Timestamp) -> bool {
        let idle_at = self.touched_at().plus_millis(self.idle_ms);
        now < self.expires_at && now < idle_at
    }

    /// Whether this is its token. `token` is what stands behind `Hefu ` in `Authorization`.
    #[must_use]
    pub fn is_token(&self, token: &[u8]) -> bool {
        token_digest(token).is_some_and(|digest| digest.ct_eq(&self.token_digest).into())
    }

    /// It was used now, by a request that was verified and is no replay.
    pub fn touch(&self, now: Timestamp) {
        self.touched_ms.fetch_max(now.millis(), Ordering::Relaxed);
    }

    /// When it was last used.
    #[must_use]
    pub fn touched_at(&self) -> Timestamp {
        Timestamp::from_millis(self.touched_ms.load(Ordering::Relaxed))
    }

    fn of(record: SessionRecord, key: SessionKey) -> Self {
        Self {
            id: record.id,
            user: record.user,
            subject: record.subject,
            device: record.device,
            key,
            opened_at: record.opened_at,
            expires_at: record.expires_at,
            token_digest: record.token_digest,
            idle_ms: record.idle_ms,
            touched_ms: AtomicI64::new(record.touched_at.millis()),
        }
    }
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("device", &self.device)
            .field("opened_at", &self.opened_at)
            .field("expires_at", &self.expires_at)
            .finish_non_exhaustive()
    }
}

/// A session that was just opened, with what the response needs.
#[derive(Debug)]
pub struct OpenedSession {
    /// The session.
    pub session: Arc<Session>,
    /// Its token: this is the only time that it is seen.
    pub token: Token,
    /// The gateway's half of the key agreement.
    pub agreement: [u8; PUBLIC_KEY_BYTES],
    /// After how many seconds without a request it ends.
    pub idle_s: u64,
    /// Older sessions of the user that ended for it.
    pub ended: Vec<SessionId>,
}

/// Why no session was opened.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OpenSessionError {
    /// The client's half of the key agreement is no point of the curve.
    #[error("the client's half of the key agreement was refused")]
    Agreement,
    /// Device or user stopped being active meanwhile.
    #[error("the device or the user is not active")]
    NotActive,
    /// There are too many sessions.
    #[error("too many sessions are open")]
    Full,
    /// The generator failed.
    #[error(transparent)]
    Rng(#[from] RngError),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Why the sessions were not restored.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RestoreError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A session key does not open: this is another store key than before, or the store was
    /// altered.
    #[error("the sessions in the store were sealed under another store key, or altered")]
    Sealed,
}

/// The open sessions.
pub struct Sessions {
    store: Arc<dyn Store>,
    table: Table,
    sealer: Sealer,
    config: SessionConfig,
    /// Held over a change in both store and memory, so that no two changes cross. Requests never
    /// wait for it.
    changing: Mutex<()>,
    /// Uses before this are in the store.
    stored_until_ms: AtomicI64,
}

impl Sessions {
    /// The sessions that an earlier process left open.
    ///
    /// # Errors
    /// When the store fails, or was sealed under another key.
    pub(crate) async fn restore(
        store: Arc<dyn Store>,
        key: &StoreKey,
        config: SessionConfig,
        now: Timestamp,
    ) -> Result<Self, RestoreError> {
        store.purge_sessions(now).await?;
        let sessions = Self {
            store,
            table: Table::default(),
            sealer: key.sealer_for(b"session keys"),
            config,
            changing: Mutex::default(),
            stored_until_ms: AtomicI64::new(now.millis()),
        };
        let mut after = None;
        loop {
            let page = sessions.store.sessions(after, PAGE_ROWS_MAX).await?;
            let Some(last) = page.last() else {
                return Ok(sessions);
            };
            after = Some(last.id);
            for record in page {
                let row = sealed_row(&record);
                let key = sessions
                    .sealer
                    .open(&row, &record.sealed_key)
                    .map_err(|SealBroken| RestoreError::Sealed)?;
                let key = key
                    .as_slice()
                    .try_into()
                    .map_err(|_| RestoreError::Sealed)?;
                let key = SessionKey::from_bytes(key);
                sessions.table.insert(Arc::new(Session::of(record, key)));
            }
        }
    }

    /// The open session of that id: the look-up of every request under a session key.
    #[must_use]
    pub fn find(&self, id: SessionId, now: Timestamp) -> Option<Arc<Session>> {
        self.table.find(id).filter(|session| session.is_open(now))
    }

    /// The open session of that token: for requests under the device's key. Its `device` has to be
    /// the one that signed.
    #[must_use]
    pub fn find_by_token(&self, token: &[u8], now: Timestamp) -> Option<Arc<Session>> {
        let id = self.table.id_of_token(&token_digest(token)?)?;
        self.find(id, now)
    }

    /// How many are in memory, those included that have ended by themselves and are not cleared
    /// yet.
    #[must_use]
    pub fn len(&self) -> usize {
        self.table.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Opens a session (docs/PROTOCOL.md, section 6): a new id, a new token, a newly agreed key.
    ///
    /// # Errors
    /// When the client's half is refused, device or user are not active any more, or generator or
    /// store fail.
    pub async fn open(
        &self,
        user: Authenticated,
        device: DeviceId,
        client_half: &[u8; PUBLIC_KEY_BYTES],
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + Send + ?Sized),
    ) -> Result<OpenedSession, OpenSessionError> {
        if self.table.len() >= self.config.sessions_max {
            return Err(OpenSessionError::Full);
        }
        let id = SessionId::make(rng)?;
        let secret = EphemeralSecret::make(rng)?;
        let agreement = secret.public_key();
        let key = session_key::derive(Side::Gateway, secret, client_half, device, id)
            .map_err(|_| OpenSessionError::Agreement)?;
        let (token, token_digest) = make_token(rng)?;
        let mut record = SessionRecord {
            id,
            user: user.user,
            subject: user.subject,
            device,
            token_digest,
            sealed_key: Vec::new(),
            opened_at: now,
            touched_at: now,
            idle_ms: i64::from(self.config.idle_s).saturating_mul(1_000),
            expires_at: now.plus_secs(i64::from(self.config.lifetime_s)),
        };
        record.sealed_key = self
            .sealer
            .seal(&sealed_row(&record), key.as_slice(), rng)?;
        let key = SessionKey::from_bytes(&key);

        let _changing = self.changing.lock().await;
        let ended = match self
            .store
            .open_session(&record, self.config.per_user_max)
            .await?
        {
            Opened::Done { ended } => ended,
            Opened::Refused => return Err(OpenSessionError::NotActive),
        };
        self.table.remove(&ended);
        let session = Arc::new(Session::of(record, key));
        self.table.insert(Arc::clone(&session));
        let idle_s = u64::from(self.config.idle_s);
        Ok(OpenedSession {
            session,
            token,
            agreement,
            idle_s,
            ended,
        })
    }

    /// Ends a session: it is refused from now on, and when this returns it is also gone from the
    /// store. False when it was gone before.
    ///
    /// # Errors
    /// When the store fails: the session is ended until a restart, and closing it again may end it
    /// for good.
    pub async fn close(&self, id: SessionId) -> Result<bool, StoreError> {
        let _changing = self.changing.lock().await;
        self.table.remove(&[id]);
        Ok(self.store.end_sessions(&[id]).await? > 0)
    }

    /// Ends sessions in memory, then lets `store` end them durably; no session is opened
    /// meanwhile. Whatever `store` gives back as ended ends in memory too.
    pub(crate) async fn end_where<T>(
        &self,
        which: impl Fn(&Session) -> bool,
        store: impl Future<Output = Result<T, StoreError>>,
        ended: impl FnOnce(&T) -> &[SessionId],
    ) -> Result<T, StoreError> {
        let _changing = self.changing.lock().await;
        self.table.remove_where(which);
        let done = store.await?;
        self.table.remove(ended(&done));
        Ok(done)
    }

    /// Writes to the store when sessions were last used, and clears away those that have ended by
    /// themselves. To be called every few seconds, and before the end.
    ///
    /// # Errors
    /// When the store fails: the next call writes it all.
    pub async fn tend(&self, now: Timestamp) -> Result<(), StoreError> {
        let since = Timestamp::from_millis(self.stored_until_ms.load(Ordering::Relaxed));
        let touches = self.table.collect(|session| {
            let at = session.touched_at();
            (at >= since).then_some(Touch { id: session.id, at })
        });
        let rows_max = usize::try_from(PAGE_ROWS_MAX).unwrap_or(usize::MAX);
        for touches in touches.chunks(rows_max) {
            self.store.touch_sessions(touches).await?;
        }
        // A request of this very moment may have touched its session behind the collecting.
        self.stored_until_ms
            .fetch_max(now.plus_secs(-1).millis(), Ordering::Relaxed);
        let ended = self.table.remove_where(|session| !session.is_open(now));
        for ended in ended.chunks(rows_max) {
            self.store.end_sessions(ended).await?;
        }
        Ok(())
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sessions")
            .field("len", &self.len())
            .field("config", &self.config)
            .finish_non_exhaustive()
    }
}

fn make_token(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<(Token, [u8; 32]), RngError> {
    let mut bytes = Zeroizing::new([0; TOKEN_BYTES]);
    rng::fill(rng, bytes.as_mut_slice())?;
    let text = Zeroizing::new(URL_SAFE_NO_PAD.encode(bytes.as_slice()));
    let digest = token_digest(text.as_bytes()).ok_or(RngError)?;
    Ok((Token(text), digest))
}

/// A token is 256 random bits: a plain digest cannot be guessed back. Prefix and token fill one
/// block of SM3.
fn token_digest(token: &[u8]) -> Option<[u8; 32]> {
    (token.len() == TOKEN_CHARS).then(|| sm3::digest(&[b"hefu/1 token", token]))
}

/// What a sealed session key is bound to: whose session it is, on what, and for how long. Whoever
/// can write to the store cannot make it another customer's.
fn sealed_row(session: &SessionRecord) -> [u8; 32] {
    let numbers = [
        session.opened_at.millis(),
        session.expires_at.millis(),
        session.idle_ms,
    ];
    let mut row = sm3::Sm3::new();
    row.update(b"hefu/1 session row");
    row.update(session.id.as_bytes());
    row.update(session.device.as_bytes());
    row.update(&session.token_digest);
    for number in numbers {
        row.update(&number.to_be_bytes());
    }
    for text in [&session.user, &session.subject] {
        let length = u64::try_from(text.len()).unwrap_or(u64::MAX);
        row.update(&length.to_be_bytes());
        row.update(text.as_bytes());
    }
    row.finalize()
}
