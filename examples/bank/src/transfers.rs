//! Transfers: a double-entry ledger, one transaction each.

use axum::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use sqlx::{SqliteConnection, SqlitePool};

use crate::{
    customers::{self, PinCheck},
    database::BankError,
    ids::AccountId,
};

/// What a customer asks for.
#[derive(Deserialize)]
pub(crate) struct Order {
    from_account: AccountId,
    to_account: AccountId,
    amount_cents: i64,
    memo: Option<String>,
    payment_password: String,
}

impl Order {
    /// Tells two orders apart. The payment password is no part of what is ordered: it may be
    /// corrected under the same key.
    fn fingerprint(&self) -> Vec<u8> {
        let order = json!([
            self.from_account,
            self.to_account,
            self.amount_cents,
            self.memo
        ]);
        Sha256::digest(order.to_string()).to_vec()
    }
}

#[derive(Serialize)]
pub(crate) struct Transfer {
    transfer: String,
    from_account: AccountId,
    to_account: AccountId,
    to_name: String,
    amount_cents: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    at_ms: i64,
}

#[derive(Serialize)]
struct Entry {
    entry: i64,
    transfer: String,
    amount_cents: i64,
    balance_cents: i64,
    #[serde(skip_serializing_if = "Option::is_none")]
    memo: Option<String>,
    at_ms: i64,
}

#[derive(Serialize)]
pub(crate) struct Entries {
    entries: Vec<Entry>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_before: Option<i64>,
}

/// What a transfer ends with: a status, and a body that may be empty.
type Answer = (StatusCode, String);

fn refused(reason: &str) -> Answer {
    (
        StatusCode::UNPROCESSABLE_ENTITY,
        json!({ "reason": reason }).to_string(),
    )
}

/// Moves money, once for each key of a customer.
pub(crate) async fn transfer(
    pool: &SqlitePool,
    key: &str,
    order: &Order,
) -> Result<Answer, BankError> {
    // Writers stand in line from here on, so two requests with one key are one after the other.
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let Some(customer) = owner_of(&mut transaction, order.from_account).await? else {
        return Ok((StatusCode::NOT_FOUND, String::new()));
    };
    let fingerprint = order.fingerprint();
    if let Some((known, answer)) = answered(&mut transaction, &customer, key).await? {
        let same = known == fingerprint;
        return Ok(if same {
            answer
        } else {
            (StatusCode::CONFLICT, String::new())
        });
    }
    match customers::check_pin(&mut transaction, &customer, &order.payment_password).await? {
        PinCheck::Right => {}
        PinCheck::Wrong => {
            // Keeps the count of wrong ones, not the answer.
            transaction.commit().await?;
            return Ok(refused("wrong_payment_password"));
        }
        PinCheck::Locked => return Ok(refused("payment_password_locked")),
    }
    let answer = if order.from_account == order.to_account {
        refused("same_account")
    } else if owner_of(&mut transaction, order.to_account)
        .await?
        .is_none()
    {
        refused("unknown_payee")
    } else if !(1..=5_000_000).contains(&order.amount_cents) {
        (StatusCode::BAD_REQUEST, String::new())
    } else if !has(&mut transaction, order.from_account, order.amount_cents).await? {
        refused("insufficient_funds")
    } else {
        let id = book(
            &mut transaction,
            order.from_account,
            order.to_account,
            order.amount_cents,
            order.memo.as_deref(),
        )
        .await?;
        let transfer = find(&mut transaction, &id).await?;
        (StatusCode::CREATED, json!(transfer).to_string())
    };
    keep(&mut transaction, &customer, key, &fingerprint, &answer).await?;
    transaction.commit().await?;
    Ok(answer)
}

async fn owner_of(
    connection: &mut SqliteConnection,
    account: AccountId,
) -> Result<Option<String>, BankError> {
    let owner: Option<Option<String>> =
        sqlx::query_scalar("SELECT customer FROM account WHERE id = ?")
            .bind(account.0)
            .fetch_optional(connection)
            .await?;
    Ok(owner.flatten())
}

async fn answered(
    connection: &mut SqliteConnection,
    customer: &str,
    key: &str,
) -> Result<Option<(Vec<u8>, Answer)>, BankError> {
    let row: Option<(Vec<u8>, u16, String)> = sqlx::query_as(
        "SELECT fingerprint, status, body FROM answer WHERE customer = ? AND key = ?",
    )
    .bind(customer)
    .bind(key)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(|(fingerprint, status, body)| {
        let status = StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        (fingerprint, (status, body))
    }))
}

async fn keep(
    connection: &mut SqliteConnection,
    customer: &str,
    key: &str,
    fingerprint: &[u8],
    (status, body): &Answer,
) -> Result<(), BankError> {
    sqlx::query(
        "INSERT INTO answer (customer, key, fingerprint, status, body) VALUES (?, ?, ?, ?, ?)",
    )
    .bind(customer)
    .bind(key)
    .bind(fingerprint)
    .bind(status.as_u16())
    .bind(body)
    .execute(connection)
    .await?;
    Ok(())
}

async fn has(
    connection: &mut SqliteConnection,
    account: AccountId,
    amount_cents: i64,
) -> Result<bool, BankError> {
    let balance: i64 = sqlx::query_scalar("SELECT balance_cents FROM account WHERE id = ?")
        .bind(account.0)
        .fetch_one(connection)
        .await?;
    Ok(balance >= amount_cents)
}

/// Writes a transfer and its two entries; gives its id.
pub(crate) async fn book(
    connection: &mut SqliteConnection,
    from: AccountId,
    to: AccountId,
    amount_cents: i64,
    memo: Option<&str>,
) -> Result<String, BankError> {
    let id: String = sqlx::query_scalar(
        "INSERT INTO transfer (id, from_account, to_account, amount_cents, memo, at_ms)
         VALUES ('t-' || lower(hex(randomblob(8))), ?, ?, ?, ?,
                 CAST(unixepoch('now', 'subsec') * 1000 AS INTEGER)) RETURNING id",
    )
    .bind(from.0)
    .bind(to.0)
    .bind(amount_cents)
    .bind(memo)
    .fetch_one(&mut *connection)
    .await?;
    for (account, amount_cents) in [(from, -amount_cents), (to, amount_cents)] {
        let balance_cents: i64 = sqlx::query_scalar(
            "UPDATE account SET balance_cents = balance_cents + ? WHERE id = ?
             RETURNING balance_cents",
        )
        .bind(amount_cents)
        .bind(account.0)
        .fetch_one(&mut *connection)
        .await?;
        sqlx::query(
            "INSERT INTO entry (transfer, account, amount_cents, balance_cents)
             VALUES (?, ?, ?, ?)",
        )
        .bind(&id)
        .bind(account.0)
        .bind(amount_cents)
        .bind(balance_cents)
        .execute(&mut *connection)
        .await?;
    }
    Ok(id)
}

async fn find(
    connection: &mut SqliteConnection,
    transfer: &str,
) -> Result<Option<Transfer>, BankError> {
    let row: Option<TransferRow> = sqlx::query_as(
        "SELECT t.id, t.from_account, t.to_account, c.name, t.amount_cents, t.memo, t.at_ms
         FROM transfer t JOIN account a ON a.id = t.to_account JOIN customer c ON c.id = a.customer
         WHERE t.id = ?",
    )
    .bind(transfer)
    .fetch_optional(connection)
    .await?;
    Ok(row.map(
        |(transfer, from, to, to_name, amount_cents, memo, at_ms)| Transfer {
            transfer,
            from_account: AccountId(from),
            to_account: AccountId(to),
            to_name,
            amount_cents,
            memo,
            at_ms,
        },
    ))
}

pub(crate) async fn show(pool: &SqlitePool, transfer: &str) -> Result<Option<Transfer>, BankError> {
    find(&mut *pool.acquire().await?, transfer).await
}

/// Who made a transfer.
pub(crate) async fn owner(pool: &SqlitePool, transfer: &str) -> Result<Option<String>, BankError> {
    let owner: Option<Option<String>> = sqlx::query_scalar(
        "SELECT a.customer FROM transfer t JOIN account a ON a.id = t.from_account WHERE t.id = ?",
    )
    .bind(transfer)
    .fetch_optional(pool)
    .await?;
    Ok(owner.flatten())
}

/// A page of an account's entries, newest first.
pub(crate) async fn entries(
    pool: &SqlitePool,
    account: AccountId,
    limit: u8,
    before: Option<i64>,
) -> Result<Entries, BankError> {
    let rows: Vec<(i64, String, i64, i64, Option<String>, i64)> = sqlx::query_as(
        "SELECT e.id, e.transfer, e.amount_cents, e.balance_cents, t.memo, t.at_ms
         FROM entry e JOIN transfer t ON t.id = e.transfer
         WHERE e.account = ? AND e.id < ? ORDER BY e.id DESC LIMIT ?",
    )
    .bind(account.0)
    .bind(before.unwrap_or(i64::MAX))
    // One more tells whether there is another page.
    .bind(i64::from(limit) + 1)
    .fetch_all(pool)
    .await?;
    let more = rows.len() > usize::from(limit);
    let entries: Vec<Entry> = rows
        .into_iter()
        .take(usize::from(limit))
        .map(
            |(entry, transfer, amount_cents, balance_cents, memo, at_ms)| Entry {
                entry,
                transfer,
                amount_cents,
                balance_cents,
                memo,
                at_ms,
            },
        )
        .collect();
    let next_before = entries.last().map(|entry| entry.entry).filter(|_| more);
    Ok(Entries {
        entries,
        next_before,
    })
}

/// The sum of all entries, and of all balances of customers.
pub(crate) async fn totals(pool: &SqlitePool) -> Result<(i64, i64), BankError> {
    let totals = sqlx::query_as(
        "SELECT (SELECT COALESCE(SUM(amount_cents), 0) FROM entry),
                (SELECT COALESCE(SUM(balance_cents), 0) FROM account WHERE customer IS NOT NULL)",
    )
    .fetch_one(pool)
    .await?;
    Ok(totals)
}

/// A transfer as its table holds it.
type TransferRow = (String, i64, i64, String, i64, Option<String>, i64);
