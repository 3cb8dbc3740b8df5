//! A signed request comes over a TLCP connection without a client certificate.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b, CJ-6.3.c.

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{Shake, honest};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-no-certificate",
    title: "A signed request comes over a TLCP connection without a client certificate",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let signed = range.read().await?.sign(&range.trust);
            let shaken = shake.shake(None, &[], honest()).await;
            let attack = shaken.exchange(&signed.to_bytes()).await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
