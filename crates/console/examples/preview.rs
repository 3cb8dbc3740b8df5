//! The pages over made-up data, to look at them: `cargo run -p hefu-console --example preview`.

#[expect(
    dead_code,
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "made for the tests, which use all of it and may panic"
)]
#[path = "../tests/console/sample.rs"]
mod sample;

use std::{error::Error, sync::Arc, time::Duration};

use hefu_console::{Console, ConsoleConfig, Origin, Source, router};
use hefu_gm::rng::SystemRng;
use hefu_tally::clock::{Clock, SystemClock};
use sample::Sample;
use tokio::net::TcpListener;

const PASSWORD: &str = "correct horse";

#[tokio::main]
#[expect(clippy::print_stdout, reason = "the address is what one starts it for")]
async fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let listen = match (arguments.next().as_deref(), arguments.next()) {
        (Some("--listen"), Some(listen)) => listen,
        _ => "127.0.0.1:0".to_owned(),
    };
    let listener = TcpListener::bind(listen).await?;
    let address = listener.local_addr()?;

    let sample = Arc::new(Sample::new(SystemClock.now()).await);
    let config = ConsoleConfig {
        origins: Origin::of_loopback(address),
        password: PASSWORD.as_bytes().to_vec().into(),
        utc_offset_minutes: 8 * 60,
    };
    let source = Arc::clone(&sample) as Arc<dyn Source>;
    let console = Console::new(config, source, Arc::new(SystemClock), &mut SystemRng)?;

    println!("http://{address}/  password: {PASSWORD}");
    tokio::spawn(async move {
        let mut ticks = tokio::time::interval(Duration::from_millis(1_700));
        loop {
            ticks.tick().await;
            sample.happen(SystemClock.now()).await;
        }
    });
    axum::serve(listener, router(&console)).await?;
    Ok(())
}
