//! What is signed is what arrives, under a key that will do.

use hefu_tally::{digest::DigestAlgorithm, key::Algorithm};

use crate::support::{Key, Request, World, phone::Manner};

fn transfer() -> Request {
    Request::new("POST", "/transfers", "T1")
        .json(r#"{"from":"a-1","cents":100}"#)
        .with("Idempotency-Key", "0123456789abcdef")
}

fn note() -> Request {
    Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#)
}

#[tokio::test]
async fn every_algorithm_signs_and_every_response_verifies() {
    let world = World::start().await;
    for algorithm in [
        Algorithm::Ed25519,
        Algorithm::EcdsaP256Sha256,
        Algorithm::Sm2Sm3,
    ] {
        let mut phone = world.enrolled(algorithm).await;
        phone.log_in(&world, "alice").await;
        for (key, digest) in [
            (Key::Device, DigestAlgorithm::Sm3),
            (Key::Session, DigestAlgorithm::Sha256),
        ] {
            let manner = Manner {
                digest,
                ..Manner::default()
            };
            let request = phone.sign_in_manner(&world, key, note(), &manner);
            let response = world.wire().await.send(&request).await;
            response.assert_status(200);
            let created = phone.verify(&world, key, &request, &response).unwrap();
            assert_eq!(created, world.now().secs());
            let digested = response.field("content-digest").unwrap();
            assert!(digested.starts_with(digest.as_str()), "{digested}");
            // No response can be moved to another request.
            let other = phone.sign(&world, key, note());
            assert!(phone.verify(&world, key, &other, &response).is_err());
        }
    }
}

type Spoil<'test> = &'test dyn Fn(&mut Request);

#[tokio::test]
async fn whatever_is_changed_under_way_is_noticed() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let bob = world.phone("bob").await;
    let spoils: [(&str, Spoil<'_>, &str); 8] = [
        (
            "body",
            &|r| r.body = br#"{"from":"a-1","cents":101}"#.to_vec(),
            "digest",
        ),
        (
            "body and digest",
            &|r| {
                r.body = br#"{"from":"a-1","cents":101}"#.to_vec();
                let digest = hefu_tally::digest::content_digest(DigestAlgorithm::Sm3, &r.body);
                r.set("Content-Digest", &digest);
            },
            "signature",
        ),
        (
            "target",
            &|r| r.target = "/transfers?x=1".to_owned(),
            "signature",
        ),
        (
            "function",
            &|r| {
                r.set("X-Function-No", "N1");
                r.target = "/notes".to_owned();
            },
            "signature",
        ),
        (
            "token",
            &|r| r.set("Authorization", &format!("Hefu {}", bob.token())),
            "signature",
        ),
        ("no token", &|r| r.remove("Authorization"), "signature-base"),
        (
            "no digest",
            &|r| r.remove("Content-Digest"),
            "signature-base",
        ),
        (
            "no signature",
            &|r| {
                r.remove("Signature");
                r.remove("Signature-Input");
            },
            "unsigned",
        ),
    ];
    for (what, spoil, reason) in spoils {
        let honest = phone.sign(&world, Key::Device, transfer());
        let mut spoilt = honest.clone();
        spoil(&mut spoilt);
        let response = world.wire().await.send(&spoilt).await;
        response.assert_refused(401, "unauthenticated");
        assert_eq!(
            world.reason().await,
            format!("signature: {reason}"),
            "{what}"
        );
        assert_eq!(response.field("signature"), None, "nobody to sign for");
        // The spoilt one used nothing up.
        world.wire().await.send(&honest).await.assert_status(201);
    }
}

#[tokio::test]
async fn parameters_that_say_something_else_are_refused() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let request = phone.sign(&world, Key::Device, transfer());
    let input = request.field("Signature-Input").to_owned();
    for (good, bad, reason) in [
        (r#"alg="ed25519""#, r#"alg="hmac-sm3""#, "algorithm"),
        (r#"alg="ed25519""#, r#"alg="none""#, "algorithm"),
        (r#"tag="hefu""#, r#"tag="other""#, "signature-tag"),
        (r#" "content-digest""#, "", "not-covered"),
        (r#" "authorization""#, "", "not-covered"),
        (
            r#" "x-function-no""#,
            r#" "x-function-no";req"#,
            "not-covered",
        ),
        (r#";tag="#, r#";extra=1;tag="#, "signature-parameter"),
        ("keyid=\"d-", "keyid=\"x-", "key-id"),
    ] {
        assert!(input.contains(good), "{good}: {input}");
        let mut spoilt = request.clone();
        spoilt.set("Signature-Input", &input.replacen(good, bad, 1));
        world
            .wire()
            .await
            .send(&spoilt)
            .await
            .assert_refused(401, "unauthenticated");
        assert_eq!(world.reason().await, format!("signature: {reason}"));
    }
    for (name, value) in [("Signature-Input", "hefu=("), ("Signature", "hefu=AAAA")] {
        let mut spoilt = request.clone();
        spoilt.set(name, value);
        world
            .wire()
            .await
            .send(&spoilt)
            .await
            .assert_refused(400, "malformed");
    }
    world.wire().await.send(&request).await.assert_status(201);
}

#[tokio::test]
async fn keys_that_nobody_knows_are_refused_like_wrong_signatures() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let mut stranger = crate::support::Phone::new(Algorithm::Sm2Sm3);
    let mut bodies = Vec::new();
    let unknown = stranger.sign(&world, Key::Device, note());
    let response = world.wire().await.send(&unknown).await;
    response.assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "signature: key-unknown");
    bodies.push(response);

    // A session that was closed is as unknown as one that never was.
    stranger.session = world.phone("bob").await.session;
    let session = stranger.session.as_ref().unwrap().id;
    world.identity.sessions.close(session).await.unwrap();
    let response = world.call(&stranger, Key::Session, note()).await;
    response.assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "signature: key-unknown");
    bodies.push(response);

    let mut wrong = phone.sign(&world, Key::Session, note());
    let other = phone.sign(&world, Key::Session, note());
    wrong.set("Signature", other.field("Signature"));
    let response = world.wire().await.send(&wrong).await;
    response.assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "signature: signature");
    bodies.push(response);
    let texts: Vec<_> = bodies
        .iter()
        .map(|response| response.text().len())
        .collect();
    assert!(texts.iter().all(|length| *length == texts[0]), "{texts:?}");
    world
        .call(&phone, Key::Session, note())
        .await
        .assert_status(200);
}

#[tokio::test]
async fn key_business_needs_the_devices_own_key() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let by_session = world.call(&phone, Key::Session, transfer()).await;
    by_session.assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "signature: device-key-needed");
    world
        .call(&phone, Key::Device, transfer())
        .await
        .assert_status(201);
    assert_eq!(world.service.asked("/transfers").len(), 1);
}

#[tokio::test]
async fn a_refusal_behind_the_signature_is_signed() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    for (key, request) in [
        (Key::Session, Request::new("GET", "/accounts/a-2", "A1")),
        (
            Key::Session,
            Request::new("POST", "/notes", "N1").json(r#"{"text":1}"#),
        ),
        (Key::Device, Request::new("GET", "/faults/500", "F1")),
    ] {
        let request = phone.sign(&world, key, request);
        let response = world.wire().await.send(&request).await;
        assert!(response.status >= 400);
        phone.verify(&world, key, &request, &response).unwrap();
    }
}
