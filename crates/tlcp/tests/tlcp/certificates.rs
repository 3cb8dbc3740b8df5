//! Certificates that are refused, each beside one that is not.

use std::sync::Arc;

use hefu_gm::x509::{Certificate, RevocationRule, Role, Validity};
use hefu_tlcp::verify::{
    ClientCheck, ClientList, ClientTrust, Revocations, ServerCheck, ServerTrust, VerifyClient,
    VerifyServer,
};
use hefu_tlcp::{
    Alert, CertificateError, CipherSuite, ClientAuth, ClientConfig, Error, Identity, IdentityError,
    KeyExchange,
};

use crate::support::pki::NOW_S;
use crate::support::pki::{Holder, Pki, server_name, validity};
use crate::support::{Pair, Wire, pki};

fn der(certificates: &[&Certificate]) -> Vec<Vec<u8>> {
    certificates
        .iter()
        .map(|certificate| certificate.as_der().to_vec())
        .collect()
}

fn client_verdict(
    trust: &ClientTrust,
    certificates: &[&Certificate],
    key_exchange: KeyExchange,
) -> Result<(), CertificateError> {
    let check = ClientCheck {
        certificates: &der(certificates),
        key_exchange,
        now_s: NOW_S,
    };
    trust.verify(&check).map(|_| ())
}

fn server_verdict(certificates: &[&Certificate], name: &str) -> Result<(), CertificateError> {
    let trust = ServerTrust::new(Arc::clone(&pki().provider), pki().trust());
    let check = ServerCheck {
        status: None,
        certificates: &der(certificates),
        name: &hefu_gm::x509::ServerName::parse(name).unwrap(),
        key_exchange: KeyExchange::Ecc,
        now_s: NOW_S,
    };
    trust.verify(&check).map(|_| ())
}

#[test]
fn lists_of_clients_in_each_order() {
    let [sign, encrypt, issuer] = pki().client.certificates() else {
        panic!("sign, encryption, issuer");
    };
    let root = pki().root.certificate();
    let strict = pki().client_trust();
    let open = pki().client_trust().with_list(ClientList::SignOnlyToo);
    let both: [&[&Certificate]; 4] = [
        &[sign, encrypt, issuer],
        &[sign, encrypt, issuer, root],
        &[sign, issuer, encrypt],
        &[sign, issuer, root, encrypt],
    ];
    for list in both {
        for exchange in [KeyExchange::Ecc, KeyExchange::Ecdhe] {
            assert_eq!(client_verdict(&strict, list, exchange), Ok(()));
            assert_eq!(client_verdict(&open, list, exchange), Ok(()));
        }
    }
    let sign_only: [&[&Certificate]; 2] = [&[sign, issuer], &[sign, issuer, root]];
    for list in sign_only {
        let missing = Err(CertificateError::MissingEncryption);
        assert_eq!(client_verdict(&open, list, KeyExchange::Ecc), Ok(()));
        assert_eq!(client_verdict(&open, list, KeyExchange::Ecdhe), missing);
        assert_eq!(client_verdict(&strict, list, KeyExchange::Ecc), missing);
    }
}

#[test]
fn pairs_that_are_none() {
    let [sign, encrypt, issuer] = pki().client.certificates() else {
        panic!("sign, encryption, issuer");
    };
    let trust = pki().client_trust();
    let verdict = |list: &[&Certificate]| client_verdict(&trust, list, KeyExchange::Ecc);
    assert_eq!(verdict(&[sign, encrypt, issuer]), Ok(()));
    let usage = Err(CertificateError::WrongUsage);
    // Swapped; the same twice; two encryption certificates.
    assert_eq!(verdict(&[encrypt, sign, issuer]), usage);
    assert_eq!(verdict(&[sign, sign, issuer]), usage);
    assert_eq!(verdict(&[sign, encrypt, encrypt, issuer]), usage);
    assert_eq!(verdict(&[issuer, encrypt]), usage);
    // Without its issuer the chain does not reach the root.
    let unknown = Err(CertificateError::UnknownAuthority);
    assert_eq!(verdict(&[sign, encrypt]), unknown);
    // A server's certificates do not make a client.
    let [server_sign, server_encrypt, _] = pki().server.certificates() else {
        panic!("sign, encryption, issuer");
    };
    assert_eq!(verdict(&[server_sign, server_encrypt, issuer]), usage);
    assert_eq!(verdict(&[sign, server_encrypt, issuer]), usage);
}

#[test]
fn lists_of_servers() {
    let [sign, encrypt, issuer] = pki().server.certificates() else {
        panic!("sign, encryption, issuer");
    };
    let verdict = |list: &[&Certificate]| server_verdict(list, "gateway.example");
    assert_eq!(verdict(&[sign, encrypt, issuer]), Ok(()));
    assert_eq!(verdict(&[sign, issuer, encrypt]), Ok(()));
    assert_eq!(
        verdict(&[sign, issuer]),
        Err(CertificateError::MissingEncryption)
    );
    assert_eq!(
        verdict(&[encrypt, sign, issuer]),
        Err(CertificateError::WrongUsage)
    );
    assert_eq!(
        server_verdict(&[sign, encrypt, issuer], "other.example"),
        Err(CertificateError::WrongName)
    );
}

#[test]
fn another_authority_an_expired_and_an_early_certificate() {
    let stranger = Pki::make();
    let [sign, encrypt, issuer] = stranger.client.certificates() else {
        panic!("sign, encryption, issuer");
    };
    let trust = pki().client_trust();
    // The stranger's authority has the name of ours, and not its key.
    assert_eq!(
        client_verdict(&trust, &[sign, encrypt, issuer], KeyExchange::Ecc),
        Err(CertificateError::UnknownAuthority)
    );
    assert_eq!(
        client_verdict(
            &stranger.client_trust(),
            &[sign, encrypt, issuer],
            KeyExchange::Ecc
        ),
        Ok(())
    );

    let verdict = |from_s: i64, to_s: i64| {
        let validity = Validity::new(from_s, to_s).unwrap();
        let Holder { sign, encrypt } = pki().holder(Role::Client, "device 8", validity);
        let issuer = pki().between.certificate();
        client_verdict(&trust, &[&sign.0, &encrypt.0, issuer], KeyExchange::Ecc)
    };
    assert_eq!(verdict(NOW_S, NOW_S), Ok(()));
    assert_eq!(
        verdict(NOW_S - 86_400, NOW_S - 1),
        Err(CertificateError::Expired)
    );
    assert_eq!(
        verdict(NOW_S + 1, NOW_S + 2),
        Err(CertificateError::NotYetValid)
    );
}

#[test]
fn revoked_certificates() {
    let [sign, encrypt, issuer] = pki().client.certificates() else {
        panic!("sign, encryption, issuer");
    };
    let verdict = |rule, crls| {
        let revocations = Arc::new(Revocations::new(rule));
        revocations.replace(crls);
        let trust = pki().client_trust().with_revocations(revocations);
        client_verdict(&trust, &[sign, encrypt, issuer], KeyExchange::Ecc)
    };
    let where_given = RevocationRule::WhereGiven;
    let end_entity = RevocationRule::EndEntity;
    assert_eq!(verdict(where_given, vec![]), Ok(()));
    assert_eq!(
        verdict(end_entity, vec![]),
        Err(CertificateError::RevocationUnknown)
    );
    let other = pki().crl_of(&pki().server.certificates()[0]);
    assert_eq!(verdict(end_entity, vec![other]), Ok(()));
    for revoked in [sign, encrypt] {
        assert_eq!(
            verdict(where_given, vec![pki().crl_of(revoked)]),
            Err(CertificateError::Revoked)
        );
    }
}

#[test]
fn bytes_that_are_no_certificates() {
    let trust = pki().client_trust();
    let verdict = |certificates: &[Vec<u8>]| {
        let check = ClientCheck {
            certificates,
            key_exchange: KeyExchange::Ecc,
            now_s: NOW_S,
        };
        trust.verify(&check).map(|_| ())
    };
    let good = der(&pki().client.certificates().iter().collect::<Vec<_>>());
    assert_eq!(verdict(&good), Ok(()));
    let mut bad = good.clone();
    bad[0].truncate(100);
    assert_eq!(verdict(&bad), Err(CertificateError::Malformed));
    let mut bad = good.clone();
    bad[1] = vec![0x30, 0];
    assert_eq!(verdict(&bad), Err(CertificateError::Malformed));
    // An issuer that cannot be read is passed over.
    let mut odd = good.clone();
    odd.insert(2, vec![0x30, 0]);
    assert_eq!(verdict(&odd), Ok(()));
    assert_eq!(verdict(&[]), Err(CertificateError::Missing));
}

/// The refusals as a peer gets to see them.
#[test]
fn a_refusal_reaches_the_peer_as_an_alert() {
    let shake = |identity: Arc<Identity>| {
        let client = pki()
            .client_config_without_identity()
            .suites(&[CipherSuite::EccSm4GcmSm3])
            .identity(identity);
        let server = pki().server_config();
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        pair.shake(Wire::Whole).client
    };
    assert_eq!(shake(Arc::clone(&pki().client)), Ok(()));
    let stranger = Pki::make();
    assert_eq!(shake(stranger.client), Err(Error::Alert(Alert::UnknownCa)));
    assert_eq!(
        shake(Arc::clone(&pki().client_sign_only)),
        Err(Error::Alert(Alert::UnsupportedCertificate))
    );
    let expired = Validity::new(NOW_S - 86_400, NOW_S - 1).unwrap();
    let Holder { sign, encrypt } = pki().holder(Role::Client, "device 9", expired);
    let expired = Identity::new(sign, encrypt, pki().issuers()).unwrap();
    assert_eq!(
        shake(Arc::new(expired)),
        Err(Error::Alert(Alert::CertificateExpired))
    );
}

#[test]
fn a_client_refuses_a_server_of_another_name() {
    let connect = |name: &str| {
        let Holder { sign, encrypt } = pki().holder(Role::Server, name, validity());
        let identity = Identity::new(sign, encrypt, pki().issuers()).unwrap();
        let server = hefu_tlcp::ServerConfig::builder(
            Arc::clone(&pki().provider),
            Arc::new(Arc::new(identity)),
        );
        let client = pki().client_config();
        let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
        pair.shake(Wire::Whole).client
    };
    assert_eq!(connect(&server_name().to_string()), Ok(()));
    assert_eq!(
        connect("other.example"),
        Err(Error::Certificate(CertificateError::WrongName))
    );
}

/// A client with a signature certificate alone, at a server that takes it.
#[test]
fn a_list_without_encryption_where_it_is_allowed() {
    let clients = pki().client_trust().with_list(ClientList::SignOnlyToo);
    let server = pki()
        .server_config()
        .client_auth(ClientAuth::Required(Arc::new(clients)));
    let trust = ServerTrust::new(Arc::clone(&pki().provider), pki().trust());
    let client = ClientConfig::builder(Arc::clone(&pki().provider), Arc::new(trust))
        .identity(Arc::clone(&pki().client_sign_only));
    let mut pair = Pair::new(client.build().unwrap(), server.build().unwrap());
    pair.connect();
    assert!(pair.server.peer_certificate().is_some());
    assert_eq!(pair.server.peer_encryption_certificate(), None);
}

#[test]
fn identities_are_checked_when_they_are_made() {
    let holder = || pki().holder(Role::Server, "gateway.example", validity());
    let (one, other) = (holder(), holder());
    let make = |sign, encrypt| Identity::new(sign, encrypt, vec![]).map(|_| ());
    assert_eq!(make(one.sign.clone(), one.encrypt.clone()), Ok(()));
    assert_eq!(
        make((one.sign.0.clone(), other.sign.1), one.encrypt.clone()),
        Err(IdentityError::SigningKey)
    );
    assert_eq!(
        make(one.sign.clone(), (one.encrypt.0.clone(), other.encrypt.1)),
        Err(IdentityError::EncryptionKey)
    );
    assert_eq!(
        Identity::new(one.sign, one.encrypt, vec![other.sign.0; 9]).map(|_| ()),
        Err(IdentityError::TooMany)
    );
}
