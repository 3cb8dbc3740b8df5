//! A timer for deadlines that are nearly always met.

use std::pin::Pin;

use tokio::time::{Instant, Sleep, sleep_until};

/// A timer that is used again and again, and set anew only when it has to be.
///
/// A deadline that is met leaves the timer where it stood; the next, later one finds it set early
/// enough. When it goes off before the deadline it is set to it. So a connection with a thousand
/// requests a second sets a timer a few times a second, and not a thousand times.
#[derive(Debug)]
pub(super) struct Timer {
    sleep: Pin<Box<Sleep>>,
}

impl Timer {
    pub(super) fn new() -> Self {
        Self {
            sleep: Box::pin(sleep_until(Instant::now())),
        }
    }

    /// Returns when `deadline` has passed, not before.
    pub(super) async fn until(&mut self, deadline: Instant) {
        let sleep = &mut self.sleep;
        if sleep.is_elapsed() || sleep.deadline() > deadline {
            sleep.as_mut().reset(deadline);
        }
        loop {
            sleep.as_mut().await;
            if Instant::now() >= deadline {
                return;
            }
            sleep.as_mut().reset(deadline);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn each_deadline_is_kept_whatever_the_one_before_it_was() {
        let mut timer = Timer::new();
        let start = Instant::now();
        let after = |ms| start + Duration::from_millis(ms);
        // Met early, so that the timer stands at 100 when the next ones come.
        let met = tokio::time::timeout(Duration::from_millis(10), timer.until(after(100))).await;
        assert!(met.is_err());
        // Later than it stands: it goes off in between and is set anew.
        timer.until(after(250)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(250));
        // Earlier than it stands.
        let met = tokio::time::timeout(Duration::from_millis(10), timer.until(after(900))).await;
        assert!(met.is_err());
        timer.until(after(300)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(300));
        // Passed already.
        timer.until(after(200)).await;
        assert_eq!(start.elapsed(), Duration::from_millis(300));
    }
}
