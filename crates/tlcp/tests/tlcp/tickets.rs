//! Sessions that clients keep for servers: those that are taken up again, and all that end in a full
//! handshake instead.

use std::sync::Arc;

use hefu_gm::rng::SystemRng;
use hefu_gm::sm4;
use hefu_tlcp::messages::{ClientHello, HandshakeType, ServerHello, SessionId};
use hefu_tlcp::session::MemorySessions;
use hefu_tlcp::verify::Revocations;
use hefu_tlcp::{
    CipherSuite, ClientAuth, ClientConfig, ClientConfigBuilder, Error, PeerError, SESSION_AGE_S,
    ServerConfig, ServerConfigBuilder, ServerConnection, TICKET_BYTES_MAX, TicketKeys,
};

use crate::support::pki::{NOW_S, mutual};
use crate::support::wire::{give, send, take};
use crate::support::{Pair, Wire, pki};

fn make_key() -> sm4::Key {
    sm4::Key::make(&mut SystemRng).unwrap()
}

fn make_keys() -> Arc<TicketKeys> {
    Arc::new(TicketKeys::new(Arc::clone(&pki().provider), &make_key()).unwrap())
}

/// A client that keeps tickets.
fn keeping(client: ClientConfigBuilder) -> Arc<ClientConfig> {
    let client = client.sessions(Arc::new(MemorySessions::new(8)));
    Arc::new(client.tickets(true).build().unwrap())
}

/// A server that gives tickets and keeps nothing.
fn giving(server: ServerConfigBuilder, keys: &Arc<TicketKeys>) -> Arc<ServerConfig> {
    Arc::new(server.tickets(Arc::clone(keys)).build().unwrap())
}

fn resumes_at(client: &Arc<ClientConfig>, server: &Arc<ServerConfig>, now_s: i64) -> bool {
    let mut pair = Pair::at(client, server, now_s);
    pair.connect();
    assert_eq!(pair.client.is_resumed(), pair.server.is_resumed());
    assert_eq!(
        pair.server.peer_certificate(),
        pki().client.certificates().first()
    );
    let Pair { client, server } = &mut pair;
    assert_eq!(send(client, server, b"ping", Wire::Whole), b"ping");
    pair.client.is_resumed()
}

#[test]
fn every_suite_takes_its_session_up_again() {
    for suite in CipherSuite::ALL {
        let (client, server) = mutual(suite);
        let client = keeping(client);
        let keys = make_keys();
        let server = giving(server, &keys);
        assert!(!resumes_at(&client, &server, NOW_S));
        assert!(resumes_at(&client, &server, NOW_S));
        // A server that was started anew, or another one, with the same keys.
        let another = giving(mutual(suite).1, &keys);
        assert!(resumes_at(&client, &another, NOW_S + 5));
        let mut pair = Pair::shared(&client, &another);
        let outcome = pair.shake(Wire::Pieces(1));
        assert_eq!((outcome.client, outcome.server), (Ok(()), Ok(())));
        assert!(pair.client.is_resumed());
    }
}

/// Beside a server's own memory: either will do.
#[test]
fn identifiers_and_tickets_live_together() {
    let sessions = Arc::new(MemorySessions::new(8));
    let client = keeping(pki().client_config());
    let server = giving(
        pki().server_config().sessions(sessions.clone()),
        &make_keys(),
    );
    assert!(!resumes_at(&client, &server, NOW_S));
    assert_eq!(sessions.count(), 1);
    assert!(resumes_at(&client, &server, NOW_S));
    sessions.retain(|_| false);
    assert!(resumes_at(&client, &server, NOW_S));
    assert_eq!(sessions.count(), 0);
}

fn extensions_of(config: &Arc<ClientConfig>, server: &Arc<ServerConfig>) -> (bool, bool, bool) {
    let mut pair = Pair::shared(config, server);
    let hello = take(&mut pair.client);
    let asked = ClientHello::read(&hello[9..]).unwrap().extensions.ticket;
    give(&mut pair.server, &hello, Wire::Whole).unwrap();
    let answer = take(&mut pair.server);
    let bytes = usize::from(u16::from_be_bytes([answer[3], answer[4]]));
    let promised = ServerHello::read(&answer[9..5 + bytes]).unwrap();
    give(&mut pair.client, &answer, Wire::Whole).unwrap();
    let flight = take(&mut pair.client);
    give(&mut pair.server, &flight, Wire::Whole).unwrap();
    let end = take(&mut pair.server);
    let came = end[0] == 22 && end[5] == HandshakeType::NewSessionTicket.id();
    give(&mut pair.client, &end, Wire::Whole).unwrap();
    assert!(!pair.client.is_handshaking());
    (asked.is_some(), promised.extensions.ticket, came)
}

/// By default there is no word of tickets in either direction, and none when one side only opted in.
#[test]
fn only_when_both_sides_opted_in() {
    let plain_client = || {
        let client = pki().client_config();
        let client = client.sessions(Arc::new(MemorySessions::new(8)));
        Arc::new(client.build().unwrap())
    };
    let plain_server = || Arc::new(pki().server_config().build().unwrap());
    let client = keeping(pki().client_config());
    let server = giving(pki().server_config(), &make_keys());
    for (client, server, expected) in [
        (plain_client(), plain_server(), (false, false, false)),
        (plain_client(), Arc::clone(&server), (false, false, false)),
        (Arc::clone(&client), plain_server(), (true, false, false)),
        (client, server, (true, true, true)),
    ] {
        assert_eq!(extensions_of(&client, &server), expected);
    }
    // Nor without a place to keep them.
    let client = pki().client_config().tickets(true).build().unwrap();
    let server = giving(pki().server_config(), &make_keys());
    assert_eq!(
        extensions_of(&Arc::new(client), &server),
        (false, false, false)
    );
}

#[test]
fn only_for_as_long_as_both_sides_say() {
    let client = keeping(pki().client_config());
    let server = giving(pki().server_config(), &make_keys());
    assert!(!resumes_at(&client, &server, NOW_S));
    // Taking it up does not make it younger.
    assert!(resumes_at(&client, &server, NOW_S + SESSION_AGE_S / 2));
    assert!(resumes_at(&client, &server, NOW_S + SESSION_AGE_S));
    assert!(!resumes_at(&client, &server, NOW_S + SESSION_AGE_S + 1));

    // The server says how long, to a client that would keep it for longer.
    let client = keeping(pki().client_config().session_age_s_max(i64::MAX));
    let server = giving(pki().server_config().session_age_s_max(60), &make_keys());
    assert!(!resumes_at(&client, &server, NOW_S));
    let mut late = Pair::at(&client, &server, NOW_S + 61);
    let hello = ClientHello::read(&take(&mut late.client)[9..]).unwrap();
    assert_eq!(hello.extensions.ticket, Some(vec![]));

    // And does not believe a client that shows it all the same.
    let keys = make_keys();
    let long = giving(pki().server_config().session_age_s_max(1000), &keys);
    let short = giving(pki().server_config().session_age_s_max(60), &keys);
    assert!(!resumes_at(&client, &long, NOW_S));
    assert!(resumes_at(&client, &short, NOW_S + 60));
    assert!(!resumes_at(&client, &short, NOW_S + 61));
}

#[test]
fn not_after_the_keys_went_round_twice() {
    let keys = make_keys();
    let client = keeping(pki().client_config());
    let server = giving(pki().server_config(), &keys);
    assert!(!resumes_at(&client, &server, NOW_S));
    keys.rotate(&make_key()).unwrap();
    keys.rotate(&make_key()).unwrap();
    assert!(!resumes_at(&client, &server, NOW_S));
    assert!(resumes_at(&client, &server, NOW_S));
}

/// A ticket of the previous key is replaced when it is used, and its session does not get younger.
#[test]
fn a_ticket_of_the_previous_key_is_replaced() {
    let keys = make_keys();
    let client = keeping(pki().client_config());
    let server = giving(pki().server_config(), &keys);
    assert!(!resumes_at(&client, &server, NOW_S));
    for _ in 0..3 {
        keys.rotate(&make_key()).unwrap();
        assert!(resumes_at(&client, &server, NOW_S + SESSION_AGE_S));
    }
    assert!(!resumes_at(&client, &server, NOW_S + SESSION_AGE_S + 1));
}

/// The hello of a client that would take up a session, with its ticket changed; the server answers
/// with a full handshake, whatever came.
fn is_answered_in_full(
    client: &Arc<ClientConfig>,
    server: &Arc<ServerConfig>,
    change: impl FnOnce(&mut ClientHello),
) -> bool {
    let mut client = Pair::shared(client, server).client;
    let record = take(&mut client);
    let mut hello = ClientHello::read(&record[9..]).unwrap();
    change(&mut hello);
    let mut server = ServerConnection::new(Arc::clone(server), NOW_S);
    give(&mut server, &record_of(&hello), Wire::Whole).unwrap();
    let answer = take(&mut server);
    let second = 5 + usize::from(u16::from_be_bytes([answer[3], answer[4]]));
    let is_full = answer[second] == 22 && answer[second + 5] == HandshakeType::Certificate.id();
    assert_eq!(is_full, !server.is_resumed());
    is_full
}

#[test]
fn whatever_is_not_a_ticket_is_answered_in_full() {
    let client = keeping(pki().client_config());
    let server = giving(pki().server_config(), &make_keys());
    assert!(!resumes_at(&client, &server, NOW_S));
    let in_full = |change: &dyn Fn(&mut ClientHello)| {
        is_answered_in_full(&client, &server, |hello| change(hello))
    };
    let ticket = |change: &dyn Fn(&mut Vec<u8>)| {
        in_full(&|hello| change(hello.extensions.ticket.as_mut().unwrap()))
    };
    assert!(!in_full(&|_| {}), "the honest twin");
    // Forged at its beginning, in its nonce, its text and its tag; cut; too long.
    for at in [0, 20, 300] {
        assert!(ticket(&|ticket| ticket[at] ^= 1), "{at}");
    }
    assert!(ticket(&|ticket| *ticket.last_mut().unwrap() ^= 1));
    for length in (0..600).step_by(7) {
        assert!(ticket(&|ticket| ticket.truncate(length)), "{length}");
    }
    assert!(ticket(&|ticket| ticket.push(0)));
    assert!(ticket(&|ticket| ticket.resize(TICKET_BYTES_MAX + 1, 0)));
    // Without an identifier the client could not tell.
    assert!(in_full(&|hello| hello.session_id = SessionId::default()));
    // For another name, and without one.
    assert!(in_full(&|hello| {
        hello.extensions.server_name = Some("other.example".into());
    }));
    assert!(in_full(&|hello| hello.extensions.server_name = None));
    // Of a suite that is not offered any more.
    assert!(in_full(&|hello| {
        hello.suites = vec![CipherSuite::EccSm4CbcSm3.id()];
    }));
}

#[test]
fn not_by_a_server_that_wants_something_else() {
    let keys = make_keys();
    let client = keeping(pki().client_config());
    let server = giving(pki().server_config(), &keys);
    assert!(!resumes_at(&client, &server, NOW_S));
    assert!(resumes_at(&client, &server, NOW_S));
    // Another suite, other keys, another question about certificates, no tickets.
    let optional = ClientAuth::Optional(Arc::new(pki().client_trust()));
    let cbc = [CipherSuite::EccSm4CbcSm3];
    for server in [
        giving(pki().server_config().suites(&cbc), &keys),
        giving(pki().server_config(), &make_keys()),
        giving(pki().server_config().client_auth(optional), &keys),
        Arc::new(pki().server_config().build().unwrap()),
    ] {
        assert!(is_answered_in_full(&client, &server, |_| {}));
    }
    assert!(resumes_at(&client, &server, NOW_S));
}

/// As for sessions that the server keeps.
#[test]
fn not_after_a_certificate_was_revoked_or_expired() {
    let revocations = Arc::new(Revocations::default());
    let clients = pki()
        .client_trust()
        .with_revocations(Arc::clone(&revocations));
    let server = pki()
        .server_config()
        .session_age_s_max(i64::MAX)
        .client_auth(ClientAuth::Required(Arc::new(clients)));
    let server = giving(server, &make_keys());
    let client = keeping(pki().client_config().session_age_s_max(i64::MAX));
    let end_s = NOW_S + 365 * 86_400;
    assert!(!resumes_at(&client, &server, NOW_S));
    assert!(resumes_at(&client, &server, end_s));
    let mut pair = Pair::at(&client, &server, end_s + 1);
    assert!(pair.shake(Wire::Whole).client.is_err());
    assert!(!pair.client.is_resumed());

    let client = keeping(pki().client_config());
    assert!(!resumes_at(&client, &server, NOW_S));
    assert!(resumes_at(&client, &server, NOW_S));
    revocations.replace(vec![pki().crl_of(&pki().client.certificates()[0])]);
    let mut pair = Pair::shared(&client, &server);
    assert!(pair.shake(Wire::Whole).server.is_err());
    assert!(!pair.server.is_resumed());
}

/// The hello with the wish for a ticket, or with another ticket, in one record.
fn record_of(hello: &ClientHello) -> Vec<u8> {
    let body = hello.to_bytes();
    let [.., a, b, c] = body.len().to_be_bytes();
    let [high, low] = u16::try_from(body.len() + 4).unwrap().to_be_bytes();
    [&[22, 1, 1, high, low, 1, a, b, c], &body[..]].concat()
}

#[test]
fn a_ticket_that_was_not_asked_for_is_refused() {
    let client = Arc::new(pki().client_config().build().unwrap());
    let server = giving(pki().server_config(), &make_keys());
    let mut pair = Pair::shared(&client, &server);
    // Somebody in between asks for it; the extension shows it before the transcript does.
    let mut hello = ClientHello::read(&take(&mut pair.client)[9..]).unwrap();
    hello.extensions.ticket = Some(vec![]);
    give(&mut pair.server, &record_of(&hello), Wire::Whole).unwrap();
    let answer = take(&mut pair.server);
    assert_eq!(
        give(&mut pair.client, &answer, Wire::Whole),
        Err(Error::Peer(PeerError::UnsolicitedExtension))
    );
}
