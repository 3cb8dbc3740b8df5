//! Our own failures: told as such, and nothing more.

use std::sync::Arc;

use hefu_store::nonces::{Insertion, Nonces, Seen};
use hefu_tally::clock::Timestamp;

use crate::support::{Key, Request, Setup, World};

/// Fails on the first request.
#[derive(Debug, Default)]
struct Faulty(std::sync::atomic::AtomicUsize);

impl Nonces for Faulty {
    fn insert(&self, _: Seen<'_>, _: Timestamp) -> Insertion {
        let calls = self.0.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        assert!(calls > 0, "the secret is 12345");
        Insertion::Inserted
    }

    fn has_room(&self, _: Timestamp) -> bool {
        true
    }
}

#[tokio::test]
async fn a_panic_is_an_internal_error_and_the_connection_goes_on() {
    let setup = Setup {
        nonces: Some(Arc::new(Faulty::default())),
        ..Setup::default()
    };
    let world = World::with(setup).await;
    let phone = world.phone("alice").await;
    let mut wire = world.wire().await;
    let note = || Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#);
    let response = wire.send(&phone.sign(&world, Key::Session, note())).await;
    response.assert_refused(500, "internal");
    assert!(!response.text().contains("secret"));
    assert_eq!(world.reason().await, "fault: panic");
    wire.send(&phone.sign(&world, Key::Session, note()))
        .await
        .assert_status(200);
    assert!(
        crate::ops::metrics(&world)
            .await
            .contains("hefu_gateway_panics_total 1")
    );
}
