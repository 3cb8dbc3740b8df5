//! One port, two protocols: the same phones, guards and revocations over TLS and TLCP.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::process::{Command, Output};

use hefu::bundle::{PhoneError, enrol};
use hefu::deployment::{Deployment, Plan};
use hefu::keys::Keys;
use hefu::secret::MasterKey;
use hefu_client::{
    ChannelPolicy, Client, DeviceBundle, Method, Options, Protection, SendError, Session,
    SetupError,
};
use hefu_example_bank::{Bank, Database, OPENAPI};
use hefu_gateway::Origin;
use hefu_gateway::contract::Contract;
use hefu_gm::Zeroizing;
use hefu_gm::rng::SystemRng;
use hefu_identity::IdentityConfig;
use hefu_identity::password::NewPassword;
use hefu_store::DeviceStatus;
use hefu_tally::clock::{Clock as _, SystemClock};
use hefu_tally::trust::TrustFile;

const PASSWORD: &str = "tally-2019-test";

struct World {
    _folder: tempfile::TempDir,
    bank: Bank,
    deployment: Deployment,
    trust: TrustFile,
}

impl World {
    async fn start(tlcp: bool) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let any = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let bank = Bank::start(any, &Database::Memory).await.unwrap();
        bank.seed().await.unwrap();
        let keys = Keys::make(&MasterKey::make().unwrap(), SystemClock.now()).unwrap();
        let listen = std::net::TcpListener::bind(any)
            .unwrap()
            .local_addr()
            .unwrap();
        let origin = Origin::parse(&format!("https://localhost:{}", listen.port())).unwrap();
        let trust = keys.trust(origin.as_str()).unwrap();
        let plan = Plan {
            listen,
            origin,
            names: vec!["localhost".to_owned()],
            tlcp,
            workers: 1,
            limits: hefu_gateway::Limits::default(),
            service: bank.addr(),
            contract: Contract::parse(OPENAPI.as_bytes(), "openapi.yaml").unwrap(),
            data: folder.path().to_owned(),
            keys,
            identity: IdentityConfig::default(),
            operators: any,
            password: None,
        };
        let deployment = Deployment::start(plan).await.unwrap();
        let password = NewPassword::parse(Zeroizing::new(PASSWORD.to_owned())).unwrap();
        let users = &deployment.identity().users;
        users
            .add(
                "alice",
                "alice",
                password,
                SystemClock.now(),
                &mut SystemRng,
            )
            .await
            .unwrap();
        Self {
            _folder: folder,
            bank,
            deployment,
            trust,
        }
    }

    /// Enrols a phone under a code of its own.
    async fn enrol(&self, policy: ChannelPolicy) -> Result<DeviceBundle, PhoneError> {
        let enrolment = &self.deployment.identity().enrolment;
        let code = enrolment
            .make_code(None, SystemClock.now(), &mut SystemRng)
            .await
            .unwrap();
        let code = code.dangerous_text().to_string();
        enrol(&self.trust, &code, "test", options(policy)).await
    }

    async fn phone(&self, policy: ChannelPolicy) -> (Client, Session) {
        let phone = self.enrol(policy).await.unwrap();
        let client = phone.client(options(policy)).unwrap();
        let session = client.open_session("alice", PASSWORD).await.unwrap();
        (client, session)
    }

    async fn stop(self) {
        self.deployment.shutdown().await;
        self.bank.shutdown().await;
    }
}

fn options(channel: ChannelPolicy) -> Options {
    Options {
        channel,
        ..Options::default()
    }
}

async fn read(session: &Session) -> Result<u16, SendError> {
    let function = "A1002".parse().unwrap();
    let request = session.request(Method::GET, "/accounts/a-1001", function);
    request.send().await.map(|response| response.status())
}

#[test]
fn both_protocols_serve_on_one_port_and_a_revoked_device_is_out_at_once() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = World::start(true).await;
        for (policy, is_tlcp) in [
            (ChannelPolicy::Tls, false),
            (ChannelPolicy::Tlcp, true),
            (ChannelPolicy::TlcpWhereEquipped, true),
        ] {
            let (client, session) = world.phone(policy).await;
            assert_eq!(client.speaks_tlcp(), is_tlcp, "{policy:?}");
            // The connection stays open from here on.
            assert_eq!(read(&session).await.unwrap(), 200);
            assert_eq!(read(&session).await.unwrap(), 200);
            let device = client.enrolment().unwrap().device;
            let identity = world.deployment.identity();
            identity
                .set_device_status(device, DeviceStatus::Revoked, SystemClock.now())
                .await
                .unwrap();
            let Err(SendError::Refused(refusal)) = read(&session).await else {
                panic!("a revoked device was served over {policy:?}");
            };
            assert_eq!(refusal.status(), 401);
        }
        world.stop().await;
    });
}

/// A policy stands by what it says: where the gateway speaks no TLCP, a client that insists on it does
/// not fall back, and one that does not insist goes by what the trust file says.
#[test]
fn a_client_that_insists_on_tlcp_never_falls_back() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = World::start(false).await;
        for policy in [ChannelPolicy::Tlcp, ChannelPolicy::TlcpWhereEquipped] {
            assert!(world.enrol(policy).await.is_err(), "{policy:?}");
        }
        let (client, session) = world.phone(ChannelPolicy::Tls).await;
        assert!(!client.speaks_tlcp());
        assert_eq!(read(&session).await.unwrap(), 200);

        let mut without = world.trust.clone();
        without.tlcp_ca_pem = None;
        let keys = || std::sync::Arc::new(hefu_client::SoftwareKeyStore::in_memory());
        let insisting = Client::new(without.clone(), keys(), options(ChannelPolicy::Tlcp));
        assert!(matches!(insisting, Err(SetupError::NoTlcp)));
        let asking = options(ChannelPolicy::TlcpWhereEquipped);
        assert!(Client::new(without, keys(), asking).is_ok());
        world.stop().await;
    });
}

/// Renewal (PROTOCOL, section 5): the device stays the same, the old certificates open nothing more.
#[test]
fn a_device_renews_its_certificates_and_the_old_ones_are_nobodys() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = World::start(true).await;
        for policy in [ChannelPolicy::Tls, ChannelPolicy::Tlcp] {
            let phone = world.enrol(policy).await.unwrap();
            let client = phone.client(options(policy)).unwrap();
            let old = phone.enrolment.clone();
            assert_eq!(client.renew_if_due().await.unwrap(), None, "too early");

            // Not deleted with the old keys: a thief has copies.
            let thief = hefu_client::SoftwareKeyStore::in_memory();
            for key in old.keys() {
                let (algorithm, pkcs8) = phone.keys.dangerous_export(key).unwrap();
                thief.import(key, algorithm, &pkcs8).unwrap();
            }
            let due = Options {
                renew_before: std::time::Duration::from_secs(91 * 86_400),
                ..options(policy)
            };
            let client_due = phone.client(due).unwrap();
            let new = client_due.renew_if_due().await.unwrap().unwrap();
            assert_eq!(
                (new.device, &new.signature_key),
                (old.device, &old.signature_key)
            );
            assert_ne!(new.certificate_pem, old.certificate_pem);
            assert_ne!(new.tlcp.is_some(), policy == ChannelPolicy::Tls);

            let session = client_due.open_session("alice", PASSWORD).await.unwrap();
            assert_eq!(read(&session).await.unwrap(), 200);
            for key in old.keys() {
                let is_kept = key == &old.signature_key;
                assert_eq!(phone.keys.dangerous_export(key).is_ok(), is_kept, "{key}");
            }
            let thief = std::sync::Arc::new(thief);
            let stolen = Client::new(world.trust.clone(), thief, options(policy)).unwrap();
            let stolen = stolen.with_enrolment(old).unwrap();
            let refused = stolen.open_session("alice", PASSWORD).await;
            assert!(refused.is_err(), "{policy:?}");
        }
        world.stop().await;
    });
}

/// The same as an operator does it, with the device in a file.
#[test]
fn the_command_renews_a_device_in_its_file() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let world = World::start(true).await;
        for policy in [ChannelPolicy::Tls, ChannelPolicy::Tlcp] {
            let phone = world.enrol(policy).await.unwrap();
            let folder = tempfile::tempdir().unwrap();
            let (file, copy) = (
                folder.path().join("device.json"),
                folder.path().join("copy"),
            );
            phone.save(&file, Protection::DangerousNone).unwrap();
            phone.save(&copy, Protection::DangerousNone).unwrap();
            let load = |path: &Path| DeviceBundle::load(path, Protection::DangerousNone).unwrap();

            let too_early = renew(&file, &["--within", "30"]).await;
            assert!(too_early.status.success());
            assert_eq!(load(&file).enrolment, phone.enrolment);

            for more in [&["--within", "91"][..], &[]] {
                let before = load(&file).enrolment;
                let output = renew(&file, more).await;
                let errors = String::from_utf8_lossy(&output.stderr);
                assert!(output.status.success(), "{policy:?}: {errors}");
                let after = load(&file).enrolment;
                assert_eq!(after.device, before.device);
                assert_ne!(after.certificate_pem, before.certificate_pem);
                assert_eq!(after.tlcp.is_some(), before.tlcp.is_some());
            }
            let client = load(&file).client(options(policy)).unwrap();
            let session = client.open_session("alice", PASSWORD).await.unwrap();
            assert_eq!(read(&session).await.unwrap(), 200);

            // What was copied before opens nothing: the way back is named, and the file stays.
            let refused = renew(&copy, &[]).await;
            let errors = String::from_utf8_lossy(&refused.stderr);
            assert!(!refused.status.success());
            assert!(errors.contains("hefu device enrol"), "{errors}");
            assert_eq!(load(&copy).enrolment, phone.enrolment);
        }
        world.stop().await;
    });
}

async fn renew(device: &Path, more: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hefu"));
    command.args(["device", "renew", "--device"]).arg(device);
    command.args(more);
    let run = move || command.output().unwrap();
    tokio::task::spawn_blocking(run).await.unwrap()
}
