//! Whether a certificate's chain leads to an authority that one trusts, for a purpose, at a time.

use super::certificate::{Certificate, CertificateError};
use super::crl::VerifiedCrl;
use super::extensions::{ExtendedKeyUsage, KeyUsage, SubjectName};
use super::ocsp::{OcspError, OcspResponse};
use super::server_name::ServerName;
use super::{CERTIFICATES_MAX, CHAIN_CERTIFICATES_MAX, CHAIN_SIGNATURES_MAX};
use crate::provider::Provider;
use crate::sm2::VerifyError;

/// What the end entity's key is to be used for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Purpose {
    /// Signing: the first certificate of TLCP.
    Sign,
    /// Encryption of keys: the second certificate of TLCP in the ECC suites.
    Encrypt,
    /// Exchange of keys: the second certificate of TLCP in the ECDHE suites.
    Exchange,
}

/// In which part the end entity appears.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Role {
    /// As a server.
    Server,
    /// As a client.
    Client,
}

/// What a missing word about revocation means. A word that is there always counts: revoked,
/// outdated and badly signed refuse under each rule.
#[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
pub enum RevocationRule {
    /// Nothing.
    #[default]
    WhereGiven,
    /// The end entity is refused without one.
    EndEntity,
    /// Every certificate of the chain but the anchor is refused without one.
    WholeChain,
}

/// What is known of revocation.
#[derive(Clone, Copy, Debug, Default)]
pub struct Revocation<'a> {
    /// What a missing word means.
    pub rule: RevocationRule,
    /// Lists; those of other authorities are passed over.
    pub crls: &'a [VerifiedCrl],
    /// The response that the peer stapled for the end entity.
    pub stapled: Option<&'a OcspResponse>,
}

/// What a chain is verified for.
#[derive(Clone, Copy, Debug)]
pub struct Check<'a> {
    /// What the key is for.
    pub purpose: Purpose,
    /// In which part its holder appears.
    pub role: Role,
    /// The time, in Unix seconds.
    pub now_s: i64,
    /// The name that the end entity must have; none asks for none.
    pub name: Option<&'a ServerName>,
    /// What is known of revocation.
    pub revocation: Revocation<'a>,
}

impl Check<'_> {
    /// Without a name and with nothing known of revocation.
    #[must_use]
    pub fn new(purpose: Purpose, role: Role, now_s: i64) -> Self {
        Self {
            purpose,
            role,
            now_s,
            name: None,
            revocation: Revocation::default(),
        }
    }
}

/// Why a chain is refused, and at which certificate: 0 is the end entity, 1 its issuer and so on.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("certificate {depth} of the chain: {defect}")]
pub struct ChainError {
    /// How far from the end entity.
    pub depth: usize,
    /// What is wrong.
    pub defect: Defect,
}

/// What is wrong with a certificate of a chain.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Defect {
    /// It does not hold any more.
    #[error("it has expired")]
    Expired,
    /// It does not hold yet.
    #[error("it is not valid yet")]
    NotYetValid,
    /// Its key may not be used for the purpose, or it does not say for what.
    #[error("its key usage does not allow this use")]
    WrongKeyUsage,
    /// Its key may not be used in this role.
    #[error("its extended key usage does not allow this role")]
    WrongExtendedKeyUsage,
    /// It is an authority's, which names no end entity.
    #[error("it is an authority's and no end entity's")]
    AuthorityAsEndEntity,
    /// It has not the name that was asked for.
    #[error("it does not have the expected name")]
    NameMismatch,
    /// Nobody whom one trusts, and nobody in between, has its issuer's name.
    #[error("its issuer is unknown")]
    UnknownIssuer,
    /// Its issuer's key did not sign it.
    #[error("its signature does not match its issuer's key")]
    BadSignature,
    /// It issued a certificate and is no authority.
    #[error("it is not an authority")]
    NotAnAuthority,
    /// More authorities stand below it than it allows.
    #[error("there are more authorities below it than it allows")]
    PathTooLong,
    /// The chain would be longer than [`CHAIN_CERTIFICATES_MAX`], or took more than
    /// [`CHAIN_SIGNATURES_MAX`] signatures to find.
    #[error("the chain is longer than the limit")]
    ChainTooLong,
    /// It was withdrawn.
    #[error("it was revoked")]
    Revoked,
    /// Nothing is known of its revocation, and the rule asks for a word.
    #[error("nothing is known of its revocation")]
    RevocationUnknown,
    /// What is known of its revocation is outdated, or dated ahead.
    #[error("what is known of its revocation is outdated")]
    RevocationStale,
    /// The stapled response is not the authority's, or is not about this certificate.
    #[error("the stapled OCSP response is not to be trusted")]
    RevocationUntrusted,
    /// The module that verifies did not answer.
    #[error("the module that verifies failed")]
    Module,
}

impl Defect {
    fn at(self, depth: usize) -> ChainError {
        ChainError {
            depth,
            defect: self,
        }
    }
}

/// Why there is no trust to begin with.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrustError {
    /// Without an anchor every chain would be refused, which is a mistake and no policy.
    #[error("there is no trust anchor")]
    Empty,
    /// More than [`CERTIFICATES_MAX`].
    #[error("there are more than {CERTIFICATES_MAX} trust anchors")]
    TooMany,
    /// An anchor is no authority.
    #[error("a trust anchor is not an authority")]
    NotAnAuthority,
    /// A certificate cannot be read.
    #[error(transparent)]
    Certificate(#[from] CertificateError),
}

/// The authorities that one trusts.
#[derive(Clone, Debug)]
pub struct Trust {
    anchors: Vec<Certificate>,
}

impl Trust {
    /// Trusts these authorities, whether or not they signed themselves.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn new(anchors: Vec<Certificate>) -> Result<Self, TrustError> {
        if anchors.is_empty() {
            return Err(TrustError::Empty);
        }
        if anchors.len() > CERTIFICATES_MAX {
            return Err(TrustError::TooMany);
        }
        if !anchors.iter().all(Certificate::is_authority) {
            return Err(TrustError::NotAnAuthority);
        }
        Ok(Self { anchors })
    }

    /// Trusts the authorities in a PEM file.
    ///
    /// # Errors
    /// [`TrustError`].
    pub fn from_pem(text: &str) -> Result<Self, TrustError> {
        Self::new(Certificate::list_from_pem(text)?)
    }

    /// The authorities.
    #[must_use]
    pub fn anchors(&self) -> &[Certificate] {
        &self.anchors
    }

    /// Accepts `end_entity` when a chain leads from it over `others`, in any order, to one of the
    /// authorities, and everything in it holds for `check`. Gives that chain, the end entity first
    /// and the anchor last.
    ///
    /// # Errors
    /// [`ChainError`]: the first defect from the end entity up. Where several chains could be tried,
    /// that of the one which came furthest.
    pub fn verify(
        &self,
        provider: &dyn Provider,
        end_entity: &Certificate,
        others: &[Certificate],
        check: &Check<'_>,
    ) -> Result<Vec<Certificate>, ChainError> {
        // What costs nothing comes before the first signature.
        check_end_entity(end_entity, check)?;
        let mut search = Search {
            provider,
            trust: self,
            others,
            check,
            signatures_left: CHAIN_SIGNATURES_MAX,
        };
        let mut path = vec![end_entity.clone()];
        search.extend(&mut path)?;
        check_revocation(provider, &path, check)?;
        Ok(path)
    }
}

/// A search for a chain, depth first.
struct Search<'a> {
    provider: &'a dyn Provider,
    trust: &'a Trust,
    others: &'a [Certificate],
    check: &'a Check<'a>,
    signatures_left: usize,
}

impl Search<'_> {
    /// Extends `path` until it ends in an anchor, or leaves it as it was.
    fn extend(&mut self, path: &mut Vec<Certificate>) -> Result<(), ChainError> {
        let depth = path.len();
        let Some(child) = path.last().cloned() else {
            return Err(Defect::UnknownIssuer.at(0));
        };
        let mut refused = Defect::UnknownIssuer.at(depth - 1);
        let (trust, others) = (self.trust, self.others);
        let anchors = trust.anchors.iter().map(|issuer| (issuer, true));
        let between = others.iter().map(|issuer| (issuer, false));
        for (issuer, is_anchor) in anchors.chain(between) {
            if !may_have_issued(issuer, &child) || path.contains(issuer) {
                continue;
            }
            if depth == CHAIN_CERTIFICATES_MAX {
                return Err(Defect::ChainTooLong.at(depth));
            }
            let accepted = self.check_issuer(issuer, &child, path).and_then(|()| {
                path.push(issuer.clone());
                let extended = if is_anchor { Ok(()) } else { self.extend(path) };
                if extended.is_err() {
                    path.pop();
                }
                extended
            });
            match accepted {
                Ok(()) => return Ok(()),
                // No further candidate may be tried, or answers better.
                Err(error) if matches!(error.defect, Defect::ChainTooLong | Defect::Module) => {
                    return Err(error);
                }
                Err(error) => refused = further(refused, error),
            }
        }
        Err(refused)
    }

    /// Whether `issuer` may stand above `path` and signed `child`, its last.
    fn check_issuer(
        &mut self,
        issuer: &Certificate,
        child: &Certificate,
        path: &[Certificate],
    ) -> Result<(), ChainError> {
        let depth = path.len();
        self.signatures_left = self
            .signatures_left
            .checked_sub(1)
            .ok_or(Defect::ChainTooLong.at(depth))?;
        child
            .verify_signature(self.provider, issuer.verifying_key())
            .map_err(|error| {
                match error {
                    VerifyError::Mismatch | VerifyError::IdTooLong => Defect::BadSignature,
                    VerifyError::Module => Defect::Module,
                }
                .at(depth - 1)
            })?;
        check_dates(issuer, self.check.now_s).map_err(|defect| defect.at(depth))?;
        let constraints = issuer.basic_constraints();
        let Some(constraints) = constraints.filter(|constraints| constraints.authority) else {
            return Err(Defect::NotAnAuthority.at(depth));
        };
        // A certificate for one's own new key does not count (RFC 5280, 4.2.1.9).
        let below = path.iter().skip(1).filter(|below| !below.is_self_issued());
        let below = below.count();
        if constraints
            .path_length_max
            .is_some_and(|most| below > usize::from(most))
        {
            return Err(Defect::PathTooLong.at(depth));
        }
        let may_sign = issuer
            .key_usage()
            .is_none_or(|usage| usage.contains(KeyUsage::CERTIFICATE_SIGN));
        if may_sign {
            Ok(())
        } else {
            Err(Defect::WrongKeyUsage.at(depth))
        }
    }
}

/// The refusal that says more: an unknown issuer is what remains when nothing else was found.
fn further(old: ChainError, new: ChainError) -> ChainError {
    let rank = |error: &ChainError| (error.defect != Defect::UnknownIssuer, error.depth);
    if rank(&new) > rank(&old) { new } else { old }
}

/// By name, and by the key's identifier where both say one.
fn may_have_issued(issuer: &Certificate, child: &Certificate) -> bool {
    let same_key = match (child.authority_key_id(), issuer.subject_key_id()) {
        (Some(wanted), Some(there)) => wanted == there,
        _ => true,
    };
    issuer.subject() == child.issuer() && same_key
}

fn check_dates(certificate: &Certificate, now_s: i64) -> Result<(), Defect> {
    let validity = certificate.validity();
    if now_s < validity.not_before_s() {
        Err(Defect::NotYetValid)
    } else if now_s > validity.not_after_s() {
        Err(Defect::Expired)
    } else {
        Ok(())
    }
}

fn check_end_entity(certificate: &Certificate, check: &Check<'_>) -> Result<(), ChainError> {
    let refuse = |defect: Defect| defect.at(0);
    check_dates(certificate, check.now_s).map_err(refuse)?;
    if certificate.is_authority() {
        return Err(refuse(Defect::AuthorityAsEndEntity));
    }
    // A certificate that does not say could stand in both places of TLCP's pair, which exists to
    // keep the two keys apart.
    let usage = certificate.key_usage();
    let encryption = KeyUsage::KEY_ENCIPHERMENT | KeyUsage::DATA_ENCIPHERMENT;
    let allowed = usage.is_some_and(|usage| match check.purpose {
        Purpose::Sign => usage.contains(KeyUsage::DIGITAL_SIGNATURE),
        Purpose::Encrypt => usage.intersects(encryption),
        Purpose::Exchange => usage.contains(KeyUsage::KEY_AGREEMENT),
    });
    if !allowed {
        return Err(refuse(Defect::WrongKeyUsage));
    }
    let fits = |uses: ExtendedKeyUsage| match check.role {
        Role::Server => uses.server,
        Role::Client => uses.client,
    };
    if !certificate.extended_key_usage().is_none_or(fits) {
        return Err(refuse(Defect::WrongExtendedKeyUsage));
    }
    match check.name {
        Some(name) if !has_name(certificate, name) => Err(refuse(Defect::NameMismatch)),
        _ => Ok(()),
    }
}

/// Only alternative names count; a common name is for people (RFC 9525, 2).
fn has_name(certificate: &Certificate, name: &ServerName) -> bool {
    let fits = |presented: &SubjectName| match presented {
        SubjectName::Dns(presented) => name.matches_dns(presented),
        SubjectName::Ip(presented) => name.matches_ip(*presented),
        SubjectName::Uri(_) | SubjectName::Mail(_) => false,
    };
    certificate.subject_names().iter().any(fits)
}

fn check_revocation(
    provider: &dyn Provider,
    path: &[Certificate],
    check: &Check<'_>,
) -> Result<(), ChainError> {
    let Revocation {
        rule,
        crls,
        stapled,
    } = check.revocation;
    for (depth, (certificate, issuer)) in path.iter().zip(path.iter().skip(1)).enumerate() {
        let mut known = false;
        for crl in crls.iter().filter(|crl| crl.is_of(issuer)) {
            if crl.entry(certificate.serial()).is_some() {
                return Err(Defect::Revoked.at(depth));
            }
            if !crl.is_fresh_at(check.now_s) {
                return Err(Defect::RevocationStale.at(depth));
            }
            known = true;
        }
        if let Some(response) = stapled.filter(|_| depth == 0) {
            response
                .check(provider, certificate, issuer, check.now_s)
                .map_err(|error| stapled_defect(error).at(depth))?;
            known = true;
        }
        let needed = match rule {
            RevocationRule::WhereGiven => false,
            RevocationRule::EndEntity => depth == 0,
            RevocationRule::WholeChain => true,
        };
        if needed && !known {
            return Err(Defect::RevocationUnknown.at(depth));
        }
    }
    Ok(())
}

fn stapled_defect(error: OcspError) -> Defect {
    match error {
        OcspError::Revoked => Defect::Revoked,
        OcspError::Unknown => Defect::RevocationUnknown,
        OcspError::Stale => Defect::RevocationStale,
        OcspError::Module => Defect::Module,
        OcspError::TooLong
        | OcspError::Der
        | OcspError::Unsuccessful
        | OcspError::SignatureAlgorithm
        | OcspError::CriticalExtension
        | OcspError::OtherCertificate
        | OcspError::Responder
        | OcspError::BadSignature => Defect::RevocationUntrusted,
    }
}
