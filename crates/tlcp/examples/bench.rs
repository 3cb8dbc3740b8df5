//! How fast connections are, on one core and in memory: handshakes a second by suite and side, bulk
//! data, what the primitives under them cost, and where a handshake's time goes. `cargo xtask bench
//! tlcp` runs it, optimised.

#![expect(clippy::print_stdout, reason = "printing is what this program is for")]

#[path = "support/profile.rs"]
mod profile;

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
    Authority, Certificate, Name, Order, Profile, Role, ServerName, SubjectName, Trust, Validity,
};
use hefu_tally::clock::Stopwatch;
use hefu_tlcp::session::MemorySessions;
use hefu_tlcp::verify::{ClientTrust, ServerTrust};
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConnection, Connection, Identity, ServerConfig,
    ServerConnection, Side,
};
use profile::Profiled;

type Fallible<T> = Result<T, Box<dyn Error>>;

const NOW_S: i64 = 1_790_000_000;
const NAME: &str = "gateway.example";

/// How long each measure runs, and how long one of its rounds. The best round counts: what else the
/// machine does only ever takes from one.
const MEASURE: Duration = Duration::from_millis(1500);
const ROUND: Duration = Duration::from_millis(100);

/// One record's worth.
const RECORD_BYTES: usize = 16 * 1024;

fn main() -> Fallible<()> {
    let world = World::make()?;
    println!("handshakes a second on one core, certificates on both sides\n");
    println!(
        "{:<20}{:>10}{:>10}{:>18}{:>18}{:>12}{:>16}",
        "", "server", "client", "server, resumed", "client, resumed", "both", "both, resumed"
    );
    for suite in CipherSuite::ALL {
        let full = handshakes(&world, suite, false)?;
        let resumed = handshakes(&world, suite, true)?;
        println!(
            "{:<20}{:>10.0}{:>10.0}{:>18.0}{:>18.0}{:>12.0}{:>16.0}",
            suite.name(),
            full.server,
            full.client,
            resumed.server,
            resumed.client,
            full.both,
            resumed.both
        );
    }
    println!("\nbulk data, records of 16 KiB, MB/s on one core\n");
    println!("{:<20}{:>10}{:>10}{:>10}", "", "seal", "open", "both");
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EccSm4CbcSm3] {
        let (seal, open) = bulk(&world, suite)?;
        let both = 1.0 / (1.0 / seal + 1.0 / open);
        println!("{:<20}{seal:>10.1}{open:>10.1}{both:>10.1}", suite.name());
    }
    primitives(&*world.provider)?;
    for suite in [CipherSuite::EccSm4GcmSm3, CipherSuite::EcdheSm4GcmSm3] {
        profile(&world, suite)?;
    }
    Ok(())
}

/// Where the time of a full handshake goes, on each side: how often each primitive is asked for, times
/// what it cost in this run. The certificates of the peer are read outside of the provider, so that
/// their count is the list's and their cost is measured by itself.
fn profile(world: &World, suite: CipherSuite) -> Fallible<()> {
    let [client, server] = [(); 2].map(|()| Arc::new(Profiled::new(Arc::clone(&world.provider))));
    let (client_config, server_config) = world.profiled_configs(suite, &client, &server)?;
    connect(&client_config, &server_config, &mut Worked::default())?;
    let (_, _) = (client.take(), server.take());
    let mut worked = Worked::default();
    let watch = Stopwatch::start();
    while watch.elapsed() < MEASURE {
        connect(&client_config, &server_config, &mut worked)?;
        worked.count += 1.0;
    }
    let parse_us = world.parse_us()?;
    for (side, noted, total, identity) in [
        ("server", server.take(), worked.server, &world.client),
        ("client", client.take(), worked.client, &world.server),
    ] {
        let total_us = total.as_secs_f64() * 1e6 / worked.count;
        println!("\na {side}'s full handshake, {suite}: {total_us:.0} microseconds\n");
        println!(
            "{:<28}{:>8}{:>10}{:>10}{:>8}",
            "", "times", "each", "in all", "%"
        );
        let mut rest_us = total_us;
        let mut row = |name: &str, times: f64, in_all_us: f64| {
            rest_us -= in_all_us;
            let share = 100.0 * in_all_us / total_us;
            let each_us = in_all_us / times;
            println!("{name:<28}{times:>8.1}{each_us:>10.2}{in_all_us:>10.1}{share:>8.1}");
        };
        for (primitive, count, took) in noted.into_iter().filter(|(_, count, _)| *count > 0) {
            #[expect(clippy::cast_precision_loss, reason = "counts are small")]
            let times = count as f64 / worked.count;
            row(
                primitive.name(),
                times,
                took.as_secs_f64() * 1e6 / worked.count,
            );
        }
        let certificates = u32::try_from(identity.certificates().len())?;
        row(
            "X.509 parse",
            certificates.into(),
            parse_us * f64::from(certificates),
        );
        let share = 100.0 * rest_us / total_us;
        println!(
            "{:<28}{:>8}{:>10}{rest_us:>10.1}{share:>8.1}",
            "all else", "", ""
        );
    }
    Ok(())
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

    /// Without sessions, and with a provider of its own on each side.
    fn profiled_configs(
        &self,
        suite: CipherSuite,
        client: &Arc<Profiled>,
        server: &Arc<Profiled>,
    ) -> Fallible<(Arc<ClientConfig>, Arc<ServerConfig>)> {
        let (by_client, by_server): (Arc<dyn Provider>, Arc<dyn Provider>) =
            (client.clone(), server.clone());
        let clients = ClientTrust::new(Arc::clone(&by_server), self.trust.clone());
        let servers = ServerTrust::new(Arc::clone(&by_client), self.trust.clone());
        let identity = Arc::new(Arc::new(server.identity(&self.server)?));
        let server = ServerConfig::builder(by_server, identity)
            .client_auth(ClientAuth::Required(Arc::new(clients)))
            .suites(&[suite]);
        let client = ClientConfig::builder(by_client, Arc::new(servers))
            .identity(Arc::new(client.identity(&self.client)?))
            .suites(&[suite]);
        Ok((Arc::new(client.build()?), Arc::new(server.build()?)))
    }

    /// What reading a certificate costs, in microseconds.
    fn parse_us(&self) -> Fallible<f64> {
        let der = self
            .client
            .certificates()
            .first()
            .ok_or("no certificate")?
            .as_der();
        time_us(|| Ok(Certificate::from_der(der)?))
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
    fn or_better(&self, best: &Rates) -> Rates {
        let rate = |took: Duration| self.count / took.as_secs_f64();
        Rates {
            server: best.server.max(rate(self.server)),
            client: best.client.max(rate(self.client)),
            both: best.both.max(rate(self.server + self.client)),
        }
    }
}

/// Handshakes a second.
#[derive(Default)]
struct Rates {
    server: f64,
    client: f64,
    /// With both sides on one core.
    both: f64,
}

fn handshakes(world: &World, suite: CipherSuite, resumed: bool) -> Fallible<Rates> {
    let (mut client, server) = world.configs(suite)?;
    if resumed {
        connect(&client, &server, &mut Worked::default())?;
    }
    let mut best = Rates::default();
    let watch = Stopwatch::start();
    while watch.elapsed() < MEASURE {
        let mut worked = Worked::default();
        while worked.client + worked.server < ROUND {
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
        best = worked.or_better(&best);
    }
    Ok(best)
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
    let (mut best_seal, mut best_open) = (0_f64, 0_f64);
    let watch = Stopwatch::start();
    while watch.elapsed() < MEASURE {
        let (mut seal, mut open, mut megabytes) = (Duration::ZERO, Duration::ZERO, 0.0);
        while seal + open < ROUND {
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
        best_seal = best_seal.max(megabytes / seal.as_secs_f64());
        best_open = best_open.max(megabytes / open.as_secs_f64());
    }
    Ok((best_seal, best_open))
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

fn measure<T>(name: &str, work: impl FnMut() -> Fallible<T>) -> Fallible<()> {
    println!("{name:<28}{:>10.1}", time_us(work)?);
    Ok(())
}

/// What `work` costs, in microseconds.
fn time_us<T>(mut work: impl FnMut() -> Fallible<T>) -> Fallible<f64> {
    let mut best_us = f64::INFINITY;
    let watch = Stopwatch::start();
    while watch.elapsed() < MEASURE / 3 {
        let mut count = 0.0;
        let round = Stopwatch::start();
        while round.elapsed() < ROUND / 4 {
            black_box(work()?);
            count += 1.0;
        }
        best_us = best_us.min(round.elapsed().as_secs_f64() * 1e6 / count);
    }
    Ok(best_us)
}
