//! An enrolment code that was used enrols a second device.
//!
//! Clauses: AN-1, JR-6.2.1.3.g.

use crate::enrolment::{Enrolment, no_code};
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "enrolment-code-reused",
    title: "An enrolment code that was used enrols a second device",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(code) = range.take_code() else {
                return Ok(no_code());
            };
            let first = Enrolment::make()?.with_code_bytes(range, &code);
            let twin = range.send_bare(&first).await;
            let second = Enrolment::make()?.with_code_bytes(range, &code);
            let attack = range.send_bare(&second).await;
            Ok(Finding::of(&attack, twin.passed()))
        })
    },
};
