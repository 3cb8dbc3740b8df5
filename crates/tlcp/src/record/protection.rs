//! How records are protected, for each direction by itself: not at all at first, then by the keys
//! that the handshake agreed on.

use std::ops::Range;

use hefu_gm::provider::{ModuleError, Provider};

use super::cbc::Cbc;
use super::gcm::Gcm;
use super::{ContentType, HEADER_BYTES, RECORDS_PER_KEY_MAX, length_field};
use crate::error::{Error, InternalError, PeerError};
use crate::messages::VERSION;
use crate::schedule::DirectionKeys;
use crate::suite::Protection;

/// Why a record was not opened.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum OpenError {
    /// For every reason that has to do with the record, alike.
    Refused,
    Module,
}

enum Keys {
    None,
    Gcm(Gcm),
    Cbc(Cbc),
}

impl Keys {
    fn new(
        provider: &dyn Provider,
        protection: Protection,
        keys: &DirectionKeys,
    ) -> Result<Self, ModuleError> {
        Ok(match protection {
            Protection::Gcm => Self::Gcm(Gcm::new(provider, keys)?),
            Protection::Cbc => Self::Cbc(Cbc::new(provider, keys)?),
        })
    }
}

/// Opens the records of one direction, in order.
pub(crate) struct Opener {
    keys: Keys,
    /// The number of the next record.
    sequence: u64,
}

impl Opener {
    pub(crate) fn plain() -> Self {
        Self {
            keys: Keys::None,
            sequence: 0,
        }
    }

    pub(crate) fn new(
        provider: &dyn Provider,
        protection: Protection,
        keys: &DirectionKeys,
    ) -> Result<Self, ModuleError> {
        Ok(Self {
            keys: Keys::new(provider, protection, keys)?,
            sequence: 0,
        })
    }

    /// Opens a fragment in place, and tells where in it the plaintext is.
    pub(crate) fn open(
        &mut self,
        kind: ContentType,
        fragment: &mut [u8],
    ) -> Result<Range<usize>, Error> {
        let opened = match &self.keys {
            Keys::None => return Ok(0..fragment.len()),
            _ if self.sequence == RECORDS_PER_KEY_MAX => {
                return Err(InternalError::KeyExhausted.into());
            }
            Keys::Gcm(gcm) => gcm.open(self.sequence, kind, fragment),
            Keys::Cbc(cbc) => cbc.open(self.sequence, kind, fragment),
        };
        self.sequence += 1;
        opened.map_err(|error| match error {
            OpenError::Refused => PeerError::BadRecordMac.into(),
            OpenError::Module => InternalError::Module.into(),
        })
    }
}

/// Seals the records of one direction, in order.
pub(crate) struct Sealer {
    keys: Keys,
    /// The number of the next record.
    sequence: u64,
}

impl Sealer {
    pub(crate) fn plain() -> Self {
        Self {
            keys: Keys::None,
            sequence: 0,
        }
    }

    pub(crate) fn new(
        provider: &dyn Provider,
        protection: Protection,
        keys: &DirectionKeys,
    ) -> Result<Self, ModuleError> {
        Ok(Self {
            keys: Keys::new(provider, protection, keys)?,
            sequence: 0,
        })
    }

    /// Whether no data may be sealed any more; an alert still may.
    pub(crate) fn is_exhausted(&self) -> bool {
        self.sequence >= RECORDS_PER_KEY_MAX - 1
    }

    /// Writes one record to `out`. `text` is at most
    /// [`PLAINTEXT_BYTES_MAX`](super::PLAINTEXT_BYTES_MAX) long.
    pub(crate) fn seal(
        &mut self,
        provider: &dyn Provider,
        kind: ContentType,
        text: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InternalError> {
        let start = out.len();
        let [major, minor] = VERSION.to_be_bytes();
        out.extend_from_slice(&[kind.id(), major, minor, 0, 0]);
        let sealed = self.seal_fragment(provider, kind, text, out);
        let fragment_bytes = out.len() - start - HEADER_BYTES;
        match out.get_mut(start + HEADER_BYTES - 2..start + HEADER_BYTES) {
            Some(field) if sealed.is_ok() => field.copy_from_slice(&length_field(fragment_bytes)),
            // Half a record, perhaps in clear, must not go out.
            _ => out.truncate(start),
        }
        sealed
    }

    fn seal_fragment(
        &mut self,
        provider: &dyn Provider,
        kind: ContentType,
        text: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InternalError> {
        match &self.keys {
            Keys::None => {
                out.extend_from_slice(text);
                return Ok(());
            }
            _ if self.sequence == RECORDS_PER_KEY_MAX => return Err(InternalError::KeyExhausted),
            Keys::Gcm(gcm) => gcm.seal(self.sequence, kind, text, out)?,
            Keys::Cbc(cbc) => cbc.seal(provider, self.sequence, kind, text, out)?,
        }
        self.sequence += 1;
        Ok(())
    }
}
