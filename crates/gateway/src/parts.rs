//! What a gateway is put together from; the binary makes the parts and hands them in.

use std::{fmt, sync::Arc};

use hefu_evidence::Recorder;
use hefu_gm::sm2::DecryptionKey;
use hefu_identity::Identity;
use hefu_store::nonces::Nonces;
use hefu_tally::{clock::Clock, ids::GatewayKeyId, key::Signer};

use crate::{
    contract::Contract,
    transport::{tlcp::TlcpParts, tls::TlsParts},
};

/// The parts of a gateway.
pub struct Parts {
    /// What it signs responses with. The encryption key is never the same (PROTOCOL §1).
    pub signing_key: Arc<dyn Signer>,
    /// The id of the signing key, as the trust file names it.
    pub signing_key_id: GatewayKeyId,
    /// What sealed fields are opened with.
    pub encryption_key: DecryptionKey,
    /// The time, for signatures, sessions and certificates.
    pub clock: Arc<dyn Clock>,
    /// Devices, users and sessions.
    pub identity: Arc<Identity>,
    /// Which signed requests were seen.
    pub nonces: Arc<dyn Nonces>,
    /// Takes every decision, before its response leaves.
    pub recorder: Recorder,
    /// The service's own document.
    pub contract: Contract,
}

/// How phones reach a gateway.
#[derive(Debug)]
#[non_exhaustive]
pub enum Channel {
    /// TLS, as PROTOCOL §2 has it.
    Tls(TlsParts),
    /// TLS and TLCP on one port, told apart by the first record of the peer.
    TlsAndTlcp(TlsParts, TlcpParts),
    /// No TLS, on loopback alone: for tests, and to measure what TLS costs. No connection proves a
    /// device then.
    DangerousPlain,
}

impl fmt::Debug for Parts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Parts")
            .field("signing_key_id", &self.signing_key_id)
            .finish_non_exhaustive()
    }
}
