//! The channel: who is at its other end, what comes through it, and how it breaks.

use std::time::Duration;

use hefu_client::{Advice, ChannelError, EnrolError, Method, OpenSessionError, SendError, Session};
use hefu_tally::clock::Timestamp;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpListener;

use crate::double::{CODE, Double, NOW_S, PASSWORD, Phone, Setup, Trick, info};

async fn enrol(setup: Setup) -> Result<(), EnrolError> {
    let double = Double::with(setup).await;
    let phone = Phone::new(&double);
    phone.client.enrol(CODE, &info()).await.map(|_| ())
}

fn channel_error(error: EnrolError) -> (ChannelError, Advice) {
    let advice = error.advice();
    match error {
        EnrolError::Send(SendError::Channel(error)) => (error, advice),
        error => panic!("{error}"),
    }
}

#[tokio::test]
async fn only_the_trust_files_authority_names_the_gateway() {
    assert!(enrol(Setup::default()).await.is_ok());
    let setup = Setup {
        foreign_authority: true,
        ..Setup::default()
    };
    let (error, advice) = channel_error(enrol(setup).await.unwrap_err());
    assert!(matches!(error, ChannelError::NotTheGateway(_)), "{error}");
    assert_eq!(advice, Advice::GiveUp);

    let setup = Setup {
        names: vec!["gateway.example".into()],
        ..Setup::default()
    };
    let (error, _) = channel_error(enrol(setup).await.unwrap_err());
    assert!(matches!(error, ChannelError::NotTheGateway(_)), "{error}");
}

#[tokio::test]
async fn a_gateway_whose_certificate_is_over_or_not_yet_begun_is_refused() {
    for years in [(2000, 2020), (2050, 2100)] {
        let setup = Setup {
            years,
            ..Setup::default()
        };
        let (error, advice) = channel_error(enrol(setup).await.unwrap_err());
        assert!(
            matches!(error, ChannelError::GatewayCertificateTime(_)),
            "{error}"
        );
        assert_eq!(advice, Advice::UpdateClock);
    }
    // A phone whose clock is years off believes the same of an honest gateway.
    let double = Double::with(Setup {
        years: (2024, 2027),
        ..Setup::default()
    })
    .await;
    let phone = Phone::new(&double);
    phone.clock.advance_millis(-10 * 365 * 86_400_000);
    assert!(phone.client.enrol(CODE, &info()).await.is_err());
    phone.clock.advance_millis(10 * 365 * 86_400_000);
    assert!(phone.client.enrol(CODE, &info()).await.is_ok());
}

#[tokio::test]
async fn a_device_certificate_that_the_gateway_refuses_means_enrolling_again() {
    for tls12_only in [false, true] {
        let double = Double::with(Setup {
            foreign_devices: true,
            tls12_only,
            ..Setup::default()
        })
        .await;
        let phone = Phone::enrolled(&double).await;
        let error = phone
            .client
            .open_session("alice", PASSWORD)
            .await
            .unwrap_err();
        let OpenSessionError::Send(SendError::Channel(cause)) = &error else {
            panic!("{error}")
        };
        assert!(
            matches!(cause, ChannelError::DeviceCertificateRefused(_)),
            "{cause}"
        );
        assert_eq!(error.advice(), Advice::EnrolAgain);
    }
}

#[tokio::test]
async fn nobody_there_is_told_from_somebody_else_there() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let nobody = format!("https://{}", listener.local_addr().unwrap());
    drop(listener);
    let mut double = Double::start().await;
    let honest = std::mem::replace(&mut double.trust.origin, nobody);
    let phone = Phone::new(&double);
    let (error, advice) = channel_error(phone.client.enrol(CODE, &info()).await.unwrap_err());
    assert!(matches!(error, ChannelError::Unreachable(_)), "{error}");
    assert_eq!(advice, Advice::RetryLater { after: None });
    double.trust.origin = honest;
    assert!(
        Phone::new(&double)
            .client
            .enrol(CODE, &info())
            .await
            .is_ok()
    );

    // Something that speaks no TLS, as a captive portal does.
    let portal = TcpListener::bind("127.0.0.1:0").await.unwrap();
    double.trust.origin = format!("https://{}", portal.local_addr().unwrap());
    let phone = Phone::new(&double);
    let answer = async {
        let (mut stream, _) = portal.accept().await.unwrap();
        stream
            .write_all(b"HTTP/1.1 302 Found\r\n\r\n")
            .await
            .unwrap();
        stream
    };
    let device = info();
    let (outcome, _stream) = tokio::join!(phone.client.enrol(CODE, &device), answer);
    let (error, advice) = channel_error(outcome.unwrap_err());
    assert!(matches!(error, ChannelError::Tls(_)), "{error}");
    assert_eq!(advice, Advice::RetryLater { after: None });
}

async fn put(session: &Session) -> Result<hefu_client::Response, SendError> {
    let request = session.request(Method::PUT, "/hello", "Q1001".parse().unwrap());
    request.send().await
}

#[tokio::test]
async fn a_response_over_its_limits_is_refused() {
    let double = Double::start().await;
    let phone = Phone::with(&double, |options| options.response_bytes_max = 2_000);
    phone.client.enrol(CODE, &info()).await.unwrap();
    let session = phone.client.open_session("alice", PASSWORD).await.unwrap();

    let body = "x".repeat(2_001);
    let chunked =
        format!("HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n7d1\r\n{body}\r\n0\r\n\r\n");
    let stated = format!("HTTP/1.1 200 OK\r\ncontent-length: 2001\r\n\r\n{body}");
    for answer in [chunked, stated] {
        double.play([Trick::Bytes(answer.into_bytes())]);
        let error = put(&session).await.unwrap_err();
        assert!(matches!(error, SendError::ResponseTooLarge), "{error}");
        assert!(put(&session).await.is_ok());
    }
    let many_fields = format!("HTTP/1.1 200 OK\r\n{}\r\n", "x-a: b\r\n".repeat(65));
    let long_head = format!("HTTP/1.1 200 OK\r\nx-a: {}\r\n\r\n", "b".repeat(20_000));
    for answer in [
        many_fields.as_str(),
        &long_head,
        "GET / HTTP/1.1\r\n\r\n",
        "\0\0\0\0\r\n\r\n",
    ] {
        double.play([Trick::Bytes(answer.into())]);
        let error = put(&session).await.unwrap_err();
        assert!(
            matches!(error, SendError::Channel(ChannelError::NotHttp(_))),
            "{error}"
        );
        assert!(put(&session).await.is_ok());
    }
}

#[tokio::test]
async fn a_connection_is_used_again_until_the_gateway_closes_it() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let before = double.connections();
    for _ in 0..5 {
        put(&session).await.unwrap();
    }
    assert_eq!(double.connections(), before);
    double.play([Trick::Alter(|answer| {
        answer.fields.push(("connection".into(), "close".into()));
    })]);
    put(&session).await.unwrap();
    put(&session).await.unwrap();
    assert_eq!(double.connections(), before + 1);
}

#[tokio::test]
async fn a_connection_that_waited_too_long_is_not_used_again() {
    let double = Double::start().await;
    let phone = Phone::with(&double, |options| {
        options.idle_connection_kept = Duration::ZERO
    });
    phone.client.enrol(CODE, &info()).await.unwrap();
    let session = phone.client.open_session("alice", PASSWORD).await.unwrap();
    let before = double.connections();
    put(&session).await.unwrap();
    put(&session).await.unwrap();
    assert_eq!(double.connections(), before + 2);
}

#[tokio::test]
async fn two_requests_at_once_use_two_connections() {
    let double = Double::start().await;
    let (_, session) = Phone::logged_in(&double).await;
    let before = double.connections();
    let (first, second) = tokio::join!(put(&session), put(&session));
    assert!(first.is_ok() && second.is_ok());
    assert_eq!(double.connections(), before + 1);
}

#[tokio::test]
async fn no_answer_in_time_says_whether_the_request_was_sent() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    double.play([Trick::Hang]);
    let arrived = double.seen().len() + 1;
    let over = async {
        double.wait_for_requests(arrived).await;
        phone.timer.time_is_over();
    };
    let (outcome, ()) = tokio::join!(put(&session), over);
    let error = outcome.unwrap_err();
    assert!(
        matches!(error, SendError::Timeout { sent: true }),
        "{error}"
    );
    assert!(error.may_have_been_carried_out());

    // A gateway that takes the connection and never says a word: nothing was sent.
    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut double = Double::start().await;
    double.trust.origin = format!("https://{}", silent.local_addr().unwrap());
    let phone = Phone::new(&double);
    let over = async {
        let accepted = silent.accept().await.unwrap();
        phone.timer.time_is_over();
        accepted
    };
    let device = info();
    let (outcome, _accepted) = tokio::join!(phone.client.enrol(CODE, &device), over);
    let Err(EnrolError::Send(error)) = outcome else {
        panic!("{outcome:?}")
    };
    assert!(
        matches!(error, SendError::Timeout { sent: false }),
        "{error}"
    );
    assert!(!error.may_have_been_carried_out());
    assert_eq!(double.clock.now_s(), NOW_S);
}

/// For reading a clock in one word.
trait NowS {
    fn now_s(&self) -> i64;
}

impl NowS for hefu_tally::clock::FixedClock {
    fn now_s(&self) -> i64 {
        let now: Timestamp = hefu_tally::clock::Clock::now(self);
        now.secs()
    }
}
