//! Streams over tokio's, and hyper over them.

use std::convert::Infallible;
use std::io::ErrorKind;
use std::sync::Arc;

use bytes::Bytes;
use hefu_tlcp::tokio::{Acceptor, Connector, Stream};
use hefu_tlcp::{CipherSuite, Client, Error, Server};
use http_body_util::{BodyExt, Full};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

use crate::support::pki;
use crate::support::pki::NOW_S;
use crate::support::pki::{mutual, server_name};

type Pair = (Stream<DuplexStream, Client>, Stream<DuplexStream, Server>);

/// A connected pair over a pipe that holds `pipe_bytes`.
async fn connected(suite: CipherSuite, pipe_bytes: usize) -> Pair {
    let (client, server) = mutual(suite);
    let connector = Connector::new(Arc::new(client.build().unwrap()));
    let acceptor = Acceptor::new(Arc::new(server.build().unwrap()));
    let (near, far) = duplex(pipe_bytes);
    let (client, server) = tokio::join!(
        connector.connect(server_name(), near, NOW_S),
        acceptor.accept(far, NOW_S)
    );
    (client.unwrap(), server.unwrap())
}

/// Through pipes that are narrower than a record, and with more than all buffers hold.
#[tokio::test]
async fn data_goes_both_ways_through_narrow_pipes() {
    let data: Vec<u8> = (0..=255).cycle().take(300_000).collect();
    for (suite, pipe_bytes) in [
        (CipherSuite::EccSm4GcmSm3, 64 * 1024),
        (CipherSuite::EcdheSm4CbcSm3, 100),
        (CipherSuite::EccSm4GcmSm3, 1000),
    ] {
        let (client, server) = connected(suite, pipe_bytes).await;
        let sent = data.clone();
        let sending = tokio::spawn(async move {
            let (mut from, mut to) = tokio::io::split(client);
            let write = async {
                to.write_all(&sent).await.unwrap();
                to.shutdown().await.unwrap();
            };
            let mut answer = Vec::new();
            let read = from.read_to_end(&mut answer);
            let (_, count) = tokio::join!(write, read);
            count.unwrap();
            answer
        });
        let (mut from, mut to) = tokio::io::split(server);
        tokio::io::copy(&mut from, &mut to).await.unwrap();
        to.shutdown().await.unwrap();
        assert!(sending.await.unwrap() == data);
    }
}

#[tokio::test]
async fn a_cut_stream_is_told_from_an_ended_one() {
    let (mut client, mut server) = connected(CipherSuite::EccSm4GcmSm3, 4096).await;
    client.write_all(b"whole").await.unwrap();
    client.shutdown().await.unwrap();
    let mut received = Vec::new();
    server.read_to_end(&mut received).await.unwrap();
    assert_eq!(received, b"whole");

    let (mut client, mut server) = connected(CipherSuite::EccSm4GcmSm3, 4096).await;
    client.write_all(b"cut").await.unwrap();
    client.flush().await.unwrap();
    drop(client);
    let mut received = Vec::new();
    let error = server.read_to_end(&mut received).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UnexpectedEof);
    assert_eq!(received, b"cut");
}

#[tokio::test]
async fn a_refused_client_hears_why() {
    let client = pki().client_config_without_identity().build().unwrap();
    let server = pki().server_config().build().unwrap();
    let (near, far) = duplex(4096);
    let connector = Connector::new(Arc::new(client));
    let acceptor = Acceptor::new(Arc::new(server));
    let (client, server) = tokio::join!(
        connector.connect(server_name(), near, NOW_S),
        acceptor.accept(far, NOW_S)
    );
    let reason = |error: std::io::Error| {
        let inner = error.into_inner().unwrap();
        *inner.downcast::<Error>().unwrap()
    };
    assert!(matches!(
        reason(server.err().unwrap()),
        Error::Certificate(_)
    ));
    assert!(matches!(reason(client.err().unwrap()), Error::Alert(_)));
}

#[tokio::test]
async fn hyper_runs_over_it() {
    let (client, server) = connected(CipherSuite::EccSm4GcmSm3, 4096).await;
    let service = service_fn(|request: Request<hyper::body::Incoming>| async {
        let body = request.into_body().collect().await.unwrap().to_bytes();
        Ok::<_, Infallible>(Response::new(Full::new(body)))
    });
    let serving = tokio::spawn(
        hyper::server::conn::http1::Builder::new().serve_connection(TokioIo::new(server), service),
    );
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(client))
        .await
        .unwrap();
    let connection = tokio::spawn(connection);
    for bytes in [0, 1, 20_000, 500_000] {
        let body = Bytes::from(vec![b'x'; bytes]);
        let request = Request::post("/")
            .header("host", "gateway.example")
            .body(Full::new(body.clone()))
            .unwrap();
        let answer = sender.send_request(request).await.unwrap();
        assert!(answer.into_body().collect().await.unwrap().to_bytes() == body);
    }
    drop(sender);
    connection.await.unwrap().unwrap();
    serving.await.unwrap().unwrap();
}
