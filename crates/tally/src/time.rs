//! The time rules of a signed request.
//!
//! Clauses: CJ-6.3.d.4, CJ-6.4.3.c, JR-6.2.2.a.

use crate::clock::Timestamp;

/// A function's window when its contract names none, in seconds.
pub const WINDOW_S_DEFAULT: u16 = 60;
/// The longest window that a contract may name, in seconds.
pub const WINDOW_S_MAX: u16 = 300;
/// How far ahead of the gateway's clock `created` may be, in seconds.
pub const AHEAD_S_MAX: i64 = 5;
/// A client corrects its clock when it is further than this from the gateway's, in seconds.
pub const SKEW_S_MIN: i64 = 5;

/// How long a signed request may be believed: 1 to 300 seconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Window(u16);

impl Window {
    /// The default of 60 seconds.
    pub const DEFAULT: Self = Self(WINDOW_S_DEFAULT);

    /// A window of `secs`; none when it is 0 or over 300.
    #[must_use]
    pub const fn from_secs(secs: u16) -> Option<Self> {
        if secs == 0 || secs > WINDOW_S_MAX {
            None
        } else {
            Some(Self(secs))
        }
    }

    /// In seconds.
    #[must_use]
    pub const fn secs(self) -> u16 {
        self.0
    }
}

/// Why a request's time is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TimeRefusal {
    /// `expires` is not after `created`.
    #[error("expires is not after created")]
    Backwards,
    /// `expires − created` is over the window.
    #[error("the request claims to hold longer than the function's window")]
    WindowTooLong,
    /// `created` is more than five seconds ahead.
    #[error("created is ahead of the clock")]
    Ahead,
    /// `expires` is past.
    #[error("the request has expired")]
    Expired,
}

/// Checks `created` and `expires` (Unix seconds) against the clock.
///
/// # Errors
/// With the first rule that is broken.
pub fn check(
    created: i64,
    expires: i64,
    now: Timestamp,
    window: Window,
) -> Result<(), TimeRefusal> {
    if expires <= created {
        return Err(TimeRefusal::Backwards);
    }
    if expires.saturating_sub(created) > i64::from(window.0) {
        return Err(TimeRefusal::WindowTooLong);
    }
    if created > now.secs().saturating_add(AHEAD_S_MAX) {
        return Err(TimeRefusal::Ahead);
    }
    if now.secs() >= expires {
        return Err(TimeRefusal::Expired);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_rule_refuses_alone_and_its_edge_passes() {
        let now = Timestamp::from_secs(1_000);
        let check = |created, expires| check(created, expires, now, Window::DEFAULT);
        assert_eq!(check(1_000, 1_060), Ok(()));
        assert_eq!(check(1_000, 1_061), Err(TimeRefusal::WindowTooLong));
        assert_eq!(check(1_005, 1_065), Ok(()));
        assert_eq!(check(1_006, 1_066), Err(TimeRefusal::Ahead));
        assert_eq!(check(941, 1_001), Ok(()));
        assert_eq!(check(940, 1_000), Err(TimeRefusal::Expired));
        assert_eq!(check(1_000, 1_000), Err(TimeRefusal::Backwards));
        assert_eq!(check(i64::MIN, i64::MAX), Err(TimeRefusal::WindowTooLong));
        assert_eq!(check(i64::MAX, i64::MIN), Err(TimeRefusal::Backwards));
    }

    #[test]
    fn windows_end_at_300_seconds() {
        assert!(Window::from_secs(0).is_none());
        assert_eq!(Window::from_secs(300).map(Window::secs), Some(300));
        assert!(Window::from_secs(301).is_none());
    }
}
