//! One event as bytes: length, checksum, payload.
//!
//! `u32 length ‖ u32 CRC-32 of the payload ‖ payload`, little-endian. A payload begins with its kind:
//! an event, or the definition of a clause set that later events of the same file refer to by
//! number. Texts are `u8 length ‖ bytes`.

use std::sync::Arc;

use hefu_store::{EventOutcome, EventRecord};
use hefu_tally::{
    clock::Timestamp,
    ids::{DeviceId, RequestId},
};

use crate::Event;

/// Largest payload. Stops: a damaged length that has gigabytes read.
const PAYLOAD_BYTES_MAX: usize = 16 << 10;
const HEAD_BYTES: usize = 8;

const EVENT: u8 = 1;
const CLAUSE_SET: u8 = 2;
const PROBE: u8 = 3;

/// A probe takes as much as an event does.
const PROBE_BYTES: usize = 255;

const IS_ALLOWED: u8 = 1;
const IS_SERVED: u8 = 1 << 1;
const HAS_FUNCTION: u8 = 1 << 2;
const HAS_DEVICE: u8 = 1 << 3;
const HAS_CODE: u8 = 1 << 4;
const HAS_CLASS: u8 = 1 << 5;

/// A text or a set is too long for its frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct TooLong;

/// The clause sets that a file has defined so far, by their place.
///
/// Sets are constants of the program, so they are told apart by where they lie: two equal ones at
/// two places are defined twice, which costs a few bytes and harms nothing.
#[derive(Debug, Default)]
pub(super) struct ClauseSets(Vec<&'static [&'static str]>);

impl ClauseSets {
    pub(super) fn len(&self) -> usize {
        self.0.len()
    }

    pub(super) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }
}

/// Appends the event's frame, after that of its clause set where the file lacks it.
pub(super) fn encode(
    event: &Event,
    seq: u64,
    sets: &mut ClauseSets,
    out: &mut Vec<u8>,
) -> Result<(), TooLong> {
    let known = sets
        .0
        .iter()
        .position(|set| std::ptr::eq(*set, event.clauses));
    let set = match known {
        Some(set) => u16::try_from(set).map_err(|_| TooLong)?,
        None => {
            let set = u16::try_from(sets.len()).map_err(|_| TooLong)?;
            framed(out, |out| {
                out.push(CLAUSE_SET);
                out.extend_from_slice(&set.to_le_bytes());
                event
                    .clauses
                    .iter()
                    .try_for_each(|clause| put_text(out, clause))
            })?;
            sets.0.push(event.clauses);
            set
        }
    };
    framed(out, |out| put_event(out, event, seq, set))
}

/// Appends a frame that says nothing: to see whether the file can be written.
pub(super) fn encode_probe(out: &mut Vec<u8>) -> Result<(), TooLong> {
    framed(out, |out| {
        out.push(PROBE);
        out.extend_from_slice(&[0; PROBE_BYTES]);
        Ok(())
    })
}

fn put_event(out: &mut Vec<u8>, event: &Event, seq: u64, set: u16) -> Result<(), TooLong> {
    let flag = |is_set: bool, flag: u8| if is_set { flag } else { 0 };
    let flags = flag(event.outcome == EventOutcome::Allowed, IS_ALLOWED)
        | flag(event.served, IS_SERVED)
        | flag(event.function.is_some(), HAS_FUNCTION)
        | flag(event.device.is_some(), HAS_DEVICE)
        | flag(event.code.is_some(), HAS_CODE)
        | flag(event.class.is_some(), HAS_CLASS);
    out.push(EVENT);
    out.push(flags);
    out.extend_from_slice(&seq.to_le_bytes());
    out.extend_from_slice(event.request_id.as_bytes());
    out.extend_from_slice(&event.at.millis().to_le_bytes());
    out.extend_from_slice(&event.micros.to_le_bytes());
    out.extend_from_slice(&event.status.to_le_bytes());
    out.extend_from_slice(&set.to_le_bytes());
    put_text(out, event.guard)?;
    put_text(out, event.reason)?;
    if let Some(function) = &event.function {
        put_text(out, function.as_str())?;
    }
    if let Some(device) = &event.device {
        out.extend_from_slice(device.as_bytes());
    }
    if let Some(code) = event.code {
        put_text(out, code.as_str())?;
    }
    if let Some(class) = event.class {
        put_text(out, class.as_str())?;
    }
    Ok(())
}

fn put_text(out: &mut Vec<u8>, text: &str) -> Result<(), TooLong> {
    out.push(u8::try_from(text.len()).map_err(|_| TooLong)?);
    out.extend_from_slice(text.as_bytes());
    Ok(())
}

fn framed(
    out: &mut Vec<u8>,
    payload: impl FnOnce(&mut Vec<u8>) -> Result<(), TooLong>,
) -> Result<(), TooLong> {
    let start = out.len();
    out.extend_from_slice(&[0; HEAD_BYTES]);
    payload(out)?;
    let (_, frame) = out.split_at_mut(start);
    let (head, payload) = frame.split_at_mut(HEAD_BYTES);
    if payload.len() > PAYLOAD_BYTES_MAX {
        return Err(TooLong);
    }
    let length = u32::try_from(payload.len()).map_err(|_| TooLong)?;
    let (for_length, for_sum) = head.split_at_mut(4);
    for_length.copy_from_slice(&length.to_le_bytes());
    for_sum.copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
    Ok(())
}

/// A frame as it was read.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Frame<'a> {
    Event(EventOnDisk<'a>),
    ClauseSet { set: u16, clauses: Vec<&'a str> },
    Probe,
}

/// An event whose clause set is still a number.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct EventOnDisk<'a> {
    pub(super) seq: u64,
    pub(super) set: u16,
    request_id: RequestId,
    at: Timestamp,
    micros: u32,
    status: u16,
    outcome: EventOutcome,
    served: bool,
    guard: &'a str,
    reason: &'a str,
    function: Option<&'a str>,
    device: Option<DeviceId>,
    code: Option<&'a str>,
    class: Option<&'a str>,
}

impl EventOnDisk<'_> {
    pub(super) fn into_record(self, clauses: Arc<[Box<str>]>) -> EventRecord {
        EventRecord {
            seq: self.seq,
            request_id: self.request_id,
            at: self.at,
            function: self.function.map(Arc::from),
            device: self.device,
            guard: self.guard.into(),
            clauses,
            outcome: self.outcome,
            code: self.code.map(Arc::from),
            reason: self.reason.into(),
            class: self.class.map(Arc::from),
            status: self.status,
            micros: self.micros,
            served: self.served,
        }
    }
}

/// The first frame, and what comes behind it. None when there is no whole and undamaged one.
pub(super) fn decode(bytes: &[u8]) -> Option<(Frame<'_>, &[u8])> {
    let mut reader = Reader(bytes);
    let length = usize::try_from(u32::from_le_bytes(reader.array()?)).ok()?;
    let sum = u32::from_le_bytes(reader.array()?);
    if length > PAYLOAD_BYTES_MAX {
        return None;
    }
    let payload = reader.take(length)?;
    if crc32fast::hash(payload) != sum {
        return None;
    }
    let mut payload = Reader(payload);
    let [kind] = payload.array()?;
    let frame = match kind {
        EVENT => Frame::Event(event(&mut payload)?),
        CLAUSE_SET => {
            let set = u16::from_le_bytes(payload.array()?);
            let mut clauses = Vec::new();
            while !payload.0.is_empty() {
                clauses.push(payload.text()?);
            }
            Frame::ClauseSet { set, clauses }
        }
        PROBE => {
            payload.take(PROBE_BYTES)?;
            Frame::Probe
        }
        _ => return None,
    };
    payload.0.is_empty().then_some((frame, reader.0))
}

fn event<'a>(payload: &mut Reader<'a>) -> Option<EventOnDisk<'a>> {
    let [flags] = payload.array()?;
    let has = |flag: u8| flags & flag != 0;
    let outcome = if has(IS_ALLOWED) {
        EventOutcome::Allowed
    } else {
        EventOutcome::Refused
    };
    Some(EventOnDisk {
        outcome,
        served: has(IS_SERVED),
        seq: u64::from_le_bytes(payload.array()?),
        request_id: RequestId::from_bytes(payload.array()?),
        at: Timestamp::from_millis(i64::from_le_bytes(payload.array()?)),
        micros: u32::from_le_bytes(payload.array()?),
        status: u16::from_le_bytes(payload.array()?),
        set: u16::from_le_bytes(payload.array()?),
        guard: payload.text()?,
        reason: payload.text()?,
        function: if has(HAS_FUNCTION) {
            Some(payload.text()?)
        } else {
            None
        },
        device: if has(HAS_DEVICE) {
            Some(DeviceId::from_bytes(payload.array()?))
        } else {
            None
        },
        code: if has(HAS_CODE) {
            Some(payload.text()?)
        } else {
            None
        },
        class: if has(HAS_CLASS) {
            Some(payload.text()?)
        } else {
            None
        },
    })
}

struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, bytes: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(bytes)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const BYTES: usize>(&mut self) -> Option<[u8; BYTES]> {
        self.take(BYTES)?.try_into().ok()
    }

    fn text(&mut self) -> Option<&'a str> {
        let [length] = self.array()?;
        std::str::from_utf8(self.take(usize::from(length))?).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Class;
    use hefu_tally::problem::Code;
    use proptest::prelude::*;

    const SET: &[&str] = &["CJ-6.3.d.4", "AN-1"];

    fn refused() -> Event {
        Event {
            request_id: RequestId::from_bytes([1; 16]),
            at: Timestamp::from_millis(1_760_000_000_123),
            function: Some("T2001".parse().unwrap()),
            device: Some(DeviceId::from_bytes([2; 16])),
            guard: "replay",
            clauses: SET,
            outcome: EventOutcome::Refused,
            code: Some(Code::Unauthenticated),
            reason: "nonce-seen",
            class: Some(Class::Trade),
            status: 401,
            micros: 321,
            served: false,
        }
    }

    fn bare() -> Event {
        Event {
            function: None,
            device: None,
            code: None,
            class: None,
            outcome: EventOutcome::Allowed,
            served: true,
            reason: "",
            ..refused()
        }
    }

    fn encoded(events: &[Event]) -> Vec<u8> {
        let (mut sets, mut out) = (ClauseSets::default(), Vec::new());
        for (event, seq) in events.iter().zip(1..) {
            encode(event, seq, &mut sets, &mut out).unwrap();
        }
        out
    }

    fn frames(mut bytes: &[u8]) -> (Vec<Frame<'_>>, usize) {
        let mut frames = Vec::new();
        while let Some((frame, rest)) = decode(bytes) {
            frames.push(frame);
            bytes = rest;
        }
        (frames, bytes.len())
    }

    #[test]
    fn events_are_read_as_they_were_written_and_a_set_is_defined_once() {
        let bytes = encoded(&[refused(), bare(), refused()]);
        let (frames, torn) = frames(&bytes);
        assert_eq!(torn, 0);
        let Ok(
            [
                Frame::ClauseSet { set: 0, clauses },
                Frame::Event(first),
                Frame::Event(second),
                _,
            ],
        ) = <[Frame<'_>; 4]>::try_from(frames)
        else {
            panic!("a definition and three events");
        };
        assert_eq!(clauses, SET);
        let clauses: Arc<[Box<str>]> = clauses.iter().map(|clause| Box::from(*clause)).collect();
        let first = first.into_record(Arc::clone(&clauses));
        assert_eq!(first.seq, 1);
        assert_eq!(first.at.millis(), 1_760_000_000_123);
        assert_eq!(first.function.as_deref(), Some("T2001"));
        assert_eq!(first.device, Some(DeviceId::from_bytes([2; 16])));
        assert_eq!((&*first.guard, &*first.reason), ("replay", "nonce-seen"));
        assert_eq!(first.code.as_deref(), Some("unauthenticated"));
        assert_eq!(first.class.as_deref(), Some("trade"));
        assert_eq!(
            (first.status, first.micros, first.served),
            (401, 321, false)
        );
        assert_eq!(first.outcome, EventOutcome::Refused);
        let second = second.into_record(clauses);
        assert_eq!(
            (second.seq, second.outcome, second.served),
            (2, EventOutcome::Allowed, true)
        );
        assert!(second.function.is_none() && second.device.is_none());
        assert!(second.code.is_none() && second.class.is_none());
    }

    #[test]
    fn a_torn_end_loses_the_last_event_only() {
        let whole = encoded(&[refused(), bare()]);
        let (all, _) = frames(&whole);
        let first = encoded(&[refused()]).len();
        for end in first..whole.len() {
            let (read, torn) = frames(&whole[..end]);
            assert_eq!(read.len(), all.len() - 1);
            assert_eq!(torn, end - first);
        }
    }

    #[test]
    fn any_changed_byte_is_noticed() {
        let whole = encoded(&[refused()]);
        let count = frames(&whole).0.len();
        for place in 0..whole.len() {
            let mut altered = whole.clone();
            altered[place] ^= 0x10;
            assert!(frames(&altered).0.len() < count, "byte {place}");
        }
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        const LONG: &str = match str::from_utf8(&[b'x'; 256]) {
            Ok(text) => text,
            Err(_) => panic!(),
        };
        let event = Event {
            reason: LONG,
            ..refused()
        };
        let (mut sets, mut out) = (ClauseSets::default(), Vec::new());
        assert_eq!(encode(&event, 1, &mut sets, &mut out), Err(TooLong));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..512)) {
            let (_, torn) = frames(&bytes);
            prop_assert!(torn <= bytes.len());
        }

        #[test]
        fn any_payload_with_a_right_checksum_is_read_or_refused(
            payload in proptest::collection::vec(any::<u8>(), 0..256),
            kind in 0_u8..5,
        ) {
            let mut bytes = Vec::new();
            framed(&mut bytes, |out| {
                out.push(kind);
                out.extend_from_slice(&payload);
                Ok(())
            })
            .unwrap();
            let (read, _) = frames(&bytes);
            prop_assert!(read.len() <= 1);
        }
    }
}
