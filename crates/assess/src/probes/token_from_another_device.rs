//! A stolen token is used from another enrolled device.
//!
//! Clauses: JR-6.2.2.a, JR-6.2.2.h, CJ-4.2.2.e, CJ-6.3.d.2.

use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "token-from-another-device",
    title: "A stolen token is used from another enrolled device",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let twin = range.honest_read_passes().await;
            let stolen = range.session(range.phone()).await?.authorization();
            let read = &range.bundle.functions.read;
            let mut by_own_device =
                range.by_device(range.other(), "GET", &read.own, &read.function);
            by_own_device.authorization = Some(stolen.clone());
            let first = range
                .send(range.other(), &by_own_device.sign(&range.trust).to_bytes())
                .await;

            let own_session = range.session(range.other()).await?;
            let mut by_own_session =
                range.by_session(own_session, "GET", &read.own, &read.function);
            by_own_session.authorization = Some(stolen);
            let second = range
                .send(range.other(), &by_own_session.sign(&range.trust).to_bytes())
                .await;

            // Even with the session's own key: the channel's certificate is another device's.
            let on_other_channel = range.read().await?.sign(&range.trust);
            let third = range
                .send(range.other(), &on_other_channel.to_bytes())
                .await;
            Ok(Finding::of_all(&[first, second, third], twin))
        })
    },
};
