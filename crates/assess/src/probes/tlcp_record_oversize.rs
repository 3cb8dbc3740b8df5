//! A TLCP record claims more bytes than a record may have.
//!
//! Clauses: CJ-6.3.c.

use hefu_tlcp::Alert;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{HANDSHAKE, HEADER_BYTES, Hand, Shake, record_of};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-record-oversize",
    title: "A TLCP record claims more bytes than a record may have",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            // The honest twin comes in records of one byte each, which is slow and allowed.
            let twin = shake.read_passes(&[], split()).await;
            let identity = shake.identity()?;
            let attack = shake.shake(Some(identity), &[], blow_up()).await;
            let refused = attack.is_refused_with(Alert::RecordOverflow);
            Ok(Finding::judged(refused, twin, attack.summary()))
        })
    },
};

/// The greeting in records of one byte.
fn split() -> Hand {
    Box::new(
        |number, record| match record.split_at_checked(HEADER_BYTES) {
            Some((_, content)) if number == 0 => content
                .iter()
                .flat_map(|byte| record_of(HANDSHAKE, &[*byte]))
                .collect(),
            _ => record,
        },
    )
}

/// The greeting with the largest length that can be written.
fn blow_up() -> Hand {
    Box::new(|number, record| match number {
        0 => record_of(HANDSHAKE, &vec![1; usize::from(u16::MAX)]),
        _ => record,
    })
}
