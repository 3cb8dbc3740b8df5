//! One run: who is measured, in which order, and with what.

use std::{net::SocketAddr, time::Duration};

use crate::{
    Failure,
    cpu::{CpuTime, Threads, machine, resident_bytes},
    load::{self, Lane, Pace, Round, Supply, count},
    phones::{self, Phone, SignedBy},
    processes::{Nginx, Own},
    report::{self, Flood, HalfLoad, Rounds},
    serve::Started,
};

/// Nonces that the gateway under test remembers: more than it can let in while they are kept, so
/// that its memory of them is not what is measured.
const NONCES_MAX: usize = 4 << 20;
/// How long after a round the last events may still be on their way into the database.
const SETTLE: Duration = Duration::from_millis(700);
/// Beyond the rate of the round before, so that a faster round does not run out of requests.
const SPARE: f64 = 1.4;

/// How a run is made.
#[derive(Clone, Debug, clap::Args)]
pub(crate) struct Arguments {
    /// The core that nginx and the gateway share. This process and the bank keep to another one.
    #[arg(long, default_value_t = 0)]
    server_core: usize,
    /// The core of the bank and, by `taskset`, of this process.
    #[arg(long, default_value_t = 1)]
    load_core: usize,
    /// Connections, each of a device of its own.
    #[arg(long, default_value_t = 32)]
    connections: usize,
    /// Rounds of each server.
    #[arg(long, default_value_t = 7)]
    rounds: usize,
    /// How long a round is, in seconds.
    #[arg(long, default_value_t = 3.0)]
    seconds: f64,
    /// Nonces remembered in the flood.
    #[arg(long, default_value_t = 50_000)]
    flood_nonces: usize,
    /// A short run that shows that everything works; its figures mean nothing.
    #[arg(long)]
    quick: bool,
    /// Only this server, for a profiler: `gateway-tls`, `gateway-plain`,
    /// `gateway-sha256`, `gateway-sm2`, `nginx-tls`, `nginx-plain`.
    #[arg(long)]
    only: Option<Subject>,
}

/// Who is measured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Subject {
    NginxPlain,
    GatewayPlain,
    NginxTls,
    GatewayTls,
    GatewaySha256,
    GatewaySm2,
}

impl Subject {
    pub(crate) const ALL: [Self; 6] = [
        Self::NginxPlain,
        Self::GatewayPlain,
        Self::NginxTls,
        Self::GatewayTls,
        Self::GatewaySha256,
        Self::GatewaySm2,
    ];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::NginxPlain => "nginx, plain",
            Self::GatewayPlain => "gateway, hmac-sm3, plain",
            Self::NginxTls => "nginx, TLS 1.3",
            Self::GatewayTls => "gateway, hmac-sm3, TLS 1.3",
            Self::GatewaySha256 => "gateway, sha-256 digests, TLS",
            Self::GatewaySm2 => "gateway, sm2-sm3, TLS 1.3",
        }
    }

    /// What it is compared with.
    pub(crate) const fn rival(self) -> Self {
        match self {
            Self::NginxPlain | Self::GatewayPlain => Self::NginxPlain,
            Self::NginxTls | Self::GatewayTls | Self::GatewaySha256 | Self::GatewaySm2 => {
                Self::NginxTls
            }
        }
    }

    const fn is_nginx(self) -> bool {
        matches!(self, Self::NginxPlain | Self::NginxTls)
    }

    const fn is_tls(self) -> bool {
        !matches!(self, Self::NginxPlain | Self::GatewayPlain)
    }

    const fn signed_by(self) -> SignedBy {
        match self {
            Self::GatewaySm2 => SignedBy::Device,
            Self::GatewaySha256 => SignedBy::SessionSha256,
            Self::NginxPlain | Self::NginxTls | Self::GatewayPlain | Self::GatewayTls => {
                SignedBy::Session
            }
        }
    }
}

/// Requests for all connections, each signed by its own phone.
type Requests = Vec<Vec<Vec<u8>>>;

/// A round with what it cost the server.
#[derive(Debug)]
pub(crate) struct Sample {
    pub(crate) round: Round,
    /// While requests were sent.
    pub(crate) during: CpuTime,
    /// The same and the rest of the round's work, such as its last events.
    pub(crate) in_all: CpuTime,
}

/// Runs the comparison and prints what came out.
///
/// # Errors
/// When a process does not start, or a server refuses an honest request.
pub(crate) async fn run(arguments: &Arguments) -> Result<(), Failure> {
    let mut arguments = arguments.clone();
    if arguments.quick {
        (arguments.rounds, arguments.seconds) = (1, 0.3);
        (arguments.connections, arguments.flood_nonces) = (4, 1_000);
    }
    println!("{}", machine());
    let bench = Bench::start(&arguments).await?;
    let rounds = bench.compare().await?;
    println!("{}", report::rounds(&rounds));
    if arguments.only.is_none() {
        println!("{}", report::half_load(&bench.half_load(&rounds).await?));
        drop(bench);
        println!("{}", report::flood(&flood(&arguments).await?));
    }
    Ok(())
}

/// Everything that runs.
struct Bench<'arguments> {
    arguments: &'arguments Arguments,
    phones: Vec<Phone>,
    started: Started,
    nginx: Nginx,
    gateway: Own,
    _bank: Own,
    _folder: tempfile::TempDir,
}

impl<'arguments> Bench<'arguments> {
    async fn start(arguments: &'arguments Arguments) -> Result<Self, Failure> {
        let folder = tempfile::tempdir()?;
        let bank = Own::start(arguments.load_core, &["bank"])?;
        let service: SocketAddr = bank.told.trim().parse()?;
        let data = folder.path().join("gateway");
        let phones = arguments.connections;
        let (gateway, started) =
            start_gateway(arguments.server_core, &data, service, phones, NONCES_MAX)?;
        let nginx = Nginx::start(arguments.server_core, folder.path(), &data, service)?;
        Ok(Self {
            phones: phones::enrol_all(&started).await?,
            arguments,
            started,
            nginx,
            gateway,
            _bank: bank,
            _folder: folder,
        })
    }

    /// Rounds in turn, the order reversed each time, so that whatever else the machine does hits
    /// all alike.
    async fn compare(&self) -> Result<Vec<Rounds>, Failure> {
        let subjects = match self.arguments.only {
            Some(only) => vec![only],
            None => Subject::ALL.to_vec(),
        };
        let mut all: Vec<Rounds> = Vec::new();
        for subject in subjects {
            // Not counted: connections, caches and branch predictors warm up, and the rate is seen.
            let supply = self.sign(subject, 400)?;
            let warm = self
                .round(subject, Pace::Closed, &supply, self.seconds())
                .await?;
            all.push(Rounds {
                subject,
                rate: warm.round.per_s(),
                samples: Vec::new(),
            });
        }
        for _ in 0..self.arguments.rounds {
            for rounds in &mut all {
                let enough = rounds.rate * self.arguments.seconds * SPARE;
                let lanes = count(self.phones.len() as u64);
                #[expect(
                    clippy::cast_possible_truncation,
                    clippy::cast_sign_loss,
                    reason = "some thousand requests"
                )]
                let supply = self.sign(rounds.subject, (enough / lanes) as usize + 20)?;
                let sample = self
                    .round(rounds.subject, Pace::Closed, &supply, self.seconds())
                    .await?;
                rounds.rate = rounds.rate.max(sample.round.per_s());
                rounds.samples.push(sample);
            }
            all.reverse();
        }
        all.sort_by_key(|rounds| rounds.subject as usize);
        Ok(all)
    }

    fn seconds(&self) -> Duration {
        Duration::from_secs_f64(self.arguments.seconds)
    }

    /// So many requests a connection. nginx gets signed ones too, for they are longer than others.
    fn sign(&self, subject: Subject, each: usize) -> Result<Requests, Failure> {
        let each = if subject.is_nginx() {
            each.min(200)
        } else {
            each
        };
        let sign = |phone: &Phone| phone.sign(subject.signed_by(), each);
        self.phones.iter().map(sign).collect()
    }

    async fn round(
        &self,
        subject: Subject,
        pace: Pace,
        requests: &Requests,
        duration: Duration,
    ) -> Result<Sample, Failure> {
        tokio::time::sleep(SETTLE).await;
        let address = match subject {
            Subject::NginxPlain => self.nginx.plain,
            Subject::NginxTls => self.nginx.tls,
            Subject::GatewayPlain => self.started.plain,
            Subject::GatewayTls | Subject::GatewaySha256 | Subject::GatewaySm2 => self.started.tls,
        };
        let (pid, supply) = if subject.is_nginx() {
            (self.nginx.worker, Supply::Again)
        } else {
            (self.gateway.pid(), Supply::Once)
        };
        let mut lanes = Vec::with_capacity(self.phones.len());
        for (phone, requests) in self.phones.iter().zip(requests) {
            let tls = if subject.is_tls() {
                Some(phone.tls()?)
            } else {
                None
            };
            lanes.push(Lane {
                address,
                tls,
                requests,
            });
        }
        let (round, before) = load::run(&lanes, pace, supply, duration, || Threads::of(pid))?;
        let before = before?;
        let during = Threads::of(pid)?.since(&before);
        tokio::time::sleep(SETTLE).await;
        let in_all = Threads::of(pid)?.since(&before);
        if round.refused() > 0 {
            let name = subject.name();
            return Err(format!("{name} refused honest requests: {:?}", round.statuses).into());
        }
        Ok(Sample {
            round,
            during,
            in_all,
        })
    }

    /// Nginx and gateway with TLS, both at half of what the gateway can do.
    async fn half_load(&self, rounds: &[Rounds]) -> Result<HalfLoad, Failure> {
        let full = rounds
            .iter()
            .find(|rounds| rounds.subject == Subject::GatewayTls)
            .map_or(0.0, Rounds::per_s);
        let mut half = HalfLoad {
            per_s: full / 2.0,
            nginx: Vec::new(),
            gateway: Vec::new(),
        };
        let lanes = count(self.phones.len() as u64);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "some thousand requests"
        )]
        let each = (half.per_s * self.arguments.seconds / lanes) as usize + 20;
        for _ in 0..self.arguments.rounds {
            for subject in [Subject::NginxTls, Subject::GatewayTls] {
                let requests = self.sign(subject, each)?;
                let pace = Pace::PerSecond(half.per_s);
                let sample = self.round(subject, pace, &requests, self.seconds()).await?;
                if subject.is_nginx() {
                    half.nginx.push(sample);
                } else {
                    half.gateway.push(sample);
                }
            }
        }
        Ok(half)
    }
}

fn start_gateway(
    core: usize,
    data: &std::path::Path,
    service: SocketAddr,
    phones: usize,
    nonces_max: usize,
) -> Result<(Own, Started), Failure> {
    std::fs::create_dir(data)?;
    let arguments = [
        "serve",
        "--data",
        data.to_str().ok_or("a folder's name is not UTF-8")?,
        "--service",
        &service.to_string(),
        "--phones",
        &phones.to_string(),
        "--nonces-max",
        &nonces_max.to_string(),
    ];
    let gateway = Own::start(core, &arguments)?;
    let started = serde_json::from_str(&gateway.told)?;
    Ok((gateway, started))
}

/// Honest requests, each with a fresh nonce, until the memory of nonces is full and for as long
/// again.
async fn flood(arguments: &Arguments) -> Result<Flood, Failure> {
    let folder = tempfile::tempdir()?;
    let bank = Own::start(arguments.load_core, &["bank"])?;
    let service: SocketAddr = bank.told.trim().parse()?;
    let lanes = 4;
    let (gateway, started) = start_gateway(
        arguments.server_core,
        &folder.path().join("gateway"),
        service,
        lanes,
        arguments.flood_nonces,
    )?;
    let phones = phones::enrol_all(&started).await?;
    let mut flood = Flood {
        nonces_max: arguments.flood_nonces,
        steps: Vec::new(),
    };
    flood.note(resident_bytes(gateway.pid())?, &Round::default());
    for _ in 0..4 {
        let each = arguments.flood_nonces / 2 / lanes;
        let requests: Vec<_> = phones
            .iter()
            .map(|phone| phone.sign(SignedBy::Session, each))
            .collect::<Result<_, _>>()?;
        let to_lane = |requests| Lane {
            address: started.plain,
            tls: None,
            requests,
        };
        let sent: Vec<Lane<'_>> = requests.iter().map(|requests| to_lane(requests)).collect();
        let patience = Duration::from_secs(60);
        let (round, ()) = load::run(&sent, Pace::Closed, Supply::Once, patience, || ())?;
        flood.note(resident_bytes(gateway.pid())?, &round);
    }
    Ok(flood)
}
