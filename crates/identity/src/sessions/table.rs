//! The open sessions in memory, in parts that seldom wait for each other.

use std::{
    collections::HashMap,
    sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard},
};

use hefu_tally::ids::SessionId;

use super::Session;

const SHARDS: usize = 32;

#[derive(Default)]
pub(super) struct Table {
    by_id: [Shard<SessionId, Arc<Session>>; SHARDS],
    by_token: [Shard<[u8; 32], SessionId>; SHARDS],
}

struct Shard<K, V>(RwLock<HashMap<K, V>>);

impl<K, V> Default for Shard<K, V> {
    fn default() -> Self {
        Self(RwLock::default())
    }
}

impl<K, V> Shard<K, V> {
    fn read(&self) -> RwLockReadGuard<'_, HashMap<K, V>> {
        self.0.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, HashMap<K, V>> {
        self.0.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Table {
    pub(super) fn find(&self, id: SessionId) -> Option<Arc<Session>> {
        shard(&self.by_id, id.as_bytes())?.read().get(&id).cloned()
    }

    pub(super) fn id_of_token(&self, digest: &[u8; 32]) -> Option<SessionId> {
        shard(&self.by_token, digest)?.read().get(digest).copied()
    }

    pub(super) fn insert(&self, session: Arc<Session>) {
        if let Some(shard) = shard(&self.by_token, &session.token_digest) {
            shard.write().insert(session.token_digest, session.id);
        }
        if let Some(shard) = shard(&self.by_id, session.id.as_bytes()) {
            shard.write().insert(session.id, session);
        }
    }

    pub(super) fn remove(&self, ids: &[SessionId]) {
        for id in ids {
            let removed = shard(&self.by_id, id.as_bytes()).and_then(|s| s.write().remove(id));
            self.forget_token(removed.as_deref());
        }
    }

    /// Gives the ids of those that were removed.
    pub(super) fn remove_where(&self, which: impl Fn(&Session) -> bool) -> Vec<SessionId> {
        let mut removed = Vec::new();
        for shard in &self.by_id {
            removed.extend(shard.write().extract_if(|_, session| which(session)));
        }
        for (_, session) in &removed {
            self.forget_token(Some(session));
        }
        removed.into_iter().map(|(id, _)| id).collect()
    }

    pub(super) fn collect<T>(&self, pick: impl Fn(&Session) -> Option<T>) -> Vec<T> {
        let mut picked = Vec::new();
        for shard in &self.by_id {
            picked.extend(shard.read().values().filter_map(|session| pick(session)));
        }
        picked
    }

    pub(super) fn len(&self) -> usize {
        self.by_id.iter().map(|shard| shard.read().len()).sum()
    }

    fn forget_token(&self, session: Option<&Session>) {
        if let Some(session) = session
            && let Some(shard) = shard(&self.by_token, &session.token_digest)
        {
            shard.write().remove(&session.token_digest);
        }
    }
}

/// Ids and digests are random, or as good as: any byte spreads them.
fn shard<'a, K, V>(shards: &'a [Shard<K, V>], key: &[u8]) -> Option<&'a Shard<K, V>> {
    shards.get(usize::from(*key.first()?) % SHARDS)
}
