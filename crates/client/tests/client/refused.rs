//! What is refused, by the gateway or by the client.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hefu_client::{
    Advice, AnswerError, Client, EnrolError, Method, OpenSessionError, PrepareError, Protection,
    Response, SendError, Session, SessionEnd, SoftwareKeyStore,
};
use hefu_tally::key::{Algorithm, SessionKey, SigningKey};
use hefu_tally::problem::Code;
use hefu_tally::signature::response::ResponseRefusal;
use serde_json::{Value, json};

use crate::double::{Answer, CODE, Double, PASSWORD, Phone, Trick, info, options};

/// What somebody in between does to an answer.
type Alteration = fn(&mut Answer);

fn edit(answer: &mut Answer, member: &str, value: String) {
    let mut body: Value = serde_json::from_slice(&answer.body).unwrap();
    body[member] = value.into();
    answer.body = body.to_string().into_bytes();
}

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
    let folder = tempfile::tempdir().unwrap();
    let keys = SoftwareKeyStore::open(folder.path(), Protection::DangerousNone).unwrap();
    let client = Client::new(double.trust.clone(), Arc::new(keys), options().0).unwrap();
    let files = || std::fs::read_dir(folder.path()).unwrap().count();
    let refused = |outcome| matches!(outcome, Err(EnrolError::Send(SendError::Refused(_))));

    let outcome = client.enrol("wrong", &info()).await;
    assert_eq!(outcome.as_ref().unwrap_err().advice(), Advice::EnrolAgain);
    assert!(refused(outcome));
    assert_eq!((client.enrolment(), files()), (None, 0));

    let enrolment = client.enrol(CODE, &info()).await.unwrap();
    assert_eq!(files(), 2);
    assert!(refused(client.enrol(CODE, &info()).await));
    // The failed attempt took nothing away from the device that is enrolled.
    assert_eq!((client.enrolment(), files()), (Some(enrolment), 2));
    assert!(client.open_session("alice", PASSWORD).await.is_ok());

    let mut long = info();
    long.model = "m".repeat(65);
    let error = client.enrol(CODE, &long).await.unwrap_err();
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
async fn a_signed_answer_that_breaks_the_contract_opens_no_session() {
    let double = Double::start().await;
    let phone = Phone::enrolled(&double).await;
    phone.client.open_session("alice", PASSWORD).await.unwrap();
    let honest: Value = serde_json::from_slice(&double.last_answer().body).unwrap();
    let with = |pointer: &str, value: &str| {
        let mut answer = honest.clone();
        *answer.pointer_mut(pointer).unwrap() = value.into();
        (201, answer)
    };
    let off_the_curve = URL_SAFE_NO_PAD.encode([4; 65]);
    for ((status, body), expected) in [
        ((200, honest.clone()), AnswerError::Status),
        ((201, json!({})), AnswerError::Shape),
        (
            with("/session", "d-AAAAAAAAAAAAAAAAAAAAAA"),
            AnswerError::Shape,
        ),
        (with("/token", "short"), AnswerError::Shape),
        (with("/token", &"\n".repeat(43)), AnswerError::Shape),
        (with("/agreement/public", "AAAA"), AnswerError::Shape),
        (
            with("/agreement/public", &off_the_curve),
            AnswerError::Agreement,
        ),
    ] {
        double.play([Trick::Say(status, body)]);
        let error = phone
            .client
            .open_session("alice", PASSWORD)
            .await
            .unwrap_err();
        assert!(
            matches!(error, OpenSessionError::Answer(found) if found == expected),
            "{error}"
        );
        assert_eq!(error.advice(), Advice::GiveUp);
    }
    // An answer that is right in form agrees no key with a client that sent another half.
    double.play([Trick::Say(201, honest)]);
    let session = phone.client.open_session("alice", PASSWORD).await.unwrap();
    assert!(get(&session).await.is_err());
    let session = phone.client.open_session("alice", PASSWORD).await.unwrap();
    assert!(get(&session).await.is_ok());
}

#[tokio::test]
async fn a_signed_answer_that_breaks_the_contract_enrols_nobody() {
    let double = Double::start().await;
    let phone = Phone::new(&double);
    let edits: [(&str, Alteration); 4] = [
        ("status", |answer| answer.status = 200),
        ("body", |answer| answer.body = b"1".to_vec()),
        ("another device", |answer| {
            edit(answer, "device", "d-AAAAAAAAAAAAAAAAAAAAAA".into());
        }),
        ("another key's certificate", |answer| {
            let certificate = rcgen::generate_simple_self_signed(Vec::new()).unwrap();
            edit(answer, "certificate_pem", certificate.cert.pem());
        }),
    ];
    for (what, edit) in edits {
        double.give_code();
        double.play([Trick::Edit(edit)]);
        let error = phone.client.enrol(CODE, &info()).await.unwrap_err();
        assert!(matches!(error, EnrolError::Answer(_)), "{what}: {error}");
        assert_eq!(phone.client.enrolment(), None);
    }
    double.give_code();
    assert!(phone.client.enrol(CODE, &info()).await.is_ok());
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
