//! TLCP written record by record, for probes that decide what stands in each: its kind, where it is
//! cut, and what comes in between.
//!
//! One suite (`ECC_SM4_GCM_SM3`), with the customer's certificates, and without any of the care that
//! a client for use has. It verifies the server all the same: what it sends at last is a customer's.

use std::sync::Arc;

use hefu_gm::Zeroizing;
use hefu_gm::provider::{self, CipherSm4, MacSm3, Provider};
use hefu_gm::sm2::{DEFAULT_ID, EncryptionKey};
use hefu_gm::sm4::{self, gcm};
use hefu_gm::x509::Certificate;
use hefu_tlcp::messages::{
    CertificateList, CertificateVerify, ClientExtensions, ClientHello, ClientKeyExchange, Finished,
    HandshakeType, RANDOM_BYTES, ServerHello, SessionId, VERIFY_DATA_BYTES, VERSION,
};
use hefu_tlcp::verify::{ServerCheck, ServerTrust, VerifyServer as _};
use hefu_tlcp::{Alert, CipherSuite, KeyExchange};
use subtle::ConstantTimeEq as _;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::{
    ALERT, APPLICATION_DATA, CHANGE_CIPHER_SPEC, HANDSHAKE, HEADER_BYTES, Shake, record_of, vec24,
};
use crate::wire::ANSWER_WITHIN;

const SUITE: CipherSuite = CipherSuite::EccSm4GcmSm3;
const SECRET_BYTES: usize = 48;
const SALT_BYTES: usize = 4;
const EXPLICIT_NONCE_BYTES: usize = 8;

/// Most bytes of messages that are joined. Stops a target from filling the tester's memory.
const JOINED_BYTES_MAX: usize = 1 << 18;

/// Most records that are read for one answer.
const ANSWER_RECORDS_MAX: usize = 64;

/// What a target did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Came {
    /// A record, opened.
    Record(u8, Vec<u8>),
    /// The connection ended.
    Closed,
    /// Nothing, within the time that an answer may take.
    Silent,
}

impl Came {
    /// Whether the target ended the connection, with a fatal alert or without a word.
    pub(crate) fn is_end(&self) -> bool {
        match self {
            Self::Record(ALERT, content) => content.first() == Some(&2),
            Self::Closed => true,
            Self::Record(..) | Self::Silent => false,
        }
    }

    /// The alert, of whichever level.
    pub(crate) fn alert(&self) -> Option<Alert> {
        match self {
            Self::Record(ALERT, content) => content.get(1).copied().map(Alert::from_id),
            _ => None,
        }
    }

    /// In a few words, without anything of the content.
    pub(crate) fn summary(&self) -> String {
        match (self, self.alert()) {
            (_, Some(alert)) => format!("alert {alert}"),
            (Self::Record(HANDSHAKE, _), _) => "a handshake message".to_owned(),
            (Self::Record(APPLICATION_DATA, _), _) => "answered".to_owned(),
            (Self::Record(..), _) => "another record".to_owned(),
            (Self::Closed, _) => "connection closed".to_owned(),
            (Self::Silent, _) => "no answer".to_owned(),
        }
    }
}

/// A connection.
pub(crate) struct RawTlcp {
    provider: Arc<dyn Provider>,
    tcp: TcpStream,
    /// Came, and is no whole record yet.
    received: Vec<u8>,
    /// Came in handshake records, and is no whole message yet.
    joined: Vec<u8>,
    /// All handshake messages.
    transcript: Vec<u8>,
    seal: Option<Keys>,
    open: Option<Keys>,
}

impl RawTlcp {
    /// Connects, and says nothing.
    pub(crate) async fn connect(shake: &Shake<'_>) -> Option<Self> {
        let connect = TcpStream::connect(&shake.range.address);
        let tcp = timeout(ANSWER_WITHIN, connect).await.ok()?.ok()?;
        tcp.set_nodelay(true).ok()?;
        Some(Self {
            provider: provider::software(),
            tcp,
            received: Vec::new(),
            joined: Vec::new(),
            transcript: Vec::new(),
            seal: None,
            open: None,
        })
    }

    /// Connects and shakes hands as the honest customer, in records of at most `piece_bytes`.
    pub(crate) async fn shake(shake: &Shake<'_>, piece_bytes: usize) -> Option<Self> {
        let mut raw = Self::connect(shake).await?;
        let random = raw.make_random()?;
        raw.say(HandshakeType::ClientHello, &greeting(random), piece_bytes)
            .await;
        let hello = raw.expect(HandshakeType::ServerHello).await?;
        let hello = ServerHello::read(&hello).ok()?;
        if hello.suite != SUITE.id() {
            return None;
        }
        let list = raw.expect(HandshakeType::Certificate).await?;
        let encryption = verified_key(shake, &CertificateList::read(&list).ok()?)?;
        raw.expect(HandshakeType::ServerKeyExchange).await?;
        raw.expect(HandshakeType::CertificateRequest).await?;
        raw.expect(HandshakeType::ServerHelloDone).await?;

        let premaster = raw.prove(shake, &encryption, piece_bytes).await?;
        let randoms = [random, hello.random].concat();
        let master = raw.derive::<SECRET_BYTES>(&*premaster, b"master secret", &randoms)?;
        let randoms = [hello.random, random].concat();
        let block = raw.derive::<40>(&*master, b"key expansion", &randoms)?;
        let (client, server) = Keys::both(&*raw.provider, &block)?;

        raw.send(&record_of(CHANGE_CIPHER_SPEC, &[1])).await;
        raw.seal = Some(client);
        let verify_data = raw.verify_data(&*master, b"client finished")?;
        let finished = Finished { verify_data }.to_bytes();
        raw.say(HandshakeType::Finished, &finished, piece_bytes)
            .await;
        let expected = raw.verify_data(&*master, b"server finished")?;
        if raw.next().await != Came::Record(CHANGE_CIPHER_SPEC, vec![1]) {
            return None;
        }
        raw.open = Some(server);
        let finished = raw.expect(HandshakeType::Finished).await?;
        bool::from(expected.as_slice().ct_eq(&finished)).then_some(raw)
    }

    /// Certificates, the premaster secret, and the proof of the signature key.
    async fn prove(
        &mut self,
        shake: &Shake<'_>,
        encryption: &EncryptionKey,
        piece_bytes: usize,
    ) -> Option<Zeroizing<[u8; SECRET_BYTES]>> {
        let identity = shake.identity().ok()?;
        let certificates = identity.certificates().iter();
        let list = CertificateList(certificates.map(|one| one.as_der().to_vec()).collect());
        self.say(HandshakeType::Certificate, &list.to_bytes(), piece_bytes)
            .await;
        let mut premaster = Zeroizing::new([0; SECRET_BYTES]);
        self.provider.fill_random(premaster.as_mut_slice()).ok()?;
        let (version, _) = premaster.split_at_mut(2);
        version.copy_from_slice(&VERSION.to_be_bytes());
        let sealed = self
            .provider
            .encrypt_sm2_der(encryption, premaster.as_slice())
            .ok()?;
        let sent = ClientKeyExchange::Ecc(sealed).to_bytes();
        self.say(HandshakeType::ClientKeyExchange, &sent, piece_bytes)
            .await;
        let digest = self.provider.digest_sm3(&[&self.transcript]).ok()?;
        let signature = identity.signing_key().sign(DEFAULT_ID, &digest).ok()?;
        let proof = CertificateVerify {
            signature: signature.to_der(),
        };
        self.say(
            HandshakeType::CertificateVerify,
            &proof.to_bytes(),
            piece_bytes,
        )
        .await;
        Some(premaster)
    }

    /// A greeting, as a whole message that no transcript knows of.
    pub(crate) fn greeting(&self) -> Option<Vec<u8>> {
        let body = greeting(self.make_random()?);
        Some(message(HandshakeType::ClientHello, &body))
    }

    fn make_random(&self) -> Option<[u8; RANDOM_BYTES]> {
        let mut random = [0; RANDOM_BYTES];
        self.provider.fill_random(&mut random).ok()?;
        Some(random)
    }

    /// Sends a message of the handshake in records of at most `piece_bytes`.
    async fn say(&mut self, kind: HandshakeType, body: &[u8], piece_bytes: usize) {
        let message = message(kind, body);
        self.transcript.extend_from_slice(&message);
        let records = self.cut(HANDSHAKE, &message, piece_bytes);
        self.send(&records).await;
    }

    /// Records of a kind of at most `piece_bytes` each, under protection once there is one.
    pub(crate) fn cut(&mut self, kind: u8, content: &[u8], piece_bytes: usize) -> Vec<u8> {
        content
            .chunks(piece_bytes.max(1))
            .flat_map(|piece| self.record(kind, piece))
            .collect()
    }

    /// A record, under protection once there is one.
    pub(crate) fn record(&mut self, kind: u8, content: &[u8]) -> Vec<u8> {
        match &mut self.seal {
            Some(keys) => record_of(kind, &keys.seal(kind, content).unwrap_or_default()),
            None => record_of(kind, content),
        }
    }

    /// Writes. A target may close before it has all, which shows at the next reading.
    pub(crate) async fn send(&mut self, bytes: &[u8]) {
        let _ = timeout(ANSWER_WITHIN, self.tcp.write_all(bytes)).await;
    }

    /// The next record.
    pub(crate) async fn next(&mut self) -> Came {
        match timeout(ANSWER_WITHIN, self.read_record()).await {
            Ok(Some((kind, content))) => Came::Record(kind, content),
            Ok(None) => Came::Closed,
            Err(_) => Came::Silent,
        }
    }

    async fn read_record(&mut self) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some([kind, _, _, high, low]) = self.received.first_chunk::<HEADER_BYTES>() {
                let kind = *kind;
                let bytes = HEADER_BYTES + usize::from(u16::from_be_bytes([*high, *low]));
                if self.received.len() >= bytes {
                    let record: Vec<u8> = self.received.drain(..bytes).collect();
                    let fragment = record.get(HEADER_BYTES..)?;
                    return match &mut self.open {
                        Some(keys) => Some((kind, keys.open(kind, fragment)?)),
                        None => Some((kind, fragment.to_vec())),
                    };
                }
            }
            if self.tcp.read_buf(&mut self.received).await.ok()? == 0 {
                return None;
            }
        }
    }

    /// The body of the next message, which must be of this kind.
    async fn expect(&mut self, kind: HandshakeType) -> Option<Vec<u8>> {
        loop {
            if let Some(([id, length @ ..], _)) = self.joined.split_first_chunk::<4>() {
                let [a, b, c] = length.map(usize::from);
                let bytes = 4 + (a << 16 | b << 8 | c);
                if *id != kind.id() || bytes > JOINED_BYTES_MAX {
                    return None;
                }
                if self.joined.len() >= bytes {
                    let message: Vec<u8> = self.joined.drain(..bytes).collect();
                    self.transcript.extend_from_slice(&message);
                    return message.get(4..).map(<[u8]>::to_vec);
                }
            }
            match self.next().await {
                Came::Record(HANDSHAKE, content) => self.joined.extend(content),
                _ => return None,
            }
        }
    }

    /// Whether an honest client passes whose records are at most so many bytes long, those of the
    /// handshake and those of its request.
    pub(crate) async fn twin_passes(
        shake: &Shake<'_>,
        request: &[u8],
        (handshake_bytes, request_bytes): (usize, usize),
    ) -> bool {
        match Self::shake(shake, handshake_bytes).await {
            Some(mut raw) => raw.request_passes(request, request_bytes).await,
            None => false,
        }
    }

    /// Whether a request passes in records of at most `piece_bytes`, the first of them behind a record
    /// without content, which is allowed.
    async fn request_passes(&mut self, request: &[u8], piece_bytes: usize) -> bool {
        let mut records = self.record(APPLICATION_DATA, &[]);
        records.extend(self.cut(APPLICATION_DATA, request, piece_bytes));
        self.send(&records).await;
        let mut answer = Vec::new();
        for _ in 0..ANSWER_RECORDS_MAX {
            match self.next().await {
                Came::Record(APPLICATION_DATA, content) => answer.extend(content),
                _ => break,
            }
            if answer.windows(4).any(|four| four == b"\r\n\r\n") {
                break;
            }
        }
        answer.starts_with(b"HTTP/1.1 200 ")
    }

    /// The pseudo-random function (GB/T 38636, 5).
    fn derive<const BYTES: usize>(
        &self,
        secret: &[u8],
        label: &[u8],
        seed: &[u8],
    ) -> Option<Zeroizing<[u8; BYTES]>> {
        let key: Arc<dyn MacSm3> = self.provider.mac_key(secret).ok()?;
        let mut out = Zeroizing::new([0; BYTES]);
        let mut link = key.mac(&[label, seed]).ok()?;
        for piece in out.chunks_mut(link.len()) {
            let block = Zeroizing::new(key.mac(&[&link, label, seed]).ok()?);
            piece.copy_from_slice(block.get(..piece.len())?);
            link = key.mac(&[&link]).ok()?;
        }
        Some(out)
    }

    fn verify_data(&self, master: &[u8], label: &[u8]) -> Option<[u8; VERIFY_DATA_BYTES]> {
        let digest = self.provider.digest_sm3(&[&self.transcript]).ok()?;
        self.derive(master, label, &digest).map(|data| *data)
    }
}

fn greeting(random: [u8; RANDOM_BYTES]) -> Vec<u8> {
    ClientHello {
        version: VERSION,
        random,
        session_id: SessionId::default(),
        suites: vec![SUITE.id()],
        compressions: vec![0],
        extensions: ClientExtensions {
            alpn: vec![b"http/1.1".to_vec()],
            ..ClientExtensions::default()
        },
    }
    .to_bytes()
}

fn message(kind: HandshakeType, body: &[u8]) -> Vec<u8> {
    [&[kind.id()][..], &vec24(body)].concat()
}

/// The encryption key of the server, whose certificates are for the target's name.
fn verified_key(shake: &Shake<'_>, list: &CertificateList) -> Option<EncryptionKey> {
    let trust = ServerTrust::new(provider::software(), shake.trust.clone());
    let verified = trust.verify(&ServerCheck {
        certificates: &list.0,
        name: &shake.name,
        status: None,
        key_exchange: KeyExchange::Ecc,
        now_s: shake.range.now_s(),
    });
    let key = verified
        .ok()?
        .encrypt
        .as_ref()
        .map(Certificate::public_key)
        .copied()?;
    Some(EncryptionKey::from(key))
}

/// The keys of one direction.
struct Keys {
    cipher: Arc<dyn CipherSm4>,
    salt: [u8; SALT_BYTES],
    /// The number of the next record.
    sequence: u64,
}

impl Keys {
    /// The client's and the server's, from the key block.
    fn both(provider: &dyn Provider, block: &[u8; 40]) -> Option<(Self, Self)> {
        let (client, rest) = block.split_first_chunk::<16>()?;
        let (server, salts) = rest.split_first_chunk::<16>()?;
        let (client_salt, server_salt) = salts.split_first_chunk::<SALT_BYTES>()?;
        let keys = |key: &[u8; 16], salt: &[u8]| {
            Some(Self {
                cipher: provider.cipher_key(&sm4::Key::from(*key)).ok()?,
                salt: salt.try_into().ok()?,
                sequence: 0,
            })
        };
        Some((keys(client, client_salt)?, keys(server, server_salt)?))
    }

    fn nonce(&self, explicit: &[u8]) -> Option<[u8; gcm::NONCE_BYTES]> {
        [&self.salt[..], explicit].concat().try_into().ok()
    }

    fn associated_data(&self, kind: u8, content_bytes: usize) -> Option<Vec<u8>> {
        let length = u16::try_from(content_bytes).ok()?.to_be_bytes();
        let [major, minor] = VERSION.to_be_bytes();
        Some(
            [
                &self.sequence.to_be_bytes()[..],
                &[kind, major, minor],
                &length,
            ]
            .concat(),
        )
    }

    fn seal(&mut self, kind: u8, content: &[u8]) -> Option<Vec<u8>> {
        let explicit = self.sequence.to_be_bytes();
        let aad = self.associated_data(kind, content.len())?;
        let sealed = self
            .cipher
            .gcm_seal(&self.nonce(&explicit)?, &aad, content)
            .ok()?;
        self.sequence += 1;
        Some([&explicit[..], &sealed].concat())
    }

    fn open(&mut self, kind: u8, fragment: &[u8]) -> Option<Vec<u8>> {
        let (explicit, sealed) = fragment.split_at_checked(EXPLICIT_NONCE_BYTES)?;
        let content_bytes = sealed.len().checked_sub(gcm::TAG_BYTES)?;
        let aad = self.associated_data(kind, content_bytes)?;
        let opened = self
            .cipher
            .gcm_open(&self.nonce(explicit)?, &aad, sealed)
            .ok()?;
        self.sequence += 1;
        Some(opened.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A target that warns, answers, shakes hands or waits has not ended the connection.
    #[test]
    fn only_a_fatal_alert_and_the_end_are_an_end() {
        assert!(Came::Record(ALERT, vec![2, 10]).is_end());
        assert!(Came::Closed.is_end());
        for came in [
            Came::Record(ALERT, vec![1, 100]),
            Came::Record(ALERT, vec![]),
            Came::Record(HANDSHAKE, vec![2, 0]),
            Came::Record(APPLICATION_DATA, b"HTTP/1.1 200 OK".to_vec()),
            Came::Silent,
        ] {
            assert!(!came.is_end(), "{came:?}");
        }
    }
}
