//! The running bank keeps the contract it publishes.

use hefu_example_bank::{OPENAPI, PAYMENT_PASSWORD};
use hefu_gateway::contract::{Contract, RequestInput, ResponseFault};
use serde_json::{Value, json};

use crate::client::{Client, order};

/// Sends a request that the contract accepts once its fields are unsealed, and gives what the
/// contract lets out of the answer.
async fn call(
    client: &Client,
    contract: &Contract,
    no: &str,
    target: &str,
    body: Option<&Value>,
) -> Result<Value, ResponseFault> {
    let function = contract.function(no).expect("the function is there");
    let (path, query) = target
        .split_once('?')
        .map_or((target, None), |(p, q)| (p, Some(q)));
    let path = function
        .match_path(path)
        .expect("the path is the function's");
    let key = format!("key-for-{no}-{:016}", target.len());
    let text = body.map(|body| {
        // Sealed as it travels; the service gets the plain one.
        let mut body = body.clone();
        for pointer in function.request.sealed_pointers() {
            *body.pointer_mut(&pointer).expect("a sealed field") =
                json!("hefu-sealed:1:e-AAAAAAAAAAAAAAAAAAAAAA:AHEEabc_-9");
        }
        body.to_string()
    });
    let input = RequestInput {
        path: &path,
        query,
        fields: &[("idempotency-key", key.as_bytes())],
        content_type: Some(b"application/json"),
        body: text.as_deref().unwrap_or_default().as_bytes(),
    };
    let request = function
        .request
        .read(&input)
        .expect("an honest request is read");
    function
        .request
        .check(&request)
        .expect("an honest request passes");
    let plain: Vec<_> = request
        .sealed()
        .iter()
        .map(|field| {
            body.and_then(|body| body.pointer(&field.pointer))
                .unwrap()
                .to_string()
        })
        .collect();
    let plain: Vec<&[u8]> = plain.iter().map(String::as_bytes).collect();
    let opened = function
        .request
        .check_unsealed(&request, &plain)
        .expect("plain values pass");
    let opened: Option<Value> = body.map(|_| serde_json::from_slice(&opened).unwrap());
    assert_eq!(opened.as_ref(), body);

    let answer = client
        .try_send(
            function.method.as_str(),
            target,
            Some(&key),
            opened.as_ref(),
        )
        .await
        .expect("an answer");
    let is_json = answer
        .headers
        .get("content-type")
        .is_some_and(|value| value == "application/json");
    let checked = function
        .response
        .check(answer.status, is_json, &answer.body)?;
    let masked = checked.masked()?;
    Ok(if masked.is_empty() {
        Value::Null
    } else {
        serde_json::from_slice(&masked).unwrap()
    })
}

#[tokio::test]
async fn every_function_answers_as_described() {
    let client = Client::in_memory().await;
    let contract = Contract::parse(OPENAPI.as_bytes(), "openapi.yaml").unwrap();
    let mut called = Vec::new();
    let registration = json!({ "name": "赵新", "id_number": "510101190004040045",
        "phone": "13800138000", "payment_password": PAYMENT_PASSWORD });
    let contact =
        json!({ "phone": "13800138000", "email": "a@example.com", "address": "示例路 2 号" });
    let order = order("a-1001", "a-1003", 1_250);
    let echo = json!({ "message": "hello", "count": 7, "phone": "13800138000" });
    let mut transfer = String::new();
    for (no, target, body) in [
        ("R1001", "/registrations", Some(&registration)),
        ("C1002", "/customers/alice/contact", Some(&contact)),
        ("C1001", "/customers/alice", None),
        ("A1001", "/customers/alice/accounts", None),
        ("A1002", "/accounts/a-1001", None),
        ("T2001", "/transfers", Some(&order)),
        ("A1003", "/accounts/a-1001/entries?limit=1", None),
        ("A1003", "/accounts/a-1004/entries", None),
        ("T2002", "/transfers/{transfer}", None),
        (
            "Q3001",
            "/quotes?symbol=600519.SH&symbol=000001.SZ&symbol=999999.SH",
            None,
        ),
        ("Q3002", "/quotes/600519.SH", None),
        ("E9001", "/echo", Some(&echo)),
        ("L9001", "/leaks/nothing", None),
        ("L9001", "/leaks/header", None),
    ] {
        let target = target.replace("{transfer}", &transfer);
        let shown = call(&client, &contract, no, &target, body).await;
        let shown = shown.unwrap_or_else(|fault| panic!("{no} {target}: {fault}"));
        if let Some(id) = shown["transfer"].as_str() {
            transfer = id.to_owned();
        }
        called.push(no);
        match no {
            "C1001" => assert_eq!(shown["id_number"], json!("1****************4")),
            "A1002" => assert_eq!(shown["number"], json!("***************1006")),
            "R1001" => assert_eq!(shown["name"], json!("*新")),
            "E9001" => assert_eq!(shown["phone"], json!("138****8000")),
            "Q3001" => assert_eq!(shown["quotes"].as_array().unwrap().len(), 2),
            _ => {}
        }
    }
    let left: Vec<_> = contract
        .functions()
        .filter(|f| !called.contains(&f.no.as_str()))
        .map(|f| &f.no)
        .collect();
    assert!(left.is_empty(), "not called: {left:?}");
    client.bank.shutdown().await;
}

#[tokio::test]
async fn refusals_and_leaks_are_held_to_the_contract() {
    let client = Client::in_memory().await;
    let contract = Contract::parse(OPENAPI.as_bytes(), "openapi.yaml").unwrap();
    let too_much = order("a-1003", "a-1001", 4_000_000);
    let reason = call(&client, &contract, "T2001", "/transfers", Some(&too_much))
        .await
        .unwrap();
    assert_eq!(reason, json!({ "reason": "insufficient_funds" }));
    let missing = call(&client, &contract, "A1002", "/accounts/a-9999", None).await;
    assert_eq!(missing.unwrap_err(), ResponseFault::Undeclared);
    for kind in ["stack-trace", "field", "type", "status", "html"] {
        let leak = call(&client, &contract, "L9001", &format!("/leaks/{kind}"), None).await;
        assert!(leak.is_err(), "{kind}");
    }
    client.bank.shutdown().await;
}

#[tokio::test]
async fn owner_look_ups_answer_what_the_owner_rules_ask() {
    use hefu_gateway::contract::OwnerCheck;
    let client = Client::in_memory().await;
    let contract = Contract::parse(OPENAPI.as_bytes(), "openapi.yaml").unwrap();
    let transfer = client
        .transfer("made-for-its-owner", &order("a-1003", "a-1001", 5))
        .await
        .json();
    let transfer = transfer["transfer"].as_str().unwrap();
    for (no, object, customer) in [
        ("A1002", "a-1001", "alice"),
        ("T2001", "a-1003", "bob"),
        ("T2002", transfer, "bob"),
    ] {
        let owner = &contract.function(no).unwrap().owner.as_ref().unwrap().check;
        let OwnerCheck::Lookup(lookup) = owner else {
            panic!("{no} has no look-up")
        };
        let answer = client.get(&lookup.target(object)).await;
        assert_eq!(answer.status, 200);
        assert_eq!(lookup.owner(&answer.body).as_deref(), Some(customer));
    }
    assert_eq!(client.get("/accounts/a-1000/owner").await.status, 404);
    assert_eq!(client.get("/accounts/a-9999/owner").await.status, 404);
    client.bank.shutdown().await;
}
