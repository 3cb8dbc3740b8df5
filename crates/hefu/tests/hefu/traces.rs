//! Traces reach an OpenTelemetry collector: a span a request, and nothing of a customer in it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::sync::mpsc;

use hefu_example_bank::{Bank, Database};

use crate::kill::{PASSWORD, free_port, init, run_with_input, serve, stop};

#[test]
fn a_collector_gets_a_span_a_request() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let bank = runtime.block_on(async {
        let bank = Bank::start("127.0.0.1:0".parse().unwrap(), &Database::Memory)
            .await
            .unwrap();
        bank.seed().await.unwrap();
        bank
    });
    let collector = TcpListener::bind("127.0.0.1:0").unwrap();
    let endpoint = format!("http://{}/v1/traces", collector.local_addr().unwrap());
    init(folder.path(), &bank.addr().to_string(), free_port());
    let config = folder.path().join("hefu.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    let commented = "#otlp_endpoint = \"http://127.0.0.1:4318/v1/traces\"";
    assert!(
        text.contains(commented),
        "the configuration explains the key"
    );
    let text = text.replace(commented, &format!("otlp_endpoint = {endpoint:?}"));
    std::fs::write(&config, text).unwrap();
    let (received, exports) = mpsc::channel();
    std::thread::spawn(move || collect(&collector, &received));

    let user = ["user", "add", "alice", "--subject", "alice"];
    run_with_input(folder.path(), &user, PASSWORD);
    let mut gateway = serve(folder.path());
    let code = run_with_input(folder.path(), &["device", "code"], "");
    let enrol = ["device", "enrol", "--trust", "trust.json"];
    run_with_input(folder.path(), &enrol, code.trim());
    let call = [
        "call",
        "GET",
        "/accounts/a-1001",
        "--function",
        "A1002",
        "--user",
        "alice",
    ];
    let answer = run_with_input(folder.path(), &call, PASSWORD);
    assert!(answer.contains("a-1001"), "{answer}");
    // What was not sent yet is sent before it ends.
    stop(&mut gateway);

    let body: Vec<u8> = exports.try_iter().flatten().collect();
    let has = |text: &str| body.windows(text.len()).any(|part| part == text.as_bytes());
    assert!(has("request") && has("A1002") && has("ok"), "{body:?}");
    for private in ["a-1001", "alice", PASSWORD] {
        assert!(!has(private), "{private}");
    }
    runtime.block_on(bank.shutdown());
}

/// Takes what is exported, one connection after the other.
fn collect(collector: &TcpListener, received: &mpsc::Sender<Vec<u8>>) {
    for stream in collector.incoming() {
        let mut stream = BufReader::new(stream.unwrap());
        loop {
            let mut bytes = 0;
            let mut line = String::new();
            while stream.read_line(&mut line).is_ok_and(|count| count > 2) {
                let lower = line.to_ascii_lowercase();
                if let Some(length) = lower.strip_prefix("content-length:") {
                    bytes = length.trim().parse().unwrap();
                }
                line.clear();
            }
            let mut body = vec![0; bytes];
            if bytes == 0 || stream.read_exact(&mut body).is_err() {
                break;
            }
            received.send(body).unwrap();
            let answer = b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n";
            stream.get_mut().write_all(answer).unwrap();
        }
    }
}
