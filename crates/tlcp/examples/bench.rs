//! How fast connections are, on one core and in memory: handshakes a second by suite and side, bulk
//! data, and what the primitives under them cost. `cargo xtask bench tlcp` runs it, optimised.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

use std::error::Error;
use std::hint::black_box;
use std::io::{BufRead, Write};
use std::sync::Arc;
use std::time::Duration;

use hefu_gm::provider::{self, Provider};
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::{DEFAULT_ID, ExchangePeer, ExchangeRole};
use hefu_gm::sm4;
use hefu_gm::x509::{
    Authority, Name, Order, Profile, Role, ServerName, SubjectName, Trust, Validity,
};
use hefu_tally::clock::Stopwatch;
use hefu_tlcp::session::MemorySessions;
use hefu_tlcp::verify::{ClientTrust, ServerTrust};
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConnection, Connection, Identity, ServerConfig,
    ServerConnection, Side,
};

type Fallible<T> = Result<T, Box<dyn Error>>;

const NOW_S: i64 = 1_790_000_000;
const NAME: &str = "gateway.example";

/// How long each measure runs.
const MEASURE_S: Duration = Duration::from_millis(1500);

/// One record's worth.
const RECORD_BYTES: usize = 16 * 1024;

fn main() -> Fallible<()> {
    let world = World::make()?;
    println!("handshakes a second on one core, certificates on both sides\n");
    println!(
        "{:<20}{:>10}{:>10}{:>18}{:>18}",
        "", "server", "client", "server, resumed", "client, resumed"
    );
    for suite in CipherSuite::ALL {
        let full = handshakes(&world, suite, false)?;
        let resumed = handshakes(&world, suite, true)?;
        println!(
            "{:<20}{:>10.0}{:>10.0}{:>18.0}{:>18.0}",
            suite.name(),
            full.server_per_s(),
            full.client_per_s(),
            resumed.server_per_s(),
            resumed.client_per_s()
        );
    }
    println!("\nbulk data, records of 16 KiB, MB/s on one core\n");
    println!("{:<20}{:>10}{:>10}", "", "seal", "open");
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EccSm4CbcSm3] {
        let (seal, open) = bulk(&world, suite)?;
        println!("{:<20}{seal:>10.1}{open:>10.1}", suite.name());
    }
    primitives(&*world.provider)
}

struct World {
    provider: Arc<dyn Provider>,
    trust: Trust,
    server: Arc<Identity>,
    client: Arc<Identity>,
}

impl World {
    fn make() -> Fallible<Self> {
        let provider = provider::software();
        let validity = Validity::new(NOW_S - 1000, NOW_S + 1_000_000)?;
        let root = Authority::make_root(
            provider.make_signing_key()?,
            &Name::parse("CN=Bench")?,
            validity,
            0,
            &mut SystemRng,
        )?;
        Ok(Self {
            trust: Trust::new(vec![root.certificate().clone()])?,
            server: issue(&*provider, &root, Role::Server, validity)?,
            client: issue(&*provider, &root, Role::Client, validity)?,
            provider,
        })
    }

    fn configs(&self, suite: CipherSuite) -> Fallible<(Arc<ClientConfig>, Arc<ServerConfig>)> {
        let clients = ClientTrust::new(Arc::clone(&self.provider), self.trust.clone());
        let servers = ServerTrust::new(Arc::clone(&self.provider), self.trust.clone());
        let identity = Arc::new(Arc::clone(&self.server));
        let server = ServerConfig::builder(Arc::clone(&self.provider), identity)
            .client_auth(ClientAuth::Required(Arc::new(clients)))
            .sessions(Arc::new(MemorySessions::new(1000)))
            .suites(&[suite]);
        let client = ClientConfig::builder(Arc::clone(&self.provider), Arc::new(servers))
            .identity(Arc::clone(&self.client))
            .sessions(Arc::new(MemorySessions::new(1)))
            .suites(&[suite]);
        Ok((Arc::new(client.build()?), Arc::new(server.build()?)))
    }
}

fn issue(
    provider: &dyn Provider,
    root: &Authority,
    role: Role,
    validity: Validity,
) -> Fallible<Arc<Identity>> {
    let (sign, encrypt) = (
        provider.make_signing_key()?,
        provider.make_decryption_key()?,
    );
    let mut order = Order {
        subject: &Name::parse(&format!("CN={NAME}"))?,
        public_key: sign.verifying_key().public_key(),
        validity,
        profile: Profile::Sign(role),
        names: &[SubjectName::Dns(NAME.to_owned())],
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

/// How long each side worked, and for how many handshakes.
#[derive(Default)]
struct Worked {
    count: f64,
    client: Duration,
    server: Duration,
}

impl Worked {
    fn server_per_s(&self) -> f64 {
        self.count / self.server.as_secs_f64()
    }

    fn client_per_s(&self) -> f64 {
        self.count / self.client.as_secs_f64()
    }
}

fn handshakes(world: &World, suite: CipherSuite, resumed: bool) -> Fallible<Worked> {
    let (mut client, server) = world.configs(suite)?;
    if resumed {
        connect(&client, &server, &mut Worked::default())?;
    }
    let mut worked = Worked::default();
    let watch = Stopwatch::start();
    while watch.elapsed() < MEASURE_S {
        if !resumed {
            // A client that remembers nothing.
            client = world.configs(suite)?.0;
        }
        let (pair, _) = connect(&client, &server, &mut worked)?;
        if pair.is_resumed() != resumed {
            return Err("a handshake of the other kind".into());
        }
        worked.count += 1.0;
    }
    Ok(worked)
}

fn connect(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    worked: &mut Worked,
) -> Fallible<(ClientConnection, ServerConnection)> {
    let watch = Stopwatch::start();
    let mut client = ClientConnection::new(Arc::clone(client), ServerName::parse(NAME)?, NOW_S)?;
    worked.client += watch.elapsed();
    let mut server = ServerConnection::new(Arc::clone(server), NOW_S);
    while client.wants_write() || server.wants_write() {
        let flight = take(&mut client)?;
        let watch = Stopwatch::start();
        give(&mut server, &flight)?;
        worked.server += watch.elapsed();
        let flight = take(&mut server)?;
        let watch = Stopwatch::start();
        give(&mut client, &flight)?;
        worked.client += watch.elapsed();
    }
    Ok((client, server))
}

fn take<S: Side>(from: &mut Connection<S>) -> Fallible<Vec<u8>> {
    let mut bytes = Vec::new();
    while from.wants_write() {
        from.write_tls(&mut bytes)?;
    }
    Ok(bytes)
}

fn give<S: Side>(to: &mut Connection<S>, mut bytes: &[u8]) -> Fallible<()> {
    while !bytes.is_empty() {
        to.read_tls(&mut bytes)?;
        to.process()?;
    }
    Ok(())
}

/// MB/s of sealing and of opening.
fn bulk(world: &World, suite: CipherSuite) -> Fallible<(f64, f64)> {
    let (client, server) = world.configs(suite)?;
    let (mut client, mut server) = connect(&client, &server, &mut Worked::default())?;
    let data = vec![0x5a; RECORD_BYTES];
    let (mut seal, mut open, mut megabytes) = (Duration::ZERO, Duration::ZERO, 0.0);
    let watch = Stopwatch::start();
    while watch.elapsed() < MEASURE_S {
        let sealing = Stopwatch::start();
        client.writer().write_all(&data)?;
        seal += sealing.elapsed();
        let wire = take(&mut client)?;
        let opening = Stopwatch::start();
        give(&mut server, &wire)?;
        open += opening.elapsed();
        let mut reader = server.reader();
        let count = reader.fill_buf()?.len();
        reader.consume(count);
        megabytes += 16_384.0 / 1e6;
    }
    Ok((
        megabytes / seal.as_secs_f64(),
        megabytes / open.as_secs_f64(),
    ))
}

/// What is under a handshake, and how often a server does it for a client whose certificates the root
/// issued: signing once, decrypting or exchanging once, verifying three times (both certificates and
/// the proof). A client signs once, encrypts or exchanges once, and verifies three times.
fn primitives(provider: &dyn Provider) -> Fallible<()> {
    let sign = provider.make_signing_key()?;
    let decrypt = provider.make_decryption_key()?;
    let signature = sign.sign(DEFAULT_ID, b"message")?;
    let ciphertext = provider.encrypt_sm2_der(decrypt.encryption_key(), &[1; 48])?;
    let cipher = provider.cipher_key(&sm4::Key::from([7; 16]))?;
    let mac = provider.mac_key(&[7; 32])?;
    let mut record = vec![[0_u8; 16]; RECORD_BYTES / 16];

    println!("\nprimitives, microseconds each\n");
    measure("SM2 sign", || Ok(sign.sign(DEFAULT_ID, b"message")?))?;
    measure("SM2 verify", || {
        Ok(provider.verify_sm2(sign.verifying_key(), DEFAULT_ID, b"message", &signature)?)
    })?;
    measure("SM2 encrypt 48 bytes", || {
        Ok(provider.encrypt_sm2_der(decrypt.encryption_key(), &[1; 48])?)
    })?;
    measure("SM2 decrypt 48 bytes", || {
        Ok(decrypt.decrypt_der(&ciphertext)?)
    })?;
    measure("SM2 exchange", || {
        let exchange = decrypt.make_exchange()?;
        let point = exchange.ephemeral_key();
        let peer = ExchangePeer::new(decrypt.encryption_key(), &point);
        Ok(exchange.finish(ExchangeRole::Initiator, DEFAULT_ID, &peer, 48)?)
    })?;
    measure("SM3 of 16 KiB", || {
        Ok(provider.digest_sm3(&[record.as_flattened()])?)
    })?;
    measure("HMAC-SM3 of 16 KiB", || {
        Ok(mac.mac(&[record.as_flattened()])?)
    })?;
    let text = record.as_flattened_mut();
    measure("SM4-GCM of 16 KiB", || {
        Ok(cipher.gcm_seal_in_place(&[0; 12], &[], text)?)
    })?;
    measure("SM4-CBC encrypt 16 KiB", || {
        Ok(cipher.cbc_encrypt_blocks(&[0; 16], &mut record)?)
    })?;
    measure("SM4-CBC decrypt 16 KiB", || {
        Ok(cipher.cbc_decrypt_blocks(&[0; 16], &mut record)?)
    })
}

fn measure<T>(name: &str, mut work: impl FnMut() -> Fallible<T>) -> Fallible<()> {
    let mut count = 0.0;
    let watch = Stopwatch::start();
    while watch.elapsed() < MEASURE_S / 3 {
        black_box(work()?);
        count += 1.0;
    }
    println!(
        "{name:<28}{:>10.1}",
        watch.elapsed().as_secs_f64() * 1e6 / count
    );
    Ok(())
}
