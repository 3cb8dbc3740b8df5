//! A phone whose clock is wrong.

use hefu_client::{Method, SendError, Session, SessionEnd};
use hefu_tally::problem::Code;

use crate::double::{CODE, Double, NOW_S, PASSWORD, Phone, Trick, info};

async fn put(session: &Session) -> Result<hefu_client::Response, SendError> {
    // Not repeatable: signing anew after a refusal is no repetition.
    let request = session.request(Method::PUT, "/hello", "Q1001".parse().unwrap());
    request.send().await
}

fn created(double: &Double) -> Vec<i64> {
    let seen = double.seen();
    seen.iter()
        .map(|seen| seen.parameter("created").parse().unwrap())
        .collect()
}

#[tokio::test]
async fn a_wrong_clock_is_corrected_once_by_a_signed_refusal() {
    for wrong_s in [-3_600, 3_600] {
        let double = Double::start().await;
        let phone = Phone::new(&double);
        phone.clock.advance_millis(wrong_s * 1_000);
        phone.client.enrol(CODE, &info()).await.unwrap();
        let seen = double.seen();
        assert_eq!(seen.len(), 2, "one refused, one signed anew");
        assert_ne!(seen[0].parameter("nonce"), seen[1].parameter("nonce"));
        assert_eq!(created(&double)[0], NOW_S + wrong_s);
        assert!((created(&double)[1] - NOW_S).abs() <= 1);
        // From now on it is right.
        let session = phone.client.open_session("alice", PASSWORD).await.unwrap();
        put(&session).await.unwrap();
        assert_eq!(double.seen().len(), 4);
        // The user sets the phone's clock right: the correction is wrong now, and is corrected.
        phone.clock.advance_millis(-wrong_s * 1_000);
        put(&session).await.unwrap();
        assert_eq!(double.seen().len(), 6);
        assert!((created(&double)[5] - NOW_S).abs() <= 1);
    }
}

#[tokio::test]
async fn an_unsigned_refusal_never_moves_the_clock() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    phone.clock.advance_millis(-20_000);
    double.play([Trick::Refuse(Code::Unauthenticated, None)]);
    assert!(put(&session).await.is_err());
    assert!(
        put(&session).await.is_ok(),
        "twenty seconds old is young enough"
    );
    let created = created(&double);
    let [.., first, second] = created.as_slice() else {
        panic!()
    };
    assert_eq!((*first, *second), (NOW_S - 20, NOW_S - 20));
}

#[tokio::test]
async fn an_altered_refusal_never_moves_the_clock() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    double.play([Trick::Alter(|answer| {
        answer.status = 401;
        let input = answer.field_mut("signature-input");
        *input = input.replace("created=17", "created=18");
    })]);
    let error = put(&session).await.unwrap_err();
    assert!(
        matches!(error, SendError::ResponseNotAuthentic(_)),
        "{error}"
    );
    put(&session).await.unwrap();
    assert_eq!(*created(&double).last().unwrap(), NOW_S);
}

#[tokio::test]
async fn a_small_difference_is_no_reason_to_sign_anew() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let seen = double.seen().len();
    double.play([Trick::Refuse(Code::Unauthenticated, Some(4))]);
    assert!(put(&session).await.is_err());
    assert_eq!(double.seen().len(), seen + 1);
    assert_eq!(session.ended(), Some(SessionEnd::Refused));
}

#[tokio::test]
async fn a_gateway_whose_clock_runs_away_is_followed_once() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let seen = double.seen().len();
    double.play((1..5).map(|step| Trick::Refuse(Code::Unauthenticated, Some(step * 100))));
    let error = put(&session).await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(refusal) if refusal.trusted()));
    assert_eq!(double.seen().len(), seen + 2);
}
