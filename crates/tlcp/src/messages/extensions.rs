//! Extensions of hello messages (GM/T 0024-2023, 6.4.5.2.3; RFC 6066, RFC 7301, RFC 5077). What is
//! not known is passed over.

use super::{Malformed, status};
use crate::codec::{Cursor, put_u16, put_vec, put_vec8, put_vec16};

const SERVER_NAME: u16 = 0;
const STATUS_REQUEST: u16 = 5;
const SUPPORTED_GROUPS: u16 = 10;
const ALPN: u16 = 16;
const SESSION_TICKET: u16 = 35;

/// The kind of a server name that is a host's.
const HOST_NAME: u8 = 0;

/// The SM2 curve among named groups.
const SM2_CURVE: u16 = 41;

/// Most extensions in one message. Real ones have a handful; each is compared with all before it to
/// find one that comes twice, and that work must not grow without a bound.
pub const EXTENSIONS_MAX: usize = 64;

/// Longest host name in bytes (RFC 1035).
const HOST_NAME_BYTES_MAX: usize = 253;

/// Extensions of a `ClientHello`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ClientExtensions {
    /// The host that the client wants to reach, in lower case.
    pub server_name: Option<String>,
    /// Application protocols, the client's favourite first.
    pub alpn: Vec<Vec<u8>>,
    /// Whether the client names the SM2 curve among its groups. Servers of other makes look for it
    /// before they choose an ECDHE suite; this crate does not.
    pub sm2_group: bool,
    /// Whether the client would like to see an OCSP response.
    pub status_request: bool,
    /// A ticket, or nothing in it when the client would like to get one.
    pub ticket: Option<Vec<u8>>,
}

impl ClientExtensions {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut extensions = Self::default();
        each(bytes, |kind, mut body| {
            match kind {
                SERVER_NAME => extensions.server_name = read_host_name(&mut body)?,
                STATUS_REQUEST => extensions.status_request = read_status_request(&mut body)?,
                SUPPORTED_GROUPS => extensions.sm2_group = read_groups(&mut body)?,
                ALPN => extensions.alpn = read_protocols(&mut body)?,
                SESSION_TICKET => extensions.ticket = Some(body.rest().to_vec()),
                _ => return Ok(()),
            }
            body.finish()
        })?;
        Ok(extensions)
    }

    /// Nothing at all when there are none: peers that follow GB/T 38636 to the letter know of no
    /// extensions.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if *self == Self::default() {
            return;
        }
        put_vec::<2>(out, |out| {
            if let Some(name) = &self.server_name {
                put_u16(out, SERVER_NAME);
                put_vec::<2>(out, |out| {
                    put_vec::<2>(out, |out| {
                        out.push(HOST_NAME);
                        put_vec16(out, name.as_bytes());
                    });
                });
            }
            if self.status_request {
                put_u16(out, STATUS_REQUEST);
                put_vec::<2>(out, |out| {
                    out.push(status::OCSP);
                    // Of any responder, and without extensions.
                    put_u16(out, 0);
                    put_u16(out, 0);
                });
            }
            if self.sm2_group {
                put_u16(out, SUPPORTED_GROUPS);
                put_vec::<2>(out, |out| put_vec::<2>(out, |out| put_u16(out, SM2_CURVE)));
            }
            if !self.alpn.is_empty() {
                put_protocols(out, self.alpn.iter().map(Vec::as_slice));
            }
            if let Some(ticket) = &self.ticket {
                put_u16(out, SESSION_TICKET);
                put_vec16(out, ticket);
            }
        });
    }
}

/// Extensions of a `ServerHello`.
#[derive(Clone, Debug, Default, Eq, PartialEq)]
pub struct ServerExtensions {
    /// The server chose its certificates by the name that the client gave.
    pub server_name: bool,
    /// The application protocol.
    pub alpn: Option<Vec<u8>>,
    /// An OCSP response may come.
    pub status_request: bool,
    /// A ticket will come.
    pub ticket: bool,
}

impl ServerExtensions {
    pub(super) fn read(bytes: &[u8]) -> Result<Self, Malformed> {
        let mut extensions = Self::default();
        each(bytes, |kind, mut body| {
            match kind {
                SERVER_NAME => extensions.server_name = true,
                STATUS_REQUEST => extensions.status_request = true,
                ALPN => {
                    let [protocol] =
                        <[_; 1]>::try_from(read_protocols(&mut body)?).map_err(|_| Malformed)?;
                    extensions.alpn = Some(protocol);
                }
                SESSION_TICKET => extensions.ticket = true,
                _ => return Ok(()),
            }
            body.finish()
        })?;
        Ok(extensions)
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) {
        if *self == Self::default() {
            return;
        }
        put_vec::<2>(out, |out| {
            if self.server_name {
                put_u16(out, SERVER_NAME);
                put_u16(out, 0);
            }
            if self.status_request {
                put_u16(out, STATUS_REQUEST);
                put_u16(out, 0);
            }
            if let Some(protocol) = &self.alpn {
                put_protocols(out, [protocol.as_slice()].into_iter());
            }
            if self.ticket {
                put_u16(out, SESSION_TICKET);
                put_u16(out, 0);
            }
        });
    }
}

/// Calls `read` for each extension, and refuses one that comes twice: two parts of a program could
/// go by different ones.
fn each<'a>(
    bytes: &'a [u8],
    mut read: impl FnMut(u16, Cursor<'a>) -> Result<(), Malformed>,
) -> Result<(), Malformed> {
    let mut cursor = Cursor::new(bytes);
    let mut seen = Vec::new();
    while !cursor.is_empty() {
        let kind = cursor.u16()?;
        if seen.contains(&kind) || seen.len() == EXTENSIONS_MAX {
            return Err(Malformed);
        }
        seen.push(kind);
        read(kind, Cursor::new(cursor.vec16()?))?;
    }
    Ok(())
}

fn read_host_name(body: &mut Cursor<'_>) -> Result<Option<String>, Malformed> {
    let mut names = Cursor::new(body.vec16()?);
    let mut host = None;
    while !names.is_empty() {
        let kind = names.u8()?;
        let name = names.vec16()?;
        if kind == HOST_NAME {
            if host.is_some() || name.is_empty() || name.len() > HOST_NAME_BYTES_MAX {
                return Err(Malformed);
            }
            let name = str::from_utf8(name).map_err(|_| Malformed)?;
            host = Some(name.to_ascii_lowercase());
        }
    }
    Ok(host)
}

/// Which responders the client trusts is passed over: a server has one response or none.
fn read_status_request(body: &mut Cursor<'_>) -> Result<bool, Malformed> {
    if body.u8()? != status::OCSP {
        body.rest();
        return Ok(false);
    }
    body.vec16()?;
    body.vec16()?;
    Ok(true)
}

fn read_groups(body: &mut Cursor<'_>) -> Result<bool, Malformed> {
    let (groups, odd) = body.vec16()?.as_chunks();
    if groups.is_empty() || !odd.is_empty() {
        return Err(Malformed);
    }
    Ok(groups.contains(&SM2_CURVE.to_be_bytes()))
}

fn read_protocols(body: &mut Cursor<'_>) -> Result<Vec<Vec<u8>>, Malformed> {
    let mut list = Cursor::new(body.vec16()?);
    let mut protocols = Vec::new();
    while !list.is_empty() {
        let protocol = list.vec8()?;
        if protocol.is_empty() {
            return Err(Malformed);
        }
        protocols.push(protocol.to_vec());
    }
    if protocols.is_empty() {
        return Err(Malformed);
    }
    Ok(protocols)
}

fn put_protocols<'a>(out: &mut Vec<u8>, protocols: impl Iterator<Item = &'a [u8]>) {
    put_u16(out, ALPN);
    put_vec::<2>(out, |out| {
        put_vec::<2>(out, |out| {
            for protocol in protocols {
                put_vec8(out, protocol);
            }
        });
    });
}

#[cfg(test)]
mod tests {
    use super::{ClientExtensions, EXTENSIONS_MAX, ServerExtensions};
    use crate::codec::{Malformed, put_u16};

    fn client(bytes: &[u8]) -> Result<ClientExtensions, Malformed> {
        ClientExtensions::read(bytes)
    }

    #[test]
    fn what_is_written_is_read() {
        let extensions = ClientExtensions {
            server_name: Some("bank.example".into()),
            alpn: vec![b"h2".to_vec(), b"http/1.1".to_vec()],
            sm2_group: true,
            status_request: true,
            ticket: Some(vec![1, 2, 3]),
        };
        let mut out = Vec::new();
        extensions.write(&mut out);
        assert_eq!(client(&out[2..]), Ok(extensions));

        let extensions = ServerExtensions {
            server_name: true,
            alpn: Some(b"h2".to_vec()),
            status_request: true,
            ticket: true,
        };
        let mut out = Vec::new();
        extensions.write(&mut out);
        assert_eq!(ServerExtensions::read(&out[2..]), Ok(extensions));
    }

    #[test]
    fn nothing_is_written_for_nothing() {
        let mut out = Vec::new();
        ClientExtensions::default().write(&mut out);
        ServerExtensions::default().write(&mut out);
        assert_eq!(out, b"");
    }

    #[test]
    fn unknown_ones_are_passed_over_and_repeated_ones_refused() {
        let unknown = [0xff, 1, 0, 1, 0];
        assert_eq!(client(&unknown), Ok(ClientExtensions::default()));
        assert_eq!(client(&[unknown, unknown].concat()), Err(Malformed));

        let many = |count: usize| {
            let mut out = Vec::new();
            for kind in 0..u16::try_from(count).unwrap() {
                put_u16(&mut out, 1000 + kind);
                put_u16(&mut out, 0);
            }
            out
        };
        assert!(client(&many(EXTENSIONS_MAX)).is_ok());
        assert_eq!(client(&many(EXTENSIONS_MAX + 1)), Err(Malformed));
    }

    #[test]
    fn bodies_must_be_whole() {
        // ALPN without a protocol, with an empty one, and with bytes behind the list.
        for body in [&[0, 0][..], &[0, 1, 0], &[0, 3, 2, b'h', b'2', 0]] {
            let mut out = vec![0, 16];
            put_u16(&mut out, u16::try_from(body.len()).unwrap());
            out.extend_from_slice(body);
            assert_eq!(client(&out), Err(Malformed), "{body:?}");
        }
    }
}
