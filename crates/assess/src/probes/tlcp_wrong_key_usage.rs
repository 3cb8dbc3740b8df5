//! A TLCP client signs the handshake under a certificate that only encrypts.
//!
//! Clauses: AP-5.2, CJ-4.3.3.b, CJ-6.3.c, JR-6.1.4.c.

use hefu_tlcp::Alert;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{Hand, Shake, with_certificates};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-wrong-key-usage",
    title: "A TLCP client signs the handshake under a certificate that only encrypts",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let identity = shake.identity()?;
            let attack = shake.shake(Some(identity), &[], encryption_twice()).await;
            let refused = attack.is_refused_with(Alert::UnsupportedCertificate);
            Ok(Finding::judged(refused, twin, attack.summary()))
        })
    },
};

/// The encryption certificate in both places.
fn encryption_twice() -> Hand {
    Box::new(|_, record| {
        let doubled = with_certificates(&record, |mut certificates| {
            if let [sign, encryption, ..] = certificates.as_mut_slice() {
                sign.clone_from(encryption);
            }
            certificates
        });
        doubled.unwrap_or(record)
    })
}
