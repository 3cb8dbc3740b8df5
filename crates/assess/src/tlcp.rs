//! TLCP to the target with somebody in between: what the client writes passes record by record through
//! a hand that may change it.

pub(crate) mod raw;

use std::fmt;
use std::future::poll_fn;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use hefu_gm::provider;
use hefu_gm::rng::SystemRng;
use hefu_gm::sm2::PrivateKey;
use hefu_gm::x509::{Certificate, ServerName, Trust};
use hefu_tlcp::tokio::Connector;
use hefu_tlcp::verify::ServerTrust;
use hefu_tlcp::{Alert, CipherSuite, ClientConfig, Error, Identity};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::bundle::TlcpBundle;
use crate::range::{Range, RangeError};
use crate::wire::{ANSWER_WITHIN, Reply, Wire};

/// A record's kind, version and length.
pub(crate) const HEADER_BYTES: usize = 5;
pub(crate) const CHANGE_CIPHER_SPEC: u8 = 0x14;
pub(crate) const ALERT: u8 = 0x15;
pub(crate) const HANDSHAKE: u8 = 0x16;
pub(crate) const APPLICATION_DATA: u8 = 0x17;
const CERTIFICATE: u8 = 11;

/// Gets each record that the client writes, with its number, and gives what goes on to the target.
pub(crate) type Hand = Box<dyn FnMut(usize, Vec<u8>) -> Vec<u8> + Send>;

/// A hand that changes nothing.
pub(crate) fn honest() -> Hand {
    Box::new(|_, record| record)
}

/// What became of a handshake.
pub(crate) enum Shaken {
    /// It was done.
    Open(Wire),
    /// The target refused it, with an alert or without.
    Refused(Option<Alert>),
}

impl Shaken {
    pub(crate) fn is_refused(&self) -> bool {
        matches!(self, Self::Refused(_))
    }

    /// Whether it was refused with this alert: so that a refusal for another reason does not pass for
    /// this one.
    pub(crate) fn is_refused_with(&self, alert: Alert) -> bool {
        matches!(self, Self::Refused(Some(got)) if *got == alert)
    }

    pub(crate) fn summary(&self) -> String {
        match self {
            Self::Open(_) => "handshake done".to_owned(),
            Self::Refused(Some(alert)) => format!("alert {alert}"),
            Self::Refused(None) => "connection closed".to_owned(),
        }
    }

    /// Sends a request on it; a refused handshake is a closed connection.
    pub(crate) async fn exchange(self, bytes: &[u8]) -> Reply {
        match self {
            Self::Open(mut wire) => wire.exchange(bytes).await,
            Self::Refused(_) => Reply::Closed,
        }
    }
}

/// A way to shake hands with the target.
pub(crate) struct Shake<'range> {
    range: &'range Range,
    trust: Trust,
    name: ServerName,
}

impl<'range> Shake<'range> {
    /// None when the target is not known to speak TLCP.
    pub(crate) fn with(range: &'range Range) -> Option<Self> {
        let trust = Trust::from_pem(range.trust.tlcp_ca_pem.as_ref()?).ok()?;
        let (host, _) = range.address.rsplit_once(':')?;
        let host = host.trim_start_matches('[').trim_end_matches(']');
        Some(Self {
            range,
            trust,
            name: ServerName::parse(host).ok()?,
        })
    }

    /// The authority that the app trusts.
    pub(crate) fn authority(&self) -> Option<&Certificate> {
        self.trust.anchors().first()
    }

    /// The honest customer's pair.
    pub(crate) fn identity(&self) -> Result<Identity, RangeError> {
        identity(self.pair()?)
    }

    /// The honest customer's pair, as it was given.
    pub(crate) fn pair(&self) -> Result<&'range TlcpBundle, RangeError> {
        let phone = self.range.phone().bundle();
        phone.tlcp.as_ref().ok_or(RangeError::Part("TLCP pair"))
    }

    /// Shakes hands; all suites when none are named.
    pub(crate) async fn shake(
        &self,
        identity: Option<Identity>,
        suites: &[CipherSuite],
        hand: Hand,
    ) -> Shaken {
        let connect = async {
            let provider = provider::software();
            let verifier = ServerTrust::new(Arc::clone(&provider), self.trust.clone());
            let mut config =
                ClientConfig::builder(provider, Arc::new(verifier)).alpn(&[b"http/1.1"]);
            if let Some(identity) = identity {
                config = config.identity(Arc::new(identity));
            }
            if !suites.is_empty() {
                config = config.suites(suites);
            }
            let config = config.build().map_err(io::Error::other)?;
            let tcp = TcpStream::connect(&self.range.address).await?;
            tcp.set_nodelay(true)?;
            let between = Between::new(tcp, hand);
            let now_s = self.range.now_s();
            Connector::new(Arc::new(config))
                .connect(self.name.clone(), between, now_s)
                .await
        };
        match timeout(ANSWER_WITHIN, connect).await {
            Ok(Ok(stream)) => Shaken::Open(Wire::over(stream)),
            Ok(Err(error)) => Shaken::Refused(alert(&error)),
            Err(_) => Shaken::Refused(None),
        }
    }

    /// The honest twin of the probes on handshakes: the customer reads what is theirs over TLCP.
    pub(crate) async fn honest_read_passes(&self) -> bool {
        self.read_passes(&[], honest()).await
    }

    /// Whether the customer reads what is theirs over TLCP, with these suites and this hand between.
    pub(crate) async fn read_passes(&self, suites: &[CipherSuite], hand: Hand) -> bool {
        let (Ok(identity), Ok(read)) = (self.identity(), self.range.read().await) else {
            return false;
        };
        let signed = read.sign(&self.range.trust);
        let shaken = self.shake(Some(identity), suites, hand).await;
        shaken.exchange(&signed.to_bytes()).await.passed()
    }
}

/// A pair as an identity.
pub(crate) fn identity(bundle: &TlcpBundle) -> Result<Identity, RangeError> {
    let part = RangeError::Part("TLCP pair");
    let made = || {
        let (sign, encryption) = keys(bundle)?;
        let provider = provider::software();
        Identity::new(
            (
                Certificate::from_pem(&bundle.sign_pem).ok()?,
                provider.signing_key(sign).ok()?,
            ),
            (
                Certificate::from_pem(&bundle.encryption_pem).ok()?,
                provider.decryption_key(encryption).ok()?,
            ),
            Certificate::list_from_pem(&bundle.chain_pem).ok()?,
        )
        .ok()
    };
    made().ok_or(part)
}

/// A signature certificate alone.
pub(crate) fn identity_without_encryption(bundle: &TlcpBundle) -> Result<Identity, RangeError> {
    let part = RangeError::Part("TLCP pair");
    let made = || {
        let (sign, _) = keys(bundle)?;
        let sign = provider::software().signing_key(sign).ok()?;
        let certificate = Certificate::from_pem(&bundle.sign_pem).ok()?;
        let chain = Certificate::list_from_pem(&bundle.chain_pem).ok()?;
        Identity::sign_only((certificate, sign), chain).ok()
    };
    made().ok_or(part)
}

fn keys(bundle: &TlcpBundle) -> Option<(PrivateKey, PrivateKey)> {
    Some((
        PrivateKey::from_pem(&bundle.sign_key_pem).ok()?,
        PrivateKey::from_pem(&bundle.encryption_key_pem).ok()?,
    ))
}

/// A fresh key.
pub(crate) fn make_key() -> Result<PrivateKey, RangeError> {
    PrivateKey::make(&mut SystemRng).map_err(|_| RangeError::Part("randomness"))
}

/// A record with another list of certificates, when it begins with one.
pub(crate) fn with_certificates(
    record: &[u8],
    change: impl FnOnce(Vec<Vec<u8>>) -> Vec<Vec<u8>>,
) -> Option<Vec<u8>> {
    let (header, rest) = record.split_at_checked(HEADER_BYTES)?;
    let (kind, _) = header.split_first()?;
    if *kind != HANDSHAKE || rest.first() != Some(&CERTIFICATE) {
        return None;
    }
    let (body, after) = take_vec24(rest.get(1..)?)?;
    let (mut list, _) = take_vec24(body)?;
    let mut certificates = Vec::new();
    while !list.is_empty() {
        let (certificate, others) = take_vec24(list)?;
        certificates.push(certificate.to_vec());
        list = others;
    }
    let list: Vec<u8> = change(certificates)
        .iter()
        .flat_map(|certificate| vec24(certificate))
        .collect();
    let message = [&[CERTIFICATE][..], &vec24(&vec24(&list))].concat();
    Some(record_of(*kind, &[&message, after].concat()))
}

/// A record of a kind.
pub(crate) fn record_of(kind: u8, content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len())
        .unwrap_or(u16::MAX)
        .to_be_bytes();
    [&[kind, 1, 1][..], &length, content].concat()
}

fn vec24(bytes: &[u8]) -> Vec<u8> {
    let length = u32::try_from(bytes.len()).unwrap_or(u32::MAX).to_be_bytes();
    let [_, length @ ..] = length;
    [&length[..], bytes].concat()
}

fn take_vec24(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let ([a, b, c], rest) = bytes.split_first_chunk::<3>()?;
    let length = usize::from(*a) << 16 | usize::from(*b) << 8 | usize::from(*c);
    rest.split_at_checked(length)
}

/// The alert that the target sent.
fn alert(error: &io::Error) -> Option<Alert> {
    match error.get_ref()?.downcast_ref::<Error>()? {
        Error::Alert(alert) => Some(*alert),
        _ => None,
    }
}

/// A connection through a hand.
struct Between<Io> {
    io: Io,
    hand: Hand,
    records: usize,
    /// Not a whole record yet.
    written: Vec<u8>,
    outgoing: Vec<u8>,
}

impl<Io> Between<Io> {
    fn new(io: Io, hand: Hand) -> Self {
        Self {
            io,
            hand,
            records: 0,
            written: Vec::new(),
            outgoing: Vec::new(),
        }
    }

    fn pass_records(&mut self) {
        loop {
            let length = match self.written.get(3..HEADER_BYTES) {
                Some([high, low]) => usize::from(u16::from_be_bytes([*high, *low])),
                _ => return,
            };
            if self.written.len() < HEADER_BYTES + length {
                return;
            }
            let record = self.written.drain(..HEADER_BYTES + length).collect();
            let changed = (self.hand)(self.records, record);
            self.outgoing.extend_from_slice(&changed);
            self.records += 1;
        }
    }
}

impl<Io: AsyncWrite + Unpin> Between<Io> {
    fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.outgoing.is_empty() {
            let count = ready!(Pin::new(&mut self.io).poll_write(cx, &self.outgoing))?;
            if count == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.outgoing.drain(..count);
        }
        Poll::Ready(Ok(()))
    }
}

impl<Io: AsyncRead + AsyncWrite + Unpin> AsyncRead for Between<Io> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        // What could not be written at once goes before waiting for an answer to it.
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        Pin::new(&mut self.io).poll_read(cx, buf)
    }
}

impl<Io: AsyncWrite + Unpin> AsyncWrite for Between<Io> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_drain(cx))?;
        self.written.extend_from_slice(bytes);
        self.pass_records();
        if let Poll::Ready(Err(error)) = self.poll_drain(cx) {
            return Poll::Ready(Err(error));
        }
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_flush(cx)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_drain(cx))?;
        Pin::new(&mut self.io).poll_shutdown(cx)
    }
}

impl<Io> fmt::Debug for Between<Io> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Between")
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}

/// Writes recorded bytes to the target as they are, and reads until it closes: the kinds of the
/// records that came back.
pub(crate) async fn replay(range: &Range, bytes: &[u8]) -> Vec<u8> {
    let exchange = async {
        let mut tcp = TcpStream::connect(&range.address).await.ok()?;
        let mut received = Vec::new();
        let mut written = 0;
        poll_fn(|cx| {
            while let Some(rest) = bytes.get(written..).filter(|rest| !rest.is_empty()) {
                match Pin::new(&mut tcp).poll_write(cx, rest) {
                    Poll::Ready(Ok(count)) => written += count,
                    // The target may close before it has all.
                    Poll::Ready(Err(_)) => break,
                    Poll::Pending => break,
                }
            }
            let mut buffer = [0; 4096];
            loop {
                let mut buf = ReadBuf::new(&mut buffer);
                match ready!(Pin::new(&mut tcp).poll_read(cx, &mut buf)) {
                    Ok(()) if !buf.filled().is_empty() && received.len() < 1 << 20 => {
                        received.extend_from_slice(buf.filled());
                    }
                    _ => return Poll::Ready(()),
                }
            }
        })
        .await;
        Some(received)
    };
    let received = timeout(ANSWER_WITHIN, exchange).await.ok().flatten();
    kinds(&received.unwrap_or_default())
}

fn kinds(mut bytes: &[u8]) -> Vec<u8> {
    let mut kinds = Vec::new();
    while let Some(([kind, _, _, high, low], rest)) = bytes.split_first_chunk::<HEADER_BYTES>() {
        kinds.push(*kind);
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        let Some((_, after)) = rest.split_at_checked(length) else {
            break;
        };
        bytes = after;
    }
    kinds
}
