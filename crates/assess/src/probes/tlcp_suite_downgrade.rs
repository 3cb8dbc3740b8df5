//! Somebody in between takes the suites with authenticated encryption out of a TLCP greeting.
//!
//! Clauses: CJ-6.3.c, JR-6.1.8.b.

use hefu_tlcp::CipherSuite;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::{Hand, Shake};

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-suite-downgrade",
    title: "Somebody in between takes the suites with authenticated encryption out of a TLCP greeting",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let twin = shake.honest_read_passes().await;
            let identity = shake.identity()?;
            let attack = shake.shake(Some(identity), &[], downgrade()).await;
            Ok(Finding::judged(attack.is_refused(), twin, attack.summary()))
        })
    },
};

/// In the first record, each GCM suite becomes the CBC suite of its key exchange.
fn downgrade() -> Hand {
    const WEAKER: [(CipherSuite, CipherSuite); 2] = [
        (CipherSuite::EccSm4GcmSm3, CipherSuite::EccSm4CbcSm3),
        (CipherSuite::EcdheSm4GcmSm3, CipherSuite::EcdheSm4CbcSm3),
    ];
    Box::new(|number, mut record| {
        // Behind the headers, the version and the random values stand the session id and the suites.
        if let Some(suites) = record.get_mut(43..).filter(|_| number == 0) {
            for (strong, weak) in WEAKER {
                let strong = strong.id().to_be_bytes();
                if let Some(at) = suites.windows(2).position(|pair| *pair == strong)
                    && let Some(pair) = suites.get_mut(at..at + 2)
                {
                    pair.copy_from_slice(&weak.id().to_be_bytes());
                }
            }
        }
        record
    })
}
