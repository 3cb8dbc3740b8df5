//! A signed request comes over a connection without a client certificate.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "no-client-certificate",
    title: "A signed request comes over a connection without a client certificate",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let signed = range.read().await?.sign(&range.trust);
            let attack = range.send_bare(&signed.to_bytes()).await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
