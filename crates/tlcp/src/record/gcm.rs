//! SM4-GCM records: an explicit part of the nonce, the ciphertext, the tag (GB/T 38636, 6.3.3.4;
//! RFC 5288).

use std::ops::Range;
use std::sync::Arc;

use hefu_gm::provider::{CipherError, CipherSm4, ModuleError, Provider};
use hefu_gm::sm4::gcm::{NONCE_BYTES, TAG_BYTES};

use super::protection::OpenError;
use super::{ContentType, associated_data};
use crate::error::InternalError;
use crate::schedule::{DirectionKeys, GCM_SALT_BYTES};

/// Length of the part of the nonce that a record carries, in bytes.
const EXPLICIT_NONCE_BYTES: usize = 8;

pub(super) struct Gcm {
    key: Arc<dyn CipherSm4>,
    salt: [u8; GCM_SALT_BYTES],
}

impl Gcm {
    pub(super) fn new(provider: &dyn Provider, keys: &DirectionKeys) -> Result<Self, ModuleError> {
        Ok(Self {
            key: provider.cipher_key(&keys.key)?,
            salt: keys.salt,
        })
    }

    fn nonce(&self, explicit: [u8; EXPLICIT_NONCE_BYTES]) -> [u8; NONCE_BYTES] {
        let mut nonce = [0; NONCE_BYTES];
        let (salt, rest) = nonce.split_at_mut(GCM_SALT_BYTES);
        salt.copy_from_slice(&self.salt);
        rest.copy_from_slice(&explicit);
        nonce
    }

    pub(super) fn open(
        &self,
        sequence: u64,
        kind: ContentType,
        fragment: &mut [u8],
    ) -> Result<Range<usize>, OpenError> {
        let (explicit, rest) = fragment
            .split_first_chunk_mut::<EXPLICIT_NONCE_BYTES>()
            .ok_or(OpenError::Refused)?;
        let (text, tag) = rest
            .split_last_chunk_mut::<TAG_BYTES>()
            .ok_or(OpenError::Refused)?;
        let aad = associated_data(sequence, kind, text.len());
        match self
            .key
            .gcm_open_in_place(&self.nonce(*explicit), &aad, text, tag)
        {
            Ok(()) => Ok(EXPLICIT_NONCE_BYTES..EXPLICIT_NONCE_BYTES + text.len()),
            Err(CipherError::Module(_)) => Err(OpenError::Module),
            Err(_) => Err(OpenError::Refused),
        }
    }

    /// The record's number is its explicit nonce, so that none comes twice under one key.
    pub(super) fn seal(
        &self,
        sequence: u64,
        kind: ContentType,
        text: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), InternalError> {
        let explicit = sequence.to_be_bytes();
        out.reserve(EXPLICIT_NONCE_BYTES + text.len() + TAG_BYTES);
        out.extend_from_slice(&explicit);
        let start = out.len();
        out.extend_from_slice(text);
        let (_, in_place) = out.split_at_mut(start);
        let aad = associated_data(sequence, kind, text.len());
        let tag = self
            .key
            .gcm_seal_in_place(&self.nonce(explicit), &aad, in_place)?;
        out.extend_from_slice(&tag);
        Ok(())
    }
}
