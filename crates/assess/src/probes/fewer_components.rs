//! A signature covers less than it must.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b, JR-6.1.5.1.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "fewer-components",
    title: "A signature covers less than it must",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            let all = range.read().await?.signature.covered;
            for left_out in &all {
                let mut draft = range.read().await?;
                draft.signature.covered.retain(|name| name != left_out);
                replies.push(
                    range
                        .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                        .await,
                );
            }
            let mut nothing = range.read().await?;
            nothing.signature.covered.clear();
            replies.push(
                range
                    .send(range.phone(), &nothing.sign(&range.trust).to_bytes())
                    .await,
            );
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
