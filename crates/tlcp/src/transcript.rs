//! The digest of all handshake messages so far, which both sides prove to have seen alike.

use hefu_gm::provider::{HashSm3, ModuleError, Provider};

/// All suites of this crate hash with SM3, so that it can begin before one is chosen.
#[derive(Debug)]
pub(crate) struct Transcript(Box<dyn HashSm3>);

impl Transcript {
    pub(crate) fn new(provider: &dyn Provider) -> Result<Self, ModuleError> {
        Ok(Self(provider.hash_sm3()?))
    }

    /// Takes a message with its header.
    pub(crate) fn add(&mut self, message: &[u8]) -> Result<(), ModuleError> {
        self.0.update(message)
    }

    pub(crate) fn digest(&self) -> Result<[u8; 32], ModuleError> {
        self.0.digest()
    }
}
