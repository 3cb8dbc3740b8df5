//! A function is called that does not exist.
//!
//! Clauses: CJ-6.4.4, CJ-6.4.3.d.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "unknown-function",
    title: "A function is called that does not exist",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            let own = &range.bundle.functions.read.own;
            for (target, function) in [
                (own.as_str(), "ZZ9999"),
                (own.as_str(), "../T"),
                ("/no/such/path", "ZZ9999"),
                ("/../etc/passwd", "ZZ9999"),
                ("/%2e%2e/%2e%2e/etc/passwd", "ZZ9999"),
            ] {
                let session = range.session(range.phone()).await?;
                let draft = range.by_session(session, "GET", target, function);
                replies.push(
                    range
                        .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                        .await,
                );
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
