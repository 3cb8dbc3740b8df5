//! Mutual TLS: who is at the other end.

use hefu_gm::rng::SystemRng;
use hefu_identity::authority::{Authority, ChannelRequest};
use hefu_store::DeviceStatus;
use hefu_tally::key::Algorithm;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _};

use crate::support::{Key, Phone, Request, Setup, Wire, World};

fn note() -> Request {
    Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#)
}

/// What comes of a connection: the handshake may fail on either side of its last message.
async fn outcome(world: &World, phone: &Phone, config: rustls::ClientConfig) -> Option<u16> {
    let request = phone.sign(world, Key::Session, note());
    let mut wire = Wire::tls(world.address, config).await.ok()?;
    wire.write(&request.to_bytes()).await;
    Some(wire.response().await?.status)
}

fn certified(
    authority: &Authority,
    phone: &Phone,
    days: u32,
    world: &World,
) -> (CertificateDer<'static>, PrivateKeyDer<'static>) {
    let key = rcgen::KeyPair::generate().unwrap();
    let request = rcgen::CertificateParams::default()
        .serialize_request(&key)
        .unwrap();
    let request = ChannelRequest::parse(request.der()).unwrap();
    let issued = authority
        .issue_device(phone.device, &request, days, world.now(), &mut SystemRng)
        .unwrap();
    (
        CertificateDer::from_pem_slice(issued.pem.as_bytes()).unwrap(),
        PrivateKeyDer::try_from(key.serialize_der()).unwrap(),
    )
}

#[tokio::test]
async fn a_device_with_its_certificate_is_served_over_both_versions() {
    let world = World::with(Setup::tls()).await;
    let phone = world.phone("alice").await;
    assert_eq!(
        outcome(&world, &phone, world.tls_client(phone.channel.as_ref())).await,
        Some(200)
    );
    for version in [&rustls::version::TLS12, &rustls::version::TLS13] {
        let mut roots = rustls::RootCertStore::empty();
        roots
            .add(world.authority.certificate_der().to_vec().into())
            .unwrap();
        let (certificate, key) = phone.channel.as_ref().unwrap();
        let provider = std::sync::Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = rustls::ClientConfig::builder_with_details(
            provider,
            world.tls_client(None).time_provider.clone(),
        )
        .with_protocol_versions(&[version])
        .unwrap()
        .with_root_certificates(roots)
        .with_client_auth_cert(vec![certificate.clone()], key.clone_key())
        .unwrap();
        assert_eq!(
            outcome(&world, &phone, config).await,
            Some(200),
            "{version:?}"
        );
    }
}

#[tokio::test]
async fn without_a_certificate_only_enrolment_is_open() {
    let world = World::with(Setup::tls()).await;
    let phone = world.phone("alice").await;
    assert_eq!(
        outcome(&world, &phone, world.tls_client(None)).await,
        Some(401)
    );
    assert_eq!(world.reason().await, "channel: certificate-missing");
    // And enrolment is open to nobody who is a device already.
    let enrol = Request::new("POST", "/hefu/v1/devices", "hefu.device.enrol").json("{}");
    let enrol = phone.sign(&world, Key::Device, enrol);
    let response = world.wire_of(&phone).await.send(&enrol).await;
    response.assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "channel: certificate-unwanted");
}

#[tokio::test]
async fn a_foreign_or_expired_certificate_ends_the_handshake() {
    let world = World::with(Setup::tls()).await;
    let phone = world.phone("alice").await;
    let foreign = Authority::make("Test", 365, world.now(), &mut SystemRng).unwrap();
    let forged = certified(&foreign, &phone, 30, &world);
    assert_eq!(
        outcome(&world, &phone, world.tls_client(Some(&forged))).await,
        None
    );

    let own = world.tls_client(phone.channel.as_ref());
    assert_eq!(outcome(&world, &phone, own.clone()).await, Some(200));
    world.clock.advance_millis(31 * 86_400_000);
    assert_eq!(outcome(&world, &phone, own).await, None);
    // The client hears of its refusal before the gateway has counted and recorded it.
    let mut reasons = Vec::new();
    for _ in 0..1_000 {
        let events = world.events().await;
        let refused = events.iter().filter(|event| &*event.guard == "tls");
        reasons = refused.map(|event| event.reason.to_string()).collect();
        if reasons.len() == 2 {
            break;
        }
        tokio::task::yield_now().await;
    }
    assert_eq!(reasons, ["certificate-foreign", "certificate-expired"]);
    let metrics = crate::ops::metrics(&world).await;
    assert!(
        metrics.contains("hefu_gateway_handshakes_failed_total 2"),
        "{metrics}"
    );
}

#[tokio::test]
async fn a_connection_of_another_device_is_refused() {
    let world = World::with(Setup::tls()).await;
    let (alice, bob) = (world.phone("alice").await, world.phone("bob").await);
    for key in [Key::Session, Key::Device] {
        let request = alice.sign(&world, key, note());
        let response = world.wire_of(&bob).await.send(&request).await;
        response.assert_refused(401, "unauthenticated");
        assert_eq!(
            world.reason().await,
            "session: connection-of-another-device"
        );
        let request = alice.sign(&world, key, note());
        world
            .wire_of(&alice)
            .await
            .send(&request)
            .await
            .assert_status(200);
    }
}

#[tokio::test]
async fn a_certificate_that_is_not_the_devices_own_or_whose_device_is_frozen_is_refused() {
    let world = World::with(Setup::tls()).await;
    let phone = world.phone("alice").await;
    let second = certified(&world.authority, &phone, 30, &world);
    assert_eq!(
        outcome(&world, &phone, world.tls_client(Some(&second))).await,
        Some(401)
    );
    assert_eq!(world.reason().await, "channel: certificate-not-its-own");

    let unknown = Phone::new(Algorithm::Ed25519);
    let certificate = certified(&world.authority, &unknown, 30, &world);
    assert_eq!(
        outcome(&world, &phone, world.tls_client(Some(&certificate))).await,
        Some(401)
    );
    assert_eq!(world.reason().await, "channel: device-unknown");

    let own = world.tls_client(phone.channel.as_ref());
    assert_eq!(outcome(&world, &phone, own.clone()).await, Some(200));
    let status = DeviceStatus::Revoked;
    world
        .identity
        .set_device_status(phone.device, status, world.now())
        .await
        .unwrap();
    let request = phone.sign(&world, Key::Device, note());
    let response = world.wire_of(&phone).await.send(&request).await;
    response.assert_refused(401, "unauthenticated");
    assert_eq!(world.reason().await, "channel: device-not-active");
}

#[tokio::test]
async fn plain_bytes_are_no_handshake() {
    let world = World::with(Setup::tls()).await;
    let mut wire = world.wire().await;
    wire.write(b"GET / HTTP/1.1\r\nHost: localhost:8443\r\n\r\n")
        .await;
    // An alert may come, in TLS; no HTTP does.
    let metrics = loop {
        let metrics = crate::ops::metrics(&world).await;
        if metrics.contains("hefu_gateway_handshakes_failed_total 1") {
            break metrics;
        }
        tokio::task::yield_now().await;
    };
    assert!(!metrics.contains("code=\"malformed\""), "{metrics}");
}
