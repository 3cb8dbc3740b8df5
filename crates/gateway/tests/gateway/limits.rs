//! Sizes, times, connections and rates.

use hefu_gateway::Rate;

use crate::support::{Key, Request, Setup, Wire, World};

fn note(text: &str) -> Request {
    Request::new("POST", "/notes", "N1").json(&format!(r#"{{"text":"{text}"}}"#))
}

#[tokio::test]
async fn heads_over_the_limit_are_refused_before_they_are_whole() {
    let world = World::with(Setup::limits(|limits| {
        limits.head_bytes_max = 2_048;
        limits.fields_max = 12;
    }))
    .await;
    let phone = world.phone("alice").await;
    let honest = phone.sign(&world, Key::Session, note("hello"));
    world.wire().await.send(&honest).await.assert_status(200);

    let mut wire = world.wire().await;
    wire.write(format!("GET / HTTP/1.1\r\nX: {}", "x".repeat(2_048)).as_bytes())
        .await;
    wire.response()
        .await
        .unwrap()
        .assert_refused(431, "headers-too-large");
    wire.ended().await;
    assert_eq!(world.reason().await, "limits: head-too-large");

    let mut many = phone.sign(&world, Key::Session, note("hello"));
    for _ in 0..10 {
        many = many.with("X-Y", "1");
    }
    world
        .wire()
        .await
        .send(&many)
        .await
        .assert_refused(431, "headers-too-large");
    assert_eq!(world.reason().await, "limits: too-many-fields");
}

#[tokio::test]
async fn bodies_over_the_functions_limit_are_refused_unread() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    let body = format!(r#"{{"text":"{}"}}"#, "x".repeat(1_024));
    let mut large = phone.sign(&world, Key::Session, note("hello"));
    large.body = body.into_bytes();
    let bytes = large.to_bytes();
    // Only the head is sent, and a little of the body.
    wire.write(&bytes[..bytes.len() - 1_000]).await;
    wire.response()
        .await
        .unwrap()
        .assert_refused(413, "too-large");
    wire.ended().await;
    let honest = phone.sign(&world, Key::Session, note(&"x".repeat(200)));
    world.wire().await.send(&honest).await.assert_status(200);
}

#[tokio::test]
async fn the_operators_body_limit_holds_for_every_function() {
    let world = World::with(Setup::limits(|limits| limits.body_bytes_max = 20)).await;
    let phone = world.phone("alice").await;
    let long = phone.sign(&world, Key::Session, note("a text that is longer"));
    world
        .wire()
        .await
        .send(&long)
        .await
        .assert_refused(413, "too-large");
    let short = phone.sign(&world, Key::Session, note("short"));
    world.wire().await.send(&short).await.assert_status(200);
}

#[tokio::test]
async fn slow_heads_and_slow_bodies_are_cut() {
    let world = World::with(Setup::limits(|limits| {
        limits.head_ms = 50;
        limits.body_grace_ms = 50;
        limits.body_bytes_per_s_min = 1_000_000;
    }))
    .await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    wire.write(b"POST /notes HTTP/1.1\r\nHost: ").await;
    wire.response()
        .await
        .unwrap()
        .assert_refused(408, "timeout");
    wire.ended().await;
    assert_eq!(world.reason().await, "limits: head-too-slow");

    let request = phone.sign(&world, Key::Session, note("hello"));
    let bytes = request.to_bytes();
    let mut wire = world.wire().await;
    wire.write(&bytes[..bytes.len() - 1]).await;
    wire.response()
        .await
        .unwrap()
        .assert_refused(408, "timeout");
    wire.ended().await;
    assert_eq!(world.reason().await, "limits: body-too-slow");

    world.wire().await.send(&request).await.assert_status(200);
}

#[tokio::test]
async fn bodies_being_read_have_a_limit_together() {
    let world = World::with(Setup::limits(|limits| limits.body_bytes_total_max = 40)).await;
    let phone = world.phone("alice").await;
    let text = "twenty bytes and more";
    let slow = phone
        .sign(&world, Key::Session, note(text))
        .with("Expect", "100-continue");
    let bytes = slow.to_bytes();
    let (head, body) = bytes.split_at(bytes.len() - slow.body.len());
    let mut holder = world.wire().await;
    holder.write(head).await;
    // The leave to send the body tells that its share is taken.
    assert_eq!(holder.response().await.unwrap().status, 100);

    let second = phone.sign(&world, Key::Session, note(text)).to_bytes();
    let mut other = world.wire().await;
    other.write(&second[..second.len() - 1]).await;
    other
        .response()
        .await
        .unwrap()
        .assert_refused(503, "unavailable");
    assert_eq!(world.reason().await, "limits: bodies-too-large");

    holder.write(body).await;
    holder.response().await.unwrap().assert_status(200);
    let mut other = world.wire().await;
    other.write(&second[..second.len() - 1]).await;
    other.write(&second[second.len() - 1..]).await;
    other.response().await.unwrap().assert_status(200);
}

#[tokio::test]
async fn idle_connections_are_ended() {
    let world = World::with(Setup::limits(|limits| limits.idle_ms = 50)).await;
    world.wire().await.ended().await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    wire.send(&phone.sign(&world, Key::Session, note("hello")))
        .await
        .assert_status(200);
    wire.ended().await;
}

#[tokio::test]
async fn a_connection_serves_so_many_requests() {
    let world = World::with(Setup::limits(|limits| {
        limits.requests_per_connection_max = 2
    }))
    .await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    let first = wire
        .send(&phone.sign(&world, Key::Session, note("hello")))
        .await;
    assert_eq!(first.field("connection"), None);
    let last = wire
        .send(&phone.sign(&world, Key::Session, note("hello")))
        .await;
    last.assert_status(200);
    assert_eq!(last.field("connection"), Some("close"));
    wire.ended().await;
}

#[tokio::test]
async fn a_connection_lives_so_long() {
    let world = World::with(Setup::limits(|limits| limits.connection_ms_max = 0)).await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    let only = wire
        .send(&phone.sign(&world, Key::Session, note("hello")))
        .await;
    only.assert_status(200);
    assert_eq!(only.field("connection"), Some("close"));
    wire.ended().await;
}

#[tokio::test]
async fn connections_over_the_limit_are_closed_unheard() {
    for change in [
        (|limits| limits.connections_per_peer_max = 2) as fn(&mut hefu_gateway::Limits),
        |limits| limits.connections_max = 2,
    ] {
        let world = World::with(Setup::limits(change)).await;
        let phone = world.phone("alice").await;
        let mut wires: Vec<Wire> = Vec::new();
        for _ in 0..2 {
            let mut wire = world.wire().await;
            wire.send(&phone.sign(&world, Key::Session, note("hello")))
                .await
                .assert_status(200);
            wires.push(wire);
        }
        world.wire().await.ended().await;
        let metrics = crate::ops::metrics(&world).await;
        assert!(
            metrics.contains("hefu_gateway_connections_refused_total 1"),
            "{metrics}"
        );
        // Those that were open go on.
        for wire in &mut wires {
            wire.send(&phone.sign(&world, Key::Session, note("hello")))
                .await
                .assert_status(200);
        }
    }
}

#[tokio::test]
async fn requests_in_flight_have_a_limit() {
    let world = World::with(Setup::limits(|limits| limits.in_flight_max = 1)).await;
    let phone = world.phone("alice").await;
    let held = phone.sign(&world, Key::Session, Request::new("GET", "/held", "H1"));
    let mut slow = world.wire().await;
    slow.write(&held.to_bytes()).await;
    world.service.arrived.acquire().await.unwrap().forget();
    let response = world.call(&phone, Key::Session, note("hello")).await;
    response.assert_refused(503, "unavailable");
    assert_eq!(world.reason().await, "limits: too-many-in-flight");
    world.service.release.add_permits(1);
    slow.response().await.unwrap().assert_status(200);
    world
        .call(&phone, Key::Session, note("hello"))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn strangers_have_a_rate() {
    let slow = Rate { per_s: 1, burst: 2 };
    let world = World::with(Setup::limits(|limits| limits.peer_rate = slow)).await;
    let phone = world.phone("alice").await;
    for _ in 0..2 {
        world
            .call(&phone, Key::Session, note("hello"))
            .await
            .assert_status(200);
    }
    let response = world.call(&phone, Key::Session, note("hello")).await;
    response.assert_refused(429, "rate-limited");
    assert_eq!(response.field("retry-after"), Some("1"));
    assert_eq!(world.reason().await, "limits: rate-exceeded");
}

#[tokio::test]
async fn devices_have_a_rate_each() {
    let mut setup = Setup::tls();
    setup.limits.device_rate = Rate { per_s: 1, burst: 2 };
    let world = World::with(setup).await;
    let (alice, bob) = (world.phone("alice").await, world.phone("bob").await);
    let (mut of_alice, mut of_bob) = (world.wire_of(&alice).await, world.wire_of(&bob).await);
    for status in [200, 200, 429] {
        let request = alice.sign(&world, Key::Session, note("hello"));
        of_alice.send(&request).await.assert_status(status);
    }
    let request = bob.sign(&world, Key::Session, note("hello"));
    of_bob.send(&request).await.assert_status(200);
}

#[tokio::test]
async fn functions_have_the_rates_of_their_contract() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    for status in [200, 200, 429] {
        let request = Request::new("GET", "/limited", "L1");
        world
            .call(&phone, Key::Session, request)
            .await
            .assert_status(status);
    }
    world
        .call(&phone, Key::Session, note("hello"))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_reader_that_never_reads_is_cut() {
    let world = World::with(Setup::limits(|limits| limits.write_ms = 50)).await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    // Response after response, until no buffer on the way holds any more.
    while !crate::ops::metrics(&world)
        .await
        .contains("hefu_gateway_connections 0")
    {
        let wide = phone.sign(
            &world,
            Key::Session,
            Request::new("GET", "/faults/wide", "F1"),
        );
        wire.write(&wide.to_bytes()).await;
        tokio::task::yield_now().await;
    }
}
