//! The signature is taken away.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b, JR-6.1.5.1.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "signature-stripped",
    title: "The signature is taken away",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            for fields in [
                &["Signature", "Signature-Input"][..],
                &["Signature"],
                &["Signature-Input"],
                &["Content-Digest"],
            ] {
                let mut signed = range.read().await?.sign(&range.trust);
                for field in fields {
                    signed.remove(field);
                }
                replies.push(range.send(range.phone(), &signed.to_bytes()).await);
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
