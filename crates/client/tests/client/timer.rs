//! A timer whose short waits pass at once and whose long ones end when the test says so.

use std::sync::Mutex;
use std::time::Duration;

use hefu_client::{Timer, Waiting};
use tokio::sync::watch;

/// What counts as long: timeouts do, the wait between two tries does not.
const LONG: Duration = Duration::from_secs(10);

#[derive(Debug)]
pub(crate) struct FakeTimer {
    short: Mutex<Vec<Duration>>,
    over: watch::Sender<bool>,
}

impl FakeTimer {
    pub(crate) fn new() -> Self {
        Self {
            short: Mutex::default(),
            over: watch::Sender::new(false),
        }
    }

    /// The short waits that were asked for.
    pub(crate) fn waits(&self) -> Vec<Duration> {
        self.short.lock().unwrap().clone()
    }

    /// Ends all long waits.
    pub(crate) fn time_is_over(&self) {
        self.over.send_replace(true);
    }
}

impl Timer for FakeTimer {
    fn wait(&self, duration: Duration) -> Waiting {
        if duration < LONG {
            self.short.lock().unwrap().push(duration);
            return Box::pin(std::future::ready(()));
        }
        let mut over = self.over.subscribe();
        Box::pin(async move {
            over.wait_for(|over| *over).await.unwrap();
        })
    }
}
