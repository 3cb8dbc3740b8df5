//! How long requests took, held against the limit of their class.
//!
//! Clauses: CJ-5.3.f.

use hefu_store::{LATENCY_BOUNDS_MICROS, LATENCY_BUCKETS, LatencyCount};

use crate::Class;

/// The latencies of one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ClassLatency {
    /// The class, and with it the limit.
    pub class: Class,
    /// Requests by bucket: up to [`LATENCY_BOUNDS_MICROS`], and beyond the last.
    pub buckets: [u64; LATENCY_BUCKETS],
}

impl ClassLatency {
    /// All requests.
    #[must_use]
    pub fn requests(&self) -> u64 {
        self.buckets.iter().sum()
    }

    /// Those within the limit: an exact number, since the limit is a bucket's bound.
    #[must_use]
    pub fn within_limit(&self) -> u64 {
        let limit_micros = self.class.limit_ms() * 1_000;
        let counts = LATENCY_BOUNDS_MICROS.iter().zip(&self.buckets);
        counts
            .filter(|(bound, _)| **bound <= limit_micros)
            .map(|(_, count)| count)
            .sum()
    }

    /// The bound in microseconds that at least `per_mille` of a thousand requests kept; none when
    /// that is beyond the last bound, or there were no requests.
    #[must_use]
    pub fn bound_micros(&self, per_mille: u16) -> Option<u32> {
        let requests = u128::from(self.requests());
        let wanted = (requests * u128::from(per_mille)).div_ceil(1_000).max(1);
        let mut kept = 0;
        for (bound, count) in LATENCY_BOUNDS_MICROS.iter().zip(&self.buckets) {
            kept += u128::from(*count);
            if kept >= wanted {
                return Some(*bound);
            }
        }
        None
    }
}

/// Sums up what the store counted, for each class.
#[must_use]
pub fn latency_by_class(counts: &[LatencyCount]) -> [ClassLatency; 3] {
    Class::ALL.map(|class| {
        let mut buckets = [0; LATENCY_BUCKETS];
        for count in counts
            .iter()
            .filter(|count| *count.class == *class.as_str())
        {
            if let Some(bucket) = buckets.get_mut(count.bucket) {
                *bucket += count.count;
            }
        }
        ClassLatency { class, buckets }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_store::latency_bucket;
    use hefu_tally::clock::Timestamp;

    fn counts(class: &str, times_micros: &[u32]) -> Vec<LatencyCount> {
        let count = |micros: &u32| LatencyCount {
            minute: Timestamp::from_millis(0),
            class: class.into(),
            bucket: latency_bucket(*micros),
            count: 1,
        };
        times_micros.iter().map(count).collect()
    }

    #[test]
    fn what_kept_the_limit_is_counted_exactly() {
        for class in Class::ALL {
            let limit = class.limit_ms() * 1_000;
            let counts = counts(class.as_str(), &[1, limit, limit + 1, u32::MAX]);
            for latency in latency_by_class(&counts) {
                let expected = if latency.class == class {
                    (4, 2)
                } else {
                    (0, 0)
                };
                assert_eq!((latency.requests(), latency.within_limit()), expected);
            }
        }
    }

    #[test]
    fn bounds_are_those_that_enough_requests_kept() {
        let times: Vec<u32> = (0..99).map(|_| 900).chain([40_000]).collect();
        let [trade, quote, _] = latency_by_class(&counts("trade", &times));
        assert_eq!(trade.bound_micros(500), Some(1_000));
        assert_eq!(trade.bound_micros(990), Some(1_000));
        assert_eq!(trade.bound_micros(999), Some(50_000));
        assert_eq!(quote.bound_micros(500), None);
        let [trade, ..] = latency_by_class(&counts("trade", &[u32::MAX]));
        assert_eq!(trade.bound_micros(500), None);
    }
}
