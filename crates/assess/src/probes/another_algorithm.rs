//! The algorithm is chosen by the message: another name, none, or the public key as a shared secret.
//!
//! Clauses: JR-6.1.8.b, CJ-6.3.d.3, CJ-4.2.2.b.

use hefu_tally::key::SessionKey;

use crate::probe::{Finding, Pace, Probe};
use crate::range::RangeError;

pub(crate) static PROBE: Probe = Probe {
    id: "another-algorithm",
    title: "The algorithm is chosen by the message: another name, none, or the public key as a shared secret",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let mut replies = Vec::new();
            for algorithm in ["ed25519", "hmac-sha256", "none", ""] {
                let mut draft = range.read().await?;
                draft.signature.algorithm = Some(algorithm.to_owned());
                replies.push(
                    range
                        .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                        .await,
                );
            }
            // The confusion of old: an HMAC whose key is the public key that everybody knows.
            let part = |_| RangeError::Part("signature key");
            let public = range.phone().key().public_key().map_err(part)?.to_bytes();
            let mut secret = [0; 32];
            for (to, from) in secret.iter_mut().zip(&public) {
                *to = *from;
            }
            let shared = SessionKey::from_bytes(&secret);
            let read = &range.bundle.functions.read;
            let mut confused = range.by_device(range.phone(), "GET", &read.own, &read.function);
            confused.authorization = Some(range.session(range.phone()).await?.authorization());
            confused.signature.signer = &shared;
            confused.signature.algorithm = Some("hmac-sm3".to_owned());
            replies.push(
                range
                    .send(range.phone(), &confused.sign(&range.trust).to_bytes())
                    .await,
            );
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
