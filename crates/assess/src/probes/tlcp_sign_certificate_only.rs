//! A TLCP client shows a signature certificate and no encryption certificate.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b, CJ-6.3.c.

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{Shake, honest, identity_without_encryption};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-sign-certificate-only",
    title: "A TLCP client shows a signature certificate and no encryption certificate",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let identity = identity_without_encryption(shake.pair()?)?;
            let attack = shake.shake(Some(identity), &[], honest()).await;
            Ok(Finding::judged(attack.is_refused(), twin, attack.summary()))
        })
    },
};
