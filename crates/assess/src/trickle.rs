//! One byte at a time, until the target has had enough.

use std::time::Duration;

use crate::wire::{Reply, Wire};

/// Between two bytes.
const EVERY: Duration = Duration::from_millis(500);
/// A target that holds on longer holds on too long: 45 seconds.
const BYTES_MAX: u32 = 90;

/// Sends `byte` again and again; gives what ends it, or [`Reply::Silent`] when nothing does.
pub(crate) async fn trickle(wire: &mut Wire, byte: &[u8]) -> Reply {
    for _ in 0..BYTES_MAX {
        let reply = wire.answer(EVERY).await;
        if !matches!(reply, Reply::Silent) {
            return reply;
        }
        if !wire.write(byte).await {
            return wire.answer(EVERY).await;
        }
    }
    Reply::Silent
}
