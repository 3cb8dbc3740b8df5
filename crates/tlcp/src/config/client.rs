//! A client's configuration.

use std::sync::Arc;

use hefu_gm::provider::Provider;

use super::{ConfigError, SESSION_AGE_S, check_alpn, default_suites};
use crate::identity::Identity;
#[cfg(feature = "key-log")]
use crate::key_log::KeyLog;
use crate::session::ClientSessions;
use crate::suite::{CipherSuite, KeyExchange};
use crate::verify::VerifyServer;

/// What all connections of a client share.
#[derive(Clone, Debug)]
pub struct ClientConfig {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) verifier: Arc<dyn VerifyServer>,
    pub(crate) identity: Option<Arc<Identity>>,
    /// Not empty, and ECDHE only with an encryption key.
    pub(crate) suites: Vec<CipherSuite>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) send_server_name: bool,
    pub(crate) sessions: Option<Arc<dyn ClientSessions>>,
    pub(crate) session_age_s_max: i64,
    pub(crate) tickets: bool,
    #[cfg(feature = "key-log")]
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
}

impl ClientConfig {
    /// A client that computes with `provider` and asks `verifier` about servers.
    #[must_use]
    pub fn builder(
        provider: Arc<dyn Provider>,
        verifier: Arc<dyn VerifyServer>,
    ) -> ClientConfigBuilder {
        ClientConfigBuilder(Self {
            provider,
            verifier,
            identity: None,
            suites: default_suites(),
            alpn: Vec::new(),
            send_server_name: true,
            sessions: None,
            session_age_s_max: SESSION_AGE_S,
            tickets: false,
            #[cfg(feature = "key-log")]
            key_log: None,
        })
    }
}

/// Builds a [`ClientConfig`].
#[derive(Debug)]
pub struct ClientConfigBuilder(ClientConfig);

impl ClientConfigBuilder {
    /// Who the client is; without it, servers that ask get an empty list.
    #[must_use]
    pub fn identity(mut self, identity: Arc<Identity>) -> Self {
        self.0.identity = Some(identity);
        self
    }

    /// The suites to offer, the favourite first; [`CipherSuite::ALL`] otherwise. ECDHE suites are
    /// left out without an identity that has an encryption key.
    #[must_use]
    pub fn suites(mut self, suites: &[CipherSuite]) -> Self {
        self.0.suites = suites.to_vec();
        self
    }

    /// The application protocols to offer, the favourite first.
    #[must_use]
    pub fn alpn(mut self, protocols: &[&[u8]]) -> Self {
        self.0.alpn = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        self
    }

    /// Whether servers are told by which name they are asked for; they are unless this says no. A
    /// hello without extensions is what GB/T 38636 has, and what some old peers insist on.
    #[must_use]
    pub fn send_server_name(mut self, send: bool) -> Self {
        self.0.send_server_name = send;
        self
    }

    /// Where sessions are kept, to take them up again; nowhere otherwise.
    #[must_use]
    pub fn sessions(mut self, sessions: Arc<dyn ClientSessions>) -> Self {
        self.0.sessions = Some(sessions);
        self
    }

    /// How long a session is taken up again, in seconds; [`SESSION_AGE_S`] otherwise.
    #[must_use]
    pub fn session_age_s_max(mut self, age_s_max: i64) -> Self {
        self.0.session_age_s_max = age_s_max;
        self
    }

    /// Whether servers that would rather not keep sessions may have the client keep them, as tickets of
    /// RFC 5077 beside its [`sessions`](Self::sessions); they may not unless this says so. GB/T 38636
    /// has no tickets, and some peers refuse a hello that speaks of them.
    #[must_use]
    pub fn tickets(mut self, tickets: bool) -> Self {
        self.0.tickets = tickets;
        self
    }

    /// Where the secrets of connections are written, to look into recordings of them.
    #[cfg(feature = "key-log")]
    #[must_use]
    pub fn key_log(mut self, key_log: Arc<dyn KeyLog>) -> Self {
        self.0.key_log = Some(key_log);
        self
    }

    /// The configuration.
    ///
    /// # Errors
    /// [`ConfigError`].
    pub fn build(mut self) -> Result<ClientConfig, ConfigError> {
        let has_encryption = self
            .0
            .identity
            .as_ref()
            .is_some_and(|identity| identity.encryption().is_some());
        self.0
            .suites
            .retain(|suite| has_encryption || suite.key_exchange() == KeyExchange::Ecc);
        if self.0.suites.is_empty() {
            return Err(ConfigError::NoSuites);
        }
        check_alpn(&self.0.alpn)?;
        Ok(self.0)
    }
}
