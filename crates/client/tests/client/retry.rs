//! What is sent again, and what never is.

use std::time::Duration;

use hefu_client::{Advice, ChannelError, Method, Request, SendError, Session};
use hefu_tally::problem::Code;
use serde_json::json;

use crate::double::{Double, Phone, Trick};

fn get(session: &Session) -> Request<'_> {
    session.request(Method::GET, "/hello", "Q1001".parse().unwrap())
}

fn post(session: &Session) -> Request<'_> {
    session
        .request(Method::POST, "/hello", "Q1001".parse().unwrap())
        .json(&json!({"pin": "1234"}))
        .seal("/pin")
}

#[tokio::test]
async fn what_is_safe_is_sent_again_each_time_with_a_new_nonce() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    for request in [
        get(&session),
        post(&session).idempotency_key("0123456789abcdef"),
    ] {
        let before = double.seen().len();
        double.play([Trick::Close, Trick::Refuse(Code::Unavailable, Some(0))]);
        assert!(request.send().await.unwrap().is_success());
        let tries = &double.seen()[before..];
        assert_eq!(tries.len(), 3);
        let mut nonces: Vec<_> = tries.iter().map(|seen| seen.parameter("nonce")).collect();
        nonces.sort();
        nonces.dedup();
        assert_eq!(nonces.len(), 3);
        let keys: Vec<_> = tries
            .iter()
            .map(|seen| seen.field("idempotency-key"))
            .collect();
        assert!(keys.iter().all(|key| *key == keys[0]));
    }
    let waits = phone.timer.waits();
    assert_eq!(waits.len(), 4);
    for pair in waits.chunks(2) {
        let millis = |from, to| Duration::from_millis(from)..=Duration::from_millis(to);
        assert!(millis(200, 300).contains(&pair[0]), "{waits:?}");
        assert!(millis(400, 600).contains(&pair[1]), "{waits:?}");
    }
}

#[tokio::test]
async fn tries_are_bounded() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let before = double.seen().len();
    double.play((0..5).map(|_| Trick::Close));
    let error = get(&session).send().await.unwrap_err();
    assert!(
        matches!(error, SendError::Channel(ChannelError::Broken(_))),
        "{error}"
    );
    assert_eq!(double.seen().len(), before + 3);
    assert_eq!(error.advice(), Advice::RetryLater { after: None });
}

#[tokio::test]
async fn what_may_move_money_twice_is_sent_once() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    for trick in [
        Trick::Close,
        Trick::Refuse(Code::Unavailable, Some(0)),
        Trick::Refuse(Code::GatewayTimeout, Some(0)),
    ] {
        let before = double.seen().len();
        double.play([trick]);
        let error = post(&session).send().await.unwrap_err();
        assert_eq!(double.seen().len(), before + 1, "{error}");
        assert!(error.may_have_been_carried_out(), "{error}");
        assert!(post(&session).send().await.is_ok());
    }
    assert!(phone.timer.waits().is_empty());
}

#[tokio::test]
async fn what_will_not_pass_is_not_tried_again() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    for trick in [
        // Nobody signed it: it is no reason to do anything.
        Trick::Refuse(Code::Unavailable, None),
        // More of the same would make it worse; the app waits.
        Trick::Refuse(Code::RateLimited, Some(0)),
        Trick::Refuse(Code::NotFound, Some(0)),
        Trick::Alter(|answer| answer.status = 503),
    ] {
        let before = double.seen().len();
        double.play([trick]);
        let error = get(&session).send().await.unwrap_err();
        assert_eq!(double.seen().len(), before + 1, "{error}");
        assert!(get(&session).send().await.is_ok());
    }
}

#[tokio::test]
async fn a_later_refusal_does_not_hide_that_an_earlier_try_may_have_worked() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let request = || post(&session).idempotency_key("0123456789abcdef");
    double.play([Trick::Close, Trick::Refuse(Code::Conflict, Some(0))]);
    let error = request().send().await.unwrap_err();
    assert!(matches!(&error, SendError::Refused(refusal) if refusal.status() == 409));
    assert!(error.may_have_been_carried_out());

    double.play([Trick::Refuse(Code::Conflict, Some(0))]);
    let error = request().send().await.unwrap_err();
    assert!(
        !error.may_have_been_carried_out(),
        "the honest twin: refused at once"
    );
}
