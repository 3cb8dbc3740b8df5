//! Sensitive members come through in full.
//!
//! Clauses: JR-6.2.3.a, CJ-4.3.5.b, CJ-4.2.1.e, AP-4.1.1.3, CJ-6.4.3.f.

use hefu_tally::mask::Mask;
use serde_json::Value;

use crate::probe::{Finding, Pace, Probe};
use crate::wire::Reply;

pub(crate) static PROBE: Probe = Probe {
    id: "unmasked-fields",
    title: "Sensitive members come through in full",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let sensitive = &range.bundle.functions.sensitive;
            let make = async || {
                let session = range.session(range.phone()).await?;
                let draft = range.by_session(session, "GET", &sensitive.path, &sensitive.function);
                Ok(draft.sign(&range.trust))
            };
            let reply = range.send_honest(range.phone(), make).await;
            let Reply::Answer(answer) = &reply else {
                return Ok(Finding::judged(false, false, reply.summary()));
            };
            let text = String::from_utf8_lossy(&answer.body).into_owned();
            let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
            let mut shown = Vec::new();
            let mut present = !sensitive.masked.is_empty();
            for masked in &sensitive.masked {
                let seen = body.pointer(&masked.pointer).and_then(Value::as_str);
                present &= seen.is_some();
                let allowed = masked
                    .mask
                    .parse::<Mask>()
                    .map(|mask| mask.apply(&masked.value));
                let fits = allowed.is_ok_and(|allowed| seen == Some(allowed.as_str()));
                if !fits || text.contains(&masked.value) {
                    shown.push(masked.pointer.clone());
                }
            }
            let answer_text = if shown.is_empty() {
                "all masked".to_owned()
            } else {
                shown.join(", ")
            };
            Ok(Finding::judged(
                shown.is_empty(),
                answer.passed() && present,
                answer_text,
            ))
        })
    },
};
