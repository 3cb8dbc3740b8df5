//! TLCP: each handshake message, lists of certificates, and whole connections.

use std::io::Read;
use std::sync::{Arc, LazyLock};

use hefu_gm::provider::{self, Provider};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::PrivateKey;
use hefu_gm::sm4;
use hefu_gm::x509::{
    Authority, Name, Order, Profile, Role, ServerName, SubjectName, Trust, Validity,
};
use hefu_tlcp::messages::{
    CertificateList, CertificateRequest, CertificateStatus, CertificateVerify, ClientHello,
    ClientKeyExchange, Finished, Malformed, NewSessionTicket, ServerHello, ServerKeyExchange,
};
use hefu_tlcp::session::MemorySessions;
use hefu_tlcp::verify::{
    ClientCheck, ClientTrust, ServerCheck, ServerTrust, Stapling, VerifyClient,
};
use hefu_tlcp::{
    ClientAuth, ClientConfig, ClientConnection, Connection, Identity, KeyExchange, ServerConfig,
    ServerConnection, Side, TicketKeys, verify::VerifyServer,
};

/// When everything here happens.
const NOW_S: i64 = 1_790_000_000;

/// What is read is written again and read to the same.
fn reads_to_the_same<T: PartialEq + std::fmt::Debug>(
    data: &[u8],
    read: impl Fn(&[u8]) -> Result<T, Malformed>,
    write: impl Fn(&T) -> Vec<u8>,
) {
    if let Ok(message) = read(data) {
        assert_eq!(read(&write(&message)).as_ref(), Ok(&message));
    }
}

/// `ClientHello` with its extensions.
pub fn client_hello(data: &[u8]) {
    reads_to_the_same(data, ClientHello::read, ClientHello::to_bytes);
}

/// `ServerHello` with its extensions.
pub fn server_hello(data: &[u8]) {
    reads_to_the_same(data, ServerHello::read, ServerHello::to_bytes);
}

/// `CertificateRequest`.
pub fn certificate_request(data: &[u8]) {
    reads_to_the_same(data, CertificateRequest::read, CertificateRequest::to_bytes);
}

/// `ServerKeyExchange`, in both forms.
pub fn server_key_exchange(data: &[u8]) {
    for exchange in [KeyExchange::Ecc, KeyExchange::Ecdhe] {
        let read = |data: &[u8]| ServerKeyExchange::read(data, exchange);
        reads_to_the_same(data, read, ServerKeyExchange::to_bytes);
    }
}

/// `ClientKeyExchange`, in both forms.
pub fn client_key_exchange(data: &[u8]) {
    for exchange in [KeyExchange::Ecc, KeyExchange::Ecdhe] {
        let read = |data: &[u8]| ClientKeyExchange::read(data, exchange);
        reads_to_the_same(data, read, ClientKeyExchange::to_bytes);
    }
}

/// `CertificateVerify`, `Finished`, `NewSessionTicket` and `CertificateStatus`, which have one or two
/// fields.
pub fn small_messages(data: &[u8]) {
    reads_to_the_same(data, CertificateVerify::read, CertificateVerify::to_bytes);
    reads_to_the_same(data, Finished::read, Finished::to_bytes);
    reads_to_the_same(data, NewSessionTicket::read, NewSessionTicket::to_bytes);
    reads_to_the_same(data, CertificateStatus::read, CertificateStatus::to_bytes);
}

/// `Certificate`, and a verdict about the list from both sides' verifiers. Nobody here signed
/// anything but the seeds, so that an accepted list is one that a seed holds.
pub fn certificates(data: &[u8]) {
    reads_to_the_same(data, CertificateList::read, CertificateList::to_bytes);
    let (Ok(list), Some(world)) = (CertificateList::read(data), &*WORLD) else {
        return;
    };
    for key_exchange in [KeyExchange::Ecc, KeyExchange::Ecdhe] {
        let _ = world.clients.verify(&ClientCheck {
            certificates: &list.0,
            key_exchange,
            now_s: NOW_S,
        });
        for status in [None, list.0.first().map(Vec::as_slice)] {
            let _ = world.servers.verify(&ServerCheck {
                certificates: &list.0,
                name: &world.name,
                status,
                key_exchange,
                now_s: NOW_S,
            });
        }
    }
}

/// Records to a server and to a client, in pieces whose size the first byte says. Neither gets to
/// the end of a handshake, holds more than its buffers, or comes back to life.
pub fn records(data: &[u8]) {
    let (Some((piece, data)), Some(world)) = (data.split_first(), &*WORLD) else {
        return;
    };
    let piece = usize::from(*piece).max(1);
    feed(
        ServerConnection::new(Arc::clone(&world.server), NOW_S),
        data,
        piece,
    );
    let client = ClientConnection::new(Arc::clone(&world.client), world.name.clone(), NOW_S);
    if let Ok(client) = client {
        feed(client, data, piece);
    }
}

fn feed<S: Side>(mut connection: Connection<S>, data: &[u8], piece: usize) {
    for mut piece in data.chunks(piece) {
        while !piece.is_empty() && connection.wants_read() {
            if connection.read_tls(&mut piece).is_err() {
                return;
            }
            if let Err(error) = connection.process() {
                assert_eq!(connection.process(), Err(error));
                break;
            }
        }
    }
    assert!(connection.is_handshaking());
    let data = connection.reader().read(&mut [0]);
    assert!(!data.is_ok_and(|count| count > 0));
    let mut sent = Vec::new();
    while connection.wants_write() {
        if connection.write_tls(&mut sent).is_err() {
            return;
        }
    }
    assert!(sent.len() < 16 * 1024);
}

/// An authority with a fixed key, and a side of each kind.
struct World {
    name: ServerName,
    clients: ClientTrust,
    servers: ServerTrust,
    server: Arc<ServerConfig>,
    client: Arc<ClientConfig>,
}

static WORLD: LazyLock<Option<World>> = LazyLock::new(World::make);

impl World {
    fn make() -> Option<Self> {
        let provider = provider::software();
        let validity = Validity::new(NOW_S - 1000, NOW_S + 1000).ok()?;
        let key = provider
            .signing_key(PrivateKey::from_bytes(&[7; 32]).ok()?)
            .ok()?;
        let name = Name::parse("CN=Fuzz").ok()?;
        let root = Authority::make_root(key, &name, validity, 0, &mut SystemRng).ok()?;
        let trust = Trust::new(vec![root.certificate().clone()]).ok()?;
        let clients = ClientTrust::new(Arc::clone(&provider), trust.clone());
        let servers = ServerTrust::new(Arc::clone(&provider), trust);
        let servers = servers.with_stapling(Stapling::WhereGiven);
        let server = issue(&*provider, &root, Role::Server, validity)?;
        let keys = TicketKeys::new(Arc::clone(&provider), &sm4::Key::from([7; 16])).ok()?;
        let server = ServerConfig::builder(Arc::clone(&provider), Arc::new(server))
            .client_auth(ClientAuth::Required(Arc::new(clients.clone())))
            .tickets(Arc::new(keys))
            .build()
            .ok()?;
        let client = ClientConfig::builder(Arc::clone(&provider), Arc::new(servers.clone()))
            .identity(issue(&*provider, &root, Role::Client, validity)?)
            .sessions(Arc::new(MemorySessions::new(1)))
            .tickets(true)
            .build()
            .ok()?;
        Some(Self {
            name: ServerName::parse("gateway.example").ok()?,
            clients,
            servers,
            server: Arc::new(server),
            client: Arc::new(client),
        })
    }
}

fn issue(
    provider: &dyn Provider,
    root: &Authority,
    role: Role,
    validity: Validity,
) -> Option<Arc<Identity>> {
    let sign = provider.make_signing_key().ok()?;
    let encrypt = provider.make_decryption_key().ok()?;
    let mut order = Order {
        subject: &Name::parse("CN=gateway.example").ok()?,
        public_key: sign.verifying_key().public_key(),
        validity,
        profile: Profile::Sign(role),
        names: &[SubjectName::Dns("gateway.example".to_owned())],
    };
    let sign_certificate = root.issue(&order, &mut SystemRng).ok()?;
    order.public_key = encrypt.encryption_key().public_key();
    order.profile = Profile::Encrypt(role);
    let encrypt_certificate = root.issue(&order, &mut SystemRng).ok()?;
    Identity::new(
        (sign_certificate, Arc::clone(&sign)),
        (encrypt_certificate, Arc::clone(&encrypt)),
        vec![root.certificate().clone()],
    )
    .ok()
    .map(Arc::new)
}
