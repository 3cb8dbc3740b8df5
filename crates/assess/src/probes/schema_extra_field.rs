//! Members that the contract does not know, and one member twice.
//!
//! Clauses: JR-6.2.4.c, AP-4.1.2.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "schema-extra-field",
    title: "Members that the contract does not know, and one member twice",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let schema = &range.bundle.functions.schema;
            let body = schema.body.to_string();
            let inside = body.trim_start_matches('{');
            let mut replies = Vec::new();
            for first in [
                r#""is_admin":true"#.to_owned(),
                r#""__proto__":{}"#.to_owned(),
                first_member(&body),
            ] {
                let draft = range
                    .post_bytes(format!("{{{first},{inside}").into_bytes())
                    .await?;
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

/// The first member of an object again: two readers could each believe another one of the two.
fn first_member(body: &str) -> String {
    let object: serde_json::Map<String, serde_json::Value> =
        serde_json::from_str(body).unwrap_or_default();
    let first = object.iter().next();
    first.map_or_else(String::new, |(name, value)| format!("\"{name}\":{value}"))
}
