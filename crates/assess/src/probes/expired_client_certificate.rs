//! A client certificate of the deployment's own authority has expired.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b.

use crate::probe::{Finding, Pace, Probe};
use crate::wire::Reply;

pub(crate) static PROBE: Probe = Probe {
    id: "expired-client-certificate",
    title: "A client certificate of the deployment's own authority has expired",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let Some(expired) = &range.bundle.expired else {
                return Ok(Finding::judged(
                    false,
                    twin,
                    "the bundle holds no expired certificate",
                ));
            };
            let signed = range.read().await?.sign(&range.trust);
            let attack = match range.connect_with(expired).await {
                Some(mut wire) => wire.exchange(&signed.to_bytes()).await,
                None => Reply::Closed,
            };
            Ok(Finding::of(&attack, twin))
        })
    },
};
