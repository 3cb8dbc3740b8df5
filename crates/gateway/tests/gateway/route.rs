//! Functions, methods and paths.

use crate::support::{Key, Request, World};

#[tokio::test]
async fn unknown_functions_methods_and_paths_are_one_answer() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let mut bodies = Vec::new();
    for (method, target, function, reason) in [
        ("GET", "/customers/alice", "C9", "function-unknown"),
        ("GET", "/customers/alice", "c1", "function-unknown"),
        ("DELETE", "/customers/alice", "C1", "method"),
        ("OPTIONS", "/customers/alice", "C1", "method"),
        ("TRACE", "/customers/alice", "C1", "method"),
        ("GET", "/customer/alice", "C1", "path"),
        ("GET", "/customers/alice/", "C1", "path"),
        ("GET", "//customers/alice", "C1", "path"),
        ("GET", "/accounts/a-1/owner", "A1", "path"),
        ("GET", "/health/ready", "C1", "path"),
        ("GET", "/metrics", "C1", "path"),
        ("POST", "/hefu/v1/devices", "hefu.session.open", "path"),
        ("GET", "/hefu/v1/devices", "hefu.device.enrol", "method"),
        ("POST", "/hefu/v1/sessions?x=1", "hefu.session.open", "path"),
    ] {
        let response = world
            .call(&phone, Key::Session, Request::new(method, target, function))
            .await;
        response.assert_refused(404, "not-found");
        assert_eq!(
            world.reason().await,
            format!("route: {reason}"),
            "{method} {target}"
        );
        bodies.push(
            response
                .text()
                .replace(response.field("x-request-id").unwrap(), ""),
        );
    }
    bodies.dedup();
    assert_eq!(bodies.len(), 1, "{bodies:?}");
    let honest = Request::new("GET", "/customers/alice", "C1");
    world
        .call(&phone, Key::Session, honest)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_request_without_a_function_reaches_nothing() {
    let world = World::start().await;
    let response = world
        .wire()
        .await
        .send_raw("GET / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n")
        .await;
    response.assert_refused(404, "not-found");
    assert_eq!(world.reason().await, "route: function-missing");
}

#[tokio::test]
async fn another_host_and_impossible_numbers_are_malformed() {
    let world = World::start().await;
    for (head, reason) in [
        ("Host: localhost\r\nX-Function-No: C1", "host"),
        ("Host: evil.example\r\nX-Function-No: C1", "host"),
        (
            "Host: localhost:8443\r\nX-Function-No: C 1",
            "function-form",
        ),
        ("Host: localhost:8443\r\nX-Function-No: ", "function-form"),
        (
            "Host: localhost:8443\r\nX-Function-No: 123456789012345678901234567890123",
            "function-form",
        ),
    ] {
        let text = format!("GET /customers/alice HTTP/1.1\r\n{head}\r\n\r\n");
        world
            .wire()
            .await
            .send_raw(&text)
            .await
            .assert_refused(400, "malformed");
        assert_eq!(world.reason().await, format!("route: {reason}"));
    }
}
