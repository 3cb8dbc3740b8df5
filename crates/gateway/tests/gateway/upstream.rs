//! What goes to the service and what comes back.

use tokio::net::TcpListener;

use crate::support::{Key, Request, Setup, World};

fn fault(fault: &str) -> Request {
    Request::new("GET", &format!("/faults/{fault}"), "F1")
}

#[tokio::test]
async fn the_service_hears_who_asks_from_the_gateway_alone() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let spoofed = Request::new("GET", "/customers/alice", "C1")
        .with("X-Hefu-Subject", "bob")
        .with("X-Hefu-Device", "d-x")
        .with("X-Request-Id", "mine")
        .with("X-Forwarded-For", "127.0.0.1")
        .with("Cookie", "admin=1")
        .with("Accept", "text/html");
    let response = world.call(&phone, Key::Session, spoofed).await;
    response.assert_status(200);
    let asked = world.service.asked("/customers/alice").pop().unwrap();
    let mut names: Vec<_> = asked.fields.keys().map(|name| name.as_str()).collect();
    names.sort_unstable();
    let expected = [
        "host",
        "x-hefu-device",
        "x-hefu-function",
        "x-hefu-subject",
        "x-request-id",
    ];
    assert_eq!(names, expected);
    assert_eq!(asked.fields["x-hefu-subject"], "alice");
    assert_eq!(asked.fields["x-hefu-device"], phone.device.to_string());
    assert_eq!(asked.fields["x-hefu-function"], "C1");
    assert_eq!(
        asked.fields["x-request-id"],
        response.field("x-request-id").unwrap()
    );
    assert_eq!(asked.fields["host"], world.service.address.to_string());
}

#[tokio::test]
async fn what_the_contract_declares_is_passed_on() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let transfer = Request::new("POST", "/transfers", "T1")
        .json(r#"{"from":"a-1","cents":100}"#)
        .with("Idempotency-Key", "0123456789abcdef");
    world
        .call(&phone, Key::Device, transfer)
        .await
        .assert_status(201);
    let asked = world.service.asked("/transfers").pop().unwrap();
    assert_eq!(asked.fields["idempotency-key"], "0123456789abcdef");
    assert_eq!(asked.fields["content-type"], "application/json");
    assert_eq!(asked.body, r#"{"from":"a-1","cents":100}"#);
}

#[tokio::test]
async fn of_the_service_only_what_is_described_comes_back() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let response = world.call(&phone, Key::Session, fault("fields")).await;
    response.assert_status(200);
    for name in ["server", "set-cookie", "x-powered-by", "via"] {
        assert_eq!(response.field(name), None);
    }
    let mut names: Vec<_> = response
        .fields
        .iter()
        .map(|(name, _)| name.as_str())
        .collect();
    names.sort_unstable();
    let expected = [
        "cache-control",
        "content-digest",
        "content-length",
        "content-type",
        "date",
        "signature",
        "signature-input",
        "x-content-type-options",
        "x-request-id",
    ];
    assert_eq!(names, expected);
}

#[tokio::test]
async fn a_service_that_misses_its_deadline_is_not_waited_for() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let response = world
        .call(&phone, Key::Session, Request::new("GET", "/quotes", "Q1"))
        .await;
    response.assert_refused(504, "gateway-timeout");
    let event = world.events().await.pop().unwrap();
    assert!(event.served && event.micros >= 100_000, "{event:?}");
    assert_eq!(event.class.as_deref(), Some("quote"));
    world
        .call(&phone, Key::Session, fault("none"))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_services_refusals_and_failures_are_told_by_their_kind_alone() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    for (status, told, code) in [
        ("400", 422, "unprocessable"),
        ("401", 404, "not-found"),
        ("403", 404, "not-found"),
        ("404", 404, "not-found"),
        ("409", 409, "conflict"),
        ("422", 422, "unprocessable"),
        ("429", 429, "rate-limited"),
        ("418", 502, "bad-gateway"),
        ("302", 502, "bad-gateway"),
        ("500", 502, "bad-gateway"),
        ("503", 502, "bad-gateway"),
    ] {
        let response = world.call(&phone, Key::Session, fault(status)).await;
        response.assert_refused(told, code);
        assert!(!response.text().contains("ledger"), "{}", response.text());
        assert_eq!(response.field("retry-after").is_some(), told == 429);
    }
}

#[tokio::test]
async fn a_refusal_that_the_contract_describes_is_passed_on() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let transfer = |cents: u32| {
        Request::new("POST", "/transfers", "T1")
            .json(&format!(r#"{{"from":"a-1","cents":{cents}}}"#))
            .with("Idempotency-Key", "0123456789abcdef")
    };
    let described = world.call(&phone, Key::Device, transfer(4_220_000)).await;
    described.assert_status(422);
    assert_eq!(described.text(), r#"{"reason":"insufficient_funds"}"#);
    let other = world.call(&phone, Key::Device, transfer(4_220_001)).await;
    other.assert_refused(422, "unprocessable");
    assert_eq!(world.reason().await, "upstream: service-unprocessable");
}

#[tokio::test]
async fn a_response_over_the_limit_is_dropped() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    world
        .call(&phone, Key::Session, fault("large"))
        .await
        .assert_refused(502, "bad-gateway");
    assert_eq!(world.reason().await, "upstream: service-body-too-large");
    world
        .call(&phone, Key::Session, fault("none"))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_service_that_is_not_there_is_a_bad_gateway() {
    let nobody = TcpListener::bind("127.0.0.1:0")
        .await
        .unwrap()
        .local_addr()
        .unwrap();
    let setup = Setup {
        upstream: Some(nobody),
        ..Setup::default()
    };
    let world = World::with(setup).await;
    let phone = world.phone("alice").await;
    world
        .call(&phone, Key::Session, fault("none"))
        .await
        .assert_refused(502, "bad-gateway");
    assert_eq!(world.reason().await, "upstream: service-unreachable");
    assert!(!world.gateway().readiness().await.service);
}
