//! The method of a signed request is changed.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "changed-method",
    title: "The method of a signed request is changed",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            for method in ["PUT", "POST", "DELETE", "OPTIONS", "get"] {
                let mut signed = range.read().await?.sign(&range.trust);
                signed.method = method.to_owned();
                if method == "POST" {
                    signed.set("Content-Length", "0");
                }
                let reply = range.send(range.phone(), &signed.to_bytes()).await;
                replies.push(reply);
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
