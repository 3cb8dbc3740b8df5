//! The token of a signed request is changed.
//!
//! Clauses: CJ-6.3.d.2, CJ-6.4.3.a, JR-6.2.2.a.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "changed-authorization",
    title: "The token of a signed request is changed",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let others = range.session(range.other()).await?.authorization();
            let mut replies = Vec::new();
            for authorization in [
                others.as_str(),
                "Hefu AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
                "Bearer x",
            ] {
                let mut changed = range.read().await?.sign(&range.trust);
                changed.set("Authorization", authorization);
                replies.push(range.send(range.phone(), &changed.to_bytes()).await);
                let mut signed_with = range.read().await?;
                signed_with.authorization = Some(authorization.to_owned());
                replies.push(
                    range
                        .send(range.phone(), &signed_with.sign(&range.trust).to_bytes())
                        .await,
                );
            }
            let mut without = range.read().await?;
            without.authorization = None;
            replies.push(
                range
                    .send(range.phone(), &without.sign(&range.trust).to_bytes())
                    .await,
            );
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
