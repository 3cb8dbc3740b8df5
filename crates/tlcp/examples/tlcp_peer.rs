//! A peer for runs against other implementations: a server that sends back what clients send, or a
//! client that checks what comes back. Each connection gives one line of JSON on standard output;
//! the exit code tells whether all held.
//!
//! ```sh
//! tlcp_peer make-certificates --cert-dir DIR
//! tlcp_peer server --port 4430 --cert-dir DIR --mutual
//! tlcp_peer client --port 4430 --cert-dir DIR --mutual --suite ECC_SM4_GCM_SM3 --size 1048576
//! ```

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

mod support;

use std::error::Error;
use std::fs;
use std::io::{self, BufRead, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use clap::{Args, Parser, ValueEnum};
use hefu_gm::provider;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{PrivateKey, PublicKey};
use hefu_gm::x509::{Authority, Name, Order, Profile, Role, ServerName, SubjectName, Validity};
use hefu_tally::clock::{Clock, SystemClock};
use hefu_tlcp::session::MemorySessions;
use hefu_tlcp::verify::{ClientList, ClientTrust, ServerTrust};
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConnection, Connection, ServerConfig,
    ServerConnection, Side,
};
use serde_json::{Value, json};

/// A peer that hangs ends a run with an error.
const SILENCE_S_MAX: Duration = Duration::from_secs(20);

#[derive(Parser)]
enum Command {
    /// Accept connections and send back what comes.
    Server(ServerArguments),
    /// Connect, send, and check what comes back.
    Client(ClientArguments),
    /// Write authorities, certificates and keys for a server and a client.
    MakeCertificates {
        /// Where to; made when it is not there.
        #[arg(long)]
        cert_dir: PathBuf,
        /// The server's name.
        #[arg(long, default_value = "gateway.example")]
        name: String,
        /// Let the root issue, for peers that send no more than their own certificates.
        #[arg(long)]
        flat: bool,
    },
}

#[derive(Args)]
struct Shared {
    /// Where to listen or to connect to.
    #[arg(long, default_value = "127.0.0.1")]
    host: String,
    /// 0 lets the system choose; the first line says what.
    #[arg(long)]
    port: u16,
    /// By the standard's name; may come several times. All otherwise.
    #[arg(long, value_parser = suite)]
    suite: Vec<CipherSuite>,
    /// Certificates on both sides.
    #[arg(long)]
    mutual: bool,
    /// Certificates and keys; see `make-certificates`.
    #[arg(long)]
    cert_dir: PathBuf,
    /// What the client's list holds, and what the server takes.
    #[arg(long, value_enum, default_value = "sign-enc")]
    client_list: List,
    /// Keep sessions; the client connects twice.
    #[arg(long)]
    resume: bool,
    /// Application protocols.
    #[arg(long)]
    alpn: Vec<String>,
}

#[derive(Args)]
struct ServerArguments {
    #[command(flatten)]
    shared: Shared,
    /// How many connections to accept.
    #[arg(long, default_value = "1")]
    connections: usize,
}

#[derive(Args)]
struct ClientArguments {
    #[command(flatten)]
    shared: Shared,
    /// The server's name.
    #[arg(long, default_value = "gateway.example")]
    name: String,
    /// Do not tell the server its name: a hello without extensions.
    #[arg(long)]
    no_sni: bool,
    /// Bytes to send in each round.
    #[arg(long, default_value = "1024")]
    size: usize,
    /// How often to send on each connection.
    #[arg(long, default_value = "1")]
    rounds: usize,
}

#[derive(Clone, Copy, Eq, PartialEq, ValueEnum)]
enum List {
    /// Sign, encryption, issuers.
    SignEnc,
    /// Sign, issuers.
    SignCa,
}

fn suite(name: &str) -> Result<CipherSuite, String> {
    CipherSuite::from_name(name).ok_or_else(|| format!("no such suite: {name}"))
}

fn main() -> ExitCode {
    let done = match Command::parse() {
        Command::Server(arguments) => serve(&arguments),
        Command::Client(arguments) => ask(&arguments),
        Command::MakeCertificates {
            cert_dir,
            name,
            flat,
        } => make_certificates(&cert_dir, &name, flat).map(|()| true),
    };
    match done {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            println!("{}", json!({ "ok": false, "error": error.to_string() }));
            ExitCode::FAILURE
        }
    }
}

fn serve(arguments: &ServerArguments) -> Result<bool, Box<dyn Error>> {
    let shared = &arguments.shared;
    let config = Arc::new(server_config(shared)?);
    let listener = TcpListener::bind((shared.host.as_str(), shared.port))?;
    println!("{}", json!({ "listening": listener.local_addr()?.port() }));
    let mut all_held = true;
    for _ in 0..arguments.connections {
        let (socket, _) = listener.accept()?;
        let connection = ServerConnection::new(Arc::clone(&config), SystemClock.now().secs());
        let mut peer = Peer::new(connection, socket)?;
        let echoed = peer.shake().and_then(|()| peer.echo());
        all_held &= report("server", &peer.connection, echoed);
    }
    Ok(all_held)
}

fn server_config(shared: &Shared) -> Result<ServerConfig, Box<dyn Error>> {
    let provider = provider::software();
    let identity = support::identity(&*provider, &shared.cert_dir, "server", false)?;
    let clients = ClientTrust::new(Arc::clone(&provider), support::trust(&shared.cert_dir)?)
        .with_list(match shared.client_list {
            List::SignEnc => ClientList::SignAndEncryption,
            List::SignCa => ClientList::SignOnlyToo,
        });
    let mut config = ServerConfig::builder(provider, Arc::new(identity))
        .suites(shared.suites())
        .alpn(&shared.alpn());
    if shared.mutual {
        config = config.client_auth(ClientAuth::Required(Arc::new(clients)));
    }
    if shared.resume {
        config = config.sessions(Arc::new(MemorySessions::new(16)));
    }
    Ok(config.build()?)
}

fn ask(arguments: &ClientArguments) -> Result<bool, Box<dyn Error>> {
    let shared = &arguments.shared;
    let config = Arc::new(client_config(arguments)?);
    let name = ServerName::parse(&arguments.name)?;
    let mut all_held = true;
    for round in 0..1 + usize::from(shared.resume) {
        let socket = TcpStream::connect((shared.host.as_str(), shared.port))?;
        let now_s = SystemClock.now().secs();
        let connection = ClientConnection::new(Arc::clone(&config), name.clone(), now_s)?;
        let mut peer = Peer::new(connection, socket)?;
        let echoed = peer
            .shake()
            .and_then(|()| peer.exchange(arguments.size, arguments.rounds));
        all_held &= report("client", &peer.connection, echoed);
        all_held &= peer.connection.is_resumed() == (round > 0);
    }
    Ok(all_held)
}

fn client_config(arguments: &ClientArguments) -> Result<ClientConfig, Box<dyn Error>> {
    let shared = &arguments.shared;
    let provider = provider::software();
    let servers = ServerTrust::new(Arc::clone(&provider), support::trust(&shared.cert_dir)?);
    let mut config = ClientConfig::builder(Arc::clone(&provider), Arc::new(servers))
        .suites(shared.suites())
        .alpn(&shared.alpn())
        .send_server_name(!arguments.no_sni);
    if shared.mutual {
        let sign_only = shared.client_list == List::SignCa;
        config = config.identity(support::identity(
            &*provider,
            &shared.cert_dir,
            "client",
            sign_only,
        )?);
    }
    if shared.resume {
        config = config.sessions(Arc::new(MemorySessions::new(16)));
    }
    Ok(config.build()?)
}

impl Shared {
    fn suites(&self) -> &[CipherSuite] {
        if self.suite.is_empty() {
            &CipherSuite::ALL
        } else {
            &self.suite
        }
    }

    fn alpn(&self) -> Vec<&[u8]> {
        self.alpn.iter().map(|name| name.as_bytes()).collect()
    }
}

fn report<S: Side>(role: &str, connection: &Connection<S>, echoed: io::Result<usize>) -> bool {
    let name = connection
        .peer_certificate()
        .and_then(|certificate| certificate.subject().common_name());
    let mut line = json!({
        "role": role,
        "ok": echoed.is_ok(),
        "handshake": !connection.is_handshaking(),
        "suite": connection.suite().map(CipherSuite::name),
        "resumed": connection.is_resumed(),
        "peer": name,
        "peer_encryption": connection.peer_encryption_certificate().is_some(),
        "alpn": connection.alpn_protocol().map(String::from_utf8_lossy),
    });
    let ok = echoed.is_ok();
    if let Value::Object(fields) = &mut line {
        let (key, value) = match echoed {
            Ok(bytes) => ("bytes", json!(bytes)),
            Err(error) => ("error", json!(error.to_string())),
        };
        fields.insert(key.to_owned(), value);
    }
    println!("{line}");
    ok
}

/// A connection and the socket under it.
struct Peer<S: Side> {
    connection: Connection<S>,
    socket: TcpStream,
}

impl<S: Side> Peer<S> {
    fn new(connection: Connection<S>, socket: TcpStream) -> io::Result<Self> {
        socket.set_read_timeout(Some(SILENCE_S_MAX))?;
        socket.set_write_timeout(Some(SILENCE_S_MAX))?;
        socket.set_nodelay(true)?;
        Ok(Self { connection, socket })
    }

    fn send(&mut self) -> io::Result<()> {
        while self.connection.wants_write() {
            self.connection.write_tls(&mut self.socket)?;
        }
        Ok(())
    }

    /// Reads once and works on it; 0 bytes are the end.
    fn receive(&mut self) -> io::Result<usize> {
        let count = self.connection.read_tls(&mut self.socket)?;
        let processed = self.connection.process();
        // An alert, when there is one, goes out before the error is reported.
        self.send()?;
        processed?;
        Ok(count)
    }

    fn shake(&mut self) -> io::Result<()> {
        self.send()?;
        while self.connection.is_handshaking() {
            if self.receive()? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
        Ok(())
    }

    /// Sends back what comes until the peer closes, and gives how much that was.
    fn echo(&mut self) -> io::Result<usize> {
        let mut echoed = 0;
        loop {
            match read_available(&mut self.connection) {
                Ok(data) if data.is_empty() => break,
                Ok(data) => {
                    self.write_all(&data)?;
                    echoed += data.len();
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    self.receive()?;
                }
                Err(error) => return Err(error),
            }
        }
        self.connection.send_close_notify();
        self.send()?;
        Ok(echoed)
    }

    /// Sends `size` bytes `rounds` times, and checks that they come back.
    fn exchange(&mut self, size: usize, rounds: usize) -> io::Result<usize> {
        for round in 0..rounds {
            let data: Vec<u8> = (0_u8..=255).cycle().skip(round % 256).take(size).collect();
            let mut answer = Vec::with_capacity(size);
            let mut unsent = data.as_slice();
            while answer.len() < size {
                // A small window, so that a peer that sends back at once never waits for us.
                if !unsent.is_empty() && data.len() - unsent.len() < answer.len() + 16 * 1024 {
                    let (now, later) = unsent.split_at(unsent.len().min(16 * 1024));
                    self.write_all(now)?;
                    unsent = later;
                    continue;
                }
                match read_available(&mut self.connection) {
                    Ok(data) if data.is_empty() => {
                        return Err(io::ErrorKind::UnexpectedEof.into());
                    }
                    Ok(data) => answer.extend_from_slice(&data),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                        self.receive()?;
                    }
                    Err(error) => return Err(error),
                }
            }
            if answer != data {
                return Err(io::Error::other("what came back is not what was sent"));
            }
        }
        self.connection.send_close_notify();
        self.send()?;
        Ok(size * rounds)
    }

    fn write_all(&mut self, mut data: &[u8]) -> io::Result<()> {
        while !data.is_empty() {
            let count = self.connection.writer().write(data)?;
            data = data.get(count..).unwrap_or_default();
            self.send()?;
        }
        Ok(())
    }
}

fn read_available<S: Side>(connection: &mut Connection<S>) -> io::Result<Vec<u8>> {
    let mut reader = connection.reader();
    let data = reader.fill_buf()?.to_vec();
    reader.consume(data.len());
    Ok(data)
}

/// A root, an authority under it unless `flat`, and a pair of certificates for a server and for a
/// client.
fn make_certificates(folder: &Path, server: &str, flat: bool) -> Result<(), Box<dyn Error>> {
    let provider = provider::software();
    let now_s = SystemClock.now().secs();
    let validity = Validity::new(now_s - 86_400, now_s + 365 * 86_400)?;
    fs::create_dir_all(folder)?;
    let root = Authority::make_root(
        provider.make_signing_key()?,
        &Name::parse("CN=Test Root,O=Hefu,C=CN")?,
        validity,
        1,
        &mut SystemRng,
    )?;
    fs::write(folder.join("ca.pem"), root.certificate().to_pem())?;
    let authority = if flat {
        root
    } else {
        let key = provider.make_signing_key()?;
        let order = Order {
            subject: &Name::parse("CN=Test Authority,O=Hefu,C=CN")?,
            public_key: key.verifying_key().public_key(),
            validity,
            profile: Profile::Authority { path_length_max: 0 },
            names: &[],
        };
        Authority::new(root.issue(&order, &mut SystemRng)?, Arc::clone(&key))?
    };
    fs::write(folder.join("issuers.pem"), authority.certificate().to_pem())?;

    for (file, name, role) in [
        ("server", server, Role::Server),
        ("client", "device 7", Role::Client),
    ] {
        for (kind, profile) in [
            ("sign", Profile::Sign(role)),
            ("enc", Profile::Encrypt(role)),
        ] {
            let key = PrivateKey::make(&mut SystemRng)?;
            let certificate =
                certificate_for(&authority, name, role, profile, key.public_key(), validity)?;
            fs::write(folder.join(format!("{file}.{kind}.pem")), certificate)?;
            fs::write(
                folder.join(format!("{file}.{kind}.key")),
                key.to_pkcs8_pem().as_bytes(),
            )?;
        }
    }
    Ok(())
}

fn certificate_for(
    authority: &Authority,
    name: &str,
    role: Role,
    profile: Profile,
    public_key: &PublicKey,
    validity: Validity,
) -> Result<String, Box<dyn Error>> {
    let names = match role {
        Role::Server => vec![SubjectName::Dns(name.to_owned())],
        Role::Client => vec![],
    };
    let order = Order {
        subject: &Name::parse(&format!("CN={name},O=Hefu,C=CN"))?,
        public_key,
        validity,
        profile,
        names: &names,
    };
    Ok(authority.issue(&order, &mut SystemRng)?.to_pem())
}
