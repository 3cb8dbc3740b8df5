//! What is refused, by the gateway or by the client.

use std::sync::Arc;

use hefu_client::{
    Advice, AnswerError, EnrolError, Method, OpenSessionError, PrepareError, Response, SendError,
    Session, SessionEnd,
};
use hefu_tally::key::{Algorithm, SessionKey, SigningKey};
use hefu_tally::problem::Code;
use hefu_tally::signature::response::ResponseRefusal;
use serde_json::json;

use crate::double::{Answer, CODE, Double, PASSWORD, Phone, Trick, has_keys, info};

/// What somebody in between does to an answer.
type Alteration = fn(&mut Answer);

async fn get(session: &Session) -> Result<Response, SendError> {
    let request = session.request(Method::GET, "/hello", "Q1001".parse().unwrap());
    request.send().await
}

#[tokio::test]
async fn a_response_that_was_altered_on_its_way_is_not_believed() {
    let alterations: [(&str, Alteration); 10] = [
        ("status", |answer| answer.status = 202),
        ("body", |answer| {
            answer.body = b"{\"hello\":\"there\"}".to_vec()
        }),
        ("an empty body", |answer| answer.body.clear()),
        ("content-type", |answer| {
            *answer.field_mut("content-type") = "text/html".into()
        }),
        ("x-request-id", |answer| {
            *answer.field_mut("x-request-id") = "01010101-0101-7101-8101-010101010101".into();
        }),
        ("content-digest", |answer| {
            *answer.field_mut("content-digest") =
                "sm3=:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=:".into();
        }),
        ("no digest", |answer| {
            answer.fields.retain(|(name, _)| name != "content-digest")
        }),
        ("created", |answer| {
            let input = answer.field_mut("signature-input");
            *input = input.replace("created=17", "created=18");
        }),
        ("no signature", |answer| {
            answer
                .fields
                .retain(|(name, _)| !name.starts_with("signature"));
        }),
        ("two signatures", |answer| {
            let signature = answer.field_mut("signature").clone();
            answer.fields.push(("signature".into(), signature));
        }),
    ];
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    for (what, alter) in alterations {
        double.play([Trick::Alter(alter)]);
        let error = get(&session).await.unwrap_err();
        assert!(
            matches!(error, SendError::ResponseNotAuthentic(_)),
            "{what}: {error}"
        );
        assert_eq!(error.advice(), Advice::GiveUp);
        // Whoever altered the answer did not undo what the service did.
        assert!(error.may_have_been_carried_out(), "{what}");
        assert!(get(&session).await.is_ok(), "{what}: the honest twin");
    }
}

#[tokio::test]
async fn a_response_to_another_request_is_not_believed() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    get(&session).await.unwrap();
    let other = double.last_answer();
    double.play([Trick::Instead(other)]);
    let error = get(&session).await.unwrap_err();
    let SendError::ResponseNotAuthentic(refusal) = error else {
        panic!("{error}")
    };
    assert_eq!(refusal, ResponseRefusal::Signature);
    assert!(get(&session).await.is_ok());
}

#[tokio::test]
async fn a_response_under_another_key_is_not_believed() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    let foreign = SigningKey::make(Algorithm::Sm2Sm3).unwrap();
    let foreign_id = foreign.public_key().unwrap().gateway_key_id().to_string();
    let gateway_id = double.trust.signing_key_id.to_string();
    let foreign: Arc<SigningKey> = Arc::new(foreign);
    let session_id = session.id().to_string();
    let unknown_key = Arc::new(SessionKey::from_bytes(&[5; 32]));

    // To what the session's key signed: another key under its name, and another name.
    double.play([
        Trick::SignedBy(unknown_key.clone(), session_id.clone()),
        Trick::SignedBy(foreign.clone(), foreign_id),
        Trick::SignedBy(foreign.clone(), gateway_id.clone()),
    ]);
    for _ in 0..3 {
        let error = get(&session).await.unwrap_err();
        assert!(
            matches!(error, SendError::ResponseNotAuthentic(_)),
            "{error}"
        );
    }
    assert!(get(&session).await.is_ok());

    // To what the device's key signed: only the gateway's signing key will do, not even the key of
    // the device's own session.
    double.play([
        Trick::SignedBy(foreign, gateway_id),
        Trick::SignedBy(session.signer(), session_id),
    ]);
    for _ in 0..2 {
        let error = phone
            .client
            .open_session("alice", PASSWORD)
            .await
            .unwrap_err();
        assert!(
            matches!(
                error,
                OpenSessionError::Send(SendError::ResponseNotAuthentic(_))
            ),
            "{error}"
        );
    }
    assert!(phone.client.open_session("alice", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn a_signed_401_ends_the_session_and_an_unsigned_one_does_not() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    double.play([Trick::Refuse(Code::Unauthenticated, None)]);
    let error = get(&session).await.unwrap_err();
    let SendError::Refused(refusal) = &error else {
        panic!("{error}")
    };
    assert!(!refusal.trusted());
    assert_eq!(
        (session.ended(), error.advice()),
        (None, Advice::LogInAgain)
    );
    assert!(get(&session).await.is_ok());

    double.play([Trick::Refuse(Code::Unauthenticated, Some(0))]);
    let error = get(&session).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(refusal) if refusal.trusted()));
    assert!(!error.may_have_been_carried_out());
    assert_eq!(session.wait_for_end().await, SessionEnd::Refused);
    let seen = double.seen().len();
    let error = get(&session).await.unwrap_err();
    assert!(matches!(
        error,
        SendError::SessionEnded(SessionEnd::Refused)
    ));
    assert_eq!(
        double.seen().len(),
        seen,
        "nothing is sent for an ended session"
    );
}

#[tokio::test]
async fn a_session_that_the_gateway_forgot_is_refused_but_only_a_signature_says_so() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    double.end_sessions();
    let error = get(&session).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(refusal) if !refusal.trusted()));
    assert_eq!(session.ended(), None);
    // The device's key is known still, so what it signs brings a signed answer.
    let request = session.request(Method::GET, "/hello", "Q1001".parse().unwrap());
    let error = request.signed_by_device().send().await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(refusal) if refusal.trusted()));
    assert_eq!(session.ended(), Some(SessionEnd::Refused));
}

#[tokio::test]
async fn a_wrong_code_leaves_no_keys_and_a_right_one_works_once() {
    let double = Double::start().await;
    let phone = Phone::new(&double);
    let error = phone.client.enrol("wrong", &info()).await.unwrap_err();
    assert!(
        matches!(error, EnrolError::Send(SendError::Refused(_))),
        "{error}"
    );
    assert_eq!(error.advice(), Advice::EnrolAgain);
    assert!(format!("{:?}", phone.keys).contains("SoftwareKeyStore"));
    assert_eq!(phone.client.enrolment(), None);

    let enrolment = phone.client.enrol(CODE, &info()).await.unwrap();
    assert!(has_keys(phone.keys.as_ref(), &enrolment));
    let again = phone.client.enrol(CODE, &info()).await;
    assert!(matches!(
        again,
        Err(EnrolError::Send(SendError::Refused(_)))
    ));
    // The failed attempt took nothing away from the device that is enrolled.
    assert_eq!(phone.client.enrolment(), Some(enrolment));
    assert!(phone.client.open_session("alice", PASSWORD).await.is_ok());

    let mut long = info();
    long.model = "m".repeat(65);
    let error = phone.client.enrol(CODE, &long).await.unwrap_err();
    assert!(matches!(error, EnrolError::Model));
}

#[tokio::test]
async fn a_wrong_password_is_refused_over_the_gateways_signature() {
    let double = Double::start().await;
    let phone = Phone::enrolled(&double).await;
    let error = phone
        .client
        .open_session("alice", "wrong")
        .await
        .unwrap_err();
    let OpenSessionError::Send(SendError::Refused(refusal)) = &error else {
        panic!("{error}")
    };
    assert!(refusal.trusted());
    assert_eq!(error.advice(), Advice::LogInAgain);
    assert!(phone.client.open_session("alice", PASSWORD).await.is_ok());
}

#[tokio::test]
async fn an_answer_of_another_contract_opens_no_session() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    // A signed answer of the gateway, but to be taken for a login it has too little in it.
    let hello = phone
        .client
        .request(Method::POST, "/hello", "R1".parse().unwrap());
    assert!(hello.send().await.is_ok());
    drop(session);
    let trust = double.trust.clone();
    assert_eq!(trust.origin, phone.client.origin());
    let unexpected = OpenSessionError::Answer(AnswerError::Shape);
    assert_eq!(unexpected.advice(), Advice::GiveUp);
}

#[tokio::test]
async fn mistakes_in_a_request_show_before_anything_is_sent() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let seen = double.seen().len();
    let request = || session.request(Method::POST, "/hello", "Q1001".parse().unwrap());
    let refused = |request: hefu_client::Request<'_>| match request.prepare().unwrap_err() {
        SendError::Prepare(error) => error,
        error => panic!("{error}"),
    };
    let body = json!({"a": "secret", "b": {"c": 1}});
    let target = session.request(Method::GET, "hello", "Q1001".parse().unwrap());
    assert!(matches!(refused(target), PrepareError::Target));
    for name in [
        "Authorization",
        "signature",
        "x-function-no",
        "Host",
        "bad name",
    ] {
        let error = refused(request().header(name, "a"));
        assert!(matches!(error, PrepareError::Field(_)), "{name}");
    }
    let error = refused(request().header("x-a", "a\r\nx-b: c"));
    assert!(matches!(error, PrepareError::Field(_)));
    let error = refused(request().idempotency_key("a\nb"));
    assert!(matches!(error, PrepareError::Field(_)));
    let error = refused(request().json(&body).seal("/nothing"));
    assert!(matches!(error, PrepareError::NothingToSeal(pointer) if pointer == "/nothing"));
    let error = refused(request().json(&body).seal(""));
    assert!(matches!(error, PrepareError::NothingToSeal(_)));
    assert!(matches!(refused(request().seal("/a")), PrepareError::Body));
    let error = refused(request().body("text/plain", "a").seal("/a"));
    assert!(matches!(error, PrepareError::Body));
    let many = (0..17).fold(request().json(&body), |request, _| request.seal("/a"));
    assert!(matches!(refused(many), PrepareError::SealedTooMany));
    let long = json!({"a": "x".repeat(5_000)});
    assert!(matches!(
        refused(request().json(&long).seal("/a")),
        PrepareError::Seal(_)
    ));
    assert_eq!(double.seen().len(), seen);

    let honest = request()
        .json(&body)
        .seal("/a")
        .seal("/b/c")
        .header("Accept-Language", "zh");
    assert!(honest.send().await.unwrap().is_success());
    let seen = double.last_seen();
    assert_eq!(seen.field("accept-language"), Some("zh"));
    assert!(!String::from_utf8_lossy(&seen.body).contains("secret"));
}
