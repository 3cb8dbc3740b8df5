//! Sessions that can be taken up again by their identifier (GB/T 38636, 6.4.4), or by a ticket where
//! both sides opted in.

use core::fmt::{self, Debug};
use std::borrow::Borrow;
use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use hefu_gm::Zeroizing;
use hefu_gm::x509::ServerName;

use crate::messages::{NewSessionTicket, SessionId};
use crate::schedule::SECRET_BYTES;
use crate::suite::CipherSuite;
use crate::verify::VerifiedPeer;

/// A session: a secret, and all that a full handshake would prove anew. Its secret is erased with
/// its last owner and never printed.
pub struct Session {
    pub(crate) id: SessionId,
    pub(crate) suite: CipherSuite,
    pub(crate) master_secret: Zeroizing<[u8; SECRET_BYTES]>,
    /// The server, or the client when it showed certificates.
    pub(crate) peer: Option<VerifiedPeer>,
    /// What the client asked for; a session is only taken up for the same.
    pub(crate) server_name: Option<String>,
    pub(crate) begun_at_s: i64,
    /// What a client shows to take it up again where the server does not keep it.
    pub(crate) ticket: Option<NewSessionTicket>,
}

impl Session {
    /// Its identifier.
    #[must_use]
    pub fn id(&self) -> SessionId {
        self.id
    }

    /// The peer that it was agreed with. A cache drops the sessions of a peer whose key leaked by
    /// this.
    #[must_use]
    pub fn peer(&self) -> Option<&VerifiedPeer> {
        self.peer.as_ref()
    }

    /// Whether it may be taken up at `now_s`: it is not older than `age_s_max` nor than its ticket may
    /// be, not from the future, and its peer's certificates hold.
    pub(crate) fn holds_at(&self, now_s: i64, age_s_max: i64) -> bool {
        let age_s = now_s.saturating_sub(self.begun_at_s);
        let ticket_s = self.ticket.as_ref().map_or(0, |ticket| ticket.lifetime_s);
        (0..=age_s_max).contains(&age_s)
            // 0 says nothing (RFC 5077, 3.3).
            && (ticket_s == 0 || age_s <= ticket_s.into())
            && self
                .peer
                .as_ref()
                .is_none_or(|peer| now_s <= peer.not_after_s)
    }
}

impl Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("id", &self.id)
            .field("suite", &self.suite)
            .finish_non_exhaustive()
    }
}

/// Where a server keeps its sessions. Several gateways may share one.
pub trait ServerSessions: Debug + Send + Sync {
    /// Keeps a session.
    fn put(&self, session: Arc<Session>);

    /// The session with this identifier.
    fn find(&self, id: &SessionId) -> Option<Arc<Session>>;

    /// Drops the session, whose connection failed.
    fn remove(&self, id: &SessionId);
}

/// Where a client keeps its sessions, the last one for each server.
pub trait ClientSessions: Debug + Send + Sync {
    /// Keeps a session with `server`.
    fn put(&self, server: &ServerName, session: Arc<Session>);

    /// The last session with `server`.
    fn find(&self, server: &ServerName) -> Option<Arc<Session>>;

    /// Drops the session with `server`, whose connection failed.
    fn remove(&self, server: &ServerName);
}

/// Sessions in memory; the oldest makes room for a new one.
#[derive(Debug)]
pub struct MemorySessions {
    by_id: Mutex<Bounded<SessionId>>,
    by_server: Mutex<Bounded<String>>,
}

impl MemorySessions {
    /// Keeps at most `count_max` sessions of each side, so that handshakes without end do not fill
    /// memory.
    #[must_use]
    pub fn new(count_max: usize) -> Self {
        Self {
            by_id: Mutex::new(Bounded::new(count_max)),
            by_server: Mutex::new(Bounded::new(count_max)),
        }
    }

    /// Drops all sessions for which `keep` says no: those of a key that leaked, say.
    pub fn retain(&self, keep: impl Fn(&Session) -> bool) {
        locked(&self.by_id).retain(&keep);
        locked(&self.by_server).retain(&keep);
    }

    /// How many sessions there are.
    #[must_use]
    pub fn count(&self) -> usize {
        locked(&self.by_id).map.len() + locked(&self.by_server).map.len()
    }
}

impl ServerSessions for MemorySessions {
    fn put(&self, session: Arc<Session>) {
        locked(&self.by_id).put(session.id, session);
    }

    fn find(&self, id: &SessionId) -> Option<Arc<Session>> {
        locked(&self.by_id).find(id)
    }

    fn remove(&self, id: &SessionId) {
        locked(&self.by_id).remove(id);
    }
}

impl ClientSessions for MemorySessions {
    fn put(&self, server: &ServerName, session: Arc<Session>) {
        locked(&self.by_server).put(server.to_string(), session);
    }

    fn find(&self, server: &ServerName) -> Option<Arc<Session>> {
        locked(&self.by_server).find(&server.to_string())
    }

    fn remove(&self, server: &ServerName) {
        locked(&self.by_server).remove(&server.to_string());
    }
}

/// The maps are whole between two calls, whatever happened to a thread that held them.
fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A map that forgets its oldest entries. All work grows with the logarithm of the count.
#[derive(Debug)]
struct Bounded<K> {
    map: HashMap<K, (u64, Arc<Session>)>,
    /// The keys of `map` by their number, the oldest first.
    order: BTreeMap<u64, K>,
    next_number: u64,
    count_max: usize,
}

impl<K: Clone + Eq + Hash> Bounded<K> {
    fn new(count_max: usize) -> Self {
        Self {
            map: HashMap::new(),
            order: BTreeMap::new(),
            next_number: 0,
            count_max,
        }
    }

    fn put(&mut self, key: K, session: Arc<Session>) {
        self.remove(&key);
        let number = self.next_number;
        self.next_number += 1;
        self.map.insert(key.clone(), (number, session));
        self.order.insert(number, key);
        while self.order.len() > self.count_max {
            if let Some((_, oldest)) = self.order.pop_first() {
                self.map.remove(&oldest);
            }
        }
    }

    fn find<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<Arc<Session>>
    where
        K: Borrow<Q>,
    {
        self.map.get(key).map(|(_, session)| Arc::clone(session))
    }

    fn remove(&mut self, key: &K) {
        if let Some((number, _)) = self.map.remove(key) {
            self.order.remove(&number);
        }
    }

    fn retain(&mut self, keep: impl Fn(&Session) -> bool) {
        self.map.retain(|_, (_, session)| keep(session));
        self.order.retain(|_, key| self.map.contains_key(key));
    }
}
