//! Users in SQLite.

use async_trait::async_trait;
use hefu_tally::{clock::Timestamp, ids::SessionId};
use sqlx::{Sqlite, Transaction, sqlite::SqliteRow};

use super::{SqliteStore, column, is_taken, session_id, store_error, time};
use crate::{LoginLimit, PasswordHash, StoreError, UserRecord, UserStatus, Users};

const CORRUPT: StoreError = StoreError::Corrupt { what: "user" };

#[async_trait]
impl Users for SqliteStore {
    async fn insert_user(&self, user: &UserRecord) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO users (name, subject, password, password_at_ms, status, failed_logins, \
             locked_until_ms, made_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
        )
        .bind(&user.name)
        .bind(&user.subject)
        .bind(user.password.as_phc())
        .bind(user.password_at.millis())
        .bind(user.status.as_str())
        .bind(user.failed_logins)
        .bind(user.locked_until.millis())
        .bind(user.made_at.millis())
        .execute(&self.writer)
        .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn user(&self, name: &str) -> Result<Option<UserRecord>, StoreError> {
        sqlx::query("SELECT * FROM users WHERE name = $1")
            .bind(name)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?
            .map(|row| record(&row))
            .transpose()
    }

    async fn take_login(
        &self,
        name: &str,
        limit: LoginLimit,
        now: Timestamp,
    ) -> Result<Option<UserRecord>, StoreError> {
        let mut transaction = self.begin().await?;
        let claimed = sqlx::query(
            "UPDATE users SET \
             failed_logins = CASE WHEN failed_logins + 1 >= $1 THEN 0 \
                                  ELSE failed_logins + 1 END, \
             locked_until_ms = CASE WHEN failed_logins + 1 >= $1 THEN $2 \
                                    ELSE locked_until_ms END \
             WHERE name = $3 AND locked_until_ms <= $4 RETURNING *",
        )
        .bind(limit.failures_max)
        .bind(now.plus_millis(limit.lock_ms).millis())
        .bind(name)
        .bind(now.millis())
        .fetch_optional(&mut *transaction)
        .await
        .map_err(store_error)?;
        if claimed.is_none() {
            sqlx::query("UPDATE login_misses SET count = count + 1 WHERE id = 1")
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
        }
        transaction.commit().await.map_err(store_error)?;
        claimed.map(|row| record(&row)).transpose()
    }

    async fn clear_logins(&self, name: &str) -> Result<(), StoreError> {
        sqlx::query("UPDATE users SET failed_logins = 0, locked_until_ms = 0 WHERE name = $1")
            .bind(name)
            .execute(&self.writer)
            .await
            .map(drop)
            .map_err(store_error)
    }

    async fn set_password(
        &self,
        name: &str,
        password: &PasswordHash,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut transaction = self.begin().await?;
        let set =
            sqlx::query("UPDATE users SET password = $1, password_at_ms = $2 WHERE name = $3")
                .bind(password.as_phc())
                .bind(now.millis())
                .bind(name)
                .execute(&mut *transaction)
                .await
                .map_err(store_error)?;
        if set.rows_affected() == 0 {
            return Ok(None);
        }
        let ended = end_sessions(&mut transaction, name).await?;
        transaction.commit().await.map_err(store_error)?;
        Ok(Some(ended))
    }

    async fn set_user_status(
        &self,
        name: &str,
        status: UserStatus,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut transaction = self.begin().await?;
        let set = sqlx::query("UPDATE users SET status = $1 WHERE name = $2")
            .bind(status.as_str())
            .bind(name)
            .execute(&mut *transaction)
            .await
            .map_err(store_error)?;
        if set.rows_affected() == 0 {
            return Ok(None);
        }
        let ended = match status {
            UserStatus::Active => Vec::new(),
            UserStatus::Frozen => end_sessions(&mut transaction, name).await?,
        };
        transaction.commit().await.map_err(store_error)?;
        Ok(Some(ended))
    }
}

async fn end_sessions(
    transaction: &mut Transaction<'_, Sqlite>,
    user: &str,
) -> Result<Vec<SessionId>, StoreError> {
    sqlx::query("DELETE FROM sessions WHERE user_name = $1 RETURNING id")
        .bind(user)
        .fetch_all(&mut **transaction)
        .await
        .map_err(store_error)?
        .iter()
        .map(|row| session_id(row, "id"))
        .collect()
}

fn record(row: &SqliteRow) -> Result<UserRecord, StoreError> {
    Ok(UserRecord {
        name: column(row, "name")?,
        subject: column(row, "subject")?,
        password: PasswordHash::from_phc(column(row, "password")?),
        password_at: time(row, "password_at_ms")?,
        status: UserStatus::parse(column(row, "status")?).ok_or(CORRUPT)?,
        failed_logins: column(row, "failed_logins")?,
        locked_until: time(row, "locked_until_ms")?,
        made_at: time(row, "made_at_ms")?,
    })
}
