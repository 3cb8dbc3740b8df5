//! The method of a signed request is changed.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b.

use crate::probe::{Finding, Pace, Probe};
use crate::wire::Reply;

pub(crate) static PROBE: Probe = Probe {
    id: "changed-method",
    title: "The method of a signed request is changed",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            for method in ["HEAD", "POST", "DELETE", "OPTIONS", "get"] {
                let mut signed = range.read().await?.sign(&range.trust);
                signed.method = method.to_owned();
                if method == "POST" {
                    signed.set("Content-Length", "0");
                }
                let reply = range.send(range.phone(), &signed.to_bytes()).await;
                // A response to HEAD has no body to be judged; its status is enough.
                replies.push(if method == "HEAD" {
                    status_alone(&reply)
                } else {
                    reply
                });
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};

fn status_alone(reply: &Reply) -> Reply {
    if reply.refused() {
        Reply::Closed
    } else {
        reply.clone()
    }
}
