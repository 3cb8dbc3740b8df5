//! The body is not UTF-8, or says that it is something else than JSON.
//!
//! Clauses: JR-6.2.4.c.

use crate::break_schema::with_bytes;
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "schema-charset",
    title: "The body is not UTF-8, or says that it is something else than JSON",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let schema = &range.bundle.functions.schema;
            let mut bodies = Vec::new();
            for bytes in [
                &b"\"\xff\xfe\""[..],
                b"\"\xc0\xaf\"",
                b"\"\xed\xa0\x80\"",
                b"\"\\ud800\"",
            ] {
                bodies.push((with_bytes(schema, &schema.text, bytes), "application/json"));
            }
            let wide: Vec<u8> = schema
                .body
                .to_string()
                .encode_utf16()
                .flat_map(u16::to_be_bytes)
                .collect();
            bodies.push((wide, "application/json; charset=utf-16"));
            let plain = schema.body.to_string().into_bytes();
            bodies.push((plain.clone(), "text/plain"));
            bodies.push((plain.clone(), "application/x-www-form-urlencoded"));
            bodies.push((plain, "multipart/form-data; boundary=x"));
            let mut replies = Vec::new();
            for (body, content_type) in bodies {
                let mut draft = range.post_bytes(body).await?;
                draft.content_type = Some(content_type.to_owned());
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
