//! Writes down a session with a foreign peer, for `tests/tlcp/recorded.rs`.
//!
//! ```sh
//! record server 4430 ECC_SM4_GCM_SM3 CERT-DIR FILE   # then let a peer connect, send and close
//! record client 4430 ECC_SM4_GCM_SM3 CERT-DIR FILE   # to a peer that sends back what it gets
//! ```

#[allow(dead_code, reason = "the tests use the other half")]
#[path = "../tests/tlcp/support/script.rs"]
mod script;
mod support;

use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;

use hefu_gm::provider::Provider;
use hefu_gm::x509::ServerName;
use hefu_tally::clock::{Clock as _, SystemClock};
use hefu_tlcp::verify::{ClientTrust, ServerTrust};
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConnection, Connection, ServerConfig,
    ServerConnection, Side,
};

use script::{Recording, Scripted, Step};

const MESSAGE: &[u8] = b"the two halves match";

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [role, port, suite, folder, file] = arguments.as_slice() else {
        return Err("usage: record server|client PORT SUITE CERT-DIR FILE".into());
    };
    let port: u16 = port.parse()?;
    let suite = CipherSuite::from_name(suite).ok_or("no such suite")?;
    let scripted = Arc::new(Scripted::recording());
    let provider: Arc<dyn Provider> = scripted.clone();
    let identity = support::identity(&*provider, Path::new(folder), role, false)?;
    let trust = support::trust(Path::new(folder))?;
    let now_s = SystemClock.now().secs();
    let steps = if role == "server" {
        let clients = ClientTrust::new(Arc::clone(&provider), trust);
        let config = ServerConfig::builder(provider, Arc::new(identity))
            .suites(&[suite])
            .client_auth(ClientAuth::Required(Arc::new(clients)))
            .build()?;
        let (socket, _) = TcpListener::bind(("127.0.0.1", port))?.accept()?;
        record(ServerConnection::new(Arc::new(config), now_s), socket, None)?
    } else {
        let servers = ServerTrust::new(Arc::clone(&provider), trust);
        let config = ClientConfig::builder(provider, Arc::new(servers))
            .suites(&[suite])
            .identity(identity)
            .build()?;
        let name = ServerName::parse("gateway.example")?;
        let socket = TcpStream::connect(("127.0.0.1", port))?;
        let connection = ClientConnection::new(Arc::new(config), name, now_s)?;
        record(connection, socket, Some(MESSAGE))?
    };
    let recording = Recording {
        now_s,
        randomness: scripted.used(),
        steps,
    };
    std::fs::write(file, recording.to_text())?;
    Ok(())
}

/// Speaks until the message came back, or until the peer closes; sends back what comes unless there
/// is a message.
fn record<S: Side>(
    mut connection: Connection<S>,
    mut socket: TcpStream,
    mut message: Option<&[u8]>,
) -> io::Result<Vec<Step>> {
    let asks = message.is_some();
    let mut steps = Vec::new();
    send(&mut connection, &mut socket, &mut steps)?;
    loop {
        let mut chunk = vec![0; 1 << 14];
        let count = socket.read(&mut chunk)?;
        if count == 0 {
            return Ok(steps);
        }
        chunk.truncate(count);
        let mut rest = chunk.as_slice();
        while !rest.is_empty() {
            connection.read_tls(&mut rest)?;
            connection.process()?;
        }
        steps.push(Step::In(chunk));
        let mut heard = vec![0; 1 << 14];
        let count = connection.reader().read(&mut heard).unwrap_or(0);
        heard.truncate(count);
        if !heard.is_empty() {
            steps.push(Step::Hear(heard.clone()));
            if asks {
                return Ok(steps);
            }
            say(&mut connection, &heard, &mut steps)?;
        }
        if !connection.is_handshaking()
            && let Some(message) = message.take()
        {
            say(&mut connection, message, &mut steps)?;
        }
        send(&mut connection, &mut socket, &mut steps)?;
    }
}

fn say<S: Side>(
    connection: &mut Connection<S>,
    text: &[u8],
    steps: &mut Vec<Step>,
) -> io::Result<()> {
    connection.writer().write_all(text)?;
    steps.push(Step::Say(text.to_vec()));
    Ok(())
}

fn send<S: Side>(
    connection: &mut Connection<S>,
    socket: &mut TcpStream,
    steps: &mut Vec<Step>,
) -> io::Result<()> {
    let mut bytes = Vec::new();
    while connection.wants_write() {
        connection.write_tls(&mut bytes)?;
    }
    if !bytes.is_empty() {
        socket.write_all(&bytes)?;
        steps.push(Step::Out(bytes));
    }
    Ok(())
}
