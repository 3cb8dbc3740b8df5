//! The operators' pages over this deployment.

use std::net::SocketAddr;
use std::sync::Arc;

use hefu_console::{Console, ConsoleConfig, ConsoleError, Live, Origin};
use hefu_evidence::Recorder;
use hefu_gm::Zeroizing;
use hefu_gm::rng::SystemRng;
use hefu_identity::Identity;
use hefu_standards::{catalogue, coverage, reasons};
use hefu_store::Store;
use hefu_tally::clock::SystemClock;

use crate::registries::registries;

/// China Standard Time, in minutes east of Greenwich.
const UTC_OFFSET_MINUTES: i16 = 480;

/// Pages for one operator, who knows the password.
///
/// # Errors
/// When the password is unfit or the address is none that a browser can be sent to.
pub(crate) fn pages(
    store: Arc<dyn Store>,
    identity: Arc<Identity>,
    recorder: Recorder,
    password: Zeroizing<Vec<u8>>,
    listen: SocketAddr,
) -> Result<axum::Router, ConsoleError> {
    let rows = coverage(catalogue(), &registries(), reasons());
    let source = Live::new(store, identity, recorder, rows);
    let config = ConsoleConfig {
        origins: Origin::of_loopback(listen),
        password,
        utc_offset_minutes: UTC_OFFSET_MINUTES,
    };
    let console = Console::new(
        config,
        Arc::new(source),
        Arc::new(SystemClock),
        &mut SystemRng,
    )?;
    Ok(hefu_console::router(&console))
}
