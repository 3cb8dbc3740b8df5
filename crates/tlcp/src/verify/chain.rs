//! The verifiers of this crate: chains up to authorities that one trusts.

use std::sync::{Arc, PoisonError, RwLock};

use hefu_gm::provider::Provider;
use hefu_gm::x509::{
    Certificate, ChainError, Check, Defect, OcspResponse, Purpose, Revocation, RevocationRule,
    Role, Trust, VerifiedCrl,
};

use super::list::SortedList;
use super::{ClientCheck, ServerCheck, VerifiedPeer, VerifyClient, VerifyServer};
use crate::error::CertificateError;
use crate::suite::KeyExchange;

/// What is known of revocation, shared by verifiers and replaced while they work.
#[derive(Debug, Default)]
pub struct Revocations {
    rule: RevocationRule,
    crls: RwLock<Arc<Vec<VerifiedCrl>>>,
}

impl Revocations {
    /// Without a list yet.
    #[must_use]
    pub fn new(rule: RevocationRule) -> Self {
        Self {
            rule,
            crls: RwLock::default(),
        }
    }

    /// Puts newer lists in the place of all.
    pub fn replace(&self, crls: Vec<VerifiedCrl>) {
        // The value is whole at all times, whatever happened to a thread that held it.
        *self.crls.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(crls);
    }

    fn crls(&self) -> Arc<Vec<VerifiedCrl>> {
        Arc::clone(&self.crls.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn holds(&self, peer: &VerifiedPeer) -> Result<(), CertificateError> {
        let crls = self.crls();
        let revoked = |certificate: &Certificate| {
            crls.iter().any(|crl| {
                crl.crl().issuer() == certificate.issuer()
                    && crl.entry(certificate.serial()).is_some()
            })
        };
        if revoked(&peer.sign) || peer.encrypt.as_ref().is_some_and(revoked) {
            return Err(CertificateError::Revoked);
        }
        Ok(())
    }
}

/// What a client makes of OCSP responses that servers staple. One that came always counts: revoked,
/// outdated, or of somebody else it ends the handshake.
///
/// It is about the signature certificate, which says who the server is. Where the same response speaks
/// of the encryption certificate too, it counts there as well.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum Stapling {
    /// None is asked for.
    #[default]
    Off,
    /// One is asked for, and a server that has none is accepted.
    WhereGiven,
    /// One is asked for, and a server that has none is refused.
    Required,
}

/// Accepts servers whose chains lead to an authority, and whose certificates are for the name.
#[derive(Clone, Debug)]
pub struct ServerTrust {
    chains: Chains,
    stapling: Stapling,
}

impl ServerTrust {
    /// Trusts the authorities of `trust`; nothing is known of revocation.
    #[must_use]
    pub fn new(provider: Arc<dyn Provider>, trust: Trust) -> Self {
        Self {
            chains: Chains::new(provider, trust),
            stapling: Stapling::default(),
        }
    }

    /// With what is known of revocation.
    #[must_use]
    pub fn with_revocations(mut self, revocations: Arc<Revocations>) -> Self {
        self.chains.revocations = revocations;
        self
    }

    /// With another rule about OCSP responses that servers staple.
    #[must_use]
    pub fn with_stapling(mut self, stapling: Stapling) -> Self {
        self.stapling = stapling;
        self
    }
}

impl VerifyServer for ServerTrust {
    fn wants_status(&self) -> bool {
        self.stapling != Stapling::Off
    }

    fn verify(&self, check: &ServerCheck<'_>) -> Result<VerifiedPeer, CertificateError> {
        let list = SortedList::read(check.certificates)?;
        if list.encrypt.is_none() {
            return Err(CertificateError::MissingEncryption);
        }
        let stapled = match (check.status, self.stapling) {
            (Some(der), _) => {
                Some(OcspResponse::from_der(der).map_err(|_| CertificateError::BadStatus)?)
            }
            (None, Stapling::Required) => return Err(CertificateError::MissingStatus),
            (None, Stapling::Off | Stapling::WhereGiven) => None,
        };
        let mut check_one = Check::new(Purpose::Sign, Role::Server, check.now_s);
        check_one.name = Some(check.name);
        check_one.revocation.stapled = stapled.as_ref();
        self.chains.verify(list, check_one, check.key_exchange)
    }

    fn verify_again(&self, peer: &VerifiedPeer, _: i64) -> Result<(), CertificateError> {
        self.chains.revocations.holds(peer)
    }
}

/// Which lists of certificates a server takes from clients.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum ClientList {
    /// Sign and encryption certificate, as the standard has it.
    #[default]
    SignAndEncryption,
    /// Also a signature certificate with nothing but issuers behind it, as some clients have it in
    /// ECC suites. ECDHE suites always need both.
    SignOnlyToo,
}

/// Accepts clients whose chains lead to an authority.
#[derive(Clone, Debug)]
pub struct ClientTrust {
    chains: Chains,
    list: ClientList,
}

impl ClientTrust {
    /// Trusts the authorities of `trust`; nothing is known of revocation.
    #[must_use]
    pub fn new(provider: Arc<dyn Provider>, trust: Trust) -> Self {
        Self {
            chains: Chains::new(provider, trust),
            list: ClientList::default(),
        }
    }

    /// With what is known of revocation.
    #[must_use]
    pub fn with_revocations(mut self, revocations: Arc<Revocations>) -> Self {
        self.chains.revocations = revocations;
        self
    }

    /// With other lists.
    #[must_use]
    pub fn with_list(mut self, list: ClientList) -> Self {
        self.list = list;
        self
    }
}

impl VerifyClient for ClientTrust {
    fn verify(&self, check: &ClientCheck<'_>) -> Result<VerifiedPeer, CertificateError> {
        let list = SortedList::read(check.certificates)?;
        let both =
            self.list == ClientList::SignAndEncryption || check.key_exchange == KeyExchange::Ecdhe;
        if both && list.encrypt.is_none() {
            return Err(CertificateError::MissingEncryption);
        }
        let check_one = Check::new(Purpose::Sign, Role::Client, check.now_s);
        self.chains.verify(list, check_one, check.key_exchange)
    }

    fn verify_again(&self, peer: &VerifiedPeer, _: i64) -> Result<(), CertificateError> {
        self.chains.revocations.holds(peer)
    }

    fn authorities(&self) -> Vec<Vec<u8>> {
        self.chains
            .trust
            .anchors()
            .iter()
            .map(|anchor| anchor.subject().as_der().to_vec())
            .collect()
    }
}

#[derive(Clone, Debug)]
struct Chains {
    provider: Arc<dyn Provider>,
    trust: Arc<Trust>,
    revocations: Arc<Revocations>,
}

impl Chains {
    fn new(provider: Arc<dyn Provider>, trust: Trust) -> Self {
        Self {
            provider,
            trust: Arc::new(trust),
            revocations: Arc::default(),
        }
    }

    fn verify(
        &self,
        list: SortedList,
        check: Check<'_>,
        key_exchange: KeyExchange,
    ) -> Result<VerifiedPeer, CertificateError> {
        list.check_pair()?;
        let crls = self.revocations.crls();
        let stapled = check.revocation.stapled;
        let mut check = Check {
            revocation: Revocation {
                rule: self.revocations.rule,
                crls: &crls,
                stapled,
            },
            ..check
        };
        let mut not_after_s = self.verify_one(&list.sign, &list.issuers, &check)?;
        if let Some(encrypt) = &list.encrypt {
            check.purpose = match key_exchange {
                KeyExchange::Ecc => Purpose::Encrypt,
                KeyExchange::Ecdhe => Purpose::Exchange,
            };
            check.revocation.stapled = stapled.filter(|response| response.names(encrypt));
            not_after_s = not_after_s.min(self.verify_one(encrypt, &list.issuers, &check)?);
        }
        Ok(VerifiedPeer {
            sign: list.sign,
            encrypt: list.encrypt,
            not_after_s,
        })
    }

    /// Gives the end of the chain's time.
    fn verify_one(
        &self,
        end_entity: &Certificate,
        issuers: &[Certificate],
        check: &Check<'_>,
    ) -> Result<i64, CertificateError> {
        let chain = self
            .trust
            .verify(&*self.provider, end_entity, issuers, check)
            .map_err(|error| match check.revocation.stapled {
                Some(_) => refusal_of_stapled(error),
                None => refusal(error.defect),
            })?;
        Ok(chain
            .iter()
            .map(|certificate| certificate.validity().not_after_s())
            .min()
            .unwrap_or_default())
    }
}

/// Where a response was stapled, it is the end entity's word about its revocation.
fn refusal_of_stapled(error: ChainError) -> CertificateError {
    match error {
        ChainError {
            depth: 0,
            defect:
                Defect::RevocationUnknown | Defect::RevocationStale | Defect::RevocationUntrusted,
        } => CertificateError::BadStatus,
        ChainError { defect, .. } => refusal(defect),
    }
}

fn refusal(defect: Defect) -> CertificateError {
    match defect {
        Defect::Expired => CertificateError::Expired,
        Defect::NotYetValid => CertificateError::NotYetValid,
        Defect::WrongKeyUsage
        | Defect::WrongExtendedKeyUsage
        | Defect::AuthorityAsEndEntity
        | Defect::NotAnAuthority
        | Defect::PathTooLong => CertificateError::WrongUsage,
        Defect::NameMismatch => CertificateError::WrongName,
        Defect::UnknownIssuer | Defect::ChainTooLong => CertificateError::UnknownAuthority,
        Defect::BadSignature => CertificateError::BadSignature,
        Defect::Revoked => CertificateError::Revoked,
        Defect::RevocationUnknown | Defect::RevocationStale | Defect::RevocationUntrusted => {
            CertificateError::RevocationUnknown
        }
        Defect::Module => CertificateError::Module,
        // What a later version of the checks finds is a refusal too.
        _ => CertificateError::Malformed,
    }
}
