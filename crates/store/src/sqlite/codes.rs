//! Enrolment codes in SQLite.

use async_trait::async_trait;
use hefu_tally::clock::Timestamp;
use sqlx::sqlite::SqliteRow;

use super::{SqliteStore, bytes, column, is_taken, store_error, time};
use crate::{EnrolmentCodeRecord, EnrolmentCodes, StoreError};

#[async_trait]
impl EnrolmentCodes for SqliteStore {
    async fn insert_code(&self, code: &EnrolmentCodeRecord) -> Result<bool, StoreError> {
        let inserted = sqlx::query(
            "INSERT INTO enrolment_codes (selector, digest, user_name, made_at_ms, \
             expires_at_ms, tries, used_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7)",
        )
        .bind(&code.selector)
        .bind(code.digest.as_slice())
        .bind(code.user.as_deref())
        .bind(code.made_at.millis())
        .bind(code.expires_at.millis())
        .bind(code.tries)
        .bind(code.used_at.map(Timestamp::millis))
        .execute(&self.writer)
        .await;
        match inserted {
            Ok(_) => Ok(true),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn take_code_try(
        &self,
        selector: &str,
        tries_max: u32,
        now: Timestamp,
    ) -> Result<Option<EnrolmentCodeRecord>, StoreError> {
        // Guesses at selectors that do not exist must not queue for the one writer.
        let known = sqlx::query("SELECT 1 FROM enrolment_codes WHERE selector = $1")
            .bind(selector)
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?;
        if known.is_none() {
            return Ok(None);
        }
        sqlx::query(
            "UPDATE enrolment_codes SET tries = tries + 1 \
             WHERE selector = $1 AND used_at_ms IS NULL AND expires_at_ms > $2 AND tries < $3 \
             RETURNING *",
        )
        .bind(selector)
        .bind(now.millis())
        .bind(tries_max)
        .fetch_optional(&self.writer)
        .await
        .map_err(store_error)?
        .map(|row| record(&row))
        .transpose()
    }

    async fn purge_codes(&self, expired_before: Timestamp) -> Result<u64, StoreError> {
        sqlx::query("DELETE FROM enrolment_codes WHERE expires_at_ms < $1")
            .bind(expired_before.millis())
            .execute(&self.writer)
            .await
            .map(|done| done.rows_affected())
            .map_err(store_error)
    }
}

fn record(row: &SqliteRow) -> Result<EnrolmentCodeRecord, StoreError> {
    Ok(EnrolmentCodeRecord {
        selector: column(row, "selector")?,
        digest: bytes(row, "digest", "enrolment code")?,
        user: column(row, "user_name")?,
        made_at: time(row, "made_at_ms")?,
        expires_at: time(row, "expires_at_ms")?,
        tries: column(row, "tries")?,
        used_at: column::<Option<i64>>(row, "used_at_ms")?.map(Timestamp::from_millis),
    })
}
