//! The token travels in the URL.
//!
//! Clauses: JR-6.2.2.e.

use crate::draft::SignatureDraft;
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "token-in-the-url",
    title: "The token travels in the URL",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let session = range.session(range.phone()).await?;
            let read = &range.bundle.functions.read;
            let mut replies = Vec::new();
            for name in ["token", "access_token", "authorization", "session"] {
                let target = format!("{}?{name}={}", read.own, session.token());
                let mut bare = range.by_session(session, "GET", &target, &read.function);
                replies.push(
                    range
                        .send(range.phone(), &bare.clone().sign(&range.trust).to_bytes())
                        .await,
                );
                bare.authorization = None;
                bare.signature =
                    SignatureDraft::honest(&session.key, session.id.to_string(), range.now_s());
                replies.push(
                    range
                        .send(range.phone(), &bare.sign(&range.trust).to_bytes())
                        .await,
                );
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
