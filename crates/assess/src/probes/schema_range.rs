//! A number is out of its range.
//!
//! Clauses: JR-6.2.4.c, AP-4.1.2.

use crate::break_schema::with_raw;
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "schema-range",
    title: "A number is out of its range",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let schema = &range.bundle.functions.schema;
            let mut replies = Vec::new();
            for body in [
                with_raw(schema, &schema.number, "-99999999999"),
                with_raw(schema, &schema.number, "0.5"),
                with_raw(schema, &schema.number, "999999999999999"),
            ] {
                let draft = range.post_bytes(body).await?;
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
