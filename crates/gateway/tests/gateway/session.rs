//! Token, key, device and connection belong together.

use hefu_store::DeviceStatus;

use crate::support::{Key, Request, World, phone::Manner};

fn note() -> Request {
    Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#)
}

#[tokio::test]
async fn a_request_without_its_token_is_refused() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let no_token = Manner {
        token: false,
        ..Manner::default()
    };
    for key in [Key::Session, Key::Device] {
        let request = phone.sign_in_manner(&world, key, note(), &no_token);
        world
            .wire()
            .await
            .send(&request)
            .await
            .assert_refused(401, "unauthenticated");
        assert_eq!(world.reason().await, "session: token-missing");
        world.call(&phone, key, note()).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_token_of_another_device_is_refused_under_any_key() {
    let world = World::start().await;
    let mut thief = world.phone("bob").await;
    let victim = world.phone("alice").await;
    let stolen = victim.token().to_owned();
    world
        .call(&thief, Key::Session, note())
        .await
        .assert_status(200);
    thief.session.as_mut().unwrap().token = stolen;
    world
        .call(&thief, Key::Session, note())
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "session: token-unknown");
    world
        .call(&thief, Key::Device, note())
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "session: session-of-another-device");
    world
        .call(&victim, Key::Device, note())
        .await
        .assert_status(200);
}

#[tokio::test]
async fn tokens_of_another_form_are_refused() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let token = phone.token().to_owned();
    let none = Manner {
        token: false,
        ..Manner::default()
    };
    for authorization in [
        format!("Bearer {token}"),
        token.clone(),
        "Hefu x".to_owned(),
        format!("Hefu {token} "),
        format!("hefu {token}"),
    ] {
        let request = note().with("Authorization", authorization.trim_end());
        let request = phone.sign_in_manner(&world, Key::Session, request, &none);
        let response = world.wire().await.send(&request).await;
        if authorization.trim_end() == format!("Hefu {token}") {
            response.assert_status(200);
        } else {
            response.assert_refused(401, "unauthenticated");
            assert_eq!(
                world.reason().await,
                "session: token-form",
                "{authorization}"
            );
        }
    }
}

#[tokio::test]
async fn a_token_in_the_url_is_refused() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    for key in [Key::Session, Key::Device] {
        for target in [
            format!("/faults/none?access_token={}", phone.token()),
            format!("/faults/none?x={}", phone.token()),
        ] {
            let request = Request::new("GET", &target, "F1");
            world
                .call(&phone, key, request)
                .await
                .assert_refused(401, "unauthenticated");
            assert_eq!(world.reason().await, "session: token-in-url");
        }
        let honest = Request::new("GET", "/faults/none", "F1");
        world.call(&phone, key, honest).await.assert_status(200);
    }
}

#[tokio::test]
async fn a_function_for_devices_takes_no_session() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let register = || Request::new("POST", "/registrations", "D1").json(r#"{"count":1}"#);
    world
        .call(&phone, Key::Device, register())
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "session: token-unwanted");
    let no_token = Manner {
        token: false,
        ..Manner::default()
    };
    let request = phone.sign_in_manner(&world, Key::Device, register(), &no_token);
    let response = world.wire().await.send(&request).await;
    response.assert_status(204);
    phone
        .verify(&world, Key::Device, &request, &response)
        .unwrap();
    let asked = world.service.asked("/registrations");
    assert_eq!(asked[0].fields["x-hefu-device"], phone.device.to_string());
    assert!(!asked[0].fields.contains_key("x-hefu-subject"));
}

#[tokio::test]
async fn sessions_end_idle_over_closed_and_with_their_device() {
    let world = World::start().await;
    let idle = world.phone("alice").await;
    world
        .call(&idle, Key::Session, note())
        .await
        .assert_status(200);
    world.clock.advance_millis(599_000);
    world
        .call(&idle, Key::Session, note())
        .await
        .assert_status(200);
    world.clock.advance_millis(600_000);
    world
        .call(&idle, Key::Session, note())
        .await
        .assert_refused(401, "unauthenticated");

    let closed = world.phone("alice").await;
    let close = Request::new("DELETE", "/hefu/v1/sessions/current", "hefu.session.close");
    let request = closed.sign(&world, Key::Session, close);
    let response = world.wire().await.send(&request).await;
    response.assert_status(204);
    closed
        .verify(&world, Key::Session, &request, &response)
        .unwrap();
    for key in [Key::Session, Key::Device] {
        world
            .call(&closed, key, note())
            .await
            .assert_refused(401, "unauthenticated");
    }

    let frozen = world.phone("alice").await;
    world
        .call(&frozen, Key::Device, note())
        .await
        .assert_status(200);
    let status = DeviceStatus::Frozen;
    world
        .identity
        .set_device_status(frozen.device, status, world.now())
        .await
        .unwrap();
    for key in [Key::Session, Key::Device] {
        world
            .call(&frozen, key, note())
            .await
            .assert_refused(401, "unauthenticated");
        assert_eq!(world.reason().await, "signature: key-unknown");
    }
}

#[tokio::test]
async fn a_newer_login_ends_the_oldest_session() {
    let world = World::start().await;
    let first = world.phone("alice").await;
    world.clock.advance_millis(1);
    let second = world.phone("alice").await;
    world.clock.advance_millis(1);
    world
        .call(&first, Key::Session, note())
        .await
        .assert_status(200);
    let third = world.phone("alice").await;
    world
        .call(&first, Key::Session, note())
        .await
        .assert_refused(401, "unauthenticated");
    world
        .call(&second, Key::Session, note())
        .await
        .assert_status(200);
    world
        .call(&third, Key::Session, note())
        .await
        .assert_status(200);
}
