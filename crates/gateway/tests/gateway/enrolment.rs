//! From a one-time code to a first request, over TLS, and the 2019 attack on it.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use hefu_gm::rng::SystemRng;
use hefu_tally::{
    key::Algorithm,
    messages::{ENROL_FUNCTION, ENROL_PATH, EnrolResponse},
    nonce,
};
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use crate::support::{
    Key, Phone, Request, Response, Setup, Wire, World,
    phone::{Manner, seal},
};

struct Enrolment {
    phone: Phone,
    request: Request,
    channel_key: rcgen::KeyPair,
}

/// An enrolment as an app sends it.
fn enrolment(world: &World, code: &str) -> Enrolment {
    let phone = Phone::new(Algorithm::Sm2Sm3);
    let channel_key = rcgen::KeyPair::generate().unwrap();
    let csr = rcgen::CertificateParams::default()
        .serialize_request(&channel_key)
        .unwrap();
    let nonce = nonce::make(&mut SystemRng).unwrap();
    let key_id = phone.key_id(Key::Device);
    let code = format!("\"{code}\"");
    let sealed = seal(
        &world.encryption_key,
        ENROL_FUNCTION,
        key_id,
        &nonce,
        "/code",
        &code,
    );
    let body = serde_json::json!({
        "code": sealed,
        "signature_key": phone.public_key(),
        "channel_csr": URL_SAFE_NO_PAD.encode(csr.der()),
        "platform": "other",
        "model": "Test 1",
    });
    let manner = Manner {
        nonce: Some(nonce),
        ..Manner::default()
    };
    let request = Request::new("POST", ENROL_PATH, ENROL_FUNCTION).json(&body.to_string());
    let request = phone.sign_in_manner(world, Key::Device, request, &manner);
    Enrolment {
        phone,
        request,
        channel_key,
    }
}

async fn send(world: &World, request: &Request) -> Response {
    let mut wire = Wire::tls(world.address, world.tls_client(None))
        .await
        .unwrap();
    wire.send(request).await
}

async fn code(world: &World) -> String {
    let code = world
        .identity
        .enrolment
        .make_code(None, world.now(), &mut SystemRng)
        .await
        .unwrap();
    code.dangerous_text().as_str().to_owned()
}

#[tokio::test]
async fn a_code_makes_one_device_whose_certificate_opens_the_rest() {
    let world = World::with(Setup::tls()).await;
    let Enrolment {
        mut phone,
        request,
        channel_key,
    } = enrolment(&world, &code(&world).await);
    let response = send(&world, &request).await;
    response.assert_status(201);
    phone
        .verify(&world, Key::Device, &request, &response)
        .unwrap();
    let enrolled: EnrolResponse = serde_json::from_slice(&response.body).unwrap();
    assert_eq!(enrolled.device, phone.device);
    assert!(enrolled.not_after > world.now().secs());
    phone.channel = Some((
        CertificateDer::from_pem_slice(enrolled.certificate_pem.as_bytes()).unwrap(),
        PrivateKeyDer::try_from(channel_key.serialize_der()).unwrap(),
    ));
    phone.log_in(&world, "alice").await;
    let mut wire = world.wire_of(&phone).await;
    let note = Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#);
    wire.send(&phone.sign(&world, Key::Session, note))
        .await
        .assert_status(200);
}

#[tokio::test]
async fn a_captured_enrolment_is_worth_nothing() {
    let world = World::with(Setup::tls()).await;
    let first = enrolment(&world, &code(&world).await);
    send(&world, &first.request).await.assert_status(201);
    // As it was.
    send(&world, &first.request)
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "replay: replayed");
    // The thief's own key around the captured sealed code.
    let thief = enrolment(&world, "AAAA-AAAA-AAAA-AAAA");
    let captured: serde_json::Value = serde_json::from_slice(&first.request.body).unwrap();
    let mut body: serde_json::Value = serde_json::from_slice(&thief.request.body).unwrap();
    body["code"] = captured["code"].clone();
    let request = Request::new("POST", ENROL_PATH, ENROL_FUNCTION).json(&body.to_string());
    let request = thief.phone.sign(&world, Key::Device, request);
    send(&world, &request).await.assert_refused(400, "invalid");
    assert_eq!(
        world.reason().await,
        "enrolment: sealed-elsewhere-or-altered"
    );
}

#[tokio::test]
async fn a_used_or_wrong_code_enrols_nobody() {
    let world = World::with(Setup::tls()).await;
    let code = code(&world).await;
    send(&world, &enrolment(&world, &code).request)
        .await
        .assert_status(201);
    let again = send(&world, &enrolment(&world, &code).request).await;
    again.assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "enrolment: code-spent");
    let wrong = send(&world, &enrolment(&world, "not-a-code").request).await;
    wrong.assert_refused(401, "unauthenticated");
    assert_eq!(again.text().len(), wrong.text().len());
}

#[tokio::test]
async fn an_enrolment_is_signed_by_the_key_it_brings() {
    let world = World::with(Setup::tls()).await;
    let code = code(&world).await;
    let honest = enrolment(&world, &code);
    let other = Phone::new(Algorithm::Sm2Sm3);
    let body = String::from_utf8(honest.request.body.clone()).unwrap();
    let request = Request::new("POST", ENROL_PATH, ENROL_FUNCTION).json(&body);
    let request = other.sign(&world, Key::Device, request);
    send(&world, &request)
        .await
        .assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "signature: not-its-own-key");

    for (body, status, refused) in [
        ("{}", 400, "invalid"),
        (
            &*body.replace("\"model\"", "\"x\":1,\"model\""),
            400,
            "invalid",
        ),
        (&*body.replace("Test 1", &"x".repeat(65)), 400, "invalid"),
        ("not json", 400, "invalid"),
    ] {
        let request = Request::new("POST", ENROL_PATH, ENROL_FUNCTION).json(body);
        let request = honest.phone.sign(&world, Key::Device, request);
        let response = send(&world, &request).await;
        response.assert_refused(status, refused);
    }
    send(&world, &honest.request).await.assert_status(201);
}
