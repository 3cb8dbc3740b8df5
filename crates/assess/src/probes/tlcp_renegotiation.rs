//! A client asks for another handshake on a TLCP connection that is protected.
//!
//! Clauses: CJ-6.3.c, CJ-4.3.3.a, JR-6.1.8.b.

use hefu_tlcp::Alert;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::raw::{Came, RawTlcp};
use crate::tlcp::{HANDSHAKE, Shake};

/// How often the client asks: who is refused may ask again.
const GREETINGS: usize = 3;
const RECORD_BYTES: usize = 1 << 14;

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-renegotiation",
    title: "A client asks for another handshake on a TLCP connection that is protected",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let request = range.read().await?.sign(&range.trust).to_bytes();
            let pieces = (RECORD_BYTES, RECORD_BYTES);
            let twin = RawTlcp::twin_passes(&shake, &request, pieces).await;
            let Some(mut raw) = RawTlcp::shake(&shake, RECORD_BYTES).await else {
                return Ok(Finding::judged(false, twin, "no handshake"));
            };
            let mut came = Vec::new();
            for _ in 0..GREETINGS {
                let Some(greeting) = raw.greeting() else {
                    break;
                };
                let record = raw.record(HANDSHAKE, &greeting);
                raw.send(&record).await;
                came.push(raw.next().await);
                if came.last().is_some_and(Came::is_end) {
                    break;
                }
            }
            let mut summaries: Vec<String> = came.iter().map(Came::summary).collect();
            summaries.dedup();
            Ok(Finding::judged(
                is_refused(&came),
                twin,
                summaries.join(", "),
            ))
        })
    },
};

/// Each wish is answered with `no_renegotiation`, or with the end; a handshake message, data or
/// silence is none of these.
fn is_refused(came: &[Came]) -> bool {
    let refuses = |came: &Came| came.is_end() || came.alert() == Some(Alert::NoRenegotiation);
    !came.is_empty() && came.iter().all(refuses)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tlcp::{ALERT, APPLICATION_DATA};

    #[test]
    fn only_a_refusal_of_each_wish_is_a_refusal() {
        let warning = Came::Record(ALERT, vec![1, 100]);
        let fatal = Came::Record(ALERT, vec![2, 10]);
        assert!(is_refused(&[warning.clone(), fatal]));
        assert!(is_refused(&[warning.clone(), Came::Closed]));
        for answer in [
            Came::Record(HANDSHAKE, vec![2]),
            Came::Record(APPLICATION_DATA, vec![1]),
            Came::Record(ALERT, vec![1, 90]),
            Came::Silent,
        ] {
            assert!(
                !is_refused(&[warning.clone(), answer.clone()]),
                "{answer:?}"
            );
            assert!(!is_refused(&[answer]));
        }
        assert!(!is_refused(&[]));
    }
}
