//! Everything in memory, gone at the end: for tests and demonstrations, and the reference that the
//! other stores are held against.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    fmt,
    sync::{Mutex, MutexGuard, PoisonError},
};

use async_trait::async_trait;
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, SessionId},
};

use crate::{
    ClauseEvidence, DeviceRecord, DeviceStatus, Devices, EVENTS_BATCH_MAX, Enrolled,
    EnrolmentCodeRecord, EnrolmentCodes, EventFilter, EventPage, EventRecord, Events, LatencyCount,
    LoginLimit, Opened, PAGE_ROWS_MAX, PasswordHash, SessionRecord, Sessions, Store, StoreError,
    Touch, UserRecord, UserStatus, Users,
    events::{Sums, minute_of},
    sessions::over_limit,
};

/// The memory store.
#[derive(Default)]
pub struct MemoryStore(Mutex<Tables>);

#[derive(Default)]
struct Tables {
    devices: BTreeMap<DeviceId, DeviceRecord>,
    codes: HashMap<String, EnrolmentCodeRecord>,
    users: HashMap<String, UserRecord>,
    sessions: BTreeMap<SessionId, SessionRecord>,
    events: VecDeque<EventRecord>,
    last_seq: u64,
    sums: Sums,
}

impl MemoryStore {
    /// An empty store.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// A panic elsewhere leaves no half-made change behind: each one is made of whole inserts.
    fn tables(&self) -> MutexGuard<'_, Tables> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("MemoryStore")
    }
}

#[async_trait]
impl Store for MemoryStore {
    async fn check(&self) -> Result<(), StoreError> {
        Ok(())
    }
}

#[async_trait]
impl Devices for MemoryStore {
    async fn insert_device(&self, device: &DeviceRecord) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if tables.devices.contains_key(&device.id) {
            return Ok(false);
        }
        tables.devices.insert(device.id, device.clone());
        Ok(true)
    }

    async fn enrol_device(
        &self,
        device: &DeviceRecord,
        code_selector: &str,
        now: Timestamp,
    ) -> Result<Enrolled, StoreError> {
        let mut tables = self.tables();
        let tables = &mut *tables;
        let Some(code) = tables
            .codes
            .get_mut(code_selector)
            .filter(|code| code.used_at.is_none() && now < code.expires_at)
        else {
            return Ok(Enrolled::CodeSpent);
        };
        if tables.devices.contains_key(&device.id) {
            return Ok(Enrolled::DeviceExists);
        }
        code.used_at = Some(now);
        tables.devices.insert(device.id, device.clone());
        Ok(Enrolled::Done)
    }

    async fn device(&self, id: DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        Ok(self.tables().devices.get(&id).cloned())
    }

    async fn devices(
        &self,
        after: Option<DeviceId>,
        rows_max: u32,
    ) -> Result<Vec<DeviceRecord>, StoreError> {
        Ok(page_after(&self.tables().devices, after, rows_max))
    }

    async fn set_device_status(
        &self,
        id: DeviceId,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut tables = self.tables();
        let Some(device) = tables
            .devices
            .get_mut(&id)
            .filter(|device| device.status != DeviceStatus::Revoked)
        else {
            return Ok(None);
        };
        device.status = status;
        device.status_at = now;
        Ok(Some(match status {
            DeviceStatus::Active => Vec::new(),
            DeviceStatus::Frozen | DeviceStatus::Revoked => {
                tables.end_sessions(|session| session.device == id)
            }
        }))
    }
}

#[async_trait]
impl EnrolmentCodes for MemoryStore {
    async fn insert_code(&self, code: &EnrolmentCodeRecord) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if tables.codes.contains_key(&code.selector) {
            return Ok(false);
        }
        tables.codes.insert(code.selector.clone(), code.clone());
        Ok(true)
    }

    async fn take_code_try(
        &self,
        selector: &str,
        tries_max: u32,
        now: Timestamp,
    ) -> Result<Option<EnrolmentCodeRecord>, StoreError> {
        let mut tables = self.tables();
        let code = tables.codes.get_mut(selector).filter(|code| {
            code.used_at.is_none() && now < code.expires_at && code.tries < tries_max
        });
        Ok(code.map(|code| {
            code.tries += 1;
            code.clone()
        }))
    }

    async fn purge_codes(&self, expired_before: Timestamp) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let before = tables.codes.len();
        tables
            .codes
            .retain(|_, code| code.expires_at >= expired_before);
        Ok(count(before - tables.codes.len()))
    }
}

#[async_trait]
impl Users for MemoryStore {
    async fn insert_user(&self, user: &UserRecord) -> Result<bool, StoreError> {
        let mut tables = self.tables();
        if tables.users.contains_key(&user.name) {
            return Ok(false);
        }
        tables.users.insert(user.name.clone(), user.clone());
        Ok(true)
    }

    async fn user(&self, name: &str) -> Result<Option<UserRecord>, StoreError> {
        Ok(self.tables().users.get(name).cloned())
    }

    async fn take_login(
        &self,
        name: &str,
        limit: LoginLimit,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, StoreError> {
        let mut tables = self.tables();
        let user = tables
            .users
            .get_mut(name)
            .filter(|user| user.locked_until <= now);
        Ok(user.map(|user| {
            user.failed_logins = user.failed_logins.saturating_add(1);
            if user.failed_logins >= limit.failures_max {
                user.failed_logins = 0;
                user.locked_until = now.plus_millis(limit.lock_ms);
            }
            user.clone()
        }))
    }

    async fn clear_logins(&self, name: &str) -> Result<(), StoreError> {
        if let Some(user) = self.tables().users.get_mut(name) {
            user.failed_logins = 0;
            user.locked_until = Timestamp::from_millis(0);
        }
        Ok(())
    }

    async fn set_password(
        &self,
        name: &str,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut tables = self.tables();
        let Some(user) = tables.users.get_mut(name) else {
            return Ok(None);
        };
        user.password = password.clone();
        user.password_at = now;
        Ok(Some(tables.end_sessions(|session| session.user == name)))
    }

    async fn set_user_status(
        &self,
        name: &str,
        status: UserStatus,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut tables = self.tables();
        let Some(user) = tables.users.get_mut(name) else {
            return Ok(None);
        };
        user.status = status;
        Ok(Some(match status {
            UserStatus::Active => Vec::new(),
            UserStatus::Frozen => tables.end_sessions(|session| session.user == name),
        }))
    }
}

#[async_trait]
impl Sessions for MemoryStore {
    async fn open_session(
        &self,
        session: &SessionRecord,
        sessions_max: u32,
    ) -> Result<Opened, StoreError> {
        let mut tables = self.tables();
        let device = tables
            .devices
            .get(&session.device)
            .map(|device| device.status);
        let user = tables.users.get(&session.user).map(|user| user.status);
        if device != Some(DeviceStatus::Active) || user != Some(UserStatus::Active) {
            return Ok(Opened::Refused);
        }
        let open = tables
            .sessions
            .values()
            .filter(|open| open.user == session.user)
            .map(|open| (open.opened_at, open.id))
            .collect();
        let ended = over_limit(open, sessions_max);
        for id in &ended {
            tables.sessions.remove(id);
        }
        tables.sessions.insert(session.id, session.clone());
        Ok(Opened::Done { ended })
    }

    async fn end_sessions(&self, ids: &[SessionId]) -> Result<u64, StoreError> {
        at_most(ids.len(), PAGE_ROWS_MAX)?;
        let mut tables = self.tables();
        let ended = ids.iter().filter(|id| tables.sessions.remove(id).is_some());
        Ok(count(ended.count()))
    }

    async fn touch_sessions(&self, touches: &[Touch]) -> Result<(), StoreError> {
        at_most(touches.len(), PAGE_ROWS_MAX)?;
        let mut tables = self.tables();
        for touch in touches {
            if let Some(session) = tables.sessions.get_mut(&touch.id) {
                session.touched_at = session.touched_at.max(touch.at);
            }
        }
        Ok(())
    }

    async fn sessions(
        &self,
        after: Option<SessionId>,
        rows_max: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        Ok(page_after(&self.tables().sessions, after, rows_max))
    }

    async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        let ended = self
            .tables()
            .end_sessions(|session| session.ends_at() <= now);
        Ok(count(ended.len()))
    }
}

#[async_trait]
impl Events for MemoryStore {
    async fn append_events(&self, events: &[EventRecord]) -> Result<u64, StoreError> {
        at_most(events.len(), EVENTS_BATCH_MAX)?;
        let mut tables = self.tables();
        let mut appended = 0;
        for event in events {
            if event.seq > tables.last_seq {
                tables.append(event);
                appended += 1;
            }
        }
        Ok(appended)
    }

    async fn last_event_seq(&self) -> Result<u64, StoreError> {
        Ok(self.tables().last_seq)
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let tables = self.tables();
        let matching = tables.events.iter().filter(|event| filter.matches(event));
        Ok(match page {
            EventPage::Newest { rows_max } => {
                matching.rev().take(rows(rows_max)).cloned().collect()
            }
            EventPage::Before { seq, rows_max } => matching
                .rev()
                .filter(|event| event.seq < seq)
                .take(rows(rows_max))
                .cloned()
                .collect(),
            EventPage::After { seq, rows_max } => matching
                .filter(|event| event.seq > seq)
                .take(rows(rows_max))
                .cloned()
                .collect(),
        })
    }

    async fn clause_evidence(&self) -> Result<Vec<ClauseEvidence>, StoreError> {
        Ok(self.tables().sums.evidence.values().cloned().collect())
    }

    async fn latencies(&self, since: Timestamp) -> Result<Vec<LatencyCount>, StoreError> {
        let counts =
            |((minute, class, bucket), count): (&(i64, Box<str>, usize), &u64)| LatencyCount {
                minute: Timestamp::from_millis(*minute),
                class: class.clone(),
                bucket: *bucket,
                count: *count,
            };
        let tables = self.tables();
        let from = (minute_of(since), Box::from(""), 0);
        Ok(tables.sums.latencies.range(from..).map(counts).collect())
    }

    async fn purge_events(&self, before: Timestamp, rows_max: u32) -> Result<u64, StoreError> {
        let mut tables = self.tables();
        let oldest = tables
            .events
            .len()
            .min(usize::try_from(rows_max).unwrap_or(usize::MAX));
        let newer = tables.events.split_off(oldest);
        tables.events.retain(|event| event.at >= before);
        let old = oldest - tables.events.len();
        tables.events.extend(newer);
        let from = (minute_of(before), Box::from(""), 0);
        tables.sums.latencies = tables.sums.latencies.split_off(&from);
        Ok(count(old))
    }
}

impl Tables {
    fn end_sessions(&mut self, which: impl Fn(&SessionRecord) -> bool) -> Vec<SessionId> {
        let ended: Vec<_> = self
            .sessions
            .values()
            .filter(|session| which(session))
            .map(|open| open.id)
            .collect();
        for id in &ended {
            self.sessions.remove(id);
        }
        ended
    }

    fn append(&mut self, event: &EventRecord) {
        self.last_seq = event.seq;
        self.sums.add(std::slice::from_ref(event));
        self.events.push_back(event.clone());
    }
}

impl EventFilter {
    fn matches(&self, event: &EventRecord) -> bool {
        fn is<T: PartialEq + ?Sized>(wanted: Option<&T>, found: Option<&T>) -> bool {
            wanted.is_none() || wanted == found
        }
        is(self.outcome.as_ref(), Some(&event.outcome))
            && is(self.request_id.as_ref(), Some(&event.request_id))
            && is(self.guard.as_deref(), Some(&*event.guard))
            && is(self.function.as_deref(), event.function.as_deref())
            && is(self.device.as_ref(), event.device.as_ref())
            && self
                .clause
                .as_ref()
                .is_none_or(|wanted| event.clauses.iter().any(|clause| **clause == **wanted))
    }
}

fn page_after<K: Ord + Copy, V: Clone>(
    rows_by_key: &BTreeMap<K, V>,
    after: Option<K>,
    rows_max: u32,
) -> Vec<V> {
    use std::ops::Bound::{Excluded, Unbounded};
    let from = after.map_or(Unbounded, Excluded);
    rows_by_key
        .range((from, Unbounded))
        .map(|(_, row)| row.clone())
        .take(rows(rows_max))
        .collect()
}

fn rows(rows_max: u32) -> usize {
    usize::try_from(rows_max.min(PAGE_ROWS_MAX)).unwrap_or(usize::MAX)
}

pub(crate) fn at_most(rows: usize, limit: u32) -> Result<(), StoreError> {
    if u32::try_from(rows).is_ok_and(|rows| rows <= limit) {
        Ok(())
    } else {
        Err(StoreError::TooMany { limit })
    }
}

fn count(rows: usize) -> u64 {
    u64::try_from(rows).unwrap_or(u64::MAX)
}
