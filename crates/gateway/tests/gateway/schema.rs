//! Requests and responses as the contract has them.

use crate::support::{Key, Request, World};

#[tokio::test]
async fn requests_that_break_the_contract_are_refused() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let note = |body: &str| Request::new("POST", "/notes", "N1").json(body);
    world
        .call(&phone, Key::Session, note(r#"{"text":"hello"}"#))
        .await
        .assert_status(200);
    for (body, status, code) in [
        (r#"{"text":1}"#, 400, "invalid"),
        (r#"{}"#, 400, "invalid"),
        (r#"{"text":"x","extra":1}"#, 400, "invalid"),
        (
            &format!(r#"{{"text":"{}"}}"#, "x".repeat(201)),
            400,
            "invalid",
        ),
        (r#"[]"#, 400, "invalid"),
        (r#""#, 400, "invalid"),
        (r#"{"text":"x""#, 400, "malformed"),
        (r#"{"text":"x"} {}"#, 400, "malformed"),
        (r#"{"text":"x","text":"y"}"#, 400, "malformed"),
        (&"[".repeat(500), 400, "malformed"),
    ] {
        let response = world.call(&phone, Key::Session, note(body)).await;
        response.assert_refused(status, code);
        assert!(
            world.reason().await.starts_with("schema: request-"),
            "{body}"
        );
        assert!(!response.text().contains("text"), "no hint of the schema");
    }
    assert_eq!(world.service.asked("/notes").len(), 1);
}

#[tokio::test]
async fn bodies_of_another_kind_are_refused() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    for content_type in [
        "text/plain",
        "application/xml",
        "application/json; charset=gbk",
        "",
    ] {
        let mut request = Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#);
        request.set("Content-Type", content_type);
        let response = world.call(&phone, Key::Session, request).await;
        response.assert_refused(415, "unsupported-media-type");
    }
    let mut request = Request::new("POST", "/notes", "N1").json("");
    request.body = b"{\"text\":\"\xff\"}".to_vec();
    let response = world.call(&phone, Key::Session, request).await;
    response.assert_refused(415, "unsupported-media-type");
}

#[tokio::test]
async fn responses_that_break_the_contract_do_not_leave() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let fault = |fault: &str| Request::new("GET", &format!("/faults/{fault}"), "F1");
    world
        .call(&phone, Key::Session, fault("none"))
        .await
        .assert_status(200);
    for (what, reason) in [
        ("page", "response-media-type"),
        ("other-field", "response-schema"),
        ("other-type", "response-schema"),
        ("202", "response-undeclared"),
        ("204", "response-undeclared"),
    ] {
        let response = world.call(&phone, Key::Session, fault(what)).await;
        response.assert_refused(502, "bad-gateway");
        assert_eq!(world.reason().await, format!("schema: {reason}"), "{what}");
        assert!(!response.text().contains("hash"));
    }
}
