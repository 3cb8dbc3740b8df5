//! A body arrives byte by byte, so that the connection stays open for ever.
//!
//! Clauses: JR-6.2.2.g.

use crate::probe::{Finding, Pace, Probe};
use crate::trickle::trickle;

pub(crate) static PROBE: Probe = Probe {
    id: "slow-body",
    title: "A body arrives byte by byte",
    clauses: hefu_standards::clauses!(),
    pace: Pace::Waiting,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut signed = range
                .post_bytes(vec![b' '; 4_096])
                .await?
                .sign(&range.trust);
            signed.body.clear();
            let begun = signed.head();
            let next = b" ";
            let Some(mut wire) = range.connect(range.phone()).await else {
                return Ok(Finding::judged(false, twin, "no connection"));
            };
            wire.write(begun.as_bytes()).await;
            let attack = trickle(&mut wire, next).await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
