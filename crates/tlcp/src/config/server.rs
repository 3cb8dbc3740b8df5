//! A server's configuration.

use std::sync::Arc;

use hefu_gm::provider::Provider;

use super::{ConfigError, SESSION_AGE_S, check_alpn, default_suites};
use crate::identity::ChooseIdentity;
#[cfg(feature = "key-log")]
use crate::key_log::KeyLog;
use crate::messages::{CertificateRequest, ECDSA_SIGN, HandshakeType};
use crate::session::ServerSessions;
use crate::suite::{CipherSuite, KeyExchange};
use crate::ticket::TicketKeys;
use crate::verify::VerifyClient;

/// Whether clients show certificates.
#[derive(Clone, Debug, Default)]
pub enum ClientAuth {
    /// They are not asked. ECDHE suites, which need the client's certificates, are not chosen.
    #[default]
    None,
    /// They are asked, and may have none in ECC suites. What they show must hold.
    Optional(Arc<dyn VerifyClient>),
    /// They are asked, and refused when they have none.
    Required(Arc<dyn VerifyClient>),
}

impl ClientAuth {
    /// Something to tell the kinds apart by.
    fn id(&self) -> u8 {
        match self {
            Self::None => 0,
            Self::Optional(_) => 1,
            Self::Required(_) => 2,
        }
    }

    pub(crate) fn verifier(&self) -> Option<&Arc<dyn VerifyClient>> {
        match self {
            Self::None => None,
            Self::Optional(verifier) | Self::Required(verifier) => Some(verifier),
        }
    }
}

/// What all connections of a server share.
#[derive(Clone, Debug)]
pub struct ServerConfig {
    pub(crate) provider: Arc<dyn Provider>,
    pub(crate) identity: Arc<dyn ChooseIdentity>,
    pub(crate) client_auth: ClientAuth,
    /// What clients are sent when they are asked for certificates.
    pub(crate) request: Vec<u8>,
    /// Not empty, and ECDHE only when clients are asked for certificates.
    pub(crate) suites: Vec<CipherSuite>,
    pub(crate) alpn: Vec<Vec<u8>>,
    pub(crate) sessions: Option<Arc<dyn ServerSessions>>,
    pub(crate) session_age_s_max: i64,
    pub(crate) tickets: Option<Arc<TicketKeys>>,
    #[cfg(feature = "key-log")]
    pub(crate) key_log: Option<Arc<dyn KeyLog>>,
}

impl ServerConfig {
    /// What a ticket is good for: servers that share keys and ask clients for other certificates do not
    /// take each other's.
    pub(crate) fn ticket_context(&self) -> Vec<u8> {
        [&[self.client_auth.id()][..], &self.request].concat()
    }

    /// A server that computes with `provider` and shows the certificates that `identity` chooses.
    #[must_use]
    pub fn builder(
        provider: Arc<dyn Provider>,
        identity: Arc<dyn ChooseIdentity>,
    ) -> ServerConfigBuilder {
        ServerConfigBuilder(Self {
            provider,
            identity,
            client_auth: ClientAuth::None,
            request: Vec::new(),
            suites: default_suites(),
            alpn: Vec::new(),
            sessions: None,
            session_age_s_max: SESSION_AGE_S,
            tickets: None,
            #[cfg(feature = "key-log")]
            key_log: None,
        })
    }
}

/// Builds a [`ServerConfig`].
#[derive(Debug)]
pub struct ServerConfigBuilder(ServerConfig);

impl ServerConfigBuilder {
    /// Whether clients show certificates; they are not asked otherwise.
    #[must_use]
    pub fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.0.client_auth = client_auth;
        self
    }

    /// The suites to choose from, the favourite first; [`CipherSuite::ALL`] otherwise. The server's
    /// order decides. ECDHE suites are left out when clients are not asked for certificates.
    #[must_use]
    pub fn suites(mut self, suites: &[CipherSuite]) -> Self {
        self.0.suites = suites.to_vec();
        self
    }

    /// The application protocols, the favourite first; the server's order decides. A client that
    /// offers some and none of these is refused.
    #[must_use]
    pub fn alpn(mut self, protocols: &[&[u8]]) -> Self {
        self.0.alpn = protocols.iter().map(|protocol| protocol.to_vec()).collect();
        self
    }

    /// Where sessions are kept, to take them up again; nowhere otherwise.
    #[must_use]
    pub fn sessions(mut self, sessions: Arc<dyn ServerSessions>) -> Self {
        self.0.sessions = Some(sessions);
        self
    }

    /// How long a session is taken up again, in seconds; [`SESSION_AGE_S`] otherwise.
    #[must_use]
    pub fn session_age_s_max(mut self, age_s_max: i64) -> Self {
        self.0.session_age_s_max = age_s_max;
        self
    }

    /// Gives clients that ask for it their sessions as tickets of RFC 5077, sealed under these keys;
    /// without it there are none. GB/T 38636 does not have them: only clients of this crate and others
    /// that took them from RFC 5077 ask.
    #[must_use]
    pub fn tickets(mut self, keys: Arc<TicketKeys>) -> Self {
        self.0.tickets = Some(keys);
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
    pub fn build(mut self) -> Result<ServerConfig, ConfigError> {
        let asks = self.0.client_auth.verifier().is_some();
        self.0
            .suites
            .retain(|suite| asks || suite.key_exchange() == KeyExchange::Ecc);
        if self.0.suites.is_empty() {
            return Err(ConfigError::NoSuites);
        }
        check_alpn(&self.0.alpn)?;
        self.0.request = self.request()?;
        Ok(self.0)
    }

    fn request(&self) -> Result<Vec<u8>, ConfigError> {
        let Some(verifier) = self.0.client_auth.verifier() else {
            return Ok(Vec::new());
        };
        let authorities = verifier.authorities();
        let bytes: usize = authorities.iter().map(|name| name.len() + 2).sum();
        if bytes >= HandshakeType::CertificateRequest.body_bytes_max() - 16 {
            return Err(ConfigError::Authorities);
        }
        let request = CertificateRequest {
            kinds: vec![ECDSA_SIGN],
            authorities,
        };
        Ok(request.to_bytes())
    }
}
