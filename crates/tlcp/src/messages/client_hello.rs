//! `ClientHello` (GB/T 38636, 6.4.5.2.1).

use super::{ClientExtensions, Malformed, RANDOM_BYTES, SessionId};
use crate::codec::{Cursor, put_u16, put_vec, put_vec8};

/// The client's offer.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ClientHello {
    /// The highest version that the client speaks.
    pub version: u16,
    /// Time and randomness.
    pub random: [u8; RANDOM_BYTES],
    /// The session that the client would like to take up again.
    pub session_id: SessionId,
    /// Numbers of suites, the client's favourite first. Most may be unknown here.
    pub suites: Vec<u16>,
    /// Numbers of compressions; 0, none, is the only one that anybody should speak.
    pub compressions: Vec<u8>,
    /// GB/T 38636 has no extensions; GM/T 0024-2023 and RFC 5246 put them here.
    pub extensions: ClientExtensions,
}

impl ClientHello {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let version = cursor.u16()?;
        let random = cursor.array()?;
        let session_id = SessionId::new(cursor.vec8()?)?;
        let (suites, odd) = cursor.vec16()?.as_chunks();
        let compressions = cursor.vec8()?.to_vec();
        if suites.is_empty() || !odd.is_empty() || compressions.is_empty() {
            return Err(Malformed);
        }
        let extensions = if cursor.is_empty() {
            ClientExtensions::default()
        } else {
            ClientExtensions::read(cursor.vec16()?)?
        };
        cursor.finish()?;
        Ok(Self {
            version,
            random,
            session_id,
            suites: suites.iter().copied().map(u16::from_be_bytes).collect(),
            compressions,
            extensions,
        })
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u16(&mut out, self.version);
        out.extend_from_slice(&self.random);
        put_vec8(&mut out, self.session_id.as_bytes());
        put_vec::<2>(&mut out, |out| {
            for suite in &self.suites {
                put_u16(out, *suite);
            }
        });
        put_vec8(&mut out, &self.compressions);
        self.extensions.write(&mut out);
        out
    }
}
