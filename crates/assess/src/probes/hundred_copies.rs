//! A hundred copies of one signed request arrive at once: exactly one passes.
//!
//! Clauses: CJ-6.3.d.4, CJ-6.4.3.c, JR-6.2.2.a.

use futures_util::future::join_all;

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "hundred-copies",
    title: "A hundred copies of one signed request arrive at once",
    clauses: hefu_standards::clauses!(),
    pace: Pace::Alone,
    run: |range| {
        Box::pin(async move {
            let captured = range.read().await?.sign(&range.trust).to_bytes();
            let connections = join_all((0..COPIES).map(|_| range.connect(range.phone()))).await;
            let mut connections: Vec<_> = connections.into_iter().flatten().collect();
            let connected = connections.len();
            let replies =
                join_all(connections.iter_mut().map(|wire| wire.exchange(&captured))).await;
            let passed = replies.iter().filter(|reply| reply.passed()).count();
            let unseen = replies.iter().filter(|reply| reply.pause().is_some());
            let seen = connected - unseen.count();
            let answer = format!("{passed} of {seen} passed");
            Ok(Finding::judged(
                connected == COPIES && seen >= SEEN_MIN && passed <= 1,
                passed >= 1,
                answer,
            ))
        })
    },
};

const COPIES: usize = 100;
/// Copies that have to be looked at; the others may only be told that they came too fast.
const SEEN_MIN: usize = 10;
