//! The institution's own certificate authority: it names devices, and the gateway to them.
//!
//! A root on P-256 that signs end entities only (path length 0). Of a certificate request nothing
//! counts but the public key, once the request's own signature has shown that the sender has the
//! private half; names, dates and uses are the authority's.

use std::{fmt, net::IpAddr, time::Duration};

use aws_lc_rs::digest::{SHA256, digest};
use hefu_gm::{
    Zeroizing,
    rng::{self, RngError},
};
use hefu_tally::{
    clock::Timestamp,
    ids::DeviceId,
    key::{Algorithm, PublicKey},
};
use rand_core::TryCryptoRng;
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateSigningRequestParams,
    DistinguishedName, DnType, ExtendedKeyUsagePurpose, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    PKCS_ECDSA_P256_SHA256, PublicKeyData, SanType, SerialNumber, SignatureAlgorithm,
};
use x509_parser::{
    extensions::GeneralName,
    prelude::{FromDer, X509Certificate},
};

use crate::tlcp::TlcpAuthority;

/// Longest certificate request, in bytes of DER; the real ones have some 250. Stops: strangers who
/// have megabytes parsed.
pub const REQUEST_BYTES_MAX: usize = 3_072;
/// Longest certificate that is looked into, in bytes of DER.
pub const CERTIFICATE_BYTES_MAX: usize = 8_192;
/// Most names of a server certificate.
pub const SERVER_NAMES_MAX: usize = 32;

/// A certificate begins so much before it is issued, in seconds: phones' clocks differ.
pub(crate) const BACKDATED_S: i64 = 300;
pub(crate) const DAY_S: i64 = 86_400;
/// What a device's URI name begins with.
pub(crate) const DEVICE_URN: &str = "urn:hefu:device:";
/// X.509 dates with four digits for the year end here.
const LAST_DATE_S: i64 = 253_402_300_799;

/// The authority. Its key is never printed.
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    certificate_pem: String,
    certificate_der: Vec<u8>,
    not_after: Timestamp,
    tlcp: Option<TlcpAuthority>,
}

/// Why there is no authority.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AuthorityError {
    /// The certificate file is not the PEM of a P-256 authority.
    #[error("the authority's certificate is not that of a P-256 certificate authority")]
    Certificate,
    /// The key file is not the PEM of a P-256 key.
    #[error("the authority's key is not a P-256 key in PKCS#8")]
    Key,
    /// Both are well-formed, but not of one another.
    #[error("the authority's key does not belong to its certificate")]
    Mismatch,
    /// None could be made.
    #[error("no authority could be made")]
    NotMade,
}

/// Why no certificate was issued.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The generator gave no serial number.
    #[error(transparent)]
    Rng(#[from] RngError),
    /// The authority itself is over, or ends before the certificate would begin.
    #[error("the authority has expired")]
    AuthorityExpired,
    /// A server name is neither a host name nor an address, or there are none or too many.
    #[error("a server certificate needs 1 to {SERVER_NAMES_MAX} host names or addresses")]
    Names,
    /// The library refused to sign.
    #[error("the certificate could not be signed")]
    Signing,
}

/// A certificate request was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a certificate request for a P-256 key, signed by that key")]
pub struct RequestRefused;

/// A certificate does not name a device.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the certificate names no device")]
pub struct NoDevice;

/// A certificate as it was issued.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// In PEM.
    pub pem: String,
    /// SHA-256 of its DER.
    pub sha256: [u8; 32],
    /// Its end.
    pub not_after: Timestamp,
}

/// A certificate with its key, for the gateway's listener.
pub struct ServerIdentity {
    /// The certificate.
    pub certificate: Issued,
    /// PKCS#8, in PEM. Erased when dropped.
    pub key_pem: Zeroizing<String>,
}

impl fmt::Debug for ServerIdentity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerIdentity")
            .field("certificate", &self.certificate)
            .finish_non_exhaustive()
    }
}

impl Authority {
    /// A new authority called `name`, for `days`.
    ///
    /// # Errors
    /// When there is no randomness or the library refuses.
    pub fn make(
        name: &str,
        days: u32,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Self, AuthorityError> {
        let key = make_key().map_err(|_| AuthorityError::NotMade)?;
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        params.serial_number = Some(make_serial(rng).map_err(|_| AuthorityError::NotMade)?);
        set_dates(&mut params, now, days, Timestamp::from_secs(LAST_DATE_S));
        let certificate = params
            .self_signed(&key)
            .map_err(|_| AuthorityError::NotMade)?;
        Self::from_pem(&certificate.pem(), &key_pem(&key))
    }

    /// An authority that was made before.
    ///
    /// # Errors
    /// When certificate or key cannot be read, or they do not belong together.
    pub fn from_pem(certificate_pem: &str, key_pem: &str) -> Result<Self, AuthorityError> {
        let key = KeyPair::from_pkcs8_pem_and_sign_algo(key_pem, &PKCS_ECDSA_P256_SHA256)
            .map_err(|_| AuthorityError::Key)?;
        let (_, pem) = x509_parser::pem::parse_x509_pem(certificate_pem.as_bytes())
            .map_err(|_| AuthorityError::Certificate)?;
        let (rest, certificate) =
            X509Certificate::from_der(&pem.contents).map_err(|_| AuthorityError::Certificate)?;
        if !rest.is_empty() || !certificate.is_ca() {
            return Err(AuthorityError::Certificate);
        }
        if certificate.public_key().raw != key.subject_public_key_info() {
            return Err(AuthorityError::Mismatch);
        }
        let not_after = Timestamp::from_secs(certificate.validity().not_after.timestamp());
        let issuer = Issuer::from_ca_cert_der(&pem.contents.as_slice().into(), key)
            .map_err(|_| AuthorityError::Certificate)?;
        Ok(Self {
            issuer,
            certificate_pem: certificate_pem.to_owned(),
            certificate_der: pem.contents,
            not_after,
            tlcp: None,
        })
    }

    /// With an SM2 authority beside it, which issues the pairs for TLCP.
    #[must_use]
    pub fn with_tlcp(mut self, tlcp: TlcpAuthority) -> Self {
        self.tlcp = Some(tlcp);
        self
    }

    /// The SM2 authority beside it.
    #[must_use]
    pub const fn tlcp(&self) -> Option<&TlcpAuthority> {
        self.tlcp.as_ref()
    }

    /// Its certificate, in PEM: the only root that apps trust, and that the gateway trusts.
    #[must_use]
    pub fn certificate_pem(&self) -> &str {
        &self.certificate_pem
    }

    /// Its certificate, in DER.
    #[must_use]
    pub fn certificate_der(&self) -> &[u8] {
        &self.certificate_der
    }

    /// Its end. Certificates end with it at the latest.
    #[must_use]
    pub const fn not_after(&self) -> Timestamp {
        self.not_after
    }

    /// Its key in PKCS#8 as PEM, for keeping it elsewhere.
    #[must_use]
    pub fn dangerous_key_pem(&self) -> Zeroizing<String> {
        key_pem(self.issuer.key())
    }

    /// Issues the certificate with which a device opens connections (docs/PROTOCOL.md, section 2).
    ///
    /// # Errors
    /// When the authority has expired, or cannot sign.
    pub fn issue_device(
        &self,
        device: DeviceId,
        request: &ChannelRequest,
        days: u32,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Issued, IssueError> {
        let mut params = self.end_entity(&device.to_string(), days, now, rng)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
        let uri = format!("{DEVICE_URN}{device}");
        let uri = uri.try_into().map_err(|_| IssueError::Signing)?;
        params.subject_alt_names = vec![SanType::URI(uri)];
        self.sign(&params, request)
    }

    /// Makes a key for the gateway and issues its certificate, for host names and addresses.
    ///
    /// # Errors
    /// When a name is not one, the authority has expired, or it cannot sign.
    pub fn issue_server(
        &self,
        names: &[&str],
        days: u32,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<ServerIdentity, IssueError> {
        let [first, ..] = names else {
            return Err(IssueError::Names);
        };
        if names.len() > SERVER_NAMES_MAX {
            return Err(IssueError::Names);
        }
        let mut params = self.end_entity(first, days, now, rng)?;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        params.subject_alt_names = names
            .iter()
            .map(|name| server_name(name))
            .collect::<Result<_, _>>()?;
        let key = make_key().map_err(|_| IssueError::Signing)?;
        Ok(ServerIdentity {
            certificate: self.sign(&params, &key)?,
            key_pem: key_pem(&key),
        })
    }

    fn end_entity(
        &self,
        name: &str,
        days: u32,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<CertificateParams, IssueError> {
        if now >= self.not_after {
            return Err(IssueError::AuthorityExpired);
        }
        let mut params = CertificateParams::default();
        params.distinguished_name = common_name(name);
        params.is_ca = IsCa::ExplicitNoCa;
        params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
        params.use_authority_key_identifier_extension = true;
        params.serial_number = Some(make_serial(rng)?);
        set_dates(&mut params, now, days, self.not_after);
        Ok(params)
    }

    fn sign(
        &self,
        params: &CertificateParams,
        key: &impl PublicKeyData,
    ) -> Result<Issued, IssueError> {
        let certificate: Certificate = params
            .signed_by(key, &self.issuer)
            .map_err(|_| IssueError::Signing)?;
        Ok(Issued {
            pem: certificate.pem(),
            sha256: sha256(certificate.der()),
            not_after: Timestamp::from_secs(params.not_after.unix_timestamp()),
        })
    }
}

impl fmt::Debug for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Authority")
            .field("not_after", &self.not_after)
            .finish_non_exhaustive()
    }
}

/// The public key of a certificate request whose signature holds: all that is taken from it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChannelRequest(rcgen::PublicKey);

impl ChannelRequest {
    /// Reads a PKCS#10 request (DER) and verifies that its key signed it.
    ///
    /// # Errors
    /// [`RequestRefused`] for every reason alike.
    pub fn parse(der: &[u8]) -> Result<Self, RequestRefused> {
        if der.len() > REQUEST_BYTES_MAX {
            return Err(RequestRefused);
        }
        let request =
            CertificateSigningRequestParams::from_der(&der.into()).map_err(|_| RequestRefused)?;
        let key = request.public_key;
        let is_p256 = *key.algorithm() == PKCS_ECDSA_P256_SHA256;
        let is_point = PublicKey::from_bytes(Algorithm::EcdsaP256Sha256, key.der_bytes()).is_ok();
        if is_p256 && is_point {
            Ok(Self(key))
        } else {
            Err(RequestRefused)
        }
    }
}

impl PublicKeyData for ChannelRequest {
    fn der_bytes(&self) -> &[u8] {
        self.0.der_bytes()
    }

    fn algorithm(&self) -> &'static SignatureAlgorithm {
        &PKCS_ECDSA_P256_SHA256
    }
}

/// The device that a certificate names, in its common name and its URI alike. That the authority
/// issued it and that it has not expired is for the TLS library to verify first; that it is the
/// device's current one is for [`Devices::by_certificate`](crate::devices::Devices::by_certificate).
///
/// # Errors
/// When it names none, several, or two different ones.
pub fn device_named_by(certificate_der: &[u8]) -> Result<DeviceId, NoDevice> {
    if certificate_der.len() > CERTIFICATE_BYTES_MAX {
        return Err(NoDevice);
    }
    let (rest, certificate) = X509Certificate::from_der(certificate_der).map_err(|_| NoDevice)?;
    let names = certificate
        .subject_alternative_name()
        .map_err(|_| NoDevice)?
        .ok_or(NoDevice)?;
    let [GeneralName::URI(uri)] = names.value.general_names.as_slice() else {
        return Err(NoDevice);
    };
    let by_uri: DeviceId = uri
        .strip_prefix(DEVICE_URN)
        .and_then(|id| id.parse().ok())
        .ok_or(NoDevice)?;
    let mut common_names = certificate.subject().iter_common_name();
    let common_name = common_names
        .next()
        .ok_or(NoDevice)?
        .as_str()
        .map_err(|_| NoDevice)?;
    let is_same = common_name.parse() == Ok(by_uri) && common_names.next().is_none();
    if rest.is_empty() && is_same {
        Ok(by_uri)
    } else {
        Err(NoDevice)
    }
}

pub(crate) fn sha256(bytes: &[u8]) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(digest(&SHA256, bytes).as_ref());
    hash
}

fn make_key() -> Result<KeyPair, rcgen::Error> {
    KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256)
}

fn key_pem(key: &KeyPair) -> Zeroizing<String> {
    Zeroizing::new(key.serialize_pem())
}

fn common_name(name: &str) -> DistinguishedName {
    let mut names = DistinguishedName::new();
    names.push(DnType::CommonName, name);
    names
}

fn server_name(name: &str) -> Result<SanType, IssueError> {
    if let Ok(address) = name.parse::<IpAddr>() {
        return Ok(SanType::IpAddress(address));
    }
    let is_host = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-');
    if name.is_empty() || name.len() > 253 || !name.bytes().all(is_host) {
        return Err(IssueError::Names);
    }
    Ok(SanType::DnsName(
        name.try_into().map_err(|_| IssueError::Names)?,
    ))
}

/// Positive, 127 random bits.
fn make_serial(rng: &mut (impl TryCryptoRng + ?Sized)) -> Result<SerialNumber, RngError> {
    let mut serial = [0; 16];
    rng::fill(rng, &mut serial)?;
    serial[0] &= 0x7f;
    Ok(SerialNumber::from_slice(&serial))
}

fn set_dates(params: &mut CertificateParams, now: Timestamp, days: u32, latest: Timestamp) {
    let date = |secs: i64| {
        let since_1970 = u64::try_from(secs.clamp(0, LAST_DATE_S)).unwrap_or_default();
        rcgen::date_time_ymd(1970, 1, 1) + Duration::from_secs(since_1970)
    };
    let not_after = now
        .secs()
        .saturating_add(i64::from(days).saturating_mul(DAY_S));
    params.not_before = date(now.secs().saturating_sub(BACKDATED_S));
    params.not_after = date(not_after.min(latest.secs()));
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::rng::SystemRng;
    use x509_parser::certification_request::X509CertificationRequest;

    const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);
    const DEVICE: DeviceId = DeviceId::from_bytes([7; 16]);

    fn authority() -> Authority {
        Authority::make("Test Bank", 3_650, NOW, &mut SystemRng).unwrap()
    }

    fn request() -> (Vec<u8>, KeyPair) {
        let key = make_key().unwrap();
        let mut params = CertificateParams::new(["evil.example".to_owned()]).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name = common_name("somebody else");
        (params.serialize_request(&key).unwrap().der().to_vec(), key)
    }

    fn der(pem: &str) -> Vec<u8> {
        x509_parser::pem::parse_x509_pem(pem.as_bytes())
            .unwrap()
            .1
            .contents
    }

    #[test]
    fn a_device_certificate_says_what_the_authority_says_and_has_the_requests_key() {
        let authority = authority();
        let (request, key) = request();
        let request = ChannelRequest::parse(&request).unwrap();
        let issued = authority
            .issue_device(DEVICE, &request, 90, NOW, &mut SystemRng)
            .unwrap();
        let der = der(&issued.pem);
        assert_eq!(issued.sha256, sha256(&der));
        assert_eq!(device_named_by(&der), Ok(DEVICE));

        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let (_, root) = X509Certificate::from_der(authority.certificate_der()).unwrap();
        certificate
            .verify_signature(Some(root.public_key()))
            .unwrap();
        assert_eq!(certificate.issuer(), root.subject());
        assert_eq!(certificate.public_key().raw, key.subject_public_key_info());
        assert!(!certificate.is_ca());
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.client_auth && !usage.server_auth && !usage.any);
        let dates = certificate.validity();
        assert_eq!(dates.not_before.timestamp(), NOW.secs() - BACKDATED_S);
        assert_eq!(dates.not_after.timestamp(), NOW.secs() + 90 * DAY_S);
        assert_eq!(issued.not_after.secs(), NOW.secs() + 90 * DAY_S);
        assert_eq!(
            root.basic_constraints()
                .unwrap()
                .unwrap()
                .value
                .path_len_constraint,
            Some(0)
        );
    }

    #[test]
    fn a_request_that_its_key_did_not_sign_is_refused() {
        let (request, _) = request();
        let honest = ChannelRequest::parse(&request).unwrap();
        let (_, parsed) = X509CertificationRequest::from_der(&request).unwrap();
        let signed = parsed.certification_request_info.raw.to_vec();
        let signed_at = request
            .windows(signed.len())
            .position(|part| part == signed)
            .unwrap();
        let mut refused = 0;
        for place in 0..request.len() {
            let mut altered = request.clone();
            altered[place] ^= 1;
            match ChannelRequest::parse(&altered) {
                Err(RequestRefused) => refused += 1,
                // Beside what is signed, a parser may forgive a bit. It cannot change the key.
                Ok(forgiven) => {
                    assert!(
                        place < signed_at || place >= signed_at + signed.len(),
                        "{place}"
                    );
                    assert_eq!(forgiven, honest);
                }
            }
        }
        assert!(refused > signed.len());
        let other_kind = KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        let other_kind = CertificateParams::default()
            .serialize_request(&other_kind)
            .unwrap();
        assert_eq!(ChannelRequest::parse(other_kind.der()), Err(RequestRefused));
        assert!(ChannelRequest::parse(&vec![0x30; REQUEST_BYTES_MAX + 1]).is_err());
        assert!(ChannelRequest::parse(&[]).is_err());
    }

    #[test]
    fn a_server_certificate_is_for_its_names_and_for_serving_only() {
        let authority = authority();
        let server = authority
            .issue_server(
                &["gateway.example", "127.0.0.1", "::1"],
                365,
                NOW,
                &mut SystemRng,
            )
            .unwrap();
        assert!(server.key_pem.contains("PRIVATE KEY"));
        assert!(!format!("{server:?}").contains("PRIVATE"));
        let der = der(&server.certificate.pem);
        assert_eq!(device_named_by(&der), Err(NoDevice));
        let (_, certificate) = X509Certificate::from_der(&der).unwrap();
        let usage = certificate.extended_key_usage().unwrap().unwrap().value;
        assert!(usage.server_auth && !usage.client_auth);
        let names = certificate.subject_alternative_name().unwrap().unwrap();
        assert_eq!(names.value.general_names.len(), 3);
        for wrong in [&[][..], &[""], &["a b"], &["a", "b/c"], &["名.example"]] {
            let refused = authority.issue_server(wrong, 365, NOW, &mut SystemRng);
            assert_eq!(refused.unwrap_err(), IssueError::Names, "{wrong:?}");
        }
    }

    #[test]
    fn an_authority_is_the_same_after_a_restart_and_takes_no_other_key() {
        let (authority, other) = (authority(), authority());
        let again =
            Authority::from_pem(authority.certificate_pem(), &authority.dangerous_key_pem())
                .unwrap();
        assert_eq!(again.certificate_der(), authority.certificate_der());
        assert_eq!(again.not_after(), authority.not_after());
        let mixed = Authority::from_pem(authority.certificate_pem(), &other.dangerous_key_pem());
        assert_eq!(mixed.unwrap_err(), AuthorityError::Mismatch);
        let server = authority
            .issue_server(&["a"], 1, NOW, &mut SystemRng)
            .unwrap();
        let no_ca = Authority::from_pem(&server.certificate.pem, &server.key_pem);
        assert_eq!(no_ca.unwrap_err(), AuthorityError::Certificate);
        assert!(!format!("{authority:?}").contains("PRIVATE"));
    }

    #[test]
    fn nothing_outlives_the_authority() {
        let authority = Authority::make("Short", 30, NOW, &mut SystemRng).unwrap();
        let request = ChannelRequest::parse(&request().0).unwrap();
        let issue = |now| authority.issue_device(DEVICE, &request, 90, now, &mut SystemRng);
        assert_eq!(issue(NOW).unwrap().not_after, authority.not_after());
        assert_eq!(
            issue(authority.not_after()).unwrap_err(),
            IssueError::AuthorityExpired
        );
    }

    #[test]
    fn a_certificate_with_two_names_or_two_devices_names_none() {
        let authority = authority();
        let request = ChannelRequest::parse(&request().0).unwrap();
        let urn = |id: DeviceId| SanType::URI(format!("{DEVICE_URN}{id}").try_into().unwrap());
        let named = |common_name: DeviceId, names: Vec<SanType>| {
            let name = common_name.to_string();
            let mut params = authority.end_entity(&name, 1, NOW, &mut SystemRng).unwrap();
            params.subject_alt_names = names;
            device_named_by(&der(&authority.sign(&params, &request).unwrap().pem))
        };
        let other = DeviceId::from_bytes([8; 16]);
        assert_eq!(named(DEVICE, vec![urn(DEVICE)]), Ok(DEVICE));
        assert_eq!(named(DEVICE, vec![]), Err(NoDevice));
        assert_eq!(named(DEVICE, vec![urn(other)]), Err(NoDevice));
        assert_eq!(named(DEVICE, vec![urn(DEVICE), urn(other)]), Err(NoDevice));
        assert_eq!(device_named_by(b""), Err(NoDevice));
    }
}
