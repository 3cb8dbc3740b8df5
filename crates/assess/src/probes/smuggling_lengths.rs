//! A second request is hidden behind a Content-Length that readers take differently.
//!
//! Clauses: JR-6.2.4.c, CJ-6.4.3.b.

use crate::probe::{Finding, Pace, Probe};
use crate::smuggle::smuggle;

pub(crate) static PROBE: Probe = Probe {
    id: "smuggling-lengths",
    title: "Content-Length is written in ways that readers take differently",
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
    "Content-Length: {length}\r\nContent-Length: 0\r\n",
    "Content-Length: {length}\r\nContent-Length: {length}\r\n",
    "Content-Length: {length}, {length}\r\n",
    "Content-Length: +{length}\r\n",
    "Content-Length: 0x10\r\n",
    "Content-Length : {length}\r\n",
    "Content-Length: -1\r\n",
    "Content-Length: {length}\u{b}\r\n",
];
