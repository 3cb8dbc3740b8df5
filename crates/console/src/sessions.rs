//! Who is logged in: a bounded table in memory, which a restart empties.

use std::{
    collections::HashMap,
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use aws_lc_rs::digest::{SHA256, digest};
use hefu_gm::rng::{self, RngError};
use hefu_tally::clock::Timestamp;
use rand_core::TryCryptoRng;

use crate::cookies::Token;

/// A session ends when nobody opened a page for so long; a page that refreshes itself does not
/// count. Stops: a machine that somebody walked away from.
pub const IDLE_MS_MAX: i64 = 30 * 60_000;

/// A session ends then in any case. Stops: a stolen cookie that works for ever.
pub const LIFETIME_MS_MAX: i64 = 12 * 3_600_000;

/// Sessions at once; the one that was idle longest gives way. Stops: a table that grows with every
/// login.
pub const SESSIONS_MAX: usize = 64;

/// The open sessions, by the digest of their token: what is kept here logs nobody in.
#[derive(Default)]
pub(crate) struct Sessions {
    open: Mutex<HashMap<[u8; 32], Session>>,
}

#[derive(Clone, Copy)]
struct Session {
    opened_at: Timestamp,
    touched_at: Timestamp,
}

impl Session {
    fn is_open(&self, now: Timestamp) -> bool {
        now < self.opened_at.plus_millis(LIFETIME_MS_MAX)
            && now < self.touched_at.plus_millis(IDLE_MS_MAX)
    }
}

impl Sessions {
    /// Opens a session under a token that nobody had before.
    pub(crate) fn open(
        &self,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Token, RngError> {
        let mut bytes = [0; Token::BYTES];
        rng::fill(rng, &mut bytes)?;
        let token = Token::from_bytes(bytes);
        let mut open = self.lock();
        open.retain(|_, session| session.is_open(now));
        if open.len() >= SESSIONS_MAX {
            let idlest = open.iter().min_by_key(|(_, session)| session.touched_at);
            if let Some(key) = idlest.map(|(key, _)| *key) {
                open.remove(&key);
            }
        }
        let session = Session {
            opened_at: now,
            touched_at: now,
        };
        open.insert(key(&token), session);
        Ok(token)
    }

    /// Whether `token` opens a session; `is_use` keeps it open for longer.
    pub(crate) fn is_open(&self, token: &Token, now: Timestamp, is_use: bool) -> bool {
        let mut open = self.lock();
        let key = key(token);
        let Some(session) = open.get_mut(&key) else {
            return false;
        };
        if !session.is_open(now) {
            open.remove(&key);
            return false;
        }
        if is_use {
            session.touched_at = session.touched_at.max(now);
        }
        true
    }

    /// Ends a session.
    pub(crate) fn close(&self, token: &Token) {
        self.lock().remove(&key(token));
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<[u8; 32], Session>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for Sessions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Sessions({} open)", self.lock().len())
    }
}

fn key(token: &Token) -> [u8; 32] {
    let mut key = [0; 32];
    for (to, from) in key
        .iter_mut()
        .zip(digest(&SHA256, token.as_bytes()).as_ref())
    {
        *to = *from;
    }
    key
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;

    const NOW: Timestamp = Timestamp::from_millis(1_760_000_000_000);

    fn open(sessions: &Sessions, now: Timestamp) -> Token {
        sessions.open(now, &mut SystemRng).unwrap()
    }

    #[test]
    fn a_session_ends_idle_late_or_closed() {
        let sessions = Sessions::default();
        let token = open(&sessions, NOW);
        let idle = NOW.plus_millis(IDLE_MS_MAX);
        assert!(sessions.is_open(&token, idle.plus_millis(-1), false));
        assert!(!sessions.is_open(&token, idle, false), "looking is no use");

        let token = open(&sessions, NOW);
        let mut now = NOW;
        while now < NOW.plus_millis(LIFETIME_MS_MAX - 60_000) {
            assert!(sessions.is_open(&token, now, true));
            now = now.plus_secs(60);
        }
        let end = NOW.plus_millis(LIFETIME_MS_MAX);
        assert!(sessions.is_open(&token, end.plus_millis(-1), true));
        assert!(!sessions.is_open(&token, end, true));

        let (token, other) = (open(&sessions, NOW), open(&sessions, NOW));
        sessions.close(&token);
        assert!(!sessions.is_open(&token, NOW, true));
        assert!(sessions.is_open(&other, NOW, true));
    }

    #[test]
    fn the_table_is_bounded_and_the_idlest_gives_way() {
        let sessions = Sessions::default();
        let tokens: Vec<Token> = (0..SESSIONS_MAX).map(|_| open(&sessions, NOW)).collect();
        for token in &tokens[1..] {
            assert!(sessions.is_open(token, NOW.plus_secs(1), true));
        }
        let newest = open(&sessions, NOW.plus_secs(2));
        assert!(!sessions.is_open(&tokens[0], NOW.plus_secs(2), false));
        assert!(sessions.is_open(&tokens[1], NOW.plus_secs(2), false));
        assert!(sessions.is_open(&newest, NOW.plus_secs(2), false));
        assert_eq!(sessions.lock().len(), SESSIONS_MAX);
    }

    #[test]
    fn what_is_kept_and_printed_is_no_token() {
        let sessions = Sessions::default();
        let token = open(&sessions, NOW);
        assert!(!sessions.lock().contains_key(token.as_bytes()));
        assert_eq!(format!("{sessions:?}"), "Sessions(1 open)");
    }
}
