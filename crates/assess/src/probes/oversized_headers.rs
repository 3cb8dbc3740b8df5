//! Header fields are larger or more than anyone needs.
//!
//! Clauses: JR-6.2.4.c.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "oversized-headers",
    title: "Header fields are larger or more than anyone needs",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut large = range.read().await?.sign(&range.trust);
            large.set("X-Padding", "a".repeat(128 << 10));
            let large = range.send(range.phone(), &large.to_bytes()).await;
            let mut many = range.read().await?.sign(&range.trust);
            many.fields
                .extend((0..2_000).map(|index| (format!("X-{index}"), "a".to_owned())));
            let many = range.send(range.phone(), &many.to_bytes()).await;
            let mut long = range.read().await?.sign(&range.trust);
            long.target = format!("{}?{}", long.target, "a".repeat(128 << 10));
            let long = range.send(range.phone(), &long.to_bytes()).await;
            Ok(Finding::of_all(&[large, many, long], twin))
        })
    },
};
