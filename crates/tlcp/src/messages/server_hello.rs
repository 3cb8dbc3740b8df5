//! `ServerHello` (GB/T 38636, 6.4.5.2.2).

use super::{Malformed, RANDOM_BYTES, ServerExtensions, SessionId};
use crate::codec::{Cursor, put_u16, put_vec8};

/// What the server chose.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct ServerHello {
    /// The version of this connection.
    pub version: u16,
    /// Time and randomness.
    pub random: [u8; RANDOM_BYTES],
    /// The client's identifier when its session is taken up again, a new one for a new session, or
    /// nothing when this session cannot be taken up later.
    pub session_id: SessionId,
    /// The number of the suite.
    pub suite: u16,
    /// The number of the compression.
    pub compression: u8,
    /// Answers to the client's extensions.
    pub extensions: ServerExtensions,
}

impl ServerHello {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let hello = Self {
            version: cursor.u16()?,
            random: cursor.array()?,
            session_id: SessionId::new(cursor.vec8()?)?,
            suite: cursor.u16()?,
            compression: cursor.u8()?,
            extensions: if cursor.is_empty() {
                ServerExtensions::default()
            } else {
                ServerExtensions::read(cursor.vec16()?)?
            },
        };
        cursor.finish()?;
        Ok(hello)
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u16(&mut out, self.version);
        out.extend_from_slice(&self.random);
        put_vec8(&mut out, self.session_id.as_bytes());
        put_u16(&mut out, self.suite);
        out.push(self.compression);
        self.extensions.write(&mut out);
        out
    }
}
