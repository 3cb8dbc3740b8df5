//! Header fields that the gateway sets for the service come from outside.
//!
//! Clauses: JR-6.1.6.1.a, JR-6.2.2.a.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "identity-header-forged",
    title: "Header fields that the gateway sets for the service come from outside",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let read = &range.bundle.functions.read;
            let session = range.session(range.phone()).await?;
            let mut draft = range.by_session(session, "GET", &read.foreign, &read.function);
            let device = range.other().bundle().device.to_string();
            for (name, value) in [
                ("X-Hefu-Subject", "admin"),
                ("X-Hefu-Device", device.as_str()),
                ("X-Request-Id", "1"),
                ("X-Forwarded-For", "127.0.0.1"),
                ("X-Original-URL", "/"),
            ] {
                draft.others.push((name.to_owned(), value.to_owned()));
            }
            let attack = range
                .send(range.phone(), &draft.sign(&range.trust).to_bytes())
                .await;
            Ok(Finding::of(&attack, twin))
        })
    },
};
