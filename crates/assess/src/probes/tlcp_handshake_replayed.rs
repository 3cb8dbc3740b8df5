//! A whole recorded TLCP connection with its request is sent again.
//!
//! Clauses: AP-5.2, CJ-6.3.c, CJ-6.4.3.c.

use std::sync::{Arc, Mutex, PoisonError};

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{APPLICATION_DATA, Shake, replay};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-handshake-replayed",
    title: "A whole recorded TLCP connection with its request is sent again",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let recorded = Arc::new(Mutex::new(Vec::new()));
            let recorder = Arc::clone(&recorded);
            let twin = shake
                .read_passes(
                    &[],
                    Box::new(move |_, record| {
                        let mut recorded = recorder.lock().unwrap_or_else(PoisonError::into_inner);
                        recorded.extend_from_slice(&record);
                        record
                    }),
                )
                .await;
            let bytes = recorded
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .clone();
            let answered = replay(range, &bytes).await.contains(&APPLICATION_DATA);
            let answer = if answered {
                "answered"
            } else {
                "connection closed"
            };
            Ok(Finding::judged(
                !answered && !bytes.is_empty(),
                twin,
                answer,
            ))
        })
    },
};
