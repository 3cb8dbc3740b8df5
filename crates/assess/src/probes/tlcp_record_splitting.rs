//! TLCP messages come in records without content, without an end, or with something else in their middle.
//!
//! Clauses: CJ-6.3.c, CJ-4.3.3.a, AN-1.

use hefu_tlcp::messages::HandshakeType;

use crate::probe::{Finding, Pace, Probe};
use crate::tlcp::raw::{Came, RawTlcp};
use crate::tlcp::{APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, Shake};

/// Records without content, which cost the target work and bring nothing.
const EMPTY_RECORDS: usize = 4096;
/// How small the honest twin's records are: slow, and allowed.
const HANDSHAKE_PIECE_BYTES: usize = 1;
const REQUEST_PIECE_BYTES: usize = 7;
const RECORD_BYTES: usize = 1 << 14;

pub(crate) static PROBE: Probe = Probe {
    id: "tlcp-record-splitting",
    title: "TLCP messages come in records without content, without an end, or with something else in their middle",
    clauses: hefu_standards::clauses!(),
    pace: Pace::InTurn,
    run: |range| {
        Box::pin(async move {
            let Some(shake) = Shake::with(range) else {
                return Ok(Finding::judged(false, false, "the target speaks no TLCP"));
            };
            let request = range.read().await?.sign(&range.trust).to_bytes();
            let pieces = (HANDSHAKE_PIECE_BYTES, REQUEST_PIECE_BYTES);
            let twin = RawTlcp::twin_passes(&shake, &request, pieces).await;
            let mut answers = Vec::new();
            let mut refused = true;
            for attack in Attack::ALL {
                let request = range.read().await?.sign(&range.trust).to_bytes();
                let came = attack.run(&shake, &request).await;
                refused &= came.as_ref().is_some_and(Came::is_end);
                answers.push(came.map_or_else(|| "no handshake".to_owned(), |came| came.summary()));
            }
            answers.dedup();
            Ok(Finding::judged(refused, twin, answers.join(", ")))
        })
    },
};

/// What is wrong with the records.
#[derive(Clone, Copy)]
enum Attack {
    /// Handshake records without content, and then a greeting.
    EmptyGreeting,
    /// Records of data without content, and then a request.
    EmptyData,
    /// A greeting that would be 16 MiB long, byte by byte.
    EndlessGreeting,
    /// `change_cipher_spec` in the middle of a greeting.
    ChangeInTheMiddle,
    /// A request in the middle of a message, under protection.
    DataInTheMiddle,
}

impl Attack {
    const ALL: [Self; 5] = [
        Self::EmptyGreeting,
        Self::EmptyData,
        Self::EndlessGreeting,
        Self::ChangeInTheMiddle,
        Self::DataInTheMiddle,
    ];

    /// What the target does about it: whatever it is but the end, it has taken the records. None when
    /// the attack did not come that far.
    async fn run(self, shake: &Shake<'_>, request: &[u8]) -> Option<Came> {
        let mut raw = match self {
            Self::EmptyData | Self::DataInTheMiddle => RawTlcp::shake(shake, RECORD_BYTES).await,
            Self::EmptyGreeting | Self::EndlessGreeting | Self::ChangeInTheMiddle => {
                RawTlcp::connect(shake).await
            }
        }?;
        let greeting = raw.greeting()?;
        let (begun, rest) = greeting.split_at(greeting.len() / 2);
        let records = match self {
            Self::EmptyGreeting => flood(&mut raw, HANDSHAKE, &greeting),
            Self::EmptyData => flood(&mut raw, APPLICATION_DATA, request),
            Self::EndlessGreeting => {
                let begun = [&[HandshakeType::ClientHello.id(), 0xff, 0xff, 0xff], begun].concat();
                raw.cut(HANDSHAKE, &begun, 1)
            }
            Self::ChangeInTheMiddle => [
                raw.record(HANDSHAKE, begun),
                raw.record(CHANGE_CIPHER_SPEC, &[1]),
                raw.record(HANDSHAKE, rest),
            ]
            .concat(),
            Self::DataInTheMiddle => [
                raw.record(HANDSHAKE, begun),
                raw.record(APPLICATION_DATA, request),
            ]
            .concat(),
        };
        raw.send(&records).await;
        Some(raw.next().await)
    }
}

fn flood(raw: &mut RawTlcp, kind: u8, last: &[u8]) -> Vec<u8> {
    let mut records: Vec<u8> = (0..EMPTY_RECORDS)
        .flat_map(|_| raw.record(kind, &[]))
        .collect();
    records.extend(raw.record(kind, last));
    records
}
