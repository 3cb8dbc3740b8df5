//! What works when everybody is honest.

use std::sync::Arc;

use hefu_client::{
    Advice, Client, Method, Protection, Purpose, SendError, SessionEnd, SoftwareKeyStore,
};
use hefu_tally::clock::Timestamp;
use hefu_tally::key::Algorithm;
use serde_json::{Value, json};

use crate::double::{CODE, Double, NOW_S, PASSWORD, Phone, Setup, has_keys, info, options};

/// From enrolment to logout.
async fn whole_journey(double: &Double, phone: &Phone) {
    let enrolment = phone.client.enrol(CODE, &info()).await.unwrap();
    assert_eq!(phone.client.enrolment(), Some(enrolment.clone()));
    assert_eq!(enrolment.expires(), Timestamp::from_secs(NOW_S + 86_400));
    let session = phone.client.open_session("alice", PASSWORD).await.unwrap();
    assert_eq!(session.expires_at(), Timestamp::from_secs(NOW_S + 3_600));

    let get = session.request(Method::GET, "/hello", "Q1001".parse().unwrap());
    let response = get.send().await.unwrap();
    assert!(response.is_success() && response.request_id().is_some());
    assert_eq!(response.json::<Value>().unwrap(), json!({"hello": "world"}));
    assert_eq!(response.signed_at(), Timestamp::from_secs(NOW_S));
    assert_eq!(
        double.last_seen().parameter("keyid"),
        session.id().to_string()
    );
    assert_eq!(double.last_seen().parameter("alg"), "hmac-sm3");

    let transfer = session
        .request(Method::POST, "/transfers", "T2001".parse().unwrap())
        .json(&json!({"amount_cents": 100, "payment_password": "246810"}))
        .seal("/payment_password")
        .idempotency_key("0123456789abcdef")
        .signed_by_device();
    let response = transfer.send().await.unwrap();
    assert_eq!(response.status(), 201);
    let seen = double.last_seen();
    assert_eq!(seen.parameter("keyid"), enrolment.device.to_string());
    assert_eq!(seen.field("idempotency-key"), Some("0123456789abcdef"));
    assert_eq!(double.opened().last().unwrap(), "\"246810\"");

    session.close().await.unwrap();
    assert_eq!(session.ended(), Some(SessionEnd::Closed));
    assert_eq!(session.wait_for_end().await, SessionEnd::Closed);
    // What must be sealed was never on the wire in the clear, not even inside the channel.
    for seen in double.seen() {
        let wire = format!("{} {:?}", String::from_utf8_lossy(&seen.body), seen.fields);
        for secret in [CODE, PASSWORD, "246810"] {
            assert!(!wire.contains(secret), "{} {}", seen.method, seen.target);
        }
    }
}

#[tokio::test]
async fn a_device_enrols_logs_in_works_and_logs_out_with_each_signature_algorithm() {
    for algorithm in [
        Algorithm::Sm2Sm3,
        Algorithm::Ed25519,
        Algorithm::EcdsaP256Sha256,
    ] {
        let double = Double::start().await;
        let phone = Phone::with(&double, |options| options.signature_algorithm = algorithm);
        whole_journey(&double, &phone).await;
        // One connection for enrolment, without a certificate; one for all the rest.
        assert_eq!(double.connections(), 2, "{algorithm}");
    }
}

#[tokio::test]
async fn tls_1_2_will_do_and_plaintext_only_when_it_is_asked_for() {
    let setup = Setup {
        tls12_only: true,
        ..Setup::default()
    };
    let double = Double::with(setup).await;
    whole_journey(&double, &Phone::new(&double)).await;

    let setup = Setup {
        plaintext: true,
        ..Setup::default()
    };
    let double = Double::with(setup).await;
    let refused = Client::new(
        double.trust.clone(),
        Arc::new(SoftwareKeyStore::in_memory()),
        options().0,
    );
    assert!(refused.is_err());
    let phone = Phone::with(&double, |options| options.dangerous_plaintext = true);
    whole_journey(&double, &phone).await;
}

#[tokio::test]
async fn an_app_that_starts_again_is_the_same_device() {
    let double = Double::start().await;
    let folder = tempfile::tempdir().unwrap();
    let protection = Protection::Key(&[3; 32]);
    let start = || {
        let keys = SoftwareKeyStore::open(folder.path(), protection).unwrap();
        Client::new(double.trust.clone(), Arc::new(keys), options().0).unwrap()
    };
    let stored = {
        let enrolment = start().enrol(CODE, &info()).await.unwrap();
        serde_json::to_string(&enrolment).unwrap()
    };
    let client = start()
        .with_enrolment(serde_json::from_str(&stored).unwrap())
        .unwrap();
    let session = client.open_session("alice", PASSWORD).await.unwrap();
    let get = session.request(Method::GET, "/hello", "Q1001".parse().unwrap());
    assert!(get.send().await.unwrap().is_success());
}

#[tokio::test]
async fn a_device_may_call_what_needs_no_session() {
    let double = Double::start().await;
    let phone = Phone::new(&double);
    let function = || "R1001".parse().unwrap();
    let call = async || {
        phone
            .client
            .request(Method::POST, "/hello", function())
            .send()
            .await
    };
    assert!(matches!(call().await, Err(SendError::NotEnrolled)));
    phone.client.enrol(CODE, &info()).await.unwrap();
    assert!(call().await.unwrap().is_success());
    assert_eq!(double.last_seen().field("authorization"), None);
}

#[tokio::test]
async fn an_error_of_the_service_itself_is_its_answer() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let get = session.request(Method::GET, "/refused-by-service", "Q1".parse().unwrap());
    let response = get.send().await.unwrap();
    assert_eq!((response.status(), response.is_success()), (422, false));
    assert_eq!(
        response.json::<Value>().unwrap(),
        json!({"reason": "too late"})
    );
    assert_eq!(response.content_type(), Some("application/json"));

    let get = session.request(Method::GET, "/nothing", "Q1".parse().unwrap());
    let refused = get.send().await.unwrap_err();
    let SendError::Refused(refusal) = &refused else {
        panic!("{refused}")
    };
    assert!(refusal.trusted() && refusal.request_id().is_some());
    assert_eq!((refusal.status(), refused.advice()), (404, Advice::GiveUp));
}

#[tokio::test]
async fn a_head_has_no_body_and_is_verified_all_the_same() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let head = session.request(Method::HEAD, "/hello", "Q1001".parse().unwrap());
    assert!(head.send().await.unwrap().body().is_empty());
}

#[tokio::test]
async fn a_second_enrolment_is_another_device_and_the_first_can_be_forgotten() {
    let double = Double::start().await;
    let phone = Phone::enrolled(&double).await;
    let first = phone.client.enrolment().unwrap();
    assert_eq!(first.signature_key.purpose(), Purpose::Signature);
    double.give_code();
    let second = phone.client.enrol(CODE, &info()).await.unwrap();
    assert_ne!(first.device, second.device);
    assert!(has_keys(phone.keys.as_ref(), &first));
    phone.client.forget(&first).unwrap();
    assert!(!has_keys(phone.keys.as_ref(), &first));
    assert!(has_keys(phone.keys.as_ref(), &second));
    assert!(phone.client.open_session("alice", PASSWORD).await.is_ok());
}
