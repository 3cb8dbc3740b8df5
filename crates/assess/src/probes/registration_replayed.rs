//! The attack of 2019: a captured registration request is sent again.
//!
//! Clauses: AN-1, CJ-6.3.d.4, CJ-6.4.3.c, AP-5.5.

use crate::enrolment::{Enrolment, no_code, sealed_code};
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "registration-replayed",
    title: "A captured registration is sent again, as it was and with its sealed code under another key",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(code) = range.take_code() else {
                return Ok(no_code());
            };
            let victim = Enrolment::make()?;
            let captured = victim.with_code(range, &code).sign(&range.trust);
            let twin = range.send_bare(&captured.to_bytes()).await;
            let again = range.send_bare(&captured.to_bytes()).await;

            let thief = Enrolment::make()?;
            let stolen = thief.with_sealed_code(range, &sealed_code(&captured));
            let moved = range.send_bare(&stolen.sign(&range.trust).to_bytes()).await;
            Ok(Finding::of_all(&[again, moved], twin.passed()))
        })
    },
};
