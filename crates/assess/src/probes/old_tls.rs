//! A connection offers at most TLS 1.1, 1.0 or SSL 3.
//!
//! Clauses: CJ-6.3.d.1, AP-5.3, AP-5.1.

use crate::hello::{STRONG, STRONG_AND_WEAK, client_hello, say_hello};
use crate::probe::{Finding, Pace, Probe};

pub(crate) static PROBE: Probe = Probe {
    id: "old-tls",
    title: "A connection offers at most TLS 1.1, 1.0 or SSL 3",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let mut refused = true;
            let mut answers = Vec::new();
            for version in [0x0302, 0x0301, 0x0300] {
                let hello = client_hello(version, STRONG_AND_WEAK);
                let said = say_hello(&range.address, &hello).await;
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
