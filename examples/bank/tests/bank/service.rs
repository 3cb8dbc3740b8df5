//! What a bank owes its customers: their money.

use std::collections::HashSet;

use futures_util::future::join_all;
use hefu_example_bank::Database;
use serde_json::json;

use crate::client::{Client, order};

#[tokio::test]
async fn a_transfer_moves_money_and_is_found_again() {
    let client = Client::in_memory().await;
    let mut order = order("a-1001", "a-1003", 1_250);
    order["memo"] = json!("lunch");
    let answer = client.transfer("key-of-this-one-1", &order).await;
    assert_eq!(answer.status, 201);
    let transfer = answer.json();
    assert_eq!(
        (transfer["to_name"].as_str(), transfer["memo"].as_str()),
        (Some("王博"), Some("lunch"))
    );
    assert_eq!(client.balance("a-1001").await, 998_750);
    assert_eq!(client.balance("a-1003").await, 201_250);

    let id = transfer["transfer"].as_str().unwrap();
    assert_eq!(
        client.get(&format!("/transfers/{id}")).await.json(),
        transfer
    );
    let owner = client.get(&format!("/transfers/{id}/owner")).await.json();
    assert_eq!(owner, json!({ "customer": "alice" }));
    let entry = client.get("/accounts/a-1003/entries").await.json()["entries"][0].clone();
    assert_eq!(entry["transfer"].as_str(), Some(id));
    assert_eq!(entry["amount_cents"], json!(1_250));
    assert_eq!(entry["balance_cents"], json!(201_250));
    client.bank.shutdown().await;
}

#[tokio::test]
async fn a_key_gives_one_answer() {
    let client = Client::in_memory().await;
    let first = client
        .transfer("the-same-key-again", &order("a-1001", "a-1003", 100))
        .await;
    let second = client
        .transfer("the-same-key-again", &order("a-1001", "a-1003", 100))
        .await;
    assert_eq!((first.status, second.status), (201, 201));
    assert_eq!(first.body, second.body);
    assert_eq!(client.balance("a-1001").await, 999_900);
    let other = client
        .transfer("the-same-key-again", &order("a-1001", "a-1003", 101))
        .await;
    assert_eq!(other.status, 409);
    // Another customer's key of the same name is another key.
    let bobs = client
        .transfer("the-same-key-again", &order("a-1003", "a-1001", 100))
        .await;
    assert_eq!(bobs.status, 201);
    assert_eq!(client.balance("a-1001").await, 1_000_000);
    // A refusal is an answer too.
    let too_much = order("a-1003", "a-1001", 4_000_000);
    assert_eq!(
        client
            .transfer("a-key-for-too-much", &too_much)
            .await
            .status,
        422
    );
    client
        .transfer("money-comes-in-now", &order("a-1002", "a-1003", 4_500_000))
        .await;
    assert_eq!(
        client
            .transfer("a-key-for-too-much", &too_much)
            .await
            .status,
        422
    );
    assert_eq!(
        client
            .transfer("another-key-for-it", &too_much)
            .await
            .status,
        201
    );
    let keyless = client
        .post("/transfers", &order("a-1001", "a-1003", 1))
        .await;
    assert_eq!(keyless.status, 400);
    client.bank.shutdown().await;
}

#[tokio::test]
async fn money_is_neither_made_nor_lost_however_parallel() {
    let folder = tempfile::tempdir().unwrap();
    for database in [
        Database::Memory,
        Database::File(folder.path().join("bank.db")),
    ] {
        let client = Client::of(&database).await;
        let before = client.bank.totals().await.unwrap();
        let accounts = ["a-1001", "a-1002", "a-1003", "a-1004"];
        // Twelve pairs; the last ask for more than there is. Each order is sent twice at once.
        let orders = accounts.iter().enumerate().flat_map(|(from, payer)| {
            accounts
                .iter()
                .enumerate()
                .filter(move |(to, _)| from != *to)
                .map(move |(to, payee)| {
                    (
                        format!("key-{from}-{to}-0000000000"),
                        order(payer, payee, 150_000),
                    )
                })
        });
        let orders: Vec<_> = orders.collect();
        let sent = orders
            .iter()
            .chain(&orders)
            .map(|(key, order)| client.transfer(key, order));
        let answers = join_all(sent).await;
        assert!(
            answers
                .iter()
                .all(|answer| matches!(answer.status, 201 | 422))
        );
        let (first, second) = answers.split_at(orders.len());
        for (one, two) in first.iter().zip(second) {
            assert_eq!((one.status, &one.body), (two.status, &two.body));
        }
        let made: HashSet<_> = first
            .iter()
            .filter(|a| a.status == 201)
            .map(|a| &a.body)
            .collect();
        assert_eq!(client.bank.totals().await.unwrap(), before);
        assert_eq!(before, (0, 6_200_000));
        let mut entries = 0;
        for account in accounts {
            assert!(client.balance(account).await >= 0);
            let page = client
                .get(&format!("/accounts/{account}/entries?limit=100"))
                .await
                .json();
            entries += page["entries"].as_array().unwrap().len();
        }
        // Three customers' accounts were opened with money: one entry each.
        assert_eq!(entries, 2 * made.len() + 3);
        client.bank.shutdown().await;
    }
}

#[tokio::test]
async fn what_is_no_transfer_is_refused_and_changes_nothing() {
    let client = Client::in_memory().await;
    for (number, from, to, amount, status, reason) in [
        (1, "a-1003", "a-1001", 200_001, 422, "insufficient_funds"),
        (2, "a-1001", "a-1001", 100, 422, "same_account"),
        (3, "a-1001", "a-9999", 100, 422, "unknown_payee"),
        (4, "a-1001", "a-1000", 100, 422, "unknown_payee"),
        (5, "a-1001", "a-1003", 0, 400, ""),
        (6, "a-1001", "a-1003", -100, 400, ""),
        (7, "a-9999", "a-1003", 100, 404, ""),
        (8, "a-1000", "a-1003", 100, 404, ""),
    ] {
        let key = format!("refused-key-number-{number}");
        let answer = client.transfer(&key, &order(from, to, amount)).await;
        assert_eq!(answer.status, status, "{number}");
        assert_eq!(
            answer.json()["reason"].as_str().unwrap_or_default(),
            reason,
            "{number}"
        );
    }
    assert_eq!(client.bank.totals().await.unwrap(), (0, 6_200_000));
    assert_eq!(client.balance("a-1001").await, 1_000_000);
    let all = client
        .transfer("all-there-is-at-bob", &order("a-1003", "a-1001", 200_000))
        .await;
    assert_eq!(all.status, 201);
    assert_eq!(client.balance("a-1003").await, 0);
    client.bank.shutdown().await;
}

#[tokio::test]
async fn five_wrong_payment_passwords_lock_it() {
    let client = Client::in_memory().await;
    let good = order("a-1001", "a-1003", 100);
    let mut wrong = good.clone();
    wrong["payment_password"] = json!("654321");
    for _ in 0..4 {
        let answer = client.transfer("corrected-in-the-end", &wrong).await;
        assert_eq!(answer.json()["reason"], json!("wrong_payment_password"));
    }
    // Corrected under the same key; the count starts anew.
    assert_eq!(
        client.transfer("corrected-in-the-end", &good).await.status,
        201
    );
    for attempt in 0..5 {
        let answer = client
            .transfer(&format!("wrong-again-number-{attempt}"), &wrong)
            .await;
        assert_eq!(answer.json()["reason"], json!("wrong_payment_password"));
    }
    let locked = client.transfer("right-but-too-late-now", &good).await;
    assert_eq!(locked.json()["reason"], json!("payment_password_locked"));
    // Bob's is his own.
    assert_eq!(
        client
            .transfer("bobs-own-key-is-fine", &order("a-1003", "a-1001", 1))
            .await
            .status,
        201
    );
    client.bank.shutdown().await;
}

#[tokio::test]
async fn statements_come_in_pages_without_gaps() {
    let client = Client::in_memory().await;
    for index in 0..7 {
        let key = format!("page-filling-key-{index}");
        assert_eq!(
            client
                .transfer(&key, &order("a-1001", "a-1004", 10 + index))
                .await
                .status,
            201
        );
    }
    let mut amounts = Vec::new();
    let mut target = "/accounts/a-1004/entries?limit=3".to_owned();
    loop {
        let page = client.get(&target).await.json();
        let entries = page["entries"].as_array().unwrap();
        amounts.extend(
            entries
                .iter()
                .map(|entry| entry["amount_cents"].as_i64().unwrap()),
        );
        let Some(before) = page["next_before"].as_i64() else {
            break;
        };
        target = format!("/accounts/a-1004/entries?limit=3&before={before}");
    }
    assert_eq!(amounts, (10..17).rev().collect::<Vec<_>>());
    client.bank.shutdown().await;
}

#[tokio::test]
async fn an_account_is_opened_once() {
    let client = Client::in_memory().await;
    let registration = json!({ "name": "赵新", "id_number": "510101190004040045",
        "phone": "13800138000", "payment_password": "246810" });
    let opened = client.post("/registrations", &registration).await;
    assert_eq!(opened.status, 201);
    let opened = opened.json();
    let (customer, account) = (
        opened["customer"].as_str().unwrap(),
        opened["account"].as_str().unwrap(),
    );
    assert_eq!(client.balance(account).await, 0);
    let owner = client
        .get(&format!("/accounts/{account}/owner"))
        .await
        .json();
    assert_eq!(owner["customer"].as_str(), Some(customer));
    assert_eq!(
        client.post("/registrations", &registration).await.status,
        409
    );
    let known = json!({ "name": "李爱丽", "id_number": "110101190001010014",
        "phone": "13800138000", "payment_password": "246810" });
    assert_eq!(client.post("/registrations", &known).await.status, 409);
    client.bank.shutdown().await;
}

#[tokio::test]
async fn the_books_are_there_after_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let database = Database::File(folder.path().join("bank.db"));
    let client = Client::of(&database).await;
    let order = order("a-1001", "a-1003", 100);
    let answer = client.transfer("before-the-restart", &order).await;
    client.bank.shutdown().await;
    // Seeding again changes nothing.
    let client = Client::of(&database).await;
    assert_eq!(client.balance("a-1001").await, 999_900);
    assert_eq!(
        client.transfer("before-the-restart", &order).await.body,
        answer.body
    );
    assert_eq!(client.bank.totals().await.unwrap(), (0, 6_200_000));
    client.bank.shutdown().await;
}

#[tokio::test]
async fn leaks_leak() {
    let client = Client::in_memory().await;
    let header = client.get("/leaks/header").await;
    assert_eq!(header.status, 200);
    for name in ["server", "x-powered-by", "set-cookie"] {
        assert!(header.headers.contains_key(name), "{name}");
    }
    let trace = client.get("/leaks/stack-trace").await;
    assert_eq!(trace.status, 500);
    let text = String::from_utf8_lossy(&trace.body).into_owned();
    assert!(
        text.contains("panicked") && text.contains("leaks"),
        "{text}"
    );
    assert!(client.get("/leaks/field").await.json()["internal_note"].is_string());
    assert!(client.get("/leaks/type").await.json()["leak"].is_object());
    assert_eq!(client.get("/leaks/status").await.status, 418);
    assert!(client.get("/leaks/html").await.body.starts_with(b"<h1>"));
    assert!(
        client
            .try_send("GET", "/leaks/hang-up", None, None)
            .await
            .is_err()
    );
    client.bank.shutdown().await;
}
