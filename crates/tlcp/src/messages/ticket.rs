//! `NewSessionTicket` (RFC 5077, 3.3), which GB/T 38636 does not have: off unless configured.

use super::Malformed;
use crate::codec::{Cursor, put_u32, put_vec16};

/// A session, sealed by the server for the client to keep.
#[derive(Clone, Debug, Eq, PartialEq)]
pub struct NewSessionTicket {
    /// How long the server will take it, in seconds; 0 says nothing.
    pub lifetime_s: u32,
    /// Opaque to the client.
    pub ticket: Vec<u8>,
}

impl NewSessionTicket {
    /// Reads a body.
    ///
    /// # Errors
    /// [`Malformed`].
    pub fn read(body: &[u8]) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body);
        let ticket = Self {
            lifetime_s: cursor.u32()?,
            ticket: cursor.vec16()?.to_vec(),
        };
        cursor.finish()?;
        Ok(ticket)
    }

    /// Writes the body.
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut out = Vec::new();
        put_u32(&mut out, self.lifetime_s);
        put_vec16(&mut out, &self.ticket);
        out
    }
}
