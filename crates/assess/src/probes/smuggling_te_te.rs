//! A second request is hidden behind a Transfer-Encoding that readers take differently.
//!
//! Clauses: JR-6.2.4.c, CJ-6.4.3.b.

use crate::probe::{Finding, Pace, Probe};
use crate::smuggle::smuggle;

pub(crate) static PROBE: Probe = Probe {
    id: "smuggling-te-te",
    title: "Transfer-Encoding is written in ways that readers take differently",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let mut replies = Vec::new();
            for fields in VARIANTS {
                let body = range.bundle.functions.schema.body.to_string();
                let signed = range
                    .post_bytes(body.into_bytes())
                    .await?
                    .sign(&range.trust);
                replies.push(smuggle(range, signed, fields).await);
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};

/// Lines that replace `Content-Length`; `{length}` is the honest one.
const VARIANTS: &[&str] = &[
    "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n",
    "Transfer-Encoding: xchunked\r\n",
    "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding:\tchunked\r\nContent-Length: {length}\r\n",
    "X: y\r\n Transfer-Encoding: chunked\r\n",
    "Transfer-Encoding: chunked, identity\r\n",
];
