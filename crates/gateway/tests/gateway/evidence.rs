//! Every decision is recorded before it is told.

use hefu_evidence::SpoolConfig;
use hefu_store::EventOutcome;

use crate::support::{Key, Request, Setup, World};

fn note() -> Request {
    Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#)
}

#[tokio::test]
async fn an_event_tells_the_decision_and_nothing_of_the_customer() {
    let world = World::start().await;
    let phone = world.phone("alice").await;
    let passed = world.call(&phone, Key::Session, note()).await;
    let refused = world
        .call(
            &phone,
            Key::Session,
            Request::new("GET", "/accounts/a-2", "A1"),
        )
        .await;
    let unread = world.wire().await.send_raw("GET / HTTP/1.0\r\n\r\n").await;
    let events = world.events().await;
    let [of_passed, of_refused, of_unread] = events.as_slice() else {
        panic!("{events:?}");
    };
    assert_eq!(
        of_passed.request_id.to_string(),
        passed.field("x-request-id").unwrap()
    );
    assert_eq!(of_passed.outcome, EventOutcome::Allowed);
    assert_eq!((of_passed.status, of_passed.code.as_deref()), (200, None));
    assert_eq!(of_passed.function.as_deref(), Some("N1"));
    assert_eq!(of_passed.class.as_deref(), Some("bus"));
    assert_eq!(of_passed.device, Some(phone.device));
    assert!(of_passed.served);
    let clauses: Vec<&str> = of_passed.clauses.iter().map(|clause| &**clause).collect();
    for expected in [
        "CJ-6.3.d.2",
        "CJ-6.3.d.3",
        "CJ-6.3.d.4",
        "CJ-5.3.f",
        "JR-6.2.3.a",
    ] {
        assert!(
            clauses.contains(&expected),
            "{expected} is missing in {clauses:?}"
        );
    }
    // Nothing was sealed, nobody asked for an owner, and there was no TLS: no evidence for those.
    for absent in ["AP-5.5", "CJ-6.4.3.d", "CJ-6.3.d.1", "AP-5.2"] {
        assert!(!clauses.contains(&absent), "{absent} is in {clauses:?}");
    }

    assert_eq!(
        of_refused.request_id.to_string(),
        refused.field("x-request-id").unwrap()
    );
    assert_eq!(of_refused.outcome, EventOutcome::Refused);
    assert_eq!(
        (&*of_refused.guard, &*of_refused.reason),
        ("permission", "not-owner")
    );
    assert_eq!(of_refused.code.as_deref(), Some("not-found"));
    assert_eq!(of_refused.device, Some(phone.device));

    assert_eq!(
        of_unread.request_id.to_string(),
        unread.field("x-request-id").unwrap()
    );
    assert_eq!(
        (&*of_unread.guard, &*of_unread.reason),
        ("framing", "version")
    );
    assert_eq!(
        (of_unread.function.as_deref(), of_unread.device),
        (None, None)
    );

    let told = format!("{events:?}");
    for secret in ["alice", "hello", "a-2", phone.token()] {
        assert!(!told.contains(secret), "{secret}");
    }
}

#[tokio::test]
async fn what_cannot_be_recorded_does_not_pass() {
    let setup = Setup {
        spool: SpoolConfig {
            segment_bytes_max: 2_048,
            bytes_max: 4_096,
        },
        ..Setup::default()
    };
    let world = World::with(setup).await;
    let phone = world.phone("alice").await;
    let mut passed = 0;
    loop {
        let response = world.call(&phone, Key::Session, note()).await;
        if response.status != 200 {
            response.assert_refused(503, "unavailable");
            break;
        }
        passed += 1;
    }
    assert!(passed > 0);
    assert!(!world.gateway().readiness().await.events);
    // From then on the service is not even asked.
    let asked = world.service.asked("/notes").len();
    world
        .call(&phone, Key::Session, note())
        .await
        .assert_refused(503, "unavailable");
    assert_eq!(world.service.asked("/notes").len(), asked);
    // Once the store has taken the backlog, requests pass again.
    world.events().await;
    world
        .call(&phone, Key::Session, note())
        .await
        .assert_status(200);
}
