//! The end: no new requests, those in flight to their end, within a time.

use crate::support::{Key, Request, Setup, World};

#[tokio::test]
async fn what_is_in_flight_ends_and_idle_connections_are_closed() {
    let mut world = World::start().await;
    let phone = world.phone("alice").await;
    let mut idle = world.wire().await;
    let note = Request::new("POST", "/notes", "N1").json(r#"{"text":"hello"}"#);
    idle.send(&phone.sign(&world, Key::Session, note))
        .await
        .assert_status(200);
    let held = phone.sign(&world, Key::Session, Request::new("GET", "/held", "H1"));
    let mut busy = world.wire().await;
    busy.write(&held.to_bytes()).await;
    world.service.arrived.acquire().await.unwrap().forget();

    let gateway = world.gateway.take().unwrap();
    let shutdown = tokio::spawn(gateway.shutdown());
    idle.ended().await;
    world.service.release.add_permits(1);
    let response = busy.response().await.unwrap();
    response.assert_status(200);
    assert_eq!(response.field("connection"), Some("close"));
    busy.ended().await;
    let report = shutdown.await.unwrap();
    assert_eq!((report.connections_cut, report.workers_lost), (0, 0));
    assert!(
        tokio::net::TcpStream::connect(world.address).await.is_err(),
        "nobody listens"
    );
}

#[tokio::test]
async fn what_does_not_end_in_time_is_cut() {
    let mut world = World::with(Setup::limits(|limits| limits.shutdown_ms = 50)).await;
    let phone = world.phone("alice").await;
    let held = phone.sign(&world, Key::Session, Request::new("GET", "/held", "H1"));
    let mut busy = world.wire().await;
    busy.write(&held.to_bytes()).await;
    world.service.arrived.acquire().await.unwrap().forget();
    let report = world.gateway.take().unwrap().shutdown().await;
    assert_eq!((report.connections_cut, report.workers_lost), (1, 0));
    assert!(busy.response().await.is_none());
}

#[tokio::test]
async fn an_address_belongs_to_one_process() {
    let world = World::start().await;
    let second = socket2::Socket::new(socket2::Domain::IPV4, socket2::Type::STREAM, None).unwrap();
    second.set_reuse_address(true).unwrap();
    second.set_reuse_port(true).unwrap();
    let error = second
        .bind(&world.address.into())
        .and_then(|()| second.listen(1))
        .unwrap_err();
    assert_eq!(error.kind(), std::io::ErrorKind::AddrInUse);
}
