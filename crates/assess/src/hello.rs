//! TLS greetings that no modern library would write.

use std::time::Duration;

use hefu_gm::rng::{self, SystemRng};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

const WITHIN: Duration = Duration::from_secs(5);

/// ECDHE with AES-GCM.
pub(crate) const STRONG: &[u16] = &[0xc02b, 0xc02f, 0xc02c, 0xc030];
/// The same, and what versions before 1.2 had: ECDHE and RSA with AES-CBC and SHA-1.
pub(crate) const STRONG_AND_WEAK: &[u16] = &[
    0xc02b, 0xc02f, 0xc009, 0xc013, 0xc00a, 0xc014, 0x002f, 0x0035, 0x000a,
];
/// CBC with SHA-1, static RSA, 3DES, RC4, export, anonymous and no encryption at all.
pub(crate) const WEAK: &[u16] = &[
    0xc009, 0xc013, 0xc023, 0xc027, 0x002f, 0x0035, 0x009c, 0x003c, 0x000a, 0xc008, 0x0005, 0x0004,
    0x0003, 0x0018, 0x001b, 0x0001, 0x0002, 0x003b,
];

/// What a target says to a greeting.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Said {
    /// It goes on with the handshake.
    Welcome,
    /// An alert, by its number.
    Alert(u8),
    /// An HTTP response, in plain text.
    Http,
    /// Something else.
    Other,
    /// The connection was closed, or not made.
    Closed,
    /// Nothing.
    Silence,
}

impl Said {
    pub(crate) fn is_welcome(&self) -> bool {
        *self == Self::Welcome
    }

    pub(crate) fn is_http(&self) -> bool {
        *self == Self::Http
    }

    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Welcome => "handshake goes on".to_owned(),
            Self::Alert(number) => format!("alert {number}"),
            Self::Http => "answered in plain HTTP".to_owned(),
            Self::Other => "unexpected bytes".to_owned(),
            Self::Closed => "connection closed".to_owned(),
            Self::Silence => "no answer".to_owned(),
        }
    }
}

/// A `ClientHello` of one version (0x0303 is TLS 1.2) without the extension that would offer more.
pub(crate) fn client_hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let mut random = [0; 32];
    // Without randomness the greeting is still a greeting.
    let _ = rng::fill(&mut SystemRng, &mut random);
    let mut body = version.to_be_bytes().to_vec();
    body.extend_from_slice(&random);
    body.push(0);
    let suites: Vec<u8> = suites
        .iter()
        .flat_map(|suite| suite.to_be_bytes())
        .collect();
    body.extend_from_slice(&with_length(&suites));
    body.extend_from_slice(&[1, 0]);
    let mut extensions = Vec::new();
    for (number, content) in [
        // extended_master_secret, without which TLS 1.2 is refused by careful servers
        (0x0017_u16, &[][..]),
        // supported_groups: x25519, secp256r1
        (0x000a, &[0, 4, 0, 0x1d, 0, 0x17]),
        // ec_point_formats: uncompressed
        (0x000b, &[1, 0]),
        // signature_algorithms: ECDSA and RSA with SHA-256, and with SHA-1 for the old
        (0x000d, &[0, 8, 4, 3, 8, 4, 4, 1, 2, 3]),
    ] {
        extensions.extend_from_slice(&number.to_be_bytes());
        extensions.extend_from_slice(&with_length(content));
    }
    body.extend_from_slice(&with_length(&extensions));
    let mut handshake = vec![1, 0];
    handshake.extend_from_slice(&with_length(&body));
    let mut record = vec![0x16, 3, 1];
    record.extend_from_slice(&with_length(&handshake));
    record
}

/// Sends bytes over plain TCP and looks at the first of the answer.
pub(crate) async fn say_hello(address: &str, bytes: &[u8]) -> Said {
    let talk = async {
        let mut stream = TcpStream::connect(address).await.ok()?;
        stream.write_all(bytes).await.ok()?;
        let mut answer = [0; 8];
        let mut length = 0;
        while length < answer.len() {
            match stream.read(answer.get_mut(length..)?).await {
                Ok(0) | Err(_) => break,
                Ok(read) => length += read,
            }
        }
        answer.get(..length).map(<[u8]>::to_vec)
    };
    match timeout(WITHIN, talk).await {
        Err(_) => Said::Silence,
        Ok(None) => Said::Closed,
        Ok(Some(answer)) => match answer.as_slice() {
            [] => Said::Closed,
            // A handshake record whose message is ServerHello.
            [0x16, 3, _, _, _, 2, ..] => Said::Welcome,
            [0x15, 3, _, _, _, _, number, ..] => Said::Alert(*number),
            [b'H', b'T', b'T', b'P', ..] => Said::Http,
            _ => Said::Other,
        },
    }
}

fn with_length(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap_or(u16::MAX);
    [&length.to_be_bytes()[..], content].concat()
}
