//! HTTP over TLCP with hyper, both sides in one program: certificates are made, a server listens on
//! loopback, and a client with a certificate of its own asks it who it is.
//!
//! ```sh
//! cargo run -p hefu-tlcp --example hyper
//! ```

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::convert::Infallible;
use std::error::Error;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use hefu_gm::provider::{self, Provider};
use hefu_gm::rng::SystemRng;
use hefu_gm::x509::{
    Authority, Name, Order, Profile, Role, ServerName, SubjectName, Trust, Validity,
};
use hefu_tally::clock::{Clock, SystemClock};
use hefu_tlcp::tokio::{Acceptor, Connector};
use hefu_tlcp::verify::{ClientTrust, ServerTrust};
use hefu_tlcp::{ClientAuth, ClientConfig, Identity, ServerConfig};
use http_body_util::{BodyExt, Empty, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};

const SERVER: &str = "gateway.example";

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let provider = provider::software();
    let now_s = SystemClock.now().secs();
    let year = Validity::new(now_s - 60, now_s + 365 * 86_400)?;
    let root = Authority::make_root(
        provider.make_signing_key()?,
        &Name::parse("CN=Example Root")?,
        year,
        0,
        &mut SystemRng,
    )?;
    let trust = Trust::new(vec![root.certificate().clone()])?;

    let clients = ClientTrust::new(Arc::clone(&provider), trust.clone());
    let server = issue(&*provider, &root, Role::Server, SERVER, year)?;
    let server = ServerConfig::builder(Arc::clone(&provider), Arc::new(server))
        .client_auth(ClientAuth::Required(Arc::new(clients)))
        .alpn(&[b"http/1.1"])
        .build()?;
    let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
    let address = listener.local_addr()?;
    let serving = tokio::spawn(serve_one(listener, Acceptor::new(Arc::new(server)), now_s));

    let servers = ServerTrust::new(Arc::clone(&provider), trust);
    let client = ClientConfig::builder(Arc::clone(&provider), Arc::new(servers))
        .identity(issue(&*provider, &root, Role::Client, "device 7", year)?)
        .alpn(&[b"http/1.1"])
        .build()?;
    let answer = ask(Connector::new(Arc::new(client)), address, now_s).await?;
    println!("{answer}");
    serving
        .await?
        .map_err(|error| -> Box<dyn Error> { error })?;
    Ok(())
}

async fn serve_one(
    listener: TcpListener,
    acceptor: Acceptor,
    now_s: i64,
) -> Result<(), Box<dyn Error + Send + Sync>> {
    let (socket, _) = listener.accept().await?;
    let stream = acceptor.accept(socket, now_s).await?;
    let connection = stream.connection();
    let suite = connection.suite().map(|suite| suite.name());
    let client = connection
        .peer_certificate()
        .and_then(|certificate| certificate.subject().common_name());
    let greeting = format!("hello {client:?} over {suite:?}");
    let service = service_fn(move |_| {
        let answer = Response::new(Full::new(Bytes::from(greeting.clone())));
        async { Ok::<_, Infallible>(answer) }
    });
    hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await?;
    Ok(())
}

async fn ask(
    connector: Connector,
    address: SocketAddr,
    now_s: i64,
) -> Result<String, Box<dyn Error>> {
    let socket = TcpStream::connect(address).await?;
    let stream = connector
        .connect(ServerName::parse(SERVER)?, socket, now_s)
        .await?;
    let (mut sender, connection) =
        hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let connection = tokio::spawn(connection);
    let request = Request::get("/")
        .header("host", SERVER)
        .body(Empty::<Bytes>::new())?;
    let answer = sender.send_request(request).await?;
    let body = answer.into_body().collect().await?.to_bytes();
    drop(sender);
    connection.await??;
    Ok(String::from_utf8(body.to_vec())?)
}

fn issue(
    provider: &dyn Provider,
    root: &Authority,
    role: Role,
    name: &str,
    validity: Validity,
) -> Result<Arc<Identity>, Box<dyn Error>> {
    let subject = Name::parse(&format!("CN={name}"))?;
    let names = match role {
        Role::Server => vec![SubjectName::Dns(name.to_owned())],
        Role::Client => vec![],
    };
    let sign = provider.make_signing_key()?;
    let encrypt = provider.make_decryption_key()?;
    let mut order = Order {
        subject: &subject,
        public_key: sign.verifying_key().public_key(),
        validity,
        profile: Profile::Sign(role),
        names: &names,
    };
    let sign_certificate = root.issue(&order, &mut SystemRng)?;
    order.public_key = encrypt.encryption_key().public_key();
    order.profile = Profile::Encrypt(role);
    let encrypt_certificate = root.issue(&order, &mut SystemRng)?;
    Ok(Arc::new(Identity::new(
        (sign_certificate, Arc::clone(&sign)),
        (encrypt_certificate, Arc::clone(&encrypt)),
        vec![],
    )?))
}
