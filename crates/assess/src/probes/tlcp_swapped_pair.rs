//! A TLCP client shows its encryption certificate in the place of its signature certificate.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b, CJ-6.3.c, JR-6.1.4.c.

use hefu_tlcp::Alert;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{Hand, Shake, with_certificates};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-swapped-pair",
    title: "A TLCP client shows its encryption certificate in the place of its signature certificate",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let identity = shake.identity()?;
            let attack = shake.shake(Some(identity), &[], swap()).await;
            let refused = attack.is_refused_with(Alert::UnsupportedCertificate);
            Ok(Finding::judged(refused, twin, attack.summary()))
        })
    },
};

fn swap() -> Hand {
    Box::new(|_, record| {
        let swapped = with_certificates(&record, |mut certificates| {
            if certificates.len() > 1 {
                certificates.swap(0, 1);
            }
            certificates
        });
        swapped.unwrap_or(record)
    })
}
