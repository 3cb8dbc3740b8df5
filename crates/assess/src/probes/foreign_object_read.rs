//! A customer reads another customer's account.
//!
//! Clauses: JR-6.1.6.1.a, JR-6.3.1.e.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "foreign-object-read",
    title: "A customer reads another customer's account",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let read = &range.bundle.functions.read;
            let session = range.session(range.phone()).await?;
            let draft = range.by_session(session, "GET", &read.foreign, &read.function);
            let attack = range
                .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                .await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
