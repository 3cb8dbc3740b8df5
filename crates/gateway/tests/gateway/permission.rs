//! One's own objects, and nobody else's.

use crate::support::{Key, Request, World};

#[tokio::test]
async fn missing_and_anothers_objects_are_one_answer_after_the_same_work() {
    let world = World::start().await;
    let (alice, bob) = (world.phone("alice").await, world.phone("bob").await);
    let show = |account: &str| Request::new("GET", &format!("/accounts/{account}"), "A1");
    world
        .call(&alice, Key::Session, show("a-1"))
        .await
        .assert_status(200);
    let mut bodies = Vec::new();
    for account in ["a-2", "a-9"] {
        let response = world.call(&alice, Key::Session, show(account)).await;
        response.assert_refused(404, "not-found");
        assert_eq!(world.reason().await, "permission: not-owner");
        bodies.push(
            response
                .text()
                .replace(response.field("x-request-id").unwrap(), ""),
        );
        // The service was asked for the owner, and for nothing else.
        assert_eq!(
            world
                .service
                .asked(&format!("/accounts/{account}/owner"))
                .len(),
            1
        );
        assert!(
            world
                .service
                .asked(&format!("/accounts/{account}"))
                .is_empty()
        );
    }
    assert_eq!(bodies[0], bodies[1]);
    world
        .call(&bob, Key::Session, show("a-2"))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_look_up_is_believed_for_its_user_alone() {
    let world = World::start().await;
    let (alice, bob) = (world.phone("alice").await, world.phone("bob").await);
    let show = || Request::new("GET", "/accounts/a-2", "A1");
    for _ in 0..3 {
        world
            .call(&bob, Key::Session, show())
            .await
            .assert_status(200);
    }
    assert_eq!(world.service.asked("/accounts/a-2/owner").len(), 1);
    for _ in 0..3 {
        world
            .call(&alice, Key::Session, show())
            .await
            .assert_refused(404, "not-found");
    }
    assert_eq!(world.service.asked("/accounts/a-2/owner").len(), 2);
}

#[tokio::test]
async fn a_rule_over_the_subject_or_the_body_holds_too() {
    let world = World::start().await;
    let alice = world.phone("alice").await;
    let customer = |name: &str| Request::new("GET", &format!("/customers/{name}"), "C1");
    world
        .call(&alice, Key::Session, customer("alice"))
        .await
        .assert_status(200);
    for other in ["bob", "nobody", "alicex"] {
        world
            .call(&alice, Key::Session, customer(other))
            .await
            .assert_refused(404, "not-found");
    }
    let transfer = |from: &str| {
        Request::new("POST", "/transfers", "T1")
            .json(&format!(r#"{{"from":"{from}","cents":100}}"#))
            .with("Idempotency-Key", "0123456789abcdef")
    };
    world
        .call(&alice, Key::Device, transfer("a-1"))
        .await
        .assert_status(201);
    world
        .call(&alice, Key::Device, transfer("a-2"))
        .await
        .assert_refused(404, "not-found");
    // A member of that name twice could be read both ways.
    let twice = Request::new("POST", "/transfers", "T1")
        .json(r#"{"from":"a-1","from":"a-2","cents":100}"#)
        .with("Idempotency-Key", "0123456789abcdef");
    world
        .call(&alice, Key::Device, twice)
        .await
        .assert_refused(400, "malformed");
    assert_eq!(world.service.asked("/transfers").len(), 1);
}
