//! The function number of a signed request is changed.
//!
//! Clauses: CJ-6.4.4, CJ-6.4.3.b, CJ-6.4.3.d.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "changed-function",
    title: "The function number of a signed request is changed",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let functions = &range.bundle.functions;
            let mut replies = Vec::new();
            for function in [&functions.sensitive.function, &functions.write.function] {
                let mut signed = range.read().await?.sign(&range.trust);
                signed.set("X-Function-No", function);
                replies.push(range.send(range.phone(), &signed.to_bytes()).await);
                // Signed for a function whose route is another one.
                let mut draft = range.read().await?;
                draft.function.clone_from(function);
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
