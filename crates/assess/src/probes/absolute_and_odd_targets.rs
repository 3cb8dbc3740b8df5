//! Request targets in forms that readers take differently.
//!
//! Clauses: JR-6.2.4.c, CJ-6.4.4.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "absolute-and-odd-targets",
    title: "Request targets in forms that readers take differently",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let own = &range.bundle.functions.read.own;
            let mut replies = Vec::new();
            for target in [
                format!("https://other.example{own}"),
                format!("/{own}"),
                format!("/.{own}"),
                format!("/x/..{own}"),
                format!("/%2e{own}"),
                format!("{own}#x"),
                own.replace('/', "\\"),
                own.replace('/', "%2f"),
                "*".to_owned(),
            ] {
                let session = range.session(range.phone()).await?;
                let function = &range.bundle.functions.read.function;
                let draft = range.by_session(session, "GET", &target, function);
                replies.push(
                    range
                        .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                        .await,
                );
            }
            let mut other_host = range.read().await?.sign(&range.trust);
            other_host.set("Host", "other.example");
            replies.push(range.send(range.phone(), &other_host.to_bytes()).await);
            Ok(Finding::of_all(&replies, twin))
        })
    },
};
