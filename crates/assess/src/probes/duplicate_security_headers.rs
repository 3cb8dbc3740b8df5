//! Each header field that security depends on comes twice.
//!
//! Clauses: CJ-6.4.3.b, JR-6.2.4.c.

use hefu_tally::signature::request::SINGLE_FIELDS;

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "duplicate-security-headers",
    title: "Each header field that security depends on comes twice",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let body = &range.bundle.functions.schema.body;
            let mut replies = Vec::new();
            for name in SINGLE_FIELDS {
                let mut signed = range.post(body).await?.sign(&range.trust);
                let value = signed.field(name).unwrap_or("x").to_owned();
                signed.fields.push((name.to_owned(), value));
                replies.push(range.send(range.phone(), &signed.to_bytes()).await);
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
