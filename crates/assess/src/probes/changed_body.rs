//! The body of a signed request is changed.
//!
//! Clauses: CJ-6.3.d.3, CJ-6.4.3.b, JR-6.1.5.1.

use hefu_tally::digest::{DigestAlgorithm, content_digest};

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "changed-body",
    title: "The body of a signed request is changed",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_post_passes().await;
            let body = &range.bundle.functions.schema.body;
            let mut signed = range.post(body).await?.sign(&range.trust);
            let mut changed = signed.body.clone();
            changed.push(b' ');
            signed.set_body(changed);
            let padded = range.send(range.phone(), &signed.to_bytes()).await;

            // The digest is made to fit as well: then the signature no longer covers it.
            let mut signed = range.post(body).await?.sign(&range.trust);
            signed.set_body(b"{}".to_vec());
            signed.set(
                "Content-Digest",
                content_digest(DigestAlgorithm::Sm3, b"{}"),
            );
            let digested = range.send(range.phone(), &signed.to_bytes()).await;
            Ok(Finding::of_all(&[padded, digested], twin))
        })
    },
};
