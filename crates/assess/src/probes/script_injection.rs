//! Script in members and in the path.
//!
//! Clauses: JR-6.2.4.e.

use crate::break_schema::with_raw;
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "script-injection",
    title: "Script in members and in the path",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let schema = &range.bundle.functions.schema;
            let read = &range.bundle.functions.read;
            let mut replies = Vec::new();
            for text in TEXTS {
                for pointer in [&schema.text, &schema.format] {
                    let raw = serde_json::Value::from(*text).to_string();
                    let draft = range.post_bytes(with_raw(schema, pointer, &raw)).await?;
                    replies.push(
                        range
                            .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                            .await,
                    );
                }
            }
            for tail in TAILS {
                let target = format!("{}{tail}", read.own);
                let session = range.session(range.phone()).await?;
                let draft = range.by_session(session, "GET", &target, &read.function);
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

const TEXTS: &[&str] = &[
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
];

/// Behind the path of an honest read.
const TAILS: &[&str] = &[
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "?next=javascript:alert(1)",
];
