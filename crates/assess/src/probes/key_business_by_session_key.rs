//! Key business is signed with the session key alone.
//!
//! Clauses: JR-6.1.5.3, CJ-4.2.2.a.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "key-business-by-session-key",
    title: "Key business is signed with the session key alone",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_write_passes().await;
            let write = &range.bundle.functions.write;
            let session = range.session(range.phone()).await?;
            let draft = range.by_session(session, "POST", &write.path, &write.function);
            let draft = draft.with_sealed(&range.trust, write.body.clone(), &write.sealed);
            let attack = range
                .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                .await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
