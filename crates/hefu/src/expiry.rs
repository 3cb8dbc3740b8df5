//! Warns ahead of the end of the gateway's own certificates.
//!
//! Clauses: CJ-6.3.b.

use hefu_tally::clock::Timestamp;

const DAY_S: i64 = 86_400;
/// From so many days before a certificate's end on, the log says so every day.
pub const WARN_DAYS: i64 = 30;

/// A certificate of the gateway, with what to do about its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Expiring {
    /// What ends.
    pub what: &'static str,
    /// When.
    pub not_after: Timestamp,
    /// What an operator does before.
    pub next_step: &'static str,
}

/// Those that end within [`WARN_DAYS`] or have ended, with the whole days that are left.
#[must_use]
pub fn due(certificates: &[Expiring], now: Timestamp) -> Vec<(Expiring, i64)> {
    let days_left = |certificate: &Expiring| {
        let left_s = certificate.not_after.secs().saturating_sub(now.secs());
        (*certificate, left_s.div_euclid(DAY_S))
    };
    certificates
        .iter()
        .map(days_left)
        .filter(|(_, days)| *days < WARN_DAYS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_told_thirty_days_ahead_and_after_it() {
        let now = Timestamp::from_secs(1_760_000_000);
        let certificate = |days: i64| Expiring {
            what: "authority",
            not_after: now.plus_secs(days * DAY_S),
            next_step: "make a new one",
        };
        let all = [
            certificate(31),
            certificate(30),
            certificate(29),
            certificate(-2),
        ];
        let days: Vec<i64> = due(&all, now).iter().map(|(_, days)| *days).collect();
        assert_eq!(days, [29, -2]);
        assert_eq!(due(&all[..1], now), []);
    }
}
