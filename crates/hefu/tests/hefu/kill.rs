//! The gateway is killed in the middle of its work: nothing that was acknowledged is lost, and
//! nothing that was accepted is accepted again.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use hefu_client::wire::PreparedRequest;
use hefu_client::{Client, DeviceBundle, DeviceInfo, Method, Options, SoftwareKeyStore};
use hefu_example_bank::{Bank, Database, OPENAPI};
use hefu_tally::messages::Platform;
use hefu_tally::trust::TrustFile;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

pub(crate) const PASSWORD: &str = "tally-2019-test";
/// Requests in flight when the gateway is killed.
const REQUESTS: usize = 200;

#[test]
#[expect(
    clippy::zombie_processes,
    reason = "each gateway is waited for, one after its kill"
)]
fn a_killed_gateway_loses_nothing_acknowledged_and_lets_no_replay_in() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let folder = tempfile::tempdir().unwrap();
        let bank = Bank::start("127.0.0.1:0".parse().unwrap(), &Database::Memory)
            .await
            .unwrap();
        bank.seed().await.unwrap();
        let port = free_port();
        init(folder.path(), &bank.addr().to_string(), port);
        run_with_input(
            folder.path(),
            &["user", "add", "alice", "--subject", "alice"],
            PASSWORD,
        );
        let mut gateway = serve(folder.path());

        // A device is enrolled and a session opened: both are acknowledged writes.
        let code = run_with_input(folder.path(), &["device", "code"], "");
        let trust = std::fs::read(folder.path().join("trust.json")).unwrap();
        let trust = TrustFile::from_json(&trust).unwrap();
        let keys = Arc::new(SoftwareKeyStore::in_memory());
        let client = Client::new(trust.clone(), keys.clone(), Options::default()).unwrap();
        let info = DeviceInfo {
            platform: Platform::Other,
            model: "test".into(),
        };
        let enrolment = client.enrol(code.trim(), &info).await.unwrap();
        let phone = DeviceBundle {
            trust,
            enrolment,
            keys,
        };
        let session = client.open_session("alice", PASSWORD).await.unwrap();

        let prepare = || {
            session
                .request(Method::GET, "/accounts/a-1001", "A1002".parse().unwrap())
                .prepare()
                .unwrap()
        };
        let captured: Vec<PreparedRequest> = (0..REQUESTS).map(|_| prepare()).collect();
        let mut acknowledged = Vec::new();
        for (index, request) in captured.iter().enumerate() {
            if let Some(200) = send(&phone, port, request).await {
                acknowledged.push(request);
            }
            if index == REQUESTS / 2 {
                gateway.kill().unwrap();
                gateway.wait().unwrap();
                break;
            }
        }
        assert!(acknowledged.len() > REQUESTS / 4, "{}", acknowledged.len());

        let mut gateway = serve(folder.path());
        for request in &acknowledged {
            let status = send(&phone, port, request).await;
            assert_eq!(status, Some(401), "an accepted request was accepted again");
        }
        // Device and session are still there: an honest new request passes.
        assert_eq!(send(&phone, port, &prepare()).await, Some(200));

        // Every acknowledged request left its event.
        stop(&mut gateway);
        let store = hefu_store::sqlite::SqliteStore::open(&folder.path().join("hefu-data/hefu.db"))
            .await
            .unwrap();
        let allowed = allowed_events(&store).await;
        assert!(
            allowed > acknowledged.len(),
            "{allowed} of {}",
            acknowledged.len() + 1
        );
        bank.shutdown().await;
    });
}

async fn allowed_events(store: &hefu_store::sqlite::SqliteStore) -> usize {
    use hefu_store::{EventFilter, EventOutcome, EventPage, Events as _};
    let filter = EventFilter {
        function: Some("A1002".into()),
        ..EventFilter::default()
    };
    let page = EventPage::Newest { rows_max: 1_000 };
    let events = store.events(&filter, page).await.unwrap();
    events
        .iter()
        .filter(|event| event.outcome == EventOutcome::Allowed)
        .count()
}

pub(crate) fn init(folder: &Path, service: &str, port: u16) {
    let origin = format!("https://localhost:{port}");
    let status = Command::new(env!("CARGO_BIN_EXE_hefu"))
        .current_dir(folder)
        .args(["init", ".", "--service", service, "--origin", &origin])
        .stdout(Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    std::fs::write(folder.join("openapi.yaml"), OPENAPI).unwrap();
    let config = folder.join("hefu.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let text = text
        .replace("listen = \"0.0.0.0:", "listen = \"127.0.0.1:")
        .replace("#listen = \"127.0.0.1:8444\"", "listen = \"127.0.0.1:0\"");
    std::fs::write(&config, text).unwrap();
}

pub(crate) fn run_with_input(folder: &Path, arguments: &[&str], input: &str) -> String {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_hefu"))
        .current_dir(folder)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut stdin = child.stdin.take().unwrap();
    stdin.write_all(format!("{input}\n").as_bytes()).unwrap();
    drop(stdin);
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "{arguments:?}");
    String::from_utf8(output.stdout).unwrap()
}

/// Starts the gateway and waits until it says that it serves.
pub(crate) fn serve(folder: &Path) -> Child {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hefu"))
        .current_dir(folder)
        .args(["serve"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let line = lines.next().unwrap().unwrap();
    assert!(line.starts_with("Protecting"), "{line}");
    // The rest of its output is read so that it never waits for a reader.
    std::thread::spawn(move || lines.count());
    child
}

pub(crate) fn stop(child: &mut Child) {
    let id = child.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(child.wait().unwrap().success());
}

pub(crate) fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap()
        .port()
}

/// Sends the very bytes of a prepared request over a connection of the device; none when there is
/// no answer.
async fn send(phone: &DeviceBundle, port: u16, request: &PreparedRequest) -> Option<u16> {
    let tls = phone
        .client(Options::default())
        .unwrap()
        .tls_config()
        .unwrap();
    let tcp = tokio::net::TcpStream::connect(("127.0.0.1", port))
        .await
        .ok()?;
    let name = "localhost".try_into().unwrap();
    let mut stream = tokio_rustls::TlsConnector::from(tls)
        .connect(name, tcp)
        .await
        .ok()?;
    stream.write_all(&request.to_bytes()).await.ok()?;
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.ok()?;
    std::str::from_utf8(&head[9..]).ok()?.parse().ok()
}
