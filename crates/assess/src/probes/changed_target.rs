//! The URL of a signed request is changed.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "changed-target",
    title: "The URL of a signed request is changed",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            let read = &range.bundle.functions.read;
            for target in [
                read.foreign.clone(),
                format!("{}?a=1", read.own),
                format!("/{}", read.own),
            ] {
                let mut signed = range.read().await?.sign(&range.trust);
                signed.target = target;
                replies.push(range.send(range.phone(), &signed.to_bytes()).await);
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
