//! A TLS 1.2 connection offers only weak cipher suites.
//!
//! Clauses: AP-5.1, CJ-4.3.3.f, JR-6.1.8.b.

use crate::hello::{STRONG, WEAK, client_hello, say_hello};
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "weak-suites",
    title: "A TLS 1.2 connection offers only weak cipher suites",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let mut refused = true;
            let mut answers = Vec::new();
            for suite in WEAK {
                let said = say_hello(&range.address, &client_hello(0x0303, &[*suite])).await;
                refused &= !said.is_welcome();
                answers.push(said.summary());
            }
            let twin = say_hello(&range.address, &client_hello(0x0303, STRONG)).await;
            answers.dedup();
            Ok(Finding::judged(
                refused,
                twin.is_welcome(),
                answers.join(", "),
            ))
        })
    },
};
