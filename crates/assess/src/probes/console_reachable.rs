//! The operators' pages, health or metrics are reached from the data plane.
//!
//! Clauses: JR-6.1.6.3.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "console-reachable",
    title: "The operators' pages, health or metrics are reached from the data plane",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let authority = range.trust.origin.trim_start_matches("https://");
            let mut replies = Vec::new();
            for path in [
                "/",
                "/login",
                "/console",
                "/coverage",
                "/events",
                "/devices",
                "/metrics",
                "/health/live",
                "/hefu/health/live",
                "/hefu/health/ready",
                "/admin",
            ] {
                let plain = format!("GET {path} HTTP/1.1\r\nHost: {authority}\r\n\r\n");
                replies.push(range.send(range.phone(), plain.as_bytes()).await);
                let session = range.session(range.phone()).await?;
                let signed = range
                    .by_session(session, "GET", path, "console")
                    .sign(&range.trust);
                replies.push(range.send(range.phone(), &signed.to_bytes()).await);
            }
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
