//! Sessions with foreign peers, recorded by `examples/record.rs` with certificates and keys made for
//! it, and had again to the byte: what ours sends, what it reads, what it answers.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use hefu_gm::provider::Provider;
use hefu_gm::x509::ServerName;
use hefu_tlcp::verify::{ClientTrust, ServerTrust};
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConnection, Connection, ServerConfig,
    ServerConnection, Side,
};

use crate::peers;
use crate::support::Wire;
use crate::support::script::{Recording, Scripted, Step};
use crate::support::wire::{give, read_all, take};

/// Peer, our role, suite: the parts of the files' names.
const RECORDED: [(&str, &str, CipherSuite); 12] = [
    ("gotlcp", "client", CipherSuite::EccSm4GcmSm3),
    ("gotlcp", "client", CipherSuite::EccSm4CbcSm3),
    ("gotlcp", "server", CipherSuite::EccSm4GcmSm3),
    ("gotlcp", "server", CipherSuite::EccSm4CbcSm3),
    ("gotlcp", "client", CipherSuite::EcdheSm4GcmSm3),
    ("gotlcp", "client", CipherSuite::EcdheSm4CbcSm3),
    ("gotlcp", "server", CipherSuite::EcdheSm4GcmSm3),
    ("gotlcp", "server", CipherSuite::EcdheSm4CbcSm3),
    ("kona", "client", CipherSuite::EccSm4GcmSm3),
    ("kona", "client", CipherSuite::EccSm4CbcSm3),
    ("kona", "server", CipherSuite::EccSm4GcmSm3),
    ("kona", "server", CipherSuite::EccSm4CbcSm3),
];

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/recorded")
}

fn recording(peer: &str, role: &str, suite: CipherSuite) -> Recording {
    let name = format!("{peer}_{role}_{}.txt", suite.name());
    let text = std::fs::read_to_string(folder().join(name)).unwrap();
    Recording::parse(&text).unwrap()
}

#[test]
fn recorded_sessions_are_had_again_to_the_byte() {
    for (peer, role, suite) in RECORDED {
        let recording = recording(peer, role, suite);
        let again = Recording::parse(&recording.to_text()).unwrap();
        assert_eq!(again.steps, recording.steps);
        assert_eq!(
            replay(role, suite, &recording),
            Ok(()),
            "{peer} {role} {suite:?}"
        );
    }
}

/// The honest twin of this is above: a bit of any message from the peer is changed, and the session
/// does not go on as it was.
#[test]
fn a_changed_bit_of_a_recorded_session_is_noticed() {
    for (peer, role, suite) in RECORDED {
        let count = recording(peer, role, suite).steps.len();
        for number in 0..count {
            let mut changed = recording(peer, role, suite);
            let Step::In(bytes) = &mut changed.steps[number] else {
                continue;
            };
            let last = bytes.len() - 1;
            bytes[last] ^= 1;
            assert!(
                replay(role, suite, &changed).is_err(),
                "{peer} {role} {suite:?}: step {number}"
            );
        }
    }
}

fn replay(role: &str, suite: CipherSuite, recording: &Recording) -> Result<(), String> {
    let scripted = Arc::new(Scripted::replaying(recording.randomness.clone()));
    let provider: Arc<dyn Provider> = scripted.clone();
    let certificates = folder().join("certificates");
    let identity = peers::identity(&*provider, &certificates, role, false).unwrap();
    let trust = peers::trust(&certificates).unwrap();
    if role == "server" {
        let clients = ClientTrust::new(Arc::clone(&provider), trust);
        let config = ServerConfig::builder(provider, Arc::new(identity))
            .suites(&[suite])
            .client_auth(ClientAuth::Required(Arc::new(clients)))
            .build()
            .unwrap();
        let connection = ServerConnection::new(Arc::new(config), recording.now_s);
        follow(connection, &recording.steps)?;
    } else {
        let servers = ServerTrust::new(Arc::clone(&provider), trust);
        let config = ClientConfig::builder(provider, Arc::new(servers))
            .suites(&[suite])
            .identity(identity)
            .build()
            .unwrap();
        let name = ServerName::parse("gateway.example").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name, recording.now_s).unwrap();
        follow(connection, &recording.steps)?;
    }
    match scripted.used() == recording.randomness {
        true => Ok(()),
        false => Err("other randomness was used".to_owned()),
    }
}

fn follow<S: Side>(mut connection: Connection<S>, steps: &[Step]) -> Result<(), String> {
    for (number, step) in steps.iter().enumerate() {
        match step {
            Step::In(bytes) => give(&mut connection, bytes, Wire::Whole)
                .map_err(|error| format!("step {number}: {error}"))?,
            Step::Out(bytes) => {
                if take(&mut connection) != *bytes {
                    return Err(format!("step {number}: something else was sent"));
                }
            }
            Step::Hear(text) => {
                let mut heard = Vec::new();
                read_all(&mut connection, &mut heard);
                if heard != *text {
                    return Err(format!("step {number}: something else was read"));
                }
            }
            Step::Say(text) => connection.writer().write_all(text).unwrap(),
        }
    }
    Ok(())
}
