//! A nonce is used again for another request on another connection.
//!
//! Clauses: CJ-6.4.3.c, CJ-6.3.d.4.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "nonce-reused",
    title: "A nonce is used again for another request on another connection",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let first = range.read().await?;
            let nonce = first.signature.nonce.clone();
            let twin = range
                .send(range.phone(), &first.sign(&range.trust).to_bytes())
                .await;
            let mut second = range.read().await?;
            second.signature.nonce = nonce;
            second.signature.created -= 1;
            let attack = range
                .send(range.phone(), &second.sign(&range.trust).to_bytes())
                .await;

            let mut short = range.read().await?;
            short.signature.nonce = "1".to_owned();
            let guessable = range
                .send(range.phone(), &short.sign(&range.trust).to_bytes())
                .await;
            Ok(Finding::of_all(&[attack, guessable], twin.passed()))
        })
    },
};
