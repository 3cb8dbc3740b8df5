//! Somebody in between changes a bit of the TLCP message that ends the handshake.
//!
//! Clauses: CJ-6.3.c, CJ-4.3.3.a.

use hefu_tlcp::Alert;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{CHANGE_CIPHER_SPEC, HANDSHAKE, Hand, Shake};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-finished-tampered",
    title: "Somebody in between changes a bit of the TLCP message that ends the handshake",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let identity = shake.identity()?;
            let attack = shake.shake(Some(identity), &[], flip_finished()).await;
            let refused = attack.is_refused_with(Alert::BadRecordMac);
            Ok(Finding::judged(refused, twin, attack.summary()))
        })
    },
};

fn flip_finished() -> Hand {
    let mut is_protected = false;
    Box::new(move |_, mut record| {
        match record.first() {
            Some(&CHANGE_CIPHER_SPEC) => is_protected = true,
            Some(&HANDSHAKE) if is_protected => {
                if let Some(last) = record.last_mut() {
                    *last ^= 1;
                }
            }
            _ => {}
        }
        record
    })
}
