//! Heads and bodies that two readers could read differently, sent as raw bytes.

use crate::support::{Key, Request, World};

fn note() -> Request {
    Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#)
}

/// An honest signed request as text, for spoiling.
async fn honest(world: &World) -> String {
    let phone = world.phone("alice").await;
    let request = phone.sign(world, Key::Session, note());
    String::from_utf8(request.to_bytes()).unwrap()
}

#[tokio::test]
async fn the_honest_twin_passes_and_the_connection_lives_on() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    for _ in 0..3 {
        let request = phone.sign(&world, Key::Session, note());
        let response = wire.send(&request).await;
        response.assert_status(200);
        assert_eq!(response.field("cache-control"), Some("no-store"));
        assert!(response.field("date").is_some());
        assert_eq!(response.field("connection"), None);
    }
}

#[tokio::test]
async fn ambiguous_messages_are_refused_and_end_the_connection() {
    let world = World::start().await;
    for (good, bad, reason) in [
        (
            "Content-Length: 16",
            "Transfer-Encoding: chunked",
            "transfer-encoding",
        ),
        (
            "Content-Length: 16",
            "Content-Length: 16\r\nTransfer-Encoding: chunked",
            "transfer-encoding",
        ),
        (
            "Content-Length: 16",
            "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity",
            "transfer-encoding",
        ),
        (
            "Content-Length: 16",
            "Transfer-Encoding : chunked",
            "field-name",
        ),
        (
            "Content-Length: 16",
            "Transfer-Encoding:\r\n chunked",
            "folded-field",
        ),
        (
            "Content-Length: 16",
            "Content-Length: 16\r\nContent-Length: 0",
            "duplicate-field",
        ),
        (
            "Content-Length: 16",
            "Content-Length: 16, 16",
            "content-length",
        ),
        (
            "Content-Length: 16",
            "Content-Length: +16",
            "content-length",
        ),
        (
            "Content-Length: 16",
            "Content-Length: 16\nX-Smuggled: 1",
            "bare-line-end",
        ),
        (
            "Content-Length: 16",
            "Content-Length: 16\r\n X-Folded: 1",
            "folded-field",
        ),
        (
            "Content-Length: 16",
            "Content-Length: 16\rX: 1",
            "field-value",
        ),
        (
            "Content-Length: 16\r\n",
            "Content-Length: 16\r\nUpgrade: h2c\r\n",
            "upgrade",
        ),
        ("Host: ", "Host: evil.example\r\nHost: ", "duplicate-field"),
        (
            "Signature: ",
            "Signature: hefu=:AAAA:\r\nSignature: ",
            "duplicate-field",
        ),
        (
            "Authorization: ",
            "Authorization: Hefu x\r\nAuthorization: ",
            "duplicate-field",
        ),
        (
            "X-Function-No: N1",
            "X-Function-No: N1\r\nX-Function-No: T1",
            "duplicate-field",
        ),
        ("HTTP/1.1", "HTTP/1.0", "version"),
        ("HTTP/1.1", "HTTP/2.0", "version"),
        ("POST /notes", "POST /../notes", "dot-segment"),
        ("POST /notes", "POST /%2e%2e/notes", "target-encoding"),
        ("POST /notes", "POST http://localhost:8443/notes", "target"),
        ("POST /notes", "POST /notes#x", "target"),
        ("POST /notes", "OPTIONS *", "target"),
        ("POST /notes", "CONNECT localhost:8443", "target"),
    ] {
        let text = honest(&world).await;
        assert!(text.contains(good), "{good}");
        let mut wire = world.wire().await;
        // A second request follows at once: nobody may take it for one.
        let smuggled = "GET /customers/bob HTTP/1.1\r\nHost: localhost:8443\r\n\r\n";
        let response = wire
            .send_raw(&(text.replacen(good, bad, 1) + smuggled))
            .await;
        response.assert_refused(400, "malformed");
        assert_eq!(response.field("connection"), Some("close"), "{bad}");
        wire.ended().await;
        assert_eq!(world.reason().await, format!("framing: {reason}"), "{bad}");
    }
    assert!(world.service.asked("/notes").is_empty());
}

#[tokio::test]
async fn what_is_not_http_is_refused() {
    let world = World::start().await;
    for garbage in [
        "\u{16}\u{3}\u{1}\r\n\r\n",
        "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        "\r\n\r\n",
        "\n",
    ] {
        let mut wire = world.wire().await;
        wire.send_raw(garbage)
            .await
            .assert_refused(400, "malformed");
        wire.ended().await;
    }
}

#[tokio::test]
async fn requests_sent_at_once_are_answered_in_order() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let good = phone.sign(&world, Key::Session, note());
    let unknown = phone.sign(&world, Key::Session, Request::new("GET", "/none", "X1"));
    let mut wire = world.wire().await;
    wire.write(&[good.to_bytes(), unknown.to_bytes(), good.to_bytes()].concat())
        .await;
    wire.response().await.unwrap().assert_status(200);
    wire.response()
        .await
        .unwrap()
        .assert_refused(404, "not-found");
    wire.response()
        .await
        .unwrap()
        .assert_refused(401, "unauthenticated");
}

#[tokio::test]
async fn a_client_that_waits_for_leave_gets_it_once_the_head_will_do() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let request = phone
        .sign(&world, Key::Session, note())
        .with("Expect", "100-continue");
    let bytes = request.to_bytes();
    let (head, body) = bytes.split_at(bytes.len() - request.body.len());
    let mut wire = world.wire().await;
    wire.write(head).await;
    assert_eq!(wire.response().await.unwrap().status, 100);
    wire.write(body).await;
    wire.response().await.unwrap().assert_status(200);

    let request = Request::new("POST", "/none", "X1")
        .json("{}")
        .with("Host", &world.authority());
    let request = request.with("Expect", "100-continue");
    let bytes = request.to_bytes();
    wire.write(&bytes[..bytes.len() - 2]).await;
    wire.response()
        .await
        .unwrap()
        .assert_refused(404, "not-found");
}

#[tokio::test]
async fn a_head_request_is_answered_without_a_body() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    let request = phone.sign(
        &world,
        Key::Session,
        Request::new("HEAD", "/accounts/a-1", "A2"),
    );
    let response = wire.send(&request).await;
    assert_eq!(response.status, 200);
    phone
        .verify(&world, Key::Session, &request, &response)
        .unwrap();
    // A refusal too: the next response on the connection has to be found where it is.
    let request = phone.sign(
        &world,
        Key::Session,
        Request::new("HEAD", "/accounts/a-2", "A2"),
    );
    let response = wire.send(&request).await;
    assert_eq!(response.status, 404);
    phone
        .verify(&world, Key::Session, &request, &response)
        .unwrap();
    let request = phone.sign(&world, Key::Session, note());
    wire.send(&request).await.assert_status(200);
}

#[tokio::test]
async fn a_connection_ends_when_the_client_says_so() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    let request = phone
        .sign(&world, Key::Session, note())
        .with("Connection", "close");
    wire.send(&request).await.assert_status(200);
    wire.ended().await;
}
