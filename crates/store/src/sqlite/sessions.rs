//! Sessions in SQLite.

use async_trait::async_trait;
use hefu_tally::{clock::Timestamp, ids::SessionId};
use sqlx::{Row, sqlite::SqliteRow};

use super::{SqliteStore, after_id, bytes, column, device_id, session_id, store_error, time};
use crate::{
    Opened, PAGE_ROWS_MAX, SessionRecord, Sessions, StoreError, Touch, memory::at_most,
    sessions::over_limit,
};

#[async_trait]
impl Sessions for SqliteStore {
    async fn open_session(
        &self,
        session: &SessionRecord,
        sessions_max: u32,
    ) -> Result<Opened, StoreError> {
        let mut transaction = self.begin().await?;
        let active: bool = sqlx::query(
            "SELECT EXISTS (SELECT 1 FROM devices WHERE id = $1 AND status = 'active') \
             AND EXISTS (SELECT 1 FROM users WHERE name = $2 AND status = 'active')",
        )
        .bind(session.device.as_bytes().as_slice())
        .bind(&session.user)
        .fetch_one(&mut *transaction)
        .await
        .and_then(|row| row.try_get(0))
        .map_err(store_error)?;
        if !active {
            return Ok(Opened::Refused);
        }
        let open = sqlx::query("SELECT id, opened_at_ms FROM sessions WHERE user_name = $1")
            .bind(&session.user)
            .fetch_all(&mut *transaction)
            .await
            .map_err(store_error)?
            .iter()
            .map(|row| Ok((time(row, "opened_at_ms")?, session_id(row, "id")?)))
            .collect::<Result<_, StoreError>>()?;
        let ended = over_limit(open, sessions_max);
        for id in &ended {
            sqlx::query("DELETE FROM sessions WHERE id = $1")
                .bind(id.as_bytes().as_slice())
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
        }
        sqlx::query(
            "INSERT INTO sessions (id, user_name, subject, device, token_digest, sealed_key, \
             opened_at_ms, touched_at_ms, idle_ms, expires_at_ms) \
             VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        )
        .bind(session.id.as_bytes().as_slice())
        .bind(&session.user)
        .bind(&session.subject)
        .bind(session.device.as_bytes().as_slice())
        .bind(session.token_digest.as_slice())
        .bind(&session.sealed_key)
        .bind(session.opened_at.millis())
        .bind(session.touched_at.millis())
        .bind(session.idle_ms)
        .bind(session.expires_at.millis())
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        Ok(Opened::Done { ended })
    }

    async fn end_sessions(&self, ids: &[SessionId]) -> Result<u64, StoreError> {
        at_most(ids.len(), PAGE_ROWS_MAX)?;
        let mut transaction = self.begin().await?;
        let mut ended = 0;
        for id in ids {
            ended += sqlx::query("DELETE FROM sessions WHERE id = $1")
                .bind(id.as_bytes().as_slice())
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?
                .rows_affected();
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(ended)
    }

    async fn touch_sessions(&self, touches: &[Touch]) -> Result<(), StoreError> {
        at_most(touches.len(), PAGE_ROWS_MAX)?;
        let mut transaction = self.begin().await?;
        for touch in touches {
            sqlx::query(
                "UPDATE sessions SET touched_at_ms = $1 WHERE id = $2 AND touched_at_ms < $1",
            )
            .bind(touch.at.millis())
            .bind(touch.id.as_bytes().as_slice())
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)
    }

    async fn sessions(
        &self,
        after: Option<SessionId>,
        rows_max: u32,
    ) -> Result<Vec<SessionRecord>, StoreError> {
        sqlx::query("SELECT * FROM sessions WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after_id(after.as_ref().map(SessionId::as_bytes)))
            .bind(rows_max.min(PAGE_ROWS_MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?
            .iter()
            .map(record)
            .collect()
    }

    async fn purge_sessions(&self, now: Timestamp) -> Result<u64, StoreError> {
        sqlx::query(
            "DELETE FROM sessions WHERE expires_at_ms <= $1 OR touched_at_ms + idle_ms <= $1",
        )
        .bind(now.millis())
        .execute(&self.writer)
        .await
        .map(|done| done.rows_affected())
        .map_err(store_error)
    }
}

fn record(row: &SqliteRow) -> Result<SessionRecord, StoreError> {
    Ok(SessionRecord {
        id: session_id(row, "id")?,
        user: column(row, "user_name")?,
        subject: column(row, "subject")?,
        device: device_id(row, "device")?,
        token_digest: bytes(row, "token_digest", "session")?,
        sealed_key: column(row, "sealed_key")?,
        opened_at: time(row, "opened_at_ms")?,
        touched_at: time(row, "touched_at_ms")?,
        idle_ms: column(row, "idle_ms")?,
        expires_at: time(row, "expires_at_ms")?,
    })
}
