//! `hefu keys ca|issue|renew|revoke` as an operator runs them, with OpenSSL as judge.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn run(folder: &Path, arguments: &str, input: &str) -> Output {
    let mut child = Command::new(env!("CARGO_BIN_EXE_hefu"))
        .args(arguments.split_ascii_whitespace())
        .current_dir(folder)
        .env_remove("HEFU_KEY_PASSWORD_FILE")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    // A command that refuses early may not read.
    let _ = child.stdin.take().unwrap().write_all(input.as_bytes());
    child.wait_with_output().unwrap()
}

fn good(folder: &Path, arguments: &str, input: &str) -> String {
    let output = run(folder, arguments, input);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "hefu {arguments}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

fn refused(folder: &Path, arguments: &str, input: &str) -> String {
    let output = run(folder, arguments, input);
    assert!(!output.status.success(), "hefu {arguments}");
    String::from_utf8(output.stderr).unwrap()
}

fn openssl(folder: &Path, arguments: &str) -> String {
    let output = Command::new("openssl")
        .args(arguments.split_ascii_whitespace())
        .current_dir(folder)
        .output()
        .expect("the openssl program is missing: run ./test, which installs what tests need");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "openssl {arguments}: {errors}");
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_authority_issues_renews_and_revokes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    good(
        folder,
        "keys ca root --subject CN=Root,O=Bank --iterations 1000",
        "root secret\n",
    );
    good(
        folder,
        "keys ca ca --under root --subject CN=Below,O=Bank --path-length 0 --days 700 --iterations 1000",
        "root secret\nca secret\n",
    );
    let issued = good(
        folder,
        "keys issue server --ca ca --subject CN=gateway,O=Bank --name gateway.example \
         --name 127.0.0.1 --out gateway --encryption aes --iterations 1000",
        "ca secret\ngateway secret\n",
    );
    assert!(issued.contains("hefu keys renew gateway"), "{issued}");

    let verify = "verify -vfyopt distid:1234567812345678 -partial_chain -x509_strict";
    openssl(folder, &format!("{verify} -CAfile root/ca.pem ca/ca.pem"));
    openssl(
        folder,
        &format!("{verify} -CAfile ca/ca.pem gateway/sign.pem gateway/enc.pem"),
    );
    let text = openssl(folder, "x509 -in gateway/sign.pem -noout -text");
    assert!(
        text.contains("DNS:gateway.example, IP Address:127.0.0.1"),
        "{text}"
    );
    // Keys are encrypted, readable by their owner alone, and those of the certificates.
    for name in ["sign", "enc"] {
        let of_certificate = openssl(
            folder,
            &format!("x509 -in gateway/{name}.pem -noout -pubkey"),
        );
        std::fs::write(folder.join("secret"), "gateway secret\n").unwrap();
        let of_key = openssl(
            folder,
            &format!("pkey -in gateway/{name}.key -passin file:secret -pubout"),
        );
        assert_eq!(of_certificate, of_key);
    }

    good(
        folder,
        "keys renew gateway --ca ca --out next --days 400 --iterations 1000",
        "ca secret\nnext secret\n",
    );
    let old = openssl(folder, "x509 -in gateway/sign.pem -noout -subject -pubkey");
    let new = openssl(folder, "x509 -in next/sign.pem -noout -subject -pubkey");
    assert_eq!(old.lines().next(), new.lines().next());
    assert_ne!(old, new);

    let serial = openssl(folder, "x509 -in gateway/sign.pem -noout -serial");
    let serial = serial.trim().trim_start_matches("serial=");
    good(
        folder,
        "keys revoke --ca ca --reason key-compromise gateway/sign.pem gateway/enc.pem",
        "ca secret\n",
    );
    let list = openssl(folder, "crl -in ca/ca.crl -noout -text");
    assert!(
        list.contains(serial) && list.contains("Key Compromise"),
        "{list}"
    );
    let error = refused(
        folder,
        "keys renew gateway --ca ca --out never",
        "ca secret\nx\n",
    );
    assert!(error.contains("was revoked"), "{error}");
}

#[test]
fn refusals_teach_the_next_step() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::write(folder.join("open"), "secret\n").unwrap();
    good(
        folder,
        "keys ca ca --subject CN=Root --days 30 --iterations 1000",
        "secret\n",
    );
    let issue = "keys issue server --subject CN=gateway --out gateway --iterations 1000";
    for (arguments, input, expected) in [
        (
            format!("{issue} --name a.example"),
            "wrong\nx\n",
            "password is wrong",
        ),
        (issue.to_owned(), "", "--name"),
        (format!("{issue} --name a_b!"), "", "neither a DNS name"),
        (
            format!("{issue} --name a.example"),
            "secret\nx\n",
            "name at most --days",
        ),
        (
            format!("{issue} --name a.example --days 9 --password-file open"),
            "x\n",
            "chmod 600",
        ),
        (format!("{issue} --name a.example"), "", "standard input"),
        ("keys ca ca --subject CN=Root".to_owned(), "secret\n", "ca"),
        ("keys ca b --subject nonsense".to_owned(), "secret\n", "CN="),
        (
            "keys revoke --serial xyz".to_owned(),
            "secret\n",
            "hexadecimal",
        ),
        (
            "keys revoke missing.pem".to_owned(),
            "secret\n",
            "missing.pem",
        ),
    ] {
        let error = refused(folder, &arguments, input);
        assert!(error.contains(expected), "{arguments}: {error}");
        assert!(!folder.join("gateway").exists(), "{arguments}");
    }
    let days = format!("{issue} --name a.example --days 9");
    good(folder, &days, "secret\nx\n");
    let help = good(folder, "keys revoke --help", "");
    assert!(help.contains("outdated list refuses everybody"), "{help}");
}
