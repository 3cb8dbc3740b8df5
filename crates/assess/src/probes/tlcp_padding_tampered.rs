//! Somebody in between changes padding or authentication of a TLCP record in CBC mode, and compares the answers.
//!
//! Clauses: CJ-6.3.c, JR-6.1.8.b.

use hefu_tlcp::CipherSuite;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{APPLICATION_DATA, Hand, Shake, honest};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-padding-tampered",
    title: "Somebody in between changes padding or authentication of a TLCP record in CBC mode, and compares the answers",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            const CBC: [CipherSuite; 1] = [CipherSuite::EccSm4CbcSm3];
            let twin = shake.read_passes(&CBC, honest()).await;
            let mut answers = Vec::new();
            // The last byte is in the padding; 40 bytes before it is the authentication, or text.
            for from_end in [0, 16, 40] {
                let identity = shake.identity()?;
                let signed = range.read().await?.sign(&range.trust);
                let shaken = shake.shake(Some(identity), &CBC, flip(from_end)).await;
                let was_open = !shaken.is_refused();
                let answer = shaken.exchange(&signed.to_bytes()).await;
                answers.push((was_open, answer.passed(), answer.summary()));
            }
            // Refused, and each alike: a difference would decrypt byte by byte.
            answers.dedup();
            let refused = matches!(answers.as_slice(), [(true, false, _)]);
            let summaries: Vec<String> = answers.into_iter().map(|(_, _, text)| text).collect();
            Ok(Finding::judged(refused, twin, summaries.join(", ")))
        })
    },
};

fn flip(from_end: usize) -> Hand {
    Box::new(move |_, mut record| {
        if record.first() == Some(&APPLICATION_DATA)
            && let Some(byte) = record.iter_mut().rev().nth(from_end)
        {
            *byte ^= 1;
        }
        record
    })
}
