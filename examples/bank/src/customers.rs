//! Customers and their accounts.

use serde::{Deserialize, Serialize};
use sha2::Sha256;
use sqlx::{FromRow, SqliteConnection, SqlitePool};
use subtle::ConstantTimeEq as _;

use crate::{database::BankError, ids::AccountId};

/// Rounds of the payment password's hash. Six digits are soon tried through whatever the number;
/// it is the lock after [`PIN_FAILURES_MAX`] that protects them.
const PIN_ROUNDS: u32 = 10_000;
/// Wrong payment passwords in a row until the next one is not even looked at.
const PIN_FAILURES_MAX: i64 = 5;

/// What someone gives to open an account.
#[derive(Deserialize)]
pub(crate) struct Registration {
    pub(crate) name: String,
    pub(crate) id_number: String,
    pub(crate) phone: String,
    pub(crate) payment_password: String,
}

#[derive(Deserialize)]
pub(crate) struct Contact {
    phone: String,
    email: String,
    address: String,
}

#[derive(FromRow, Serialize)]
pub(crate) struct Profile {
    customer: String,
    name: String,
    phone: String,
    id_number: String,
    card: Option<String>,
    email: Option<String>,
    address: Option<String>,
}

#[derive(Serialize)]
pub(crate) struct Account {
    account: AccountId,
    number: String,
    currency: &'static str,
    balance_cents: i64,
}

impl From<(i64, String, i64)> for Account {
    fn from((id, number, balance_cents): (i64, String, i64)) -> Self {
        Self {
            account: AccountId(id),
            number,
            currency: "CNY",
            balance_cents,
        }
    }
}

/// A payment password as it is kept.
pub(crate) struct PinHash {
    pub(crate) salt: Vec<u8>,
    pub(crate) hash: Vec<u8>,
}

impl PinHash {
    pub(crate) fn derive(pin: &str, salt: Vec<u8>) -> Self {
        let mut hash = vec![0; 32];
        pbkdf2::pbkdf2_hmac::<Sha256>(pin.as_bytes(), &salt, PIN_ROUNDS, &mut hash);
        Self { salt, hash }
    }
}

/// Opens a first account; `None` when someone with this identity number has one.
pub(crate) async fn open(
    pool: &SqlitePool,
    registration: &Registration,
) -> Result<Option<(String, AccountId)>, BankError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    let salt: Vec<u8> = sqlx::query_scalar("SELECT randomblob(16)")
        .fetch_one(&mut *transaction)
        .await?;
    let pin = PinHash::derive(&registration.payment_password, salt);
    let customer: Option<String> = sqlx::query_scalar(
        "INSERT INTO customer (id, name, phone, id_number, pin_salt, pin_hash)
         VALUES ('c-' || lower(hex(randomblob(8))), ?, ?, ?, ?, ?)
         ON CONFLICT (id_number) DO NOTHING RETURNING id",
    )
    .bind(&registration.name)
    .bind(&registration.phone)
    .bind(&registration.id_number)
    .bind(&pin.salt)
    .bind(&pin.hash)
    .fetch_optional(&mut *transaction)
    .await?;
    let Some(customer) = customer else {
        return Ok(None);
    };
    let account: i64 = sqlx::query_scalar(
        "INSERT INTO account (number, customer)
         VALUES (printf('62190%014d', abs(random() % 100000000000000)), ?) RETURNING id",
    )
    .bind(&customer)
    .fetch_one(&mut *transaction)
    .await?;
    transaction.commit().await?;
    Ok(Some((customer, AccountId(account))))
}

pub(crate) async fn profile(
    pool: &SqlitePool,
    customer: &str,
) -> Result<Option<Profile>, BankError> {
    let profile = sqlx::query_as(
        "SELECT id AS customer, name, phone, id_number, card, email, address
         FROM customer WHERE id = ?",
    )
    .bind(customer)
    .fetch_optional(pool)
    .await?;
    Ok(profile)
}

/// Whether there is such a customer.
pub(crate) async fn change_contact(
    pool: &SqlitePool,
    customer: &str,
    contact: &Contact,
) -> Result<bool, BankError> {
    let done = sqlx::query("UPDATE customer SET phone = ?, email = ?, address = ? WHERE id = ?")
        .bind(&contact.phone)
        .bind(&contact.email)
        .bind(&contact.address)
        .bind(customer)
        .execute(pool)
        .await?;
    Ok(done.rows_affected() == 1)
}

pub(crate) async fn accounts(pool: &SqlitePool, customer: &str) -> Result<Vec<Account>, BankError> {
    let rows: Vec<(i64, String, i64)> = sqlx::query_as(
        "SELECT id, number, balance_cents FROM account WHERE customer = ? ORDER BY id",
    )
    .bind(customer)
    .fetch_all(pool)
    .await?;
    Ok(rows.into_iter().map(Account::from).collect())
}

pub(crate) async fn account(
    pool: &SqlitePool,
    account: AccountId,
) -> Result<Option<Account>, BankError> {
    let row: Option<(i64, String, i64)> = sqlx::query_as(
        "SELECT id, number, balance_cents FROM account WHERE id = ? AND customer IS NOT NULL",
    )
    .bind(account.0)
    .fetch_optional(pool)
    .await?;
    Ok(row.map(Account::from))
}

/// Whose account it is; `None` for one that is not there, or the bank's own.
pub(crate) async fn owner(
    pool: &SqlitePool,
    account: AccountId,
) -> Result<Option<String>, BankError> {
    let owner: Option<Option<String>> =
        sqlx::query_scalar("SELECT customer FROM account WHERE id = ?")
            .bind(account.0)
            .fetch_optional(pool)
            .await?;
    Ok(owner.flatten())
}

/// What a payment password is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum PinCheck {
    Right,
    Wrong,
    Locked,
}

/// Checks a payment password and counts the wrong ones. The caller commits.
pub(crate) async fn check_pin(
    connection: &mut SqliteConnection,
    customer: &str,
    pin: &str,
) -> Result<PinCheck, BankError> {
    let (salt, hash, failures): (Vec<u8>, Vec<u8>, i64) =
        sqlx::query_as("SELECT pin_salt, pin_hash, pin_failures FROM customer WHERE id = ?")
            .bind(customer)
            .fetch_one(&mut *connection)
            .await?;
    if failures >= PIN_FAILURES_MAX {
        return Ok(PinCheck::Locked);
    }
    let right = bool::from(PinHash::derive(pin, salt).hash.ct_eq(&hash));
    if right && failures == 0 {
        return Ok(PinCheck::Right);
    }
    sqlx::query("UPDATE customer SET pin_failures = ? WHERE id = ?")
        .bind(if right { 0 } else { failures + 1 })
        .bind(customer)
        .execute(connection)
        .await?;
    Ok(if right {
        PinCheck::Right
    } else {
        PinCheck::Wrong
    })
}
