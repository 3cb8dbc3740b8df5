//! A server that sends back what clients send, and asks them for certificates.
//!
//! ```sh
//! cargo run -p hefu-tlcp --example tlcp_peer -- make-certificates --cert-dir /tmp/certificates
//! cargo run -p hefu-tlcp --example server -- 127.0.0.1:4430 /tmp/certificates
//! ```

mod support;

use std::error::Error;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use hefu_gm::provider;
use hefu_tally::clock::{Clock, SystemClock};
use hefu_tlcp::session::MemorySessions;
use hefu_tlcp::tokio::Acceptor;
use hefu_tlcp::verify::ClientTrust;
use hefu_tlcp::{ClientAuth, ServerConfig};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::time::timeout;

/// A client that does not get through the handshake by then is let go.
const HANDSHAKE_S_MAX: Duration = Duration::from_secs(10);

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [address, folder] = arguments.as_slice() else {
        return Err("usage: server ADDRESS FOLDER".into());
    };
    let folder = Path::new(folder);
    let provider = provider::software();
    let clients = ClientTrust::new(Arc::clone(&provider), support::trust(folder)?);
    let identity = support::identity(&*provider, folder, "server", false)?;
    let config = ServerConfig::builder(provider, Arc::new(identity))
        .client_auth(ClientAuth::Required(Arc::new(clients)))
        .sessions(Arc::new(MemorySessions::new(10_000)))
        .build()?;
    let acceptor = Acceptor::new(Arc::new(config));

    let listener = TcpListener::bind(address).await?;
    eprintln!("listening on {}", listener.local_addr()?);
    loop {
        let (socket, from) = listener.accept().await?;
        let acceptor = acceptor.clone();
        tokio::spawn(async move {
            if let Err(error) = serve(&acceptor, socket).await {
                eprintln!("{from}: {error}");
            }
        });
    }
}

async fn serve(acceptor: &Acceptor, socket: TcpStream) -> std::io::Result<()> {
    let now_s = SystemClock.now().secs();
    let stream = timeout(HANDSHAKE_S_MAX, acceptor.accept(socket, now_s)).await??;
    let connection = stream.connection();
    if let (Some(suite), Some(client)) = (connection.suite(), connection.peer_certificate()) {
        eprintln!("{suite} with {:?}", client.subject().common_name());
    }
    let (mut from, mut to) = tokio::io::split(stream);
    tokio::io::copy(&mut from, &mut to).await?;
    to.shutdown().await
}
