//! A client that sends a line to a server and prints what comes back.
//!
//! ```sh
//! cargo run -p hefu-tlcp --example client -- \
//!     127.0.0.1:4430 gateway.example /tmp/certificates
//! ```

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod support;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;

use hefu_gm::provider;
use hefu_gm::x509::ServerName;
use hefu_tally::clock::{Clock, SystemClock};
use hefu_tlcp::ClientConfig;
use hefu_tlcp::tokio::Connector;
use hefu_tlcp::verify::ServerTrust;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, name, folder] = arguments.as_slice() else {
        return Err("usage: client ADDRESS NAME FOLDER".into());
    };
    let folder = Path::new(folder);
    let provider = provider::software();
    let servers = ServerTrust::new(Arc::clone(&provider), support::trust(folder)?);
    let identity = support::identity(&*provider, folder, "client", false)?;
    let config = ClientConfig::builder(provider, Arc::new(servers))
        .identity(identity)
        .build()?;

    let socket = TcpStream::connect(address).await?;
    let now_s = SystemClock.now().secs();
    let mut stream = Connector::new(Arc::new(config))
        .connect(ServerName::parse(name)?, socket, now_s)
        .await?;
    stream.write_all(b"hello over TLCP\n").await?;
    // The server sees the end, answers it, and so ends the reading below.
    stream.shutdown().await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    print!("{answer}");
    Ok(())
}
