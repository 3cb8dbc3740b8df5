//! A foreign implementation of RFC 9421 signs for the running gateway (conformance/).

use std::io::Write as _;
use std::process::{Command, Stdio};

use base64::Engine as _;
use hefu::demo::{Addresses, Demo};
use hefu_client::{DeviceInfo, Options, SoftwareKeyStore};
use hefu_tally::key::Algorithm;
use hefu_tally::messages::Platform;
use hefu_tally::trust::TrustFile;
use serde_json::{Value, json};

/// Set by `./test`, which installs what the script needs.
const PYTHON: &str = "HEFU_PYTHON";

#[test]
fn what_it_signs_is_accepted_and_what_it_tampers_with_is_refused() {
    let Some(python) = python() else {
        eprintln!("skipped: {PYTHON} is not set; run ./test, which installs the foreign client");
        return;
    };
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for algorithm in [Algorithm::Ed25519, Algorithm::EcdsaP256Sha256] {
        let (statuses, text) = runtime.block_on(judged(&python, algorithm));
        for (attempt, status) in statuses.as_object().unwrap() {
            let expected = match attempt.as_str() {
                "honest" | "honest_again" => 200,
                "function_changed" => 404,
                _ => 401,
            };
            assert_eq!(*status, expected, "{algorithm} {attempt}: {text}");
        }
        assert_eq!(statuses.as_object().unwrap().len(), 9);
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "the test runner names the interpreter"
)]
fn python() -> Option<String> {
    std::env::var(PYTHON).ok()
}

async fn judged(python: &str, algorithm: Algorithm) -> (Value, String) {
    let folder = tempfile::tempdir().unwrap();
    let listen = "127.0.0.1:0".parse().unwrap();
    let addresses = Addresses {
        gateway: listen,
        console: listen,
    };
    let demo = Demo::start(&folder.path().join("data"), addresses)
        .await
        .unwrap();

    let trust = TrustFile::from_json(demo.bundle().trust.to_string().as_bytes()).unwrap();
    let keys = std::sync::Arc::new(SoftwareKeyStore::in_memory());
    let options = Options {
        signature_algorithm: algorithm,
        ..Options::default()
    };
    let client = hefu_client::Client::new(trust.clone(), keys.clone(), options).unwrap();
    let info = DeviceInfo {
        platform: Platform::Other,
        model: "foreign".into(),
    };
    let code = demo.bundle().codes.first().unwrap();
    let enrolment = client.enrol(code, &info).await.unwrap();
    let phone = &demo.bundle().phones[0];
    let session = client
        .open_session(&phone.user, &phone.password)
        .await
        .unwrap();

    let (_, signature_key) = keys.dangerous_export(&enrolment.signature_key).unwrap();
    let (_, channel_key) = keys.dangerous_export(&enrolment.channel_key).unwrap();
    let file = |name: &str, text: &str| {
        let path = folder.path().join(name);
        std::fs::write(&path, text).unwrap();
        path
    };
    let task = json!({
        "origin": trust.origin,
        "ca": file("ca.pem", &trust.ca_pem),
        "certificate": file("device.pem", &enrolment.certificate_pem),
        "key": file("device.key", &pem(&channel_key)),
        "signature_key": pem(&without_public_half(algorithm, &signature_key)),
        "algorithm": algorithm.as_str(),
        "key_id": enrolment.device.to_string(),
        "authorization": session.dangerous_authorization(),
        "method": "GET",
        "path": demo.bundle().functions.read.own,
        "function": demo.bundle().functions.read.function,
        "body": "",
    });
    let script = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../conformance/rfc9421_client.py"
    );
    let python = python.to_owned();
    let output = tokio::task::spawn_blocking(move || {
        let mut child = Command::new(python)
            .arg(script)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        child
            .stdin
            .take()
            .unwrap()
            .write_all(task.to_string().as_bytes())
            .unwrap();
        child.wait_with_output().unwrap()
    })
    .await
    .unwrap();
    demo.stop().await;
    let text = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    (
        serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{text}")),
        text,
    )
}

/// The foreign library reads PKCS#8 of RFC 5208 only, without the public key that RFC 5958 adds.
fn without_public_half(algorithm: Algorithm, der: &[u8]) -> Vec<u8> {
    if algorithm != Algorithm::Ed25519 {
        return der.to_vec();
    }
    let head = [
        0x30, 0x2e, 2, 1, 0, 0x30, 5, 6, 3, 0x2b, 0x65, 0x70, 4, 0x22, 4, 0x20,
    ];
    [&head[..], &der[16..48]].concat()
}

fn pem(der: &[u8]) -> String {
    let body = base64::engine::general_purpose::STANDARD.encode(der);
    format!("-----BEGIN PRIVATE KEY-----\n{body}\n-----END PRIVATE KEY-----\n")
}
