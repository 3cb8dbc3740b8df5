//! OCSP responses that the server staples: asked for, shown, believed, and refused.

use std::sync::Arc;

use hefu_gm::x509::{Certificate, RevocationRule, Role};
use hefu_tlcp::messages::{ClientHello, HandshakeType};
use hefu_tlcp::verify::{Revocations, ServerTrust, Stapling};
use hefu_tlcp::{
    Alert, CertificateError, CipherSuite, ClientConfig, Error, Identity, IdentityError, PeerError,
    ServerConfig,
};

use crate::support::ocsp::Said;
use crate::support::pki::{NOW_S, server_name, validity};
use crate::support::wire::{give, take};
use crate::support::{Pair, Wire, pki};

/// A server of its own, since what it staples is its own.
struct World {
    identity: Arc<Identity>,
    server: Arc<ServerConfig>,
}

impl World {
    fn new() -> Self {
        let holder = pki().holder(Role::Server, &server_name().to_string(), validity());
        let identity = Identity::new(holder.sign, holder.encrypt, pki().issuers()).unwrap();
        let identity = Arc::new(identity);
        let server =
            ServerConfig::builder(Arc::clone(&pki().provider), Arc::new(Arc::clone(&identity)));
        Self {
            identity,
            server: Arc::new(server.build().unwrap()),
        }
    }

    fn sign(&self) -> &Certificate {
        &self.identity.certificates()[0]
    }

    fn encrypt(&self) -> &Certificate {
        &self.identity.certificates()[1]
    }

    fn staple(&self, response: &[u8]) {
        self.identity.staple(Some(response)).unwrap();
    }

    /// What the client makes of the server, and the alert that it sends.
    fn judge(&self, client: &Arc<ClientConfig>) -> (Result<(), Error>, Result<(), Error>) {
        let outcome = Pair::shared(client, &self.server).shake(Wire::Whole);
        (outcome.client, outcome.server)
    }
}

fn client_with(stapling: Stapling, revocations: Revocations) -> Arc<ClientConfig> {
    let trust = ServerTrust::new(Arc::clone(&pki().provider), pki().trust())
        .with_stapling(stapling)
        .with_revocations(Arc::new(revocations));
    let client = ClientConfig::builder(Arc::clone(&pki().provider), Arc::new(trust));
    Arc::new(client.build().unwrap())
}

fn client(stapling: Stapling) -> Arc<ClientConfig> {
    client_with(stapling, Revocations::default())
}

const ACCEPTED: (Result<(), Error>, Result<(), Error>) = (Ok(()), Ok(()));

fn refused(error: CertificateError, alert: Alert) -> (Result<(), Error>, Result<(), Error>) {
    (Err(Error::Certificate(error)), Err(Error::Alert(alert)))
}

#[test]
fn a_good_word_is_accepted_and_a_missing_one_by_rule() {
    let world = World::new();
    let missing = refused(
        CertificateError::MissingStatus,
        Alert::BadCertificateStatusResponse,
    );
    assert_eq!(world.judge(&client(Stapling::Off)), ACCEPTED);
    assert_eq!(world.judge(&client(Stapling::WhereGiven)), ACCEPTED);
    assert_eq!(world.judge(&client(Stapling::Required)), missing);
    world.staple(&pki().ocsp(Said::Good, &[world.sign()]));
    for stapling in [Stapling::Off, Stapling::WhereGiven, Stapling::Required] {
        assert_eq!(world.judge(&client(stapling)), ACCEPTED, "{stapling:?}");
    }
    world.identity.staple(None).unwrap();
    assert_eq!(world.judge(&client(Stapling::Required)), missing);
}

#[test]
fn a_bad_word_is_refused_by_every_client_that_asks() {
    let world = World::new();
    let bad = refused(
        CertificateError::BadStatus,
        Alert::BadCertificateStatusResponse,
    );
    let revoked = refused(CertificateError::Revoked, Alert::CertificateRevoked);
    let mut forged = pki().ocsp(Said::Good, &[world.sign()]);
    // In the signature, which is at the end.
    *forged.last_mut().unwrap() ^= 1;
    for (response, expected) in [
        (pki().ocsp(Said::Revoked, &[world.sign()]), revoked),
        (pki().ocsp(Said::Unknown, &[world.sign()]), bad),
        (forged, bad),
        // The encryption certificate's word counts where it is there.
        (
            pki().ocsp(Said::Revoked, &[world.encrypt(), world.sign()]),
            revoked,
        ),
    ] {
        world.staple(&response);
        for stapling in [Stapling::WhereGiven, Stapling::Required] {
            assert_eq!(world.judge(&client(stapling)), expected);
        }
        assert_eq!(world.judge(&client(Stapling::Off)), ACCEPTED);
    }
    // A good word about one, and a bad one about the other.
    world.staple(&pki().ocsp(Said::Good, &[world.encrypt(), world.sign()]));
    assert_eq!(world.judge(&client(Stapling::Required)), ACCEPTED);
}

/// The server does not show what is outdated; a client whose clock is ahead refuses it.
#[test]
fn an_outdated_word_is_not_shown_and_not_believed() {
    let world = World::new();
    world.staple(&pki().ocsp(Said::Good, &[world.sign()]));
    let (asking, requiring) = (client(Stapling::WhereGiven), client(Stapling::Required));
    let end_s = NOW_S - 60 + 3600;
    for (client, server_s, client_s, accepted) in [
        (&requiring, end_s, end_s, Ok(())),
        (&asking, end_s + 1, end_s + 1, Ok(())),
        (
            &requiring,
            end_s + 1,
            end_s + 1,
            Err(CertificateError::MissingStatus),
        ),
        (&asking, end_s, end_s + 1, Err(CertificateError::BadStatus)),
        (
            &asking,
            NOW_S,
            NOW_S - 60 - 301,
            Err(CertificateError::BadStatus),
        ),
    ] {
        let mut pair = Pair {
            client: Pair::at(client, &world.server, client_s).client,
            server: Pair::at(client, &world.server, server_s).server,
        };
        let outcome = pair.shake(Wire::Whole);
        assert_eq!(outcome.client, accepted.map_err(Error::Certificate));
    }
}

/// A rule that wants a word is content with a stapled one, for both certificates.
#[test]
fn it_is_a_word_where_a_rule_asks_for_one() {
    let world = World::new();
    let client = client_with(
        Stapling::WhereGiven,
        Revocations::new(RevocationRule::EndEntity),
    );
    let unknown = refused(
        CertificateError::RevocationUnknown,
        Alert::CertificateUnknown,
    );
    assert_eq!(world.judge(&client), unknown);
    world.staple(&pki().ocsp(Said::Good, &[world.sign()]));
    assert_eq!(world.judge(&client), unknown, "the other has none");
    world.staple(&pki().ocsp(Said::Good, &[world.sign(), world.encrypt()]));
    assert_eq!(world.judge(&client), ACCEPTED);
}

#[test]
fn only_about_ones_own_certificate() {
    let world = World::new();
    let other = &pki().server.certificates()[0];
    for response in [pki().ocsp(Said::Good, &[other]), vec![], vec![0x30, 0]] {
        let refused = world.identity.staple(Some(&response));
        assert_eq!(refused, Err(IdentityError::Status));
    }
}

/// The records of the server's first flight, by the kind of their message.
fn kinds(flight: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    let mut rest = flight;
    while let [22, _, _, high, low, kind, ..] = rest {
        kinds.push(*kind);
        rest = &rest[5 + usize::from(u16::from_be_bytes([*high, *low]))..];
    }
    kinds
}

/// Without the option neither side speaks of it.
#[test]
fn only_when_both_sides_opted_in() {
    let stapling_world = World::new();
    stapling_world.staple(&pki().ocsp(Said::Good, &[stapling_world.sign()]));
    let plain_world = World::new();
    let status = HandshakeType::CertificateStatus.id();
    for (world, stapling, comes) in [
        (&plain_world, Stapling::Off, false),
        (&plain_world, Stapling::WhereGiven, false),
        (&stapling_world, Stapling::Off, false),
        (&stapling_world, Stapling::WhereGiven, true),
    ] {
        let mut pair = Pair::shared(&client(stapling), &world.server);
        let record = take(&mut pair.client);
        let hello = ClientHello::read(&record[9..]).unwrap();
        assert_eq!(hello.extensions.status_request, stapling != Stapling::Off);
        give(&mut pair.server, &record, Wire::Whole).unwrap();
        assert_eq!(kinds(&take(&mut pair.server)).contains(&status), comes);
    }
}

/// A server may say that it staples and then not do so (RFC 6066, 8).
#[test]
fn a_word_that_was_announced_may_be_missing() {
    let world = World::new();
    world.staple(&pki().ocsp(Said::Good, &[world.sign()]));
    let missing = Err(Error::Certificate(CertificateError::MissingStatus));
    for (stapling, expected) in [
        (Stapling::WhereGiven, Ok(())),
        (Stapling::Required, missing),
    ] {
        let mut pair = Pair::shared(&client(stapling), &world.server);
        let hello = take(&mut pair.client);
        give(&mut pair.server, &hello, Wire::Whole).unwrap();
        let flight = take(&mut pair.server);
        let mut without = Vec::new();
        let mut rest = &flight[..];
        while let [_, _, _, high, low, kind, ..] = rest {
            let bytes = 5 + usize::from(u16::from_be_bytes([*high, *low]));
            let (record, after) = rest.split_at(bytes);
            if *kind != HandshakeType::CertificateStatus.id() {
                without.extend_from_slice(record);
            }
            rest = after;
        }
        assert!(without.len() < flight.len());
        assert_eq!(give(&mut pair.client, &without, Wire::Whole), expected);
    }
}

/// One that nobody asked for is no part of the handshake.
#[test]
fn an_answer_that_was_not_asked_for_is_refused() {
    let world = World::new();
    world.staple(&pki().ocsp(Said::Good, &[world.sign()]));
    let cbc = [CipherSuite::EccSm4CbcSm3];
    let plain = pki().client_config_without_identity().suites(&cbc).build();
    let mut pair = Pair::shared(&Arc::new(plain.unwrap()), &world.server);
    let mut hello = ClientHello::read(&take(&mut pair.client)[9..]).unwrap();
    hello.extensions.status_request = true;
    let body = hello.to_bytes();
    let [.., a, b, c] = body.len().to_be_bytes();
    let [high, low] = u16::try_from(body.len() + 4).unwrap().to_be_bytes();
    let record = [&[22, 1, 1, high, low, 1, a, b, c], &body[..]].concat();
    give(&mut pair.server, &record, Wire::Whole).unwrap();
    let answer = take(&mut pair.server);
    assert_eq!(
        give(&mut pair.client, &answer, Wire::Whole),
        Err(Error::Peer(PeerError::UnsolicitedExtension))
    );
}
