//! A sealed field is taken from one request into another, left open, or altered.
//!
//! Clauses: AP-5.5, CJ-6.4.3.e, CJ-4.2.2.d.

use serde_json::Value;

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "sealed-field-moved",
    title: "A sealed field is taken from one request into another, left open, or altered",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_write_passes().await;
            let write = &range.bundle.functions.write;
            let (Some(pointer), captured) = (write.sealed.first(), range.write(&write.body).await?)
            else {
                return Ok(Finding::judged(
                    false,
                    twin,
                    "the bundle's write has no sealed field",
                ));
            };
            let captured: Value =
                serde_json::from_slice(&captured.body.unwrap_or_default()).unwrap_or_default();
            let sealed = captured
                .pointer(pointer)
                .and_then(Value::as_str)
                .unwrap_or_default();
            let mut altered = sealed.to_owned();
            let last = if altered.pop() == Some('A') { 'Q' } else { 'A' };
            altered.push(last);
            let open = write.body.pointer(pointer).cloned().unwrap_or_default();

            let mut replies = Vec::new();
            for value in [Value::from(sealed), Value::from(altered), open] {
                let mut draft = range.write(&write.body).await?;
                let mut body: Value =
                    serde_json::from_slice(&draft.body.take().unwrap_or_default())
                        .unwrap_or_default();
                if let Some(member) = body.pointer_mut(pointer) {
                    *member = value;
                }
                draft.body = Some(body.to_string().into_bytes());
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
