//! A session is used after it was closed.
//!
//! Clauses: CJ-6.3.e, JR-6.2.2.d.

use hefu_tally::messages::{CLOSE_SESSION_FUNCTION, CLOSE_SESSION_PATH};

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "closed-session-reused",
    title: "A session is used after it was closed",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let session = range.open_session(range.phone()).await?;
            let read = &range.bundle.functions.read;
            let draft =
                |method, target, function| range.by_session(&session, method, target, function);
            let before = draft("GET", read.own.as_str(), read.function.as_str()).sign(&range.trust);
            let before = range.send(range.phone(), &before.to_bytes()).await;
            let close =
                draft("DELETE", CLOSE_SESSION_PATH, CLOSE_SESSION_FUNCTION).sign(&range.trust);
            let closed = range.send(range.phone(), &close.to_bytes()).await;
            let after = draft("GET", read.own.as_str(), read.function.as_str()).sign(&range.trust);
            let attack = range.send(range.phone(), &after.to_bytes()).await;
            Ok(Finding::of(&attack, before.passed() && closed.passed()))
        })
    },
};
