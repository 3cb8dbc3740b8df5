//! Plain HTTP is spoken to the TLS port.
//!
//! Clauses: AP-5.1, JR-6.1.5.2.a.

use crate::hello::say_hello;
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "plain-http",
    title: "Plain HTTP is spoken to the TLS port",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let signed = range.read().await?.sign(&range.trust);
            let said = say_hello(&range.address, &signed.to_bytes()).await;
            Ok(Finding::judged(!said.is_http(), twin, said.summary()))
        })
    },
};
