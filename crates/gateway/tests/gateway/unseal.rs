//! Sealed fields open in their request, at their place, and nowhere else.

use hefu_gm::{rng::SystemRng, sm2::DecryptionKey};
use hefu_tally::nonce;

use crate::support::{
    Key, Phone, Request, World,
    phone::{Manner, seal},
};

fn sealed_note(world: &World, phone: &Phone, pointer: &str, pin: &str) -> (Request, Manner) {
    let nonce = nonce::make(&mut SystemRng).unwrap();
    let key_id = phone.key_id(Key::Session);
    let sealed = seal(&world.encryption_key, "N1", key_id, &nonce, pointer, pin);
    let manner = Manner {
        nonce: Some(nonce),
        ..Manner::default()
    };
    let body = format!(r#"{{"text":"hello","pin":"{sealed}"}}"#);
    (Request::new("POST", "/notes", "N1").json(&body), manner)
}

#[tokio::test]
async fn the_service_reads_what_was_sealed_and_the_schema_holds_for_it() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let (request, manner) = sealed_note(&world, &phone, "/pin", r#""123456""#);
    let request = phone.sign_in_manner(&world, Key::Session, request, &manner);
    world.wire().await.send(&request).await.assert_status(200);
    let asked = world.service.asked("/notes").pop().unwrap();
    assert_eq!(asked.body, r#"{"text":"hello","pin":"123456"}"#);
    assert_eq!(asked.fields["content-length"], asked.body.len().to_string());

    for pin in [r#""12345""#, "123456", r#""12345x""#, "not json"] {
        let (request, manner) = sealed_note(&world, &phone, "/pin", pin);
        let request = phone.sign_in_manner(&world, Key::Session, request, &manner);
        world
            .wire()
            .await
            .send(&request)
            .await
            .assert_refused(400, "invalid");
        assert!(world.reason().await.starts_with("unseal: "), "{pin}");
    }
    assert_eq!(world.service.asked("/notes").len(), 1);
}

#[tokio::test]
async fn a_sealed_field_opens_nowhere_else() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    // Made for another place.
    let (request, manner) = sealed_note(&world, &phone, "/text", r#""123456""#);
    let request = phone.sign_in_manner(&world, Key::Session, request, &manner);
    world
        .wire()
        .await
        .send(&request)
        .await
        .assert_refused(400, "invalid");
    assert_eq!(world.reason().await, "unseal: sealed-elsewhere-or-altered");
    // Captured, and put into a request that is signed afresh.
    let (captured, _) = sealed_note(&world, &phone, "/pin", r#""123456""#);
    world
        .call(&phone, Key::Session, captured)
        .await
        .assert_refused(400, "invalid");
    assert_eq!(world.reason().await, "unseal: sealed-elsewhere-or-altered");
    // Sealed to somebody else's key.
    let nonce = nonce::make(&mut SystemRng).unwrap();
    let other = DecryptionKey::make(&mut SystemRng).unwrap();
    let key_id = phone.key_id(Key::Session);
    let sealed = seal(
        other.encryption_key(),
        "N1",
        key_id,
        &nonce,
        "/pin",
        r#""123456""#,
    );
    let manner = Manner {
        nonce: Some(nonce),
        ..Manner::default()
    };
    let request = Request::new("POST", "/notes", "N1")
        .json(&format!(r#"{{"text":"hello","pin":"{sealed}"}}"#));
    let request = phone.sign_in_manner(&world, Key::Session, request, &manner);
    world
        .wire()
        .await
        .send(&request)
        .await
        .assert_refused(400, "invalid");
    assert_eq!(world.reason().await, "unseal: sealed-to-another-key");
    // In the clear.
    let clear = Request::new("POST", "/notes", "N1").json(r#"{"text":"hello","pin":"123456"}"#);
    world
        .call(&phone, Key::Session, clear)
        .await
        .assert_refused(400, "invalid");
    assert!(world.service.asked("/notes").is_empty());
}
