//! Sessions that the client keeps for the server (RFC 5077): sealed so that nobody else can read or
//! change them. GB/T 38636 has no tickets; see `docs/TLCP.md`.

use core::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use hefu_gm::Zeroizing;
use hefu_gm::provider::{CipherError, CipherSm4, Provider};
use hefu_gm::rng::RngError;
use hefu_gm::sm4::{self, gcm};
use hefu_gm::x509::Certificate;

use crate::codec::{Cursor, Malformed, put_u16, put_vec8, put_vec24};
use crate::error::InternalError;
use crate::messages::SessionId;
use crate::session::Session;
use crate::suite::CipherSuite;
use crate::verify::VerifiedPeer;

/// Longest ticket in bytes, either way. It must fit into a hello message beside everything else there,
/// and a server must not make a client store more than this. A session with a longer one is not
/// carried by a ticket.
pub const TICKET_BYTES_MAX: usize = 8 * 1024;

/// The layout of what is sealed. Another number is another layout, and is not read.
const VERSION: u8 = 1;

/// Length of the name of the key that sealed a ticket, in bytes.
const KEY_NAME_BYTES: usize = 16;

/// The keys under which a server seals its sessions into tickets: the current one, and the one before,
/// whose tickets are still opened. Several gateways may share them.
///
/// There is no clock here: whoever holds this calls [`rotate`](Self::rotate), best as often as a
/// session may be old, so that a key which leaks opens the sessions of two such spans and no more.
/// Tickets are not kept anywhere, so that none can be taken back by itself: age, revocation and
/// rotating twice end them.
pub struct TicketKeys {
    provider: Arc<dyn Provider>,
    ring: RwLock<Arc<Ring>>,
}

struct Ring {
    current: TicketKey,
    previous: Option<TicketKey>,
}

#[derive(Clone)]
struct TicketKey {
    /// Derived from the key, so that whoever shares the key shares the name.
    name: [u8; KEY_NAME_BYTES],
    cipher: Arc<dyn CipherSm4>,
}

impl TicketKeys {
    /// Seals under `key`, which the caller makes ([`sm4::Key::make`]) or has from where its gateways
    /// share secrets.
    ///
    /// # Errors
    /// [`InternalError::Module`] when the module does not take the key.
    pub fn new(provider: Arc<dyn Provider>, key: &sm4::Key) -> Result<Self, InternalError> {
        let current = TicketKey::new(&*provider, key)?;
        Ok(Self {
            provider,
            ring: RwLock::new(Arc::new(Ring {
                current,
                previous: None,
            })),
        })
    }

    /// Seals under `key` from now on, opens what the current key sealed, and forgets the one before.
    ///
    /// # Errors
    /// [`InternalError::Module`] when the module does not take the key; nothing changes then.
    pub fn rotate(&self, key: &sm4::Key) -> Result<(), InternalError> {
        let current = TicketKey::new(&*self.provider, key)?;
        let mut ring = self.ring.write().unwrap_or_else(PoisonError::into_inner);
        let previous = Some(ring.current.clone());
        *ring = Arc::new(Ring { current, previous });
        Ok(())
    }

    /// The value is whole at all times, whatever happened to a thread that held it.
    fn ring(&self) -> Arc<Ring> {
        Arc::clone(&self.ring.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// A ticket that only opens under the same `context`; `None` when it would be too long.
    pub(crate) fn seal(
        &self,
        session: &Session,
        context: &[u8],
    ) -> Result<Option<Vec<u8>>, InternalError> {
        let text = write(session);
        if KEY_NAME_BYTES + gcm::NONCE_BYTES + text.len() + gcm::TAG_BYTES > TICKET_BYTES_MAX {
            return Ok(None);
        }
        let TicketKey { name, cipher } = &self.ring().current;
        let mut nonce = [0; gcm::NONCE_BYTES];
        self.provider
            .fill_random(&mut nonce)
            .map_err(|RngError| InternalError::Rng)?;
        let sealed = cipher.gcm_seal(&nonce, context, &text)?;
        Ok(Some([&name[..], &nonce, &sealed].concat()))
    }

    /// The session in a ticket that was sealed under one of the keys and for this `context`, and whether
    /// that was the previous key. `None` for whatever else came: a full handshake follows, and nobody
    /// learns why.
    pub(crate) fn open(
        &self,
        ticket: &[u8],
        context: &[u8],
    ) -> Result<Option<(Session, bool)>, InternalError> {
        let ring = self.ring();
        let Some((name, rest)) = ticket
            .split_first_chunk::<KEY_NAME_BYTES>()
            .filter(|_| ticket.len() <= TICKET_BYTES_MAX)
        else {
            return Ok(None);
        };
        let keys = [Some(&ring.current), ring.previous.as_ref()];
        let key = keys.into_iter().flatten().find(|key| key.name == *name);
        let (Some(key), Some((nonce, sealed))) = (key, rest.split_first_chunk()) else {
            return Ok(None);
        };
        match key.cipher.gcm_open(nonce, context, sealed) {
            Ok(text) => {
                let is_outdated = key.name != ring.current.name;
                Ok(read(&text).ok().map(|session| (session, is_outdated)))
            }
            Err(CipherError::Module(_)) => Err(InternalError::Module),
            Err(_) => Ok(None),
        }
    }
}

impl TicketKey {
    fn new(provider: &dyn Provider, key: &sm4::Key) -> Result<Self, InternalError> {
        let mut name = [0; KEY_NAME_BYTES];
        let digest = provider.digest_sm3(&[b"hefu tlcp ticket key", key.dangerous_bytes()])?;
        let (start, _) = digest.split_at(KEY_NAME_BYTES);
        name.copy_from_slice(start);
        Ok(Self {
            name,
            cipher: provider.cipher_key(key)?,
        })
    }
}

impl fmt::Debug for TicketKeys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TicketKeys(redacted)")
    }
}

/// A session as it is sealed. It has no identifier: the client makes one up for each time.
fn write(session: &Session) -> Zeroizing<Vec<u8>> {
    // Enough that no copy with the secret is left behind by growing.
    let mut out = Zeroizing::new(Vec::with_capacity(TICKET_BYTES_MAX));
    out.push(VERSION);
    put_u16(&mut out, session.suite.id());
    out.extend_from_slice(&session.begun_at_s.to_be_bytes());
    out.extend_from_slice(session.master_secret.as_slice());
    // No name is empty, and none is longer than a hello's.
    let name = session.server_name.as_deref().unwrap_or_default();
    put_vec8(&mut out, name.as_bytes());
    if let Some(peer) = &session.peer {
        out.extend_from_slice(&peer.not_after_s.to_be_bytes());
        for certificate in [Some(&peer.sign), peer.encrypt.as_ref()] {
            let der = certificate.map(Certificate::as_der).unwrap_or_default();
            put_vec24(&mut out, der);
        }
    }
    out
}

fn read(text: &[u8]) -> Result<Session, Malformed> {
    let mut cursor = Cursor::new(text);
    if cursor.u8()? != VERSION {
        return Err(Malformed);
    }
    let suite = CipherSuite::from_id(cursor.u16()?).ok_or(Malformed)?;
    let begun_at_s = i64::from_be_bytes(cursor.array()?);
    let master_secret = Zeroizing::new(cursor.array()?);
    let name = str::from_utf8(cursor.vec8()?).map_err(|_| Malformed)?;
    let peer = if cursor.is_empty() {
        None
    } else {
        let not_after_s = i64::from_be_bytes(cursor.array()?);
        let certificate = |der: &[u8]| Certificate::from_der(der).map_err(|_| Malformed);
        let sign = certificate(cursor.vec24()?)?;
        let encrypt = match cursor.vec24()? {
            [] => None,
            der => Some(certificate(der)?),
        };
        Some(VerifiedPeer {
            sign,
            encrypt,
            not_after_s,
        })
    };
    cursor.finish()?;
    Ok(Session {
        id: SessionId::default(),
        suite,
        master_secret,
        peer,
        server_name: (!name.is_empty()).then(|| name.to_owned()),
        begun_at_s,
        ticket: None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use hefu_gm::rng::SystemRng;
    use hefu_gm::{Zeroizing, sm4};

    use super::{TICKET_BYTES_MAX, TicketKeys, read, write};
    use crate::messages::{NewSessionTicket, SessionId};
    use crate::session::{ClientSessions, MemorySessions, ServerSessions, Session};
    use crate::suite::CipherSuite;
    use crate::support::pki::server_name;
    use crate::support::wire::give;
    use crate::support::{Pair, Wire, pki};
    use crate::verify::VerifiedPeer;

    fn session(with_peer: bool) -> Session {
        let [sign, encrypt, ..] = pki().client.certificates() else {
            unreachable!()
        };
        Session {
            id: SessionId::default(),
            suite: CipherSuite::EcdheSm4CbcSm3,
            master_secret: Zeroizing::new([7; 48]),
            peer: with_peer.then(|| VerifiedPeer {
                sign: sign.clone(),
                encrypt: Some(encrypt.clone()),
                not_after_s: 1_800_000_000,
            }),
            server_name: with_peer.then(|| "gateway.example".to_owned()),
            begun_at_s: 1_790_000_000,
            ticket: None,
        }
    }

    fn make_key() -> sm4::Key {
        sm4::Key::make(&mut SystemRng).unwrap()
    }

    fn keys() -> TicketKeys {
        TicketKeys::new(Arc::clone(&pki().provider), &make_key()).unwrap()
    }

    #[test]
    fn what_is_sealed_is_opened() {
        let keys = keys();
        for with_peer in [false, true] {
            let session = session(with_peer);
            let ticket = keys.seal(&session, b"context").unwrap().unwrap();
            let (opened, is_outdated) = keys.open(&ticket, b"context").unwrap().unwrap();
            assert!(!is_outdated);
            assert_eq!(write(&opened), write(&session));
            assert_eq!(opened.server_name, session.server_name);
            let sign = |session: &Session| session.peer.as_ref().map(|peer| peer.sign.clone());
            assert_eq!(sign(&opened), sign(&session));
            assert_ne!(Some(ticket), keys.seal(&session, b"context").unwrap());
        }
    }

    #[test]
    fn nothing_else_is() {
        let keys = keys();
        let ticket = keys.seal(&session(true), b"context").unwrap().unwrap();
        let opens = |ticket: &[u8], context: &[u8]| keys.open(ticket, context).unwrap().is_some();
        assert!(opens(&ticket, b"context"));
        assert!(!opens(&ticket, b"another"));
        for length in 0..ticket.len() {
            assert!(!opens(&ticket[..length], b"context"), "{length} bytes");
        }
        for at in 0..ticket.len() {
            let mut forged = ticket.clone();
            forged[at] ^= 1;
            assert!(!opens(&forged, b"context"), "byte {at}");
        }
        assert!(!opens(&[&ticket[..], &[0]].concat(), b"context"));
        assert!(!opens(&vec![0; TICKET_BYTES_MAX + 1], b"context"));
    }

    #[test]
    fn the_current_and_the_previous_key_open() {
        let keys = keys();
        let ticket = keys.seal(&session(false), b"").unwrap().unwrap();
        let opens = |keys: &TicketKeys| keys.open(&ticket, b"").unwrap().is_some();
        keys.rotate(&make_key()).unwrap();
        assert!(opens(&keys));
        keys.rotate(&make_key()).unwrap();
        assert!(!opens(&keys));
    }

    #[test]
    fn gateways_with_the_same_key_open_each_others() {
        let key = make_key();
        let [one, other] =
            [(); 2].map(|()| TicketKeys::new(Arc::clone(&pki().provider), &key).unwrap());
        let ticket = one.seal(&session(true), b"").unwrap().unwrap();
        assert!(other.open(&ticket, b"").unwrap().is_some());
        assert!(keys().open(&ticket, b"").unwrap().is_none());
    }

    /// What is sealed was written here, and is read as if it were not.
    #[test]
    fn other_layouts_and_pieces_are_not_read() {
        let text = write(&session(true));
        assert!(read(&text).is_ok());
        let mut other = text.to_vec();
        other[0] = 2;
        assert!(read(&other).is_err());
        let without_peer = write(&session(false)).len() + "gateway.example".len();
        for length in 0..text.len() {
            let whole = length == without_peer;
            assert_eq!(read(&text[..length]).is_ok(), whole, "{length} bytes");
        }
    }

    /// An identifier goes over the wire in clear. Who shows it beside a ticket of one's own takes up the
    /// ticket's session, and ends nobody else's by failing afterwards.
    #[test]
    fn anothers_identifier_beside_a_ticket_ends_nothing() {
        let id = SessionId::from([9; 32]);
        let keys = Arc::new(keys());
        let kept = Arc::new(MemorySessions::new(8));
        // Of a suite that this server does not take up, so that it looks at the ticket.
        ServerSessions::put(
            &*kept,
            Arc::new(Session {
                id,
                ..session(true)
            }),
        );
        let gcm = CipherSuite::EccSm4GcmSm3;
        let server = pki().server_config().suites(&[gcm]);
        let server = server.sessions(kept.clone()).tickets(Arc::clone(&keys));
        let server = Arc::new(server.build().unwrap());

        let mut own = session(true);
        own.suite = gcm;
        let ticket = keys.seal(&own, &server.ticket_context()).unwrap().unwrap();
        own.id = id;
        own.ticket = Some(NewSessionTicket {
            lifetime_s: 0,
            ticket,
        });
        let stranger = Arc::new(MemorySessions::new(1));
        ClientSessions::put(&*stranger, &server_name(), Arc::new(own));
        let client = pki().client_config().sessions(stranger).tickets(true);
        let mut pair = Pair::shared(&Arc::new(client.build().unwrap()), &server);
        pair.connect();
        assert!(pair.server.is_resumed());
        let broken = [23, 1, 1, 0, 3, 1, 2, 3];
        assert!(give(&mut pair.server, &broken, Wire::Whole).is_err());
        assert_eq!(kept.count(), 1);
    }

    #[test]
    fn keys_are_not_printed() {
        assert_eq!(format!("{:?}", keys()), "TicketKeys(redacted)");
    }
}
