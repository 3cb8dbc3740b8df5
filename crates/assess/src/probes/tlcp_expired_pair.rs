//! A TLCP client's pair of the deployment's own authority has expired.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b, CJ-6.3.c, CJ-6.3.b.

use hefu_tlcp::Alert;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{Shake, honest, identity};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-expired-pair",
    title: "A TLCP client's pair of the deployment's own authority has expired",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let Some(expired) = &range.bundle.expired_tlcp else {
                let answer = "the bundle holds no expired pair";
                return Ok(Finding::judged(false, twin, answer));
            };
            let attack = shake.shake(Some(identity(expired)?), &[], honest()).await;
            let refused = attack.is_refused_with(Alert::CertificateExpired);
            Ok(Finding::judged(refused, twin, attack.summary()))
        })
    },
};
