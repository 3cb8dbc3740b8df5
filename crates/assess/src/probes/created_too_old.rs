//! A request was signed two minutes ago.
//!
//! Clauses: CJ-6.3.d.4, CJ-6.4.3.c, CJ-4.2.2.e.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "created-too-old",
    title: "A request was signed two minutes ago",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut draft = range.read().await?;
            let now = range.now_s();
            (draft.signature.created, draft.signature.expires) = (now - 120, now - 60);
            let attack = range
                .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                .await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
