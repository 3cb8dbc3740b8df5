//! A captured request is sent again, as it was.
//!
//! Clauses: CJ-6.3.d.4, CJ-6.4.3.c, JR-6.2.2.a, AN-1.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "request-replayed",
    title: "A captured request is sent again, as it was",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let captured = range.read().await?.sign(&range.trust).to_bytes();
            let twin = range.send(range.phone(), &captured).await;
            let attack = range.send(range.phone(), &captured).await;
            Ok(Finding::of(&attack, twin.passed()))
        })
    },
};
