//! Handshakes: suites, certificates, names, protocols, and every way to cut the bytes.

use std::sync::Arc;

use hefu_tlcp::{
    CertificateError, CipherSuite, ClientAuth, ConfigError, Error, Event, Identity, KeyExchange,
    PeerError,
};

use crate::support::pki::mutual;
use crate::support::wire::{give, send, take};
use crate::support::{Pair, Wire, pki};

const ECC: [CipherSuite; 2] = [CipherSuite::EccSm4GcmSm3, CipherSuite::EccSm4CbcSm3];

#[test]
fn every_suite_with_certificates_on_both_sides() {
    for suite in CipherSuite::ALL {
        let (client, server) = mutual(suite);
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        pair.connect();
        assert_eq!(pair.client.suite(), Some(suite));
        assert_eq!(pair.server.suite(), Some(suite));
        let own = pki().client.certificates();
        assert_eq!(pair.server.peer_certificate(), own.first());
        assert_eq!(pair.server.peer_encryption_certificate(), own.get(1));
        let own = pki().server.certificates();
        assert_eq!(pair.client.peer_certificate(), own.first());
        assert_eq!(pair.client.peer_encryption_certificate(), own.get(1));
        assert_eq!(pair.server.server_name(), Some("gateway.example"));
        assert_eq!(pair.client.next_event(), Some(Event::HandshakeDone));
        assert_eq!(pair.client.next_event(), None);
        let Pair { client, server } = &mut pair;
        assert_eq!(send(client, server, b"ping", Wire::Whole), b"ping");
        assert_eq!(send(server, client, b"pong", Wire::Whole), b"pong");
    }
}

#[test]
fn a_client_without_certificates_where_none_are_asked_for() {
    for suite in ECC {
        let client = pki().client_config_without_identity().suites(&[suite]);
        let server = pki().server_config_without_clients();
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        pair.connect();
        assert_eq!(pair.server.suite(), Some(suite));
        assert_eq!(pair.server.peer_certificate(), None);
    }
}

#[test]
fn a_client_may_have_none_where_they_are_optional() {
    let server = || {
        let clients = ClientAuth::Optional(Arc::new(pki().client_trust()));
        pki().server_config().client_auth(clients).build().unwrap()
    };
    for suite in ECC {
        let client = pki().client_config_without_identity().suites(&[suite]);
        let mut pair = Pair::new(client.build().unwrap(), server());
        pair.connect();
        assert_eq!(pair.server.peer_certificate(), None);
    }
    let mut pair = Pair::new(pki().client_config().build().unwrap(), server());
    pair.connect();
    assert!(pair.server.peer_certificate().is_some());
}

#[test]
fn a_client_without_certificates_is_refused_where_they_are_required() {
    let client = pki().client_config_without_identity();
    let server = pki().server_config();
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    let outcome = pair.shake(Wire::Whole);
    assert_eq!(
        outcome.server,
        Err(Error::Certificate(CertificateError::Missing))
    );
    assert!(matches!(outcome.client, Err(Error::Alert(_))));
}

#[test]
fn the_servers_order_of_suites_decides() {
    for (server_suites, chosen) in [
        (CipherSuite::ALL, CipherSuite::EcdheSm4GcmSm3),
        (
            [
                CipherSuite::EccSm4CbcSm3,
                CipherSuite::EcdheSm4CbcSm3,
                CipherSuite::EccSm4GcmSm3,
                CipherSuite::EcdheSm4GcmSm3,
            ],
            CipherSuite::EccSm4CbcSm3,
        ),
    ] {
        let server = pki().server_config().suites(&server_suites);
        let client = pki().client_config();
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        pair.connect();
        assert_eq!(pair.server.suite(), Some(chosen));
    }
}

/// ECDHE needs the client's certificates: neither side has it without them.
#[test]
fn ecdhe_is_left_out_where_it_cannot_be() {
    let ecdhe = [CipherSuite::EcdheSm4GcmSm3];
    let client = pki().client_config_without_identity().suites(&ecdhe);
    assert_eq!(client.build().unwrap_err(), ConfigError::NoSuites);
    let server = pki().server_config_without_clients().suites(&ecdhe);
    assert_eq!(server.build().unwrap_err(), ConfigError::NoSuites);

    let client = pki().client_config().build().unwrap();
    let server = pki().server_config_without_clients().build().unwrap();
    let mut pair = Pair::new(client, server);
    pair.connect();
    assert_eq!(
        pair.server.suite().unwrap().key_exchange(),
        KeyExchange::Ecc
    );
}

#[test]
fn sides_without_a_common_suite_part() {
    let client = pki().client_config().suites(&[CipherSuite::EccSm4GcmSm3]);
    let server = pki().server_config().suites(&[CipherSuite::EccSm4CbcSm3]);
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    let outcome = pair.shake(Wire::Whole);
    assert_eq!(outcome.server, Err(Error::Peer(PeerError::NoCommonSuite)));
}

#[test]
fn protocols_are_agreed_on_in_the_servers_order() {
    let shake = |client: &[&[u8]], server: &[&[u8]]| {
        let client = pki().client_config().alpn(client).build().unwrap();
        let server = pki().server_config().alpn(server).build().unwrap();
        let mut pair = Pair::new(client, server);
        let outcome = pair.shake(Wire::Whole);
        let client = pair.client.alpn_protocol().map(<[u8]>::to_vec);
        let server = pair.server.alpn_protocol().map(<[u8]>::to_vec);
        outcome.server.map(|()| {
            assert_eq!(client, server);
            server
        })
    };
    assert_eq!(shake(&[b"a", b"b"], &[b"b", b"a"]), Ok(Some(b"b".to_vec())));
    assert_eq!(shake(&[], &[b"a"]), Ok(None));
    assert_eq!(shake(&[b"a"], &[]), Ok(None));
    assert_eq!(
        shake(&[b"a"], &[b"b"]),
        Err(Error::Peer(PeerError::NoApplicationProtocol))
    );
}

#[test]
fn a_hello_without_extensions_is_enough() {
    let (client, server) = mutual(CipherSuite::EccSm4GcmSm3);
    let client = client.send_server_name(false).build().unwrap();
    let mut pair = Pair::new(client, server.build().unwrap());
    let hello = take(&mut pair.client);
    // Record, message, version, random, no session, one suite, one compression, and nothing.
    assert_eq!(hello.len(), 5 + 4 + 2 + 32 + 1 + 4 + 2);
    give(&mut pair.server, &hello, Wire::Whole).unwrap();
    pair.connect();
    assert_eq!(pair.server.server_name(), None);
}

#[test]
fn a_server_may_not_know_the_name() {
    #[derive(Debug)]
    struct Named(Arc<Identity>);
    impl hefu_tlcp::ChooseIdentity for Named {
        fn choose(&self, name: Option<&str>) -> Option<Arc<Identity>> {
            (name == Some("gateway.example")).then(|| Arc::clone(&self.0))
        }
    }
    let shake = |send_name: bool| {
        let identity = Arc::new(Named(Arc::clone(&pki().server)));
        let server = hefu_tlcp::ServerConfig::builder(Arc::clone(&pki().provider), identity);
        let client = pki().client_config().send_server_name(send_name);
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        pair.shake(Wire::Whole).server
    };
    assert_eq!(shake(true), Ok(()));
    assert_eq!(shake(false), Err(Error::Peer(PeerError::UnknownName)));
}

/// Bytes arrive in any pieces: one by one, and cut at every place of a record.
#[test]
fn bytes_may_come_in_any_pieces() {
    for suite in CipherSuite::ALL {
        for piece in [1, 2, 3, 5, 7, 64, 1000] {
            let (client, server) = mutual(suite);
            let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
            let outcome = pair.shake(Wire::Pieces(piece));
            assert_eq!((outcome.client, outcome.server), (Ok(()), Ok(())));
            let Pair { client, server } = &mut pair;
            let data: Vec<u8> = (0..=255).cycle().take(3000).collect();
            assert_eq!(send(client, server, &data, Wire::Pieces(piece)), data);
        }
    }
}

/// Messages may share records and be cut by them. Records before `change_cipher_spec` are not
/// protected, so that the test can cut them anew.
#[test]
fn messages_may_share_records_and_be_cut_by_them() {
    for fragment_bytes in [1, 2, 3, 4, 5, 100, 1000, 16_384] {
        let (client, server) = mutual(CipherSuite::EcdheSm4GcmSm3);
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        let hello = cut_anew(&take(&mut pair.client), fragment_bytes);
        give(&mut pair.server, &hello, Wire::Whole).unwrap();
        let flight = cut_anew(&take(&mut pair.server), fragment_bytes);
        give(&mut pair.client, &flight, Wire::Whole).unwrap();
        let flight = cut_anew(&take(&mut pair.client), fragment_bytes);
        give(&mut pair.server, &flight, Wire::Whole).unwrap();
        pair.connect();
    }
}

/// Joins the handshake messages of a flight and cuts them into records of this size, up to
/// `change_cipher_spec`.
fn cut_anew(flight: &[u8], fragment_bytes: usize) -> Vec<u8> {
    let mut messages = Vec::new();
    let mut rest = flight;
    while let [22, 1, 1, high, low, after @ ..] = rest {
        let (fragment, after) = after.split_at(usize::from(u16::from_be_bytes([*high, *low])));
        messages.extend_from_slice(fragment);
        rest = after;
    }
    let mut out = Vec::new();
    for fragment in messages.chunks(fragment_bytes) {
        let [high, low] = u16::try_from(fragment.len()).unwrap().to_be_bytes();
        out.extend_from_slice(&[22, 1, 1, high, low]);
        out.extend_from_slice(fragment);
    }
    out.extend_from_slice(rest);
    out
}
