//! Opening a session with a password, and what comes of it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_gm::{Zeroizing, rng::SystemRng, sm2::EphemeralSecret};
use hefu_identity::password::NewPassword;
use hefu_tally::{
    key::Algorithm,
    messages::{OPEN_SESSION_FUNCTION, OPEN_SESSION_PATH, OpenSessionResponse},
    nonce,
};

use crate::support::{
    Key, Phone, Request, World,
    phone::{Manner, seal},
};

const PASSWORD: &str = "correct horse 1";

async fn with_carol() -> (World, Phone) {
    let world = World::start().await;
    let password = NewPassword::parse(Zeroizing::new(PASSWORD.to_owned())).unwrap();
    let users = &world.identity.users;
    users
        .add("carol", "c-1001", password, world.now(), &mut SystemRng)
        .await
        .unwrap();
    let phone = world.enrolled(Algorithm::Sm2Sm3).await;
    (world, phone)
}

fn login(world: &World, phone: &Phone, user: &str, password: &str) -> (Request, EphemeralSecret) {
    let secret = EphemeralSecret::make(&mut SystemRng).unwrap();
    let nonce = nonce::make(&mut SystemRng).unwrap();
    let sealed = seal(
        &world.encryption_key,
        OPEN_SESSION_FUNCTION,
        phone.key_id(Key::Device),
        &nonce,
        "/password",
        &serde_json::to_string(password).unwrap(),
    );
    let body = serde_json::json!({
        "user": user,
        "password": sealed,
        "agreement": {
            "alg": "sm2-ecdh",
            "public": URL_SAFE_NO_PAD.encode(secret.public_key()),
        },
    });
    let manner = Manner {
        nonce: Some(nonce),
        token: false,
        ..Manner::default()
    };
    let request = Request::new("POST", OPEN_SESSION_PATH, OPEN_SESSION_FUNCTION);
    let request = request.json(&body.to_string());
    (
        phone.sign_in_manner(world, Key::Device, request, &manner),
        secret,
    )
}

#[tokio::test]
async fn both_sides_agree_on_a_key_that_then_signs() {
    let (world, mut phone) = with_carol().await;
    let (request, secret) = login(&world, &phone, "carol", PASSWORD);
    let response = world.wire().await.send(&request).await;
    response.assert_status(201);
    phone
        .verify(&world, Key::Device, &request, &response)
        .unwrap();
    assert_eq!(response.field("cache-control"), Some("no-store"));
    let opened: OpenSessionResponse = serde_json::from_slice(&response.body).unwrap();
    let half = URL_SAFE_NO_PAD.decode(&opened.agreement.public).unwrap();
    phone.adopt(
        secret,
        &half.try_into().unwrap(),
        opened.session,
        opened.token,
    );
    let note = || Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#);
    let signed = phone.sign(&world, Key::Session, note());
    let response = world.wire().await.send(&signed).await;
    response.assert_status(200);
    phone
        .verify(&world, Key::Session, &signed, &response)
        .unwrap();
    assert_eq!(
        world.service.asked("/notes")[0].fields["x-hefu-subject"],
        "c-1001"
    );
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_user_are_one_answer() {
    let (world, phone) = with_carol().await;
    let mut lengths = Vec::new();
    for (user, password) in [("carol", "wrong horse 1"), ("nobody", PASSWORD), ("", "")] {
        let (request, _) = login(&world, &phone, user, password);
        let response = world.wire().await.send(&request).await;
        response.assert_refused(401, "unauthenticated");
        assert!(world.reason().await.starts_with("login: "));
        lengths.push(response.text().len());
    }
    lengths.dedup();
    assert_eq!(lengths.len(), 1);
    let (request, _) = login(&world, &phone, "carol", PASSWORD);
    world.wire().await.send(&request).await.assert_status(201);
}

#[tokio::test]
async fn a_login_needs_the_devices_key_and_a_fresh_seal() {
    let (world, mut phone) = with_carol().await;
    // A captured sealed password opens in no other request.
    let (captured, _) = login(&world, &phone, "carol", PASSWORD);
    let body = String::from_utf8(captured.body.clone()).unwrap();
    let request = Request::new("POST", OPEN_SESSION_PATH, OPEN_SESSION_FUNCTION).json(&body);
    let request = phone.sign(&world, Key::Device, request);
    world
        .wire()
        .await
        .send(&request)
        .await
        .assert_refused(400, "invalid");
    assert_eq!(world.reason().await, "login: sealed-elsewhere-or-altered");

    phone.log_in(&world, "alice").await;
    let request = Request::new("POST", OPEN_SESSION_PATH, OPEN_SESSION_FUNCTION).json(&body);
    let request = phone.sign(&world, Key::Session, request);
    world
        .wire()
        .await
        .send(&request)
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "signature: device-key-needed");

    world.wire().await.send(&captured).await.assert_status(201);
}

#[tokio::test]
async fn a_half_that_is_no_point_is_refused() {
    let (world, phone) = with_carol().await;
    let (request, _) = login(&world, &phone, "carol", PASSWORD);
    let honest: serde_json::Value = serde_json::from_slice(&request.body).unwrap();
    for public in [
        "",
        "AAAA",
        &URL_SAFE_NO_PAD.encode([4; 65]),
        &URL_SAFE_NO_PAD.encode([0; 65]),
    ] {
        // Sealed for the signature that will be made.
        let nonce = nonce::make(&mut SystemRng).unwrap();
        let mut body = honest.clone();
        let password = serde_json::to_string(PASSWORD).unwrap();
        let key_id = phone.key_id(Key::Device);
        let key = &world.encryption_key;
        body["password"] = seal(
            key,
            OPEN_SESSION_FUNCTION,
            key_id,
            &nonce,
            "/password",
            &password,
        )
        .into();
        body["agreement"]["public"] = public.into();
        let manner = Manner {
            nonce: Some(nonce),
            ..Manner::default()
        };
        let request = Request::new("POST", OPEN_SESSION_PATH, OPEN_SESSION_FUNCTION);
        let request = request.json(&body.to_string());
        let request = phone.sign_in_manner(&world, Key::Device, request, &manner);
        world
            .wire()
            .await
            .send(&request)
            .await
            .assert_refused(400, "invalid");
        assert_eq!(world.reason().await, "login: agreement");
    }
    world.wire().await.send(&request).await.assert_status(201);
}
