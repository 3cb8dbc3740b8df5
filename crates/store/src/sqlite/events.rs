//! Events in SQLite.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use async_trait::async_trait;
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId},
};
use sqlx::{QueryBuilder, Row, Sqlite, Transaction, sqlite::SqliteRow};

use super::{SqliteStore, bytes, column, store_error, time};
use crate::{
    ClauseEvidence, EVENTS_BATCH_MAX, EventFilter, EventOutcome, EventPage, EventRecord, Events,
    LatencyCount, PAGE_ROWS_MAX, StoreError,
    events::{Sums, minute_of},
    memory::at_most,
};

const CORRUPT: StoreError = StoreError::Corrupt { what: "event" };

/// Rows of one statement: 14 values each, of the 32,766 that SQLite takes.
const ROWS_PER_INSERT: usize = 512;

/// The ids of clause sets that are in the table for good. The sets are constants of the program,
/// so there are few.
#[derive(Clone, Debug, Default)]
pub(super) struct ClauseSetIds(Arc<Mutex<HashMap<String, i64>>>);

#[async_trait]
impl Events for SqliteStore {
    async fn append_events(&self, events: &[EventRecord]) -> Result<u64, StoreError> {
        at_most(events.len(), EVENTS_BATCH_MAX)?;
        let mut transaction = self.begin().await?;
        let last = sqlx::query("SELECT last_seq FROM event_numbers WHERE id = 1")
            .fetch_one(&mut *transaction)
            .await
            .map_err(store_error)?;
        let last = seq_of(column(&last, "last_seq")?)?;
        let known = events.partition_point(|event| event.seq <= last);
        let new = events.get(known..).unwrap_or_default();
        let Some(newest) = new.last() else {
            return Ok(0);
        };
        let sets = self.clause_sets.of(new, &mut transaction).await?;
        for rows in new.chunks(ROWS_PER_INSERT) {
            insert(rows, &sets, &mut transaction).await?;
        }
        let mut sums = Sums::default();
        sums.add(new);
        add(&sums, &mut transaction).await?;
        sqlx::query("UPDATE event_numbers SET last_seq = $1 WHERE id = 1")
            .bind(stored_seq(newest.seq)?)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        self.clause_sets.keep(sets);
        Ok(u64::try_from(new.len()).unwrap_or(u64::MAX))
    }

    async fn last_event_seq(&self) -> Result<u64, StoreError> {
        let row = sqlx::query("SELECT last_seq FROM event_numbers WHERE id = 1")
            .fetch_one(&self.readers)
            .await
            .map_err(store_error)?;
        seq_of(column(&row, "last_seq")?)
    }

    async fn events(
        &self,
        filter: &EventFilter,
        page: EventPage,
    ) -> Result<Vec<EventRecord>, StoreError> {
        let mut query = QueryBuilder::<Sqlite>::new(
            "SELECT events.*, clause_sets.clauses AS clauses FROM events \
             JOIN clause_sets ON clause_sets.id = events.clause_set WHERE 1 = 1",
        );
        push_filter(&mut query, filter);
        let (order, rows_max) = match page {
            EventPage::Newest { rows_max } => ("DESC", rows_max),
            EventPage::Before { seq, rows_max } => {
                query.push(" AND seq < ").push_bind(bound_seq(seq));
                ("DESC", rows_max)
            }
            EventPage::After { seq, rows_max } => {
                query.push(" AND seq > ").push_bind(bound_seq(seq));
                ("ASC", rows_max)
            }
        };
        query.push(" ORDER BY seq ").push(order).push(" LIMIT ");
        query.push_bind(rows_max.min(PAGE_ROWS_MAX));
        query
            .build()
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?
            .iter()
            .map(record)
            .collect()
    }

    async fn clause_evidence(&self) -> Result<Vec<ClauseEvidence>, StoreError> {
        sqlx::query("SELECT * FROM clause_evidence ORDER BY clause")
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?
            .iter()
            .map(|row| {
                let at = |name| {
                    let millis: Option<i64> = column(row, name)?;
                    Ok::<_, StoreError>(millis.map(Timestamp::from_millis))
                };
                Ok(ClauseEvidence {
                    clause: column::<&str>(row, "clause")?.into(),
                    allowed: count_of(column(row, "allowed")?)?,
                    allowed_at: at("allowed_at_ms")?,
                    refused: count_of(column(row, "refused")?)?,
                    refused_at: at("refused_at_ms")?,
                })
            })
            .collect()
    }

    async fn latencies(&self, since: Timestamp) -> Result<Vec<LatencyCount>, StoreError> {
        sqlx::query(
            "SELECT * FROM event_latencies WHERE minute_ms >= $1 \
             ORDER BY minute_ms, class, bucket",
        )
        .bind(minute_of(since))
        .fetch_all(&self.readers)
        .await
        .map_err(store_error)?
        .iter()
        .map(|row| {
            Ok(LatencyCount {
                minute: time(row, "minute_ms")?,
                class: column::<&str>(row, "class")?.into(),
                bucket: usize::try_from(column::<i64>(row, "bucket")?).map_err(|_| CORRUPT)?,
                count: count_of(column(row, "count")?)?,
            })
        })
        .collect()
    }

    async fn purge_events(&self, before: Timestamp, rows_max: u32) -> Result<u64, StoreError> {
        let mut transaction = self.begin().await?;
        let purged = sqlx::query(
            "DELETE FROM events WHERE at_ms < $1 AND seq IN \
             (SELECT seq FROM events ORDER BY seq LIMIT $2)",
        )
        .bind(before.millis())
        .bind(rows_max)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        sqlx::query("DELETE FROM event_latencies WHERE minute_ms < $1")
            .bind(minute_of(before))
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        Ok(purged.rows_affected())
    }
}

/// Where each of a batch's clause sets lies in the table.
struct SetIds(Vec<(Arc<[Box<str>]>, i64)>);

impl SetIds {
    fn find(&self, set: &Arc<[Box<str>]>) -> Option<i64> {
        // Events of one batch share their sets, so the first comparison nearly always decides.
        let same = |known: &&(Arc<[Box<str>]>, i64)| Arc::ptr_eq(&known.0, set);
        let equal = |known: &&(Arc<[Box<str>]>, i64)| known.0 == *set;
        self.0
            .iter()
            .find(same)
            .or_else(|| self.0.iter().find(equal))
            .map(|known| known.1)
    }
}

impl ClauseSetIds {
    async fn of(
        &self,
        events: &[EventRecord],
        transaction: &mut Transaction<'_, Sqlite>,
    ) -> Result<SetIds, StoreError> {
        let mut ids = SetIds(Vec::new());
        for event in events {
            if ids.find(&event.clauses).is_some() {
                continue;
            }
            let text = event.clauses.join(" ");
            let known = self
                .0
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .get(&text)
                .copied();
            let id = match known {
                Some(id) => id,
                None => set_id(&text, transaction).await?,
            };
            ids.0.push((Arc::clone(&event.clauses), id));
        }
        Ok(ids)
    }

    /// Only after the commit: until then an id may be taken back.
    fn keep(&self, ids: SetIds) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.extend(ids.0.into_iter().map(|(set, id)| (set.join(" "), id)));
    }
}

async fn set_id(text: &str, transaction: &mut Transaction<'_, Sqlite>) -> Result<i64, StoreError> {
    sqlx::query("INSERT INTO clause_sets (clauses) VALUES ($1) ON CONFLICT (clauses) DO NOTHING")
        .bind(text)
        .execute(&mut **transaction)
        .await
        .map_err(store_error)?;
    let row = sqlx::query("SELECT id FROM clause_sets WHERE clauses = $1")
        .bind(text)
        .fetch_one(&mut **transaction)
        .await
        .map_err(store_error)?;
    column(&row, "id")
}

async fn insert(
    events: &[EventRecord],
    sets: &SetIds,
    transaction: &mut Transaction<'_, Sqlite>,
) -> Result<(), StoreError> {
    let mut rows = Vec::with_capacity(events.len());
    for event in events {
        rows.push((
            event,
            stored_seq(event.seq)?,
            sets.find(&event.clauses).ok_or(CORRUPT)?,
        ));
    }
    let mut query = QueryBuilder::<Sqlite>::new(
        "INSERT INTO events (seq, request_id, at_ms, function, device, guard, clause_set, \
         outcome, code, reason, class, status, micros, served) ",
    );
    query.push_values(rows, |mut row, (event, seq, set)| {
        row.push_bind(seq)
            .push_bind(event.request_id.as_bytes().as_slice())
            .push_bind(event.at.millis())
            .push_bind(event.function.as_deref())
            .push_bind(
                event
                    .device
                    .as_ref()
                    .map(|device| device.as_bytes().as_slice()),
            )
            .push_bind(&*event.guard)
            .push_bind(set)
            .push_bind(event.outcome.as_str())
            .push_bind(event.code.as_deref())
            .push_bind(&*event.reason)
            .push_bind(event.class.as_deref())
            .push_bind(event.status)
            .push_bind(event.micros)
            .push_bind(event.served);
    });
    // Statements of so many lengths are not worth keeping.
    query
        .build()
        .persistent(events.len() == ROWS_PER_INSERT)
        .execute(&mut **transaction)
        .await
        .map(drop)
        .map_err(store_error)
}

async fn add(sums: &Sums, transaction: &mut Transaction<'_, Sqlite>) -> Result<(), StoreError> {
    for seen in sums.evidence.values() {
        sqlx::query(
            "INSERT INTO clause_evidence (clause, allowed, allowed_at_ms, refused, refused_at_ms) \
             VALUES ($1, $2, $3, $4, $5) ON CONFLICT (clause) DO UPDATE SET \
             allowed = clause_evidence.allowed + excluded.allowed, \
             refused = clause_evidence.refused + excluded.refused, \
             allowed_at_ms = CASE \
                 WHEN excluded.allowed_at_ms IS NULL THEN clause_evidence.allowed_at_ms \
                 WHEN clause_evidence.allowed_at_ms > excluded.allowed_at_ms \
                 THEN clause_evidence.allowed_at_ms ELSE excluded.allowed_at_ms END, \
             refused_at_ms = CASE \
                 WHEN excluded.refused_at_ms IS NULL THEN clause_evidence.refused_at_ms \
                 WHEN clause_evidence.refused_at_ms > excluded.refused_at_ms \
                 THEN clause_evidence.refused_at_ms ELSE excluded.refused_at_ms END",
        )
        .bind(&*seen.clause)
        .bind(stored_count(seen.allowed))
        .bind(seen.allowed_at.map(Timestamp::millis))
        .bind(stored_count(seen.refused))
        .bind(seen.refused_at.map(Timestamp::millis))
        .execute(&mut **transaction)
        .await
        .map_err(store_error)?;
    }
    for ((minute, class, bucket), count) in &sums.latencies {
        sqlx::query(
            "INSERT INTO event_latencies (minute_ms, class, bucket, count) \
             VALUES ($1, $2, $3, $4) ON CONFLICT (minute_ms, class, bucket) DO UPDATE SET \
             count = event_latencies.count + excluded.count",
        )
        .bind(*minute)
        .bind(&**class)
        .bind(i64::try_from(*bucket).unwrap_or(i64::MAX))
        .bind(stored_count(*count))
        .execute(&mut **transaction)
        .await
        .map_err(store_error)?;
    }
    Ok(())
}

fn push_filter(query: &mut QueryBuilder<Sqlite>, filter: &EventFilter) {
    // Written out and not bound, so that the index of refused events is used.
    match filter.outcome {
        Some(EventOutcome::Allowed) => drop(query.push(" AND outcome = 'allowed'")),
        Some(EventOutcome::Refused) => drop(query.push(" AND outcome = 'refused'")),
        None => {}
    }
    if let Some(request_id) = &filter.request_id {
        query
            .push(" AND request_id = ")
            .push_bind(request_id.as_bytes().to_vec());
    }
    if let Some(guard) = &filter.guard {
        query.push(" AND guard = ").push_bind(guard.clone());
    }
    if let Some(function) = &filter.function {
        query.push(" AND function = ").push_bind(function.clone());
    }
    if let Some(device) = &filter.device {
        query
            .push(" AND device = ")
            .push_bind(device.as_bytes().to_vec());
    }
    if let Some(clause) = &filter.clause {
        // `%` and `_` stand in no clause id; what has them finds nothing.
        let wanted = if clause.contains(['%', '_']) {
            ""
        } else {
            clause
        };
        query
            .push(" AND ' ' || clause_sets.clauses || ' ' LIKE ")
            .push_bind(format!("% {wanted} %"));
    }
}

fn record(row: &SqliteRow) -> Result<EventRecord, StoreError> {
    let text = |name| Ok::<_, StoreError>(column::<Option<&str>>(row, name)?.map(Arc::from));
    let device: Option<&[u8]> = row.try_get("device").map_err(store_error)?;
    let device = device.map(|id| id.try_into().map(DeviceId::from_bytes).map_err(|_| CORRUPT));
    Ok(EventRecord {
        seq: seq_of(column(row, "seq")?)?,
        request_id: RequestId::from_bytes(bytes(row, "request_id", "event")?),
        at: time(row, "at_ms")?,
        function: text("function")?,
        device: device.transpose()?,
        guard: column::<&str>(row, "guard")?.into(),
        clauses: column::<&str>(row, "clauses")?
            .split_whitespace()
            .map(Box::from)
            .collect(),
        outcome: EventOutcome::parse(column(row, "outcome")?).ok_or(CORRUPT)?,
        code: text("code")?,
        reason: column::<&str>(row, "reason")?.into(),
        class: text("class")?,
        status: column(row, "status")?,
        micros: column(row, "micros")?,
        served: column(row, "served")?,
    })
}

fn seq_of(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| CORRUPT)
}

fn count_of(stored: i64) -> Result<u64, StoreError> {
    u64::try_from(stored).map_err(|_| CORRUPT)
}

/// Numbers beyond the integers of SQL are nobody's: at a million a second they come after 292,000
/// years.
fn stored_seq(seq: u64) -> Result<i64, StoreError> {
    i64::try_from(seq).map_err(|_| CORRUPT)
}

fn bound_seq(seq: u64) -> i64 {
    i64::try_from(seq).unwrap_or(i64::MAX)
}

fn stored_count(count: u64) -> i64 {
    i64::try_from(count).unwrap_or(i64::MAX)
}
