//! Once, and only while fresh.

use std::sync::Arc;

use hefu_gm::rng::SystemRng;
use hefu_store::nonces::MemoryNonces;
use hefu_tally::clock::Timestamp;

use crate::support::{Key, Request, Setup, World, phone::Manner};

fn transfer() -> Request {
    Request::new("POST", "/transfers", "T1")
        .json(r#"{"from":"a-1","cents":100}"#)
        .with("Idempotency-Key", "0123456789abcdef")
}

#[tokio::test]
async fn a_captured_request_passes_once_whoever_sends_it() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let request = phone.sign(&world, Key::Device, transfer());
    let mut wire = world.wire().await;
    wire.send(&request).await.assert_status(201);
    let again = wire.send(&request).await;
    again.assert_refused(401, "unauthenticated");
    phone
        .verify(&world, Key::Device, &request, &again)
        .expect("behind the signature");
    world
        .wire()
        .await
        .send(&request)
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "replay: replayed");
    assert_eq!(world.service.asked("/transfers").len(), 1);
    // The same again, signed afresh, is another request.
    world
        .call(&phone, Key::Device, transfer())
        .await
        .assert_status(201);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_a_hundred_copies_at_once_one_passes() {
    let setup = Setup {
        workers: 2,
        ..Setup::default()
    };
    let world = Arc::new(World::with(setup).await);
    let phone = world.phone("alice").await;
    let request = phone.sign(&world, Key::Device, transfer());
    let copies: Vec<_> = (0..100)
        .map(|_| {
            let (world, request) = (world.clone(), request.clone());
            tokio::spawn(async move { world.wire().await.send(&request).await.status })
        })
        .collect();
    let mut statuses = Vec::new();
    for copy in copies {
        statuses.push(copy.await.unwrap());
    }
    statuses.retain(|status| *status != 401);
    assert_eq!(statuses, [201]);
    assert_eq!(world.service.asked("/transfers").len(), 1);
}

#[tokio::test]
async fn one_nonce_serves_one_request_of_a_key() {
    let world = World::start().await;
    let (phone, other) = (world.phone("alice").await, world.phone("bob").await);
    let manner = Manner {
        nonce: Some("AAAAAAAAAAAAAAAAAAAAAA".to_owned()),
        ..Manner::default()
    };
    let note = || Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#);
    let first = phone.sign_in_manner(&world, Key::Session, note(), &manner);
    world.wire().await.send(&first).await.assert_status(200);
    let limited = Request::new("GET", "/limited", "L1");
    let second = phone.sign_in_manner(&world, Key::Session, limited, &manner);
    world
        .wire()
        .await
        .send(&second)
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "replay: replayed");
    let of_another = other.sign_in_manner(&world, Key::Session, note(), &manner);
    world
        .wire()
        .await
        .send(&of_another)
        .await
        .assert_status(200);
}

#[tokio::test]
async fn times_out_of_the_window_are_refused() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    for (created_after_s, window_s, outcome) in [
        (0, 60, Ok(())),
        (5, 60, Ok(())),
        (6, 60, Err("created-ahead")),
        (-59, 60, Ok(())),
        (-60, 60, Err("expired")),
        (0, 61, Err("window-too-long")),
        (0, 300, Err("window-too-long")),
    ] {
        let manner = Manner {
            created_after_s,
            window_s,
            ..Manner::default()
        };
        let request = phone.sign_in_manner(&world, Key::Device, transfer(), &manner);
        let response = world.wire().await.send(&request).await;
        match outcome {
            Ok(()) => response.assert_status(201),
            Err(reason) => {
                response.assert_refused(401, "unauthenticated");
                assert_eq!(world.reason().await, format!("replay: {reason}"));
                // Signed, with the gateway's time: so a client can correct its clock.
                let told = phone
                    .verify(&world, Key::Device, &request, &response)
                    .unwrap();
                assert_eq!(told, world.now().secs());
            }
        }
    }
}

#[tokio::test]
async fn a_request_dies_with_time() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let request = phone.sign(&world, Key::Device, transfer());
    world.clock.advance_millis(60_000);
    world
        .wire()
        .await
        .send(&request)
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "replay: expired");
}

#[tokio::test]
async fn after_a_restart_what_came_before_it_is_a_replay() {
    let started = Timestamp::from_secs(1_760_000_000);
    let setup = Setup {
        nonces: Some(Arc::new(
            MemoryNonces::new(1_000, started, &mut SystemRng).unwrap(),
        )),
        ..Setup::default()
    };
    let world = World::with(setup).await;
    let phone = world.phone("alice").await;
    let before = Manner {
        created_after_s: -1,
        ..Manner::default()
    };
    let request = phone.sign_in_manner(&world, Key::Device, transfer(), &before);
    world
        .wire()
        .await
        .send(&request)
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "replay: replayed");
    world.clock.advance_millis(10_000);
    world
        .call(&phone, Key::Device, transfer())
        .await
        .assert_status(201);
}

#[tokio::test]
async fn a_full_memory_refuses_and_says_so_to_the_operator() {
    let started = Timestamp::from_secs(1_760_000_000).plus_secs(-60);
    let setup = Setup {
        nonces: Some(Arc::new(
            MemoryNonces::new(1, started, &mut SystemRng).unwrap(),
        )),
        ..Setup::default()
    };
    let world = World::with(setup).await;
    let phone = world.phone("alice").await;
    let mut statuses = Vec::new();
    for _ in 0..200 {
        let response = world
            .call(
                &phone,
                Key::Session,
                Request::new("GET", "/faults/none", "F1"),
            )
            .await;
        statuses.push(response.status);
        if response.status != 200 {
            response.assert_refused(503, "unavailable");
        }
    }
    assert_eq!(statuses[0], 200);
    assert!(statuses.contains(&503));
    assert_eq!(world.reason().await, "replay: nonce-memory-full");
    assert!(!world.gateway().readiness().await.nonces);
}
