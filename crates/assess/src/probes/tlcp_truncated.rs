//! A TLCP connection ends in the middle of a request, without a word of the client.
//!
//! Clauses: CJ-6.3.c, CJ-4.3.3.a.

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{ALERT, Hand, Shake, Shaken};
use crate::wire::{ANSWER_WITHIN, Reply};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-truncated",
    title: "A TLCP connection ends in the middle of a request, without a word of the client",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let body = &range.bundle.functions.schema.body;
            let bytes = range.post(body).await?.sign(&range.trust).to_bytes();
            let identity = shake.identity()?;
            let attack = match shake.shake(Some(identity), &[], without_goodbye()).await {
                Shaken::Open(mut wire) => {
                    let (begun, _) = bytes.split_at(bytes.len().saturating_sub(1));
                    wire.write(begun).await;
                    wire.end().await;
                    wire.answer(ANSWER_WITHIN).await
                }
                Shaken::Refused(_) => Reply::Silent,
            };
            Ok(Finding::of(&attack, twin))
        })
    },
};

fn without_goodbye() -> Hand {
    Box::new(|_, record| match record.first() {
        Some(&ALERT) => Vec::new(),
        _ => record,
    })
}
