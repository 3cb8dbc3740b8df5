//! Devices in SQLite.

use async_trait::async_trait;
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, SessionId},
    key::PublicKey,
};
use sqlx::{Executor, Sqlite, sqlite::SqliteRow};

use super::{
    SqliteStore, after_id, bytes, column, device_id, is_taken, session_id, store_error, time,
};
use crate::{
    CertificateRecord, DeviceRecord, DeviceStatus, Devices, Enrolled, PAGE_ROWS_MAX, StoreError,
};

const CORRUPT: StoreError = StoreError::Corrupt { what: "device" };

#[async_trait]
impl Devices for SqliteStore {
    async fn insert_device(&self, device: &DeviceRecord) -> Result<bool, StoreError> {
        match insert(&self.writer, device).await {
            Ok(()) => Ok(true),
            Err(error) if is_taken(&error) => Ok(false),
            Err(error) => Err(store_error(error)),
        }
    }

    async fn enrol_device(
        &self,
        device: &DeviceRecord,
        code_selector: &str,
        now: Timestamp,
    ) -> Result<Enrolled, StoreError> {
        let mut transaction = self.begin().await?;
        let used = sqlx::query(
            "UPDATE enrolment_codes SET used_at_ms = $1 \
             WHERE selector = $2 AND used_at_ms IS NULL AND expires_at_ms > $1",
        )
        .bind(now.millis())
        .bind(code_selector)
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        if used.rows_affected() == 0 {
            return Ok(Enrolled::CodeSpent);
        }
        match insert(&mut *transaction, device).await {
            Ok(()) => {}
            // Not committed: the code is as it was.
            Err(error) if is_taken(&error) => return Ok(Enrolled::DeviceExists),
            Err(error) => return Err(store_error(error)),
        }
        transaction.commit().await.map_err(store_error)?;
        Ok(Enrolled::Done)
    }

    async fn device(&self, id: DeviceId) -> Result<Option<DeviceRecord>, StoreError> {
        sqlx::query("SELECT * FROM devices WHERE id = $1")
            .bind(id.as_bytes().as_slice())
            .fetch_optional(&self.readers)
            .await
            .map_err(store_error)?
            .map(|row| record(&row))
            .transpose()
    }

    async fn devices(
        &self,
        after: Option<DeviceId>,
        rows_max: u32,
    ) -> Result<Vec<DeviceRecord>, StoreError> {
        sqlx::query("SELECT * FROM devices WHERE id > $1 ORDER BY id LIMIT $2")
            .bind(after_id(after.as_ref().map(DeviceId::as_bytes)))
            .bind(rows_max.min(PAGE_ROWS_MAX))
            .fetch_all(&self.readers)
            .await
            .map_err(store_error)?
            .iter()
            .map(record)
            .collect()
    }

    async fn set_device_certificate(
        &self,
        id: DeviceId,
        certificate: &CertificateRecord,
    ) -> Result<bool, StoreError> {
        let mut transaction = self.begin().await?;
        let set = sqlx::query(
            "UPDATE devices SET certificate_sha256 = $1, certificate_not_after_ms = $2 \
             WHERE id = $3 AND status = 'active'",
        )
        .bind(certificate.sha256.as_slice())
        .bind(certificate.not_after.millis())
        .bind(id.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        transaction.commit().await.map_err(store_error)?;
        Ok(set.rows_affected() == 1)
    }

    async fn set_device_status(
        &self,
        id: DeviceId,
        status: DeviceStatus,
        now: Timestamp,
    ) -> Result<Option<Vec<SessionId>>, StoreError> {
        let mut transaction = self.begin().await?;
        let set = sqlx::query(
            "UPDATE devices SET status = $1, status_at_ms = $2 \
             WHERE id = $3 AND status <> 'revoked'",
        )
        .bind(status.as_str())
        .bind(now.millis())
        .bind(id.as_bytes().as_slice())
        .execute(&mut *transaction)
        .await
        .map_err(store_error)?;
        if set.rows_affected() == 0 {
            return Ok(None);
        }
        let ended = match status {
            DeviceStatus::Active => Vec::new(),
            DeviceStatus::Frozen | DeviceStatus::Revoked => {
                sqlx::query("DELETE FROM sessions WHERE device = $1 RETURNING id")
                    .bind(id.as_bytes().as_slice())
                    .fetch_all(&mut *transaction)
                    .await
                    .map_err(store_error)?
                    .iter()
                    .map(|row| session_id(row, "id"))
                    .collect::<Result<_, _>>()?
            }
        };
        transaction.commit().await.map_err(store_error)?;
        Ok(Some(ended))
    }
}

async fn insert(
    executor: impl Executor<'_, Database = Sqlite>,
    device: &DeviceRecord,
) -> Result<(), sqlx::Error> {
    sqlx::query(
        "INSERT INTO devices (id, algorithm, signature_key, certificate_sha256, \
         certificate_not_after_ms, user_name, platform, model, status, status_at_ms, \
         enrolled_at_ms) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
    )
    .bind(device.id.as_bytes().as_slice())
    .bind(device.signature_key.algorithm().as_str())
    .bind(device.signature_key.to_bytes())
    .bind(device.certificate.sha256.as_slice())
    .bind(device.certificate.not_after.millis())
    .bind(device.user.as_deref())
    .bind(&device.platform)
    .bind(&device.model)
    .bind(device.status.as_str())
    .bind(device.status_at.millis())
    .bind(device.enrolled_at.millis())
    .execute(executor)
    .await
    .map(drop)
}

fn record(row: &SqliteRow) -> Result<DeviceRecord, StoreError> {
    let algorithm = column::<&str>(row, "algorithm")?
        .parse()
        .map_err(|_| CORRUPT)?;
    let signature_key = PublicKey::from_bytes(algorithm, column(row, "signature_key")?);
    Ok(DeviceRecord {
        id: device_id(row, "id")?,
        signature_key: signature_key.map_err(|_| CORRUPT)?,
        certificate: CertificateRecord {
            sha256: bytes(row, "certificate_sha256", "device")?,
            not_after: time(row, "certificate_not_after_ms")?,
        },
        user: column(row, "user_name")?,
        platform: column(row, "platform")?,
        model: column(row, "model")?,
        status: DeviceStatus::parse(column(row, "status")?).ok_or(CORRUPT)?,
        status_at: time(row, "status_at_ms")?,
        enrolled_at: time(row, "enrolled_at_ms")?,
    })
}
