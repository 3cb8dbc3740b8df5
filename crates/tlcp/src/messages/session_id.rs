//! Session identifiers.

use core::fmt;

use crate::codec::Malformed;

/// Longest identifier in bytes.
const BYTES_MAX: usize = 32;

/// The name of a session that can be taken up again; the empty one names none.
#[derive(Clone, Copy, Default, Eq, Hash, PartialEq)]
pub struct SessionId {
    bytes: [u8; BYTES_MAX],
    /// At most [`BYTES_MAX`]; the bytes from here on are zero.
    length: u8,
}

impl SessionId {
    /// An identifier of 0 to 32 bytes.
    ///
    /// # Errors
    /// [`Malformed`] for a longer one.
    pub fn new(id: &[u8]) -> Result<Self, Malformed> {
        let mut bytes = [0; BYTES_MAX];
        bytes
            .get_mut(..id.len())
            .ok_or(Malformed)?
            .copy_from_slice(id);
        let length = u8::try_from(id.len()).map_err(|_| Malformed)?;
        Ok(Self { bytes, length })
    }

    /// The bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        self.bytes
            .get(..usize::from(self.length))
            .unwrap_or_default()
    }

    /// Whether it names no session.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }
}

impl From<[u8; BYTES_MAX]> for SessionId {
    fn from(bytes: [u8; BYTES_MAX]) -> Self {
        Self { bytes, length: 32 }
    }
}

impl fmt::Debug for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SessionId(")?;
        for byte in self.as_bytes() {
            write!(f, "{byte:02x}")?;
        }
        f.write_str(")")
    }
}
