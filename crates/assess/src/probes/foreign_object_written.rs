//! A customer moves money out of another customer's account.
//!
//! Clauses: JR-6.1.6.1.a, JR-6.3.2.a.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "foreign-object-written",
    title: "A customer moves money out of another customer's account",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_write_passes().await;
            let body = &range.bundle.functions.write.foreign_body;
            let attack = range
                .send(
                    range.phone(),
                    &range.write(body).await?.sign(&range.trust).to_bytes(),
                )
                .await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
