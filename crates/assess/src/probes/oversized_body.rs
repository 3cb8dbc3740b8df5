//! A body is larger than anyone needs.
//!
//! Clauses: JR-6.2.4.c.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "oversized-body",
    title: "A body is larger than anyone needs",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let draft = range.post_bytes(vec![b' '; 3 << 20]).await?;
            let whole = range
                .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                .await;
            let mut claimed = range.post_bytes(Vec::new()).await?.sign(&range.trust);
            claimed.set("Content-Length", "99999999999");
            let announced = range.send(range.phone(), &claimed.to_bytes()).await;
            claimed.set("Content-Length", "18446744073709551617");
            let overflowing = range.send(range.phone(), &claimed.to_bytes()).await;
            Ok(Finding::of_all(&[whole, announced, overflowing], twin))
        })
    },
};
