//! The demo's customers: synthetic, with valid check digits.

use sqlx::SqlitePool;

use crate::{customers::PinHash, database::BankError, ids::AccountId, transfers};

/// Everyone's payment password.
pub const PAYMENT_PASSWORD: &str = "123456";

/// The bank's own account: what it pays out at the opening of an account, it owes.
const BANK: AccountId = AccountId(1000);

struct Customer {
    id: &'static str,
    name: &'static str,
    phone: &'static str,
    id_number: &'static str,
    card: &'static str,
    email: &'static str,
    address: &'static str,
    /// Number and opening balance of each account.
    accounts: &'static [(&'static str, i64)],
}

const CUSTOMERS: &[Customer] = &[
    Customer {
        id: "alice",
        name: "李爱丽",
        phone: "13800138000",
        id_number: "110101190001010014",
        card: "6200000000001001015",
        email: "alice@example.com",
        address: "北京市朝阳区示例路一号院二单元",
        accounts: &[
            ("6210000000001001006", 1_000_000),
            ("6210000000001002004", 5_000_000),
        ],
    },
    Customer {
        id: "bob",
        name: "王博",
        phone: "+12025550143",
        id_number: "310101190002020027",
        card: "6200000000002002012",
        email: "bob@example.com",
        address: "上海市黄浦区示例街二十二号",
        accounts: &[("6210000000002001005", 200_000)],
    },
    Customer {
        id: "carol",
        name: "欧阳凯若",
        phone: "+447700900123",
        id_number: "440301190003030032",
        card: "6200000000003003019",
        email: "carol@example.com",
        address: "深圳市罗湖区示例大道三号",
        accounts: &[("6210000000003001004", 0)],
    },
];

pub(crate) async fn seed(pool: &SqlitePool) -> Result<(), BankError> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    for customer in CUSTOMERS {
        let salt: Vec<u8> = sqlx::query_scalar("SELECT randomblob(16)")
            .fetch_one(&mut *transaction)
            .await?;
        let pin = PinHash::derive(PAYMENT_PASSWORD, salt);
        let made = sqlx::query(
            "INSERT OR IGNORE INTO customer
                 (id, name, phone, id_number, card, email, address, pin_salt, pin_hash)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )
        .bind(customer.id)
        .bind(customer.name)
        .bind(customer.phone)
        .bind(customer.id_number)
        .bind(customer.card)
        .bind(customer.email)
        .bind(customer.address)
        .bind(&pin.salt)
        .bind(&pin.hash)
        .execute(&mut *transaction)
        .await?;
        if made.rows_affected() == 0 {
            continue;
        }
        for (number, balance_cents) in customer.accounts {
            let account: i64 = sqlx::query_scalar(
                "INSERT INTO account (number, customer) VALUES (?, ?) RETURNING id",
            )
            .bind(*number)
            .bind(customer.id)
            .fetch_one(&mut *transaction)
            .await?;
            if *balance_cents > 0 {
                let memo = Some("opening balance");
                transfers::book(
                    &mut transaction,
                    BANK,
                    AccountId(account),
                    *balance_cents,
                    memo,
                )
                .await?;
            }
        }
    }
    transaction.commit().await?;
    Ok(())
}
