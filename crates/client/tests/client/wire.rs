//! Requests that somebody else carries, as testers do.

use std::sync::Arc;

use hefu_client::wire::PreparedRequest;
use hefu_client::{Client, Method, Session};
use hefu_gm::rng::SystemRng;
use hefu_tally::digest::DigestAlgorithm;
use hefu_tally::ids::KeyId;
use hefu_tally::nonce;
use hefu_tally::signature::base::Message;
use hefu_tally::signature::request::{self, RequestSignature};
use hefu_tally::time::Window;
use rustls::ClientConfig;
use rustls_pki_types::ServerName;
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::double::{Double, NOW_S, Phone};

async fn status(client: &Client, tls: Arc<ClientConfig>, bytes: &[u8]) -> u16 {
    let address = client.origin().strip_prefix("https://").unwrap();
    let tcp = TcpStream::connect(address).await.unwrap();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let mut stream = TlsConnector::from(tls).connect(name, tcp).await.unwrap();
    stream.write_all(bytes).await.unwrap();
    let mut head = [0; 12];
    stream.read_exact(&mut head).await.unwrap();
    String::from_utf8_lossy(&head[9..]).parse().unwrap()
}

fn prepare(session: &Session) -> PreparedRequest {
    session
        .request(Method::POST, "/hello", "Q1001".parse().unwrap())
        .json(&json!({"amount": 100}))
        .prepare()
        .unwrap()
}

#[tokio::test]
async fn a_prepared_request_passes_as_it_is_and_not_when_it_was_altered() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    let tls = phone.client.tls_config().unwrap();
    let send = async |request: &PreparedRequest| {
        status(&phone.client, tls.clone(), &request.to_bytes()).await
    };
    let honest = prepare(&session);
    assert_eq!(send(&honest).await, 200);
    assert_eq!(send(&honest).await, 401, "the same bytes again");

    let mut altered = prepare(&session);
    altered.body = br#"{"amount":999}"#.to_vec();
    assert_eq!(send(&altered).await, 401);
    let mut altered = prepare(&session);
    altered.target = "/other".into();
    assert_eq!(send(&altered).await, 401);

    let other_channel = phone.client.tls_config_without_certificate();
    let bytes = prepare(&session).to_bytes();
    assert_eq!(status(&phone.client, other_channel, &bytes).await, 401);
    assert_eq!(send(&prepare(&session)).await, 200);
}

#[tokio::test]
async fn the_signers_sign_what_others_build() {
    let double = Double::start().await;
    let (phone, session) = Phone::logged_in(&double).await;
    let device = phone.client.device_signer().unwrap();
    assert_eq!(device.algorithm().as_str(), "sm2-sm3");
    assert_eq!(session.signer().algorithm().as_str(), "hmac-sm3");
    let public = phone.client.enrolment().unwrap().signature_key;
    let public = hefu_client::KeyStore::public_key(phone.keys.as_ref(), &public).unwrap();
    let signature = device.sign(b"anything").unwrap();
    assert!(public.verify(b"anything", &signature).is_ok());

    // With the session's signer and its token others sign what the client would, and more.
    let sign = |window| {
        let nonce = nonce::make(&mut SystemRng).unwrap();
        let authority = phone.client.origin().strip_prefix("https://").unwrap();
        let mut fields = vec![
            ("host".to_owned(), authority.to_owned()),
            ("x-function-no".to_owned(), "Q1001".to_owned()),
            (
                "authorization".to_owned(),
                session.dangerous_authorization().to_owned(),
            ),
        ];
        let uri = format!("{}/hello", phone.client.origin());
        let signature = RequestSignature {
            key_id: KeyId::Session(session.id()),
            created: NOW_S,
            window: Window::from_secs(window).unwrap(),
            nonce: &nonce,
            digest: DigestAlgorithm::Sha256,
        };
        let signer = session.signer();
        let message = Message::request("GET", &uri, &fields);
        let signed = request::sign(signer.as_ref(), &signature, &message, b"").unwrap();
        fields.push(("content-digest".to_owned(), signed.content_digest));
        fields.push(("signature-input".to_owned(), signed.signature_input));
        fields.push(("signature".to_owned(), signed.signature));
        let mut text = "GET /hello HTTP/1.1\r\n".to_owned();
        for (name, value) in fields {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text + "\r\n"
    };
    let tls = phone.client.tls_config().unwrap();
    assert_eq!(
        status(&phone.client, tls.clone(), sign(60).as_bytes()).await,
        200
    );
    assert_eq!(status(&phone.client, tls, sign(61).as_bytes()).await, 401);
}
