//! The phone's clock, corrected by what the gateway signed.
//!
//! Clauses: CJ-6.4.3.c.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use hefu_tally::clock::{Clock, Timestamp};
use hefu_tally::time::SKEW_S_MIN;
use rustls::time_provider::TimeProvider;
use rustls_pki_types::UnixTime;

/// The phone's clock and by how much it is wrong, as far as that is known.
#[derive(Debug)]
pub(crate) struct CorrectedClock {
    clock: Arc<dyn Clock>,
    /// Added to the phone's clock, in milliseconds.
    offset_ms: AtomicI64,
}

/// One reading: the corrected time, and the correction that was in it.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Reading {
    pub(crate) now: Timestamp,
    offset_ms: i64,
}

impl CorrectedClock {
    pub(crate) fn new(clock: Arc<dyn Clock>) -> Self {
        Self {
            clock,
            offset_ms: AtomicI64::new(0),
        }
    }

    pub(crate) fn read(&self) -> Reading {
        let offset_ms = self.offset_ms.load(Ordering::Relaxed);
        Reading {
            now: self.clock.now().plus_millis(offset_ms),
            offset_ms,
        }
    }

    /// Corrects the clock by the gateway's time (Unix seconds) in a verified response that was asked
    /// for at `sent`. True when it was wrong by more than five seconds.
    ///
    /// The gateway read its clock between our sending and our receiving: only what lies outside of
    /// that is our error, so that whoever delays an answer moves nothing.
    pub(crate) fn correct(&self, gateway_s: i64, sent: Reading) -> bool {
        let received_ms = self
            .clock
            .now()
            .plus_millis(sent.offset_ms)
            .millis()
            .max(sent.now.millis());
        let first_ms = Timestamp::from_secs(gateway_s).millis();
        let last_ms = first_ms.saturating_add(999);
        let skew_ms = if first_ms > received_ms {
            first_ms.saturating_sub(received_ms)
        } else {
            last_ms.saturating_sub(sent.now.millis()).min(0)
        };
        if skew_ms.saturating_abs() <= SKEW_S_MIN * 1_000 {
            return false;
        }
        // Not added to what is there: answers to requests of the same moment all say the same.
        let offset_ms = sent.offset_ms.saturating_add(skew_ms);
        self.offset_ms.store(offset_ms, Ordering::Relaxed);
        true
    }
}

impl Clock for CorrectedClock {
    fn now(&self) -> Timestamp {
        self.read().now
    }
}

impl TimeProvider for CorrectedClock {
    fn current_time(&self) -> Option<UnixTime> {
        let millis = u64::try_from(self.now().millis()).ok()?;
        Some(UnixTime::since_unix_epoch(Duration::from_millis(millis)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_tally::clock::FixedClock;

    const GATEWAY_S: i64 = 1_760_000_000;

    /// What the clock shows after it was wrong by `wrong_ms` and the answer took `took_ms`.
    fn corrected(wrong_ms: i64, took_ms: i64) -> (bool, i64) {
        let at = Timestamp::from_secs(GATEWAY_S).plus_millis(wrong_ms);
        let phone = Arc::new(FixedClock::at(at));
        let clock = CorrectedClock::new(phone.clone());
        let sent = clock.read();
        phone.advance_millis(took_ms);
        let moved = clock.correct(GATEWAY_S, sent);
        (moved, clock.now().millis() - phone.now().millis())
    }

    #[test]
    fn only_an_error_of_more_than_five_seconds_moves_the_clock() {
        assert_eq!(corrected(0, 0), (false, 0));
        assert_eq!(corrected(-5_000, 0), (false, 0));
        assert_eq!(corrected(5_999, 0), (false, 0));
        assert_eq!(corrected(-5_001, 0), (true, 5_001));
        assert_eq!(corrected(6_000, 0), (true, -5_001));
        assert_eq!(corrected(-3_600_000, 200), (true, 3_599_800));
        assert_eq!(corrected(3_600_000, 200), (true, -3_599_001));
    }

    #[test]
    fn an_answer_that_somebody_held_back_moves_nothing() {
        assert_eq!(corrected(0, 20_000), (false, 0));
        assert_eq!(corrected(-19_000, 20_000), (false, 0));
    }

    #[test]
    fn answers_of_the_same_moment_do_not_add_up() {
        let phone = Arc::new(FixedClock::at(Timestamp::from_secs(GATEWAY_S - 60)));
        let clock = CorrectedClock::new(phone);
        let (first, second) = (clock.read(), clock.read());
        assert!(clock.correct(GATEWAY_S, first) && clock.correct(GATEWAY_S, second));
        assert_eq!(clock.now(), Timestamp::from_secs(GATEWAY_S));
    }
}
