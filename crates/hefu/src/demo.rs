//! A bank, its gateway and its phones on one machine: honest traffic, then every probe.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use hefu_assess::bundle::{Bundle, Failing, Functions, Masked, Read, Schema, Sensitive, Write};
use hefu_client::{ChannelPolicy, Method, Session};
use hefu_example_bank::{Bank, Database, OPENAPI, PAYMENT_PASSWORD};
use hefu_gateway::Origin;
use hefu_gateway::contract::Contract;
use hefu_gm::Zeroizing;
use hefu_gm::rng::SystemRng;
use hefu_identity::password::NewPassword;
use hefu_identity::{Identity, IdentityConfig};
use hefu_tally::clock::{Clock as _, SystemClock};
use hefu_tally::function::FunctionNo;
use hefu_tally::trust::TrustFile;
use serde::Serialize;
use serde_json::{Value, json};

use crate::bundle::{enrol, expired, expired_tlcp, for_assessor};
use crate::deployment::{Deployment, Plan};
use crate::files;
use crate::keys::Keys;
use crate::secret::MasterKey;

/// What goes wrong in a demo, in words for the person who watches.
pub type DemoError = Box<dyn std::error::Error>;

/// Both demo customers' login password. They exist on this machine and in the demo alone.
const PASSWORD: &str = "tally-2019-demo";
/// Requests that each phone sends in the honest part.
const HONEST_ROUNDS: usize = 5;

/// Honest traffic, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Honest {
    /// Requests sent.
    pub sent: usize,
    /// Requests that did not pass.
    pub failed: usize,
}

/// A phone of the demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Phone {
    /// Whose it is.
    pub user: &'static str,
    /// What protects its channels: `tls` or `tlcp`.
    pub channel: &'static str,
}

/// A running demo.
#[derive(Debug)]
pub struct Demo {
    bank: Bank,
    deployment: Deployment,
    trust: TrustFile,
    sessions: Vec<(&'static str, Session)>,
    channels: Vec<Phone>,
    bundle: Bundle,
    password: Zeroizing<String>,
}

/// Where a demo listens.
#[derive(Clone, Copy, Debug)]
pub struct Addresses {
    /// The gateway.
    pub gateway: SocketAddr,
    /// The console.
    pub console: SocketAddr,
}

impl Demo {
    /// Makes keys, starts bank, gateway and console, enrols two phones and logs them in.
    ///
    /// # Errors
    /// With what did not start.
    pub async fn start(data: &Path, addresses: Addresses) -> Result<Self, DemoError> {
        let bank_listen = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
        let bank = Bank::start(bank_listen, &Database::Memory).await?;
        bank.seed().await?;

        let (keys, now) = (keys_in(data)?, SystemClock.now());
        let authority = Arc::clone(&keys.authority);
        // The port is known only now where it was left to the system.
        let gateway = free_port(addresses.gateway)?;
        let origin = Origin::parse(&format!("https://localhost:{}", gateway.port()))?;
        let trust = keys.trust(origin.as_str())?;
        let password = crate::commands::make_password()?;
        let deployment = Deployment::start(Plan {
            listen: gateway,
            origin,
            names: vec!["localhost".to_owned()],
            tlcp: true,
            workers: std::thread::available_parallelism().map_or(1, std::num::NonZero::get),
            limits: hefu_gateway::Limits::default(),
            service: bank.addr(),
            contract: Contract::parse(OPENAPI.as_bytes(), "openapi.yaml")?,
            data: data.to_owned(),
            keys,
            identity: IdentityConfig::default(),
            operators: addresses.console,
            password: Some(Zeroizing::new(password.as_bytes().to_vec())),
        })
        .await?;

        let identity = deployment.identity();
        let mut phones = Vec::new();
        let mut sessions = Vec::new();
        let mut channels = Vec::new();
        for (user, channel) in [
            ("alice", ChannelPolicy::Tls),
            ("bob", ChannelPolicy::TlcpWhereEquipped),
        ] {
            add_user(identity, user).await?;
            let code = make_code(identity).await?;
            // Both are equipped for both; each opens its sessions over its own.
            let equipped = options(ChannelPolicy::TlcpWhereEquipped);
            let phone = enrol(&trust, &code, "simulated phone", equipped).await?;
            let client = phone.client(options(channel))?;
            channels.push(Phone {
                user,
                channel: if client.speaks_tlcp() { "tlcp" } else { "tls" },
            });
            sessions.push((user, client.open_session(user, PASSWORD).await?));
            phones.push(for_assessor(&phone, user, PASSWORD)?);
        }
        let device = phones.first().ok_or("no phone was enrolled")?.device;
        let bundle = Bundle {
            version: 1,
            trust: serde_json::from_str(&trust.to_json()?)?,
            codes: vec![make_code(identity).await?, make_code(identity).await?],
            expired: Some(expired(&authority, device, now)?),
            expired_tlcp: expired_tlcp(&authority, device, now)?,
            phones,
            functions: functions(),
        };
        Ok(Self {
            bank,
            deployment,
            trust,
            sessions,
            channels,
            bundle,
            password,
        })
    }

    /// What the assessor needs to attack it.
    #[must_use]
    pub const fn bundle(&self) -> &Bundle {
        &self.bundle
    }

    /// The phones, and what each speaks.
    #[must_use]
    pub fn phones(&self) -> &[Phone] {
        &self.channels
    }

    /// The gateway's origin.
    #[must_use]
    pub fn origin(&self) -> &str {
        &self.trust.origin
    }

    /// Where the console is.
    #[must_use]
    pub fn console(&self) -> SocketAddr {
        self.deployment.operators()
    }

    /// The console's password.
    #[must_use]
    pub fn console_password(&self) -> &str {
        &self.password
    }

    /// Sends what customers send, from both phones, and checks that money is conserved.
    ///
    /// # Errors
    /// When the bank cannot say what it holds.
    pub async fn honest_traffic(&self) -> Result<Honest, DemoError> {
        let before = self.bank.totals().await?;
        let mut honest = Honest::default();
        for round in 0..HONEST_ROUNDS {
            for (user, session) in &self.sessions {
                for outcome in customer(session, user, round).await {
                    honest.sent += 1;
                    honest.failed += usize::from(!outcome);
                }
            }
        }
        if self.bank.totals().await? != before {
            honest.failed += 1;
        }
        Ok(honest)
    }

    /// Logs the phones out, lets requests in flight end, and stops everything.
    pub async fn stop(self) {
        for (_, session) in &self.sessions {
            // A probe's newer login may have ended this one, and a flood may still be answered with
            // a refusal; whatever is left open ends with the deployment.
            let _ = session.close().await;
        }
        self.deployment.shutdown().await;
        self.bank.shutdown().await;
    }
}

fn options(channel: ChannelPolicy) -> hefu_client::Options {
    hefu_client::Options {
        channel,
        ..hefu_client::Options::default()
    }
}

/// One customer's round: look, compare, pay.
async fn customer(session: &Session, user: &str, round: usize) -> Vec<bool> {
    let (own, other) = if user == "alice" {
        ("a-1001", "a-1003")
    } else {
        ("a-1003", "a-1001")
    };
    let get = async |path: &str, function: &str| {
        let Ok(function) = function.parse::<FunctionNo>() else {
            return false;
        };
        let response = session.request(Method::GET, path, function).send().await;
        response.is_ok_and(|response| response.is_success())
    };
    let mut outcomes = vec![
        get(&format!("/customers/{user}"), "C1001").await,
        get(&format!("/customers/{user}/accounts"), "A1001").await,
        get(&format!("/accounts/{own}"), "A1002").await,
        get("/quotes/600519.SH", "Q3002").await,
    ];
    outcomes.push(pay(session, own, other, round).await.is_ok());
    outcomes
}

async fn pay(session: &Session, from: &str, to: &str, round: usize) -> Result<(), DemoError> {
    let body = json!({
        "from_account": from,
        "to_account": to,
        "amount_cents": 100 + round,
        "memo": "lunch",
        "payment_password": PAYMENT_PASSWORD,
    });
    let key = hefu_tally::nonce::make(&mut SystemRng)?;
    let response = session
        .request(Method::POST, "/transfers", "T2001".parse()?)
        .json(&body)
        .seal("/payment_password")
        .window(hefu_tally::time::Window::from_secs(30).ok_or("window")?)
        .signed_by_device()
        .idempotency_key(&key)
        .send()
        .await?;
    if response.is_success() {
        Ok(())
    } else {
        Err("the transfer did not pass".into())
    }
}

async fn add_user(identity: &Identity, user: &str) -> Result<(), DemoError> {
    let password = NewPassword::parse(Zeroizing::new(PASSWORD.to_owned()))?;
    let added = identity
        .users
        .add(user, user, password, SystemClock.now(), &mut SystemRng)
        .await;
    match added {
        // A data folder that was kept has the customers already.
        Ok(()) | Err(hefu_identity::users::AddUserError::Exists) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

async fn make_code(identity: &Identity) -> Result<String, DemoError> {
    let code = identity
        .enrolment
        .make_code(None, SystemClock.now(), &mut SystemRng)
        .await?;
    Ok(code.dangerous_text().to_string())
}

fn keys_in(data: &Path) -> Result<Keys, DemoError> {
    files::make_private_folder(data)?;
    let path = data.join("master.key");
    if path.exists() {
        return Ok(Keys::load(data, &MasterKey::load(&path)?)?);
    }
    let master = MasterKey::make()?;
    master.save(&path)?;
    // Three days ago, so that the authority can issue the certificate that expired yesterday.
    let keys = Keys::make(&master, SystemClock.now().plus_secs(-3 * 86_400))?;
    keys.save(data, &master)?;
    Ok(keys)
}

/// The address itself, or one with a free port where it leaves the port to the system.
fn free_port(address: SocketAddr) -> std::io::Result<SocketAddr> {
    if address.port() != 0 {
        return Ok(address);
    }
    std::net::TcpListener::bind(address)?.local_addr()
}

/// What the probes may call at the sample bank.
fn functions() -> Functions {
    let masked = |pointer: &str, mask: &str, value: &str| Masked {
        pointer: pointer.to_owned(),
        mask: mask.to_owned(),
        value: value.to_owned(),
    };
    let transfer = |from: &str, to: &str| -> Value {
        json!({
            "from_account": from,
            "to_account": to,
            "amount_cents": 1,
            "memo": "probe",
            "payment_password": PAYMENT_PASSWORD,
        })
    };
    Functions {
        read: Read {
            function: "A1002".to_owned(),
            own: "/accounts/a-1001".to_owned(),
            foreign: "/accounts/a-1003".to_owned(),
            missing: "/accounts/a-9999".to_owned(),
        },
        sensitive: Sensitive {
            function: "C1001".to_owned(),
            path: "/customers/alice".to_owned(),
            masked: vec![
                masked("/name", "name", "李爱丽"),
                masked("/phone", "phone", "13800138000"),
                masked("/id_number", "id-number", "110101190001010014"),
                masked("/card", "card", "6200000000001001015"),
                masked("/email", "email", "alice@example.com"),
                masked("/address", "address", "北京市朝阳区示例路一号院二单元"),
            ],
        },
        write: Write {
            function: "T2001".to_owned(),
            path: "/transfers".to_owned(),
            body: transfer("a-1001", "a-1003"),
            foreign_body: transfer("a-1003", "a-1001"),
            sealed: vec!["/payment_password".to_owned()],
            window_s: 30,
        },
        schema: Schema {
            function: "E9001".to_owned(),
            path: "/echo".to_owned(),
            body: json!({ "message": "hello", "count": 3, "phone": "13800138000" }),
            text: "/message".to_owned(),
            number: "/count".to_owned(),
            format: "/phone".to_owned(),
        },
        failing: Some(Failing {
            function: "L9001".to_owned(),
            path: "/leaks/stack-trace".to_owned(),
        }),
    }
}
