//! Sessions taken up again, and those that are not.

use std::sync::Arc;

use hefu_tlcp::session::MemorySessions;
use hefu_tlcp::verify::Revocations;
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConfigBuilder, Error, SESSION_AGE_S, ServerConfig,
    ServerConfigBuilder,
};

use crate::support::pki::NOW_S;
use crate::support::pki::mutual;
use crate::support::wire::{give, send, take};
use crate::support::{Pair, Wire, pki};

struct World {
    client: Arc<ClientConfig>,
    server: Arc<ServerConfig>,
    client_sessions: Arc<MemorySessions>,
    server_sessions: Arc<MemorySessions>,
}

impl World {
    fn new(client: ClientConfigBuilder, server: ServerConfigBuilder) -> Self {
        let client_sessions = Arc::new(MemorySessions::new(8));
        let server_sessions = Arc::new(MemorySessions::new(8));
        Self {
            client: Arc::new(client.sessions(client_sessions.clone()).build().unwrap()),
            server: Arc::new(server.sessions(server_sessions.clone()).build().unwrap()),
            client_sessions,
            server_sessions,
        }
    }

    fn connect_at(&self, now_s: i64) -> Pair {
        let mut pair = Pair::at(&self.client, &self.server, now_s);
        pair.connect();
        assert_eq!(pair.client.is_resumed(), pair.server.is_resumed());
        pair
    }

    fn resumes_at(&self, now_s: i64) -> bool {
        self.connect_at(now_s).client.is_resumed()
    }
}

#[test]
fn every_suite_takes_its_session_up_again() {
    for suite in CipherSuite::ALL {
        let (client, server) = mutual(suite);
        let world = World::new(client, server);
        assert!(!world.resumes_at(NOW_S));
        for wire in [Wire::Whole, Wire::Pieces(1)] {
            let mut pair = Pair::shared(&world.client, &world.server);
            let outcome = pair.shake(wire);
            assert_eq!((outcome.client, outcome.server), (Ok(()), Ok(())));
            assert!(pair.client.is_resumed() && pair.server.is_resumed());
            assert_eq!(pair.server.suite(), Some(suite));
            // Who the peers are is known from the full handshake.
            assert_eq!(
                pair.server.peer_certificate(),
                pki().client.certificates().first()
            );
            let Pair { client, server } = &mut pair;
            assert_eq!(send(client, server, b"ping", wire), b"ping");
            assert_eq!(send(server, client, b"pong", wire), b"pong");
        }
    }
}

#[test]
fn only_for_as_long_as_both_sides_say() {
    let world = World::new(pki().client_config(), pki().server_config());
    assert!(!world.resumes_at(NOW_S));
    assert!(world.resumes_at(NOW_S + SESSION_AGE_S));
    assert!(!world.resumes_at(NOW_S + SESSION_AGE_S + 1));

    // A client that keeps sessions for longer gets a full handshake.
    let world = World::new(
        pki().client_config().session_age_s_max(SESSION_AGE_S * 2),
        pki().server_config(),
    );
    assert!(!world.resumes_at(NOW_S));
    assert!(!world.resumes_at(NOW_S + SESSION_AGE_S + 1));
    // A clock that went back does not make a session younger.
    assert!(!world.resumes_at(NOW_S));
}

/// A session does not outlive the certificates that it rests on.
#[test]
fn not_after_a_certificate_expired() {
    let world = World::new(
        pki().client_config().session_age_s_max(i64::MAX),
        pki().server_config().session_age_s_max(i64::MAX),
    );
    assert!(!world.resumes_at(NOW_S));
    let end_s = NOW_S + 365 * 86_400;
    assert!(world.resumes_at(end_s));
    let mut pair = Pair::at(&world.client, &world.server, end_s + 1);
    assert!(pair.shake(Wire::Whole).client.is_err());
    assert!(!pair.client.is_resumed());
}

#[test]
fn not_after_either_side_forgot() {
    let world = World::new(pki().client_config(), pki().server_config());
    assert!(!world.resumes_at(NOW_S));
    assert!(world.resumes_at(NOW_S));
    world.server_sessions.retain(|_| false);
    assert!(!world.resumes_at(NOW_S));
    assert!(world.resumes_at(NOW_S));
    let holder = pki().server.certificates()[0].subject();
    world
        .client_sessions
        .retain(|session| session.peer().unwrap().sign.subject() != holder);
    assert!(!world.resumes_at(NOW_S));
}

/// What a full handshake would ask is asked here too.
#[test]
fn not_without_certificates_that_are_required_meanwhile() {
    let sessions = Arc::new(MemorySessions::new(8));
    let client = Arc::new(
        pki()
            .client_config_without_identity()
            .sessions(Arc::new(MemorySessions::new(8)))
            .build()
            .unwrap(),
    );
    let server = |clients| {
        Arc::new(
            pki()
                .server_config()
                .client_auth(clients)
                .sessions(sessions.clone())
                .build()
                .unwrap(),
        )
    };
    let trust = Arc::new(pki().client_trust());
    let optional = server(ClientAuth::Optional(trust.clone()));
    Pair::shared(&client, &optional).connect();
    let mut pair = Pair::shared(&client, &optional);
    pair.connect();
    assert!(pair.server.is_resumed());
    let mut pair = Pair::shared(&client, &server(ClientAuth::Required(trust)));
    let outcome = pair.shake(Wire::Whole);
    assert!(!pair.server.is_resumed());
    assert!(matches!(outcome.server, Err(Error::Certificate(_))));
}

/// A key that leaked is revoked, and its sessions end with it.
#[test]
fn not_after_a_certificate_was_revoked() {
    let revocations = Arc::new(Revocations::default());
    let clients = pki()
        .client_trust()
        .with_revocations(Arc::clone(&revocations));
    let server = pki()
        .server_config()
        .client_auth(ClientAuth::Required(Arc::new(clients)));
    let world = World::new(pki().client_config(), server);
    assert!(!world.resumes_at(NOW_S));
    assert!(world.resumes_at(NOW_S));
    revocations.replace(vec![pki().crl_of(&pki().client.certificates()[0])]);
    let mut pair = Pair::shared(&world.client, &world.server);
    assert!(pair.shake(Wire::Whole).server.is_err());
    assert!(!pair.server.is_resumed());
}

/// A connection that failed takes its session with it (6.4.5.2.1).
#[test]
fn not_after_the_connection_failed() {
    let world = World::new(pki().client_config(), pki().server_config());
    let mut pair = world.connect_at(NOW_S);
    let bytes = [23, 1, 1, 0, 3, 1, 2, 3];
    assert!(give(&mut pair.server, &bytes, Wire::Whole).is_err());
    let alert = take(&mut pair.server);
    assert!(give(&mut pair.client, &alert, Wire::Whole).is_err());
    assert_eq!(world.client_sessions.count(), 0);
    assert_eq!(world.server_sessions.count(), 0);
    assert!(!world.resumes_at(NOW_S));
}

/// Identifiers go over the wire in clear: who repeats one learns nothing, and ends nothing.
#[test]
fn a_stranger_cannot_end_a_session() {
    let world = World::new(pki().client_config(), pki().server_config());
    assert!(!world.resumes_at(NOW_S));
    let mut pair = Pair::shared(&world.client, &world.server);
    let hello = take(&mut pair.client);
    give(&mut pair.server, &hello, Wire::Whole).unwrap();
    assert!(pair.server.is_resumed());
    let bytes = [20, 1, 1, 0, 1, 1, 22, 1, 1, 0, 3, 1, 2, 3];
    assert!(give(&mut pair.server, &bytes, Wire::Whole).is_err());
    assert!(world.resumes_at(NOW_S));
}

#[test]
fn the_oldest_makes_room() {
    let sessions = Arc::new(MemorySessions::new(2));
    let server = pki().server_config().sessions(sessions.clone());
    let server = Arc::new(server.build().unwrap());
    let client = Arc::new(pki().client_config().build().unwrap());
    for _ in 0..4 {
        Pair::shared(&client, &server).connect();
    }
    assert_eq!(sessions.count(), 2);
}
