//! The SM2 authority: it names devices, and the gateway to them, where they speak TLCP.
//!
//! Beside each device's TLS certificate stands a pair for TLCP, one that signs and one that encrypts.
//! The pair names the TLS certificate by its digest: the store knows one certificate of a device, and
//! with it the pair holds and ends.
//!
//! Clauses: CJ-4.3.3.b, CJ-6.3.c, AN-1.

use std::{fmt, sync::Arc};

use hefu_gm::{
    provider::{DecryptSm2, ModuleError, Provider, SignSm2},
    sm2::PublicKey,
    x509::{
        self, Certificate, Name, Order, Profile, Request, Role, ServerName, SubjectName, Validity,
    },
};
use hefu_tally::{clock::Timestamp, ids::DeviceId};
use rand_core::TryCryptoRng;

use crate::authority::{
    BACKDATED_S, DAY_S, DEVICE_URN, IssueError, NoDevice, RequestRefused, SERVER_NAMES_MAX,
};

/// What the URI begins with that names a device's TLS certificate.
const CHANNEL_URN: &str = "urn:hefu:channel:";

/// The authority. Its key is behind a handle, and may be in a module.
pub struct TlcpAuthority {
    authority: x509::Authority,
    provider: Arc<dyn Provider>,
}

/// What a device asks for a pair with: the proof that it has the key that signs, and the key that is
/// encrypted to. That it has the other half of the latter shows when it is used.
#[derive(Clone, Debug)]
pub struct PairRequest {
    sign: PublicKey,
    encryption: PublicKey,
}

impl PairRequest {
    /// Of keys whose holder the caller knows.
    ///
    /// # Errors
    /// [`RequestRefused`] when both are one: that would undo what two certificates are for.
    pub fn of(sign: PublicKey, encryption: PublicKey) -> Result<Self, RequestRefused> {
        if sign == encryption {
            return Err(RequestRefused);
        }
        Ok(Self { sign, encryption })
    }
}

/// A pair of certificates.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The one that signs.
    pub sign: Certificate,
    /// The one that encrypts.
    pub encryption: Certificate,
}

/// The gateway's pair with its keys.
#[derive(Debug)]
pub struct ServerPair {
    /// The certificates.
    pub certificates: Pair,
    /// Signs handshakes.
    pub signing_key: Arc<dyn SignSm2>,
    /// Decrypts keys.
    pub decryption_key: Arc<dyn DecryptSm2>,
}

impl TlcpAuthority {
    /// An authority that computes with `provider`.
    #[must_use]
    pub fn new(authority: x509::Authority, provider: Arc<dyn Provider>) -> Self {
        Self {
            authority,
            provider,
        }
    }

    /// Its certificate: the only root for TLCP that apps trust, and that the gateway trusts.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.authority.certificate()
    }

    /// What it computes with.
    #[must_use]
    pub fn provider(&self) -> &Arc<dyn Provider> {
        &self.provider
    }

    /// Its end. Certificates end with it at the latest.
    #[must_use]
    pub fn not_after(&self) -> Timestamp {
        Timestamp::from_secs(self.certificate().validity().not_after_s())
    }

    /// Reads what a device asks with: a PKCS#10 request in DER, and a point.
    ///
    /// # Errors
    /// [`RequestRefused`] for every reason alike.
    pub fn read_request(&self, csr: &[u8], point: &[u8]) -> Result<PairRequest, RequestRefused> {
        let request = Request::from_der(&*self.provider, csr).map_err(|_| RequestRefused)?;
        let encryption = PublicKey::from_sec1(point).map_err(|_| RequestRefused)?;
        PairRequest::of(*request.public_key(), encryption)
    }

    /// Issues a device's pair beside its TLS certificate, which has this SHA-256 and this end.
    ///
    /// # Errors
    /// When the authority has expired, or cannot sign.
    pub fn issue_device(
        &self,
        device: DeviceId,
        (channel_sha256, not_after): (&[u8; 32], Timestamp),
        request: &PairRequest,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Pair, IssueError> {
        let names = [
            SubjectName::Uri(format!("{DEVICE_URN}{device}")),
            SubjectName::Uri(format!("{CHANNEL_URN}{}", hex(channel_sha256))),
        ];
        let subject = common_name(&device.to_string())?;
        let keys = (&request.sign, &request.encryption);
        self.issue(
            &subject,
            keys,
            (Role::Client, &names),
            (now, not_after),
            rng,
        )
    }

    /// Makes the gateway's keys and issues its pair, for host names and addresses.
    ///
    /// # Errors
    /// When a name is not one, the authority has expired, or it cannot sign.
    pub fn issue_server(
        &self,
        names: &[&str],
        days: u32,
        now: Timestamp,
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<ServerPair, IssueError> {
        let [first, ..] = names else {
            return Err(IssueError::Names);
        };
        if names.len() > SERVER_NAMES_MAX {
            return Err(IssueError::Names);
        }
        let subject = common_name(first)?;
        let names = names
            .iter()
            .map(|name| match ServerName::parse(name) {
                Ok(ServerName::Dns(name)) => Ok(SubjectName::Dns(name)),
                Ok(ServerName::Ip(address)) => Ok(SubjectName::Ip(address)),
                Err(_) => Err(IssueError::Names),
            })
            .collect::<Result<Vec<_>, _>>()?;
        let failed = |ModuleError| IssueError::Signing;
        let signing_key = self.provider.make_signing_key().map_err(failed)?;
        let decryption_key = self.provider.make_decryption_key().map_err(failed)?;
        let keys = (
            signing_key.verifying_key().public_key(),
            decryption_key.encryption_key().public_key(),
        );
        let end = now.plus_secs(i64::from(days).saturating_mul(DAY_S));
        let certificates = self.issue(&subject, keys, (Role::Server, &names), (now, end), rng)?;
        Ok(ServerPair {
            certificates,
            signing_key,
            decryption_key,
        })
    }

    fn issue(
        &self,
        subject: &Name,
        (sign, encryption): (&PublicKey, &PublicKey),
        (role, names): (Role, &[SubjectName]),
        (now, end): (Timestamp, Timestamp),
        rng: &mut (impl TryCryptoRng + ?Sized),
    ) -> Result<Pair, IssueError> {
        if now >= self.not_after() {
            return Err(IssueError::AuthorityExpired);
        }
        let own = self.certificate().validity();
        let validity = Validity::new(
            now.plus_secs(-BACKDATED_S).secs().max(own.not_before_s()),
            end.secs().min(own.not_after_s()),
        )
        .map_err(|_| IssueError::Signing)?;
        let mut make = |public_key, profile| {
            let order = Order {
                subject,
                public_key,
                validity,
                profile,
                names,
            };
            self.authority
                .issue(&order, rng)
                .map_err(|_| IssueError::Signing)
        };
        Ok(Pair {
            sign: make(sign, Profile::Sign(role))?,
            encryption: make(encryption, Profile::Encrypt(role))?,
        })
    }
}

impl fmt::Debug for TlcpAuthority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlcpAuthority")
            .field("not_after", &self.not_after())
            .finish_non_exhaustive()
    }
}

/// The device that a signature certificate names, and the SHA-256 of its TLS certificate.
///
/// # Errors
/// Unless it names exactly one of each.
pub fn device_named_by(certificate: &Certificate) -> Result<(DeviceId, [u8; 32]), NoDevice> {
    let [SubjectName::Uri(device), SubjectName::Uri(channel)] = certificate.subject_names() else {
        return Err(NoDevice);
    };
    let device = device.strip_prefix(DEVICE_URN).ok_or(NoDevice)?;
    let channel = channel.strip_prefix(CHANNEL_URN).ok_or(NoDevice)?;
    Ok((
        device.parse().map_err(|_| NoDevice)?,
        unhex(channel).ok_or(NoDevice)?,
    ))
}

fn common_name(name: &str) -> Result<Name, IssueError> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || b".-_:".contains(&byte);
    if !name.is_empty() && name.bytes().all(fits) {
        Name::parse(&format!("CN={name},O=Hefu")).map_err(|_| IssueError::Names)
    } else {
        Err(IssueError::Names)
    }
}

fn hex(bytes: &[u8; 32]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<[u8; 32]> {
    let mut bytes = [0; 32];
    let digits: Vec<u8> = text
        .chars()
        .map(|digit| {
            digit
                .to_digit(16)
                .and_then(|digit| u8::try_from(digit).ok())
        })
        .collect::<Option<_>>()?;
    let (pairs, rest) = digits.as_chunks::<2>();
    if pairs.len() != bytes.len() || !rest.is_empty() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = high << 4 | low;
    }
    Some(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::{provider::software, rng::SystemRng};

    const NOW: Timestamp = Timestamp::from_secs(1_760_000_000);
    const DEVICE: DeviceId = DeviceId::from_bytes([7; 16]);
    const CHANNEL: [u8; 32] = [0xa5; 32];

    fn authority() -> TlcpAuthority {
        let provider = software();
        let year = Validity::new(NOW.secs(), NOW.secs() + 365 * DAY_S).unwrap();
        let root = x509::Authority::make_root(
            provider.make_signing_key().unwrap(),
            &Name::parse("CN=Hefu").unwrap(),
            year,
            0,
            &mut SystemRng,
        );
        TlcpAuthority::new(root.unwrap(), provider)
    }

    fn request(authority: &TlcpAuthority) -> PairRequest {
        let provider = software();
        let sign = provider.make_signing_key().unwrap();
        let encryption = provider.make_decryption_key().unwrap();
        let csr = Request::make(&Name::parse("CN=x").unwrap(), &*sign).unwrap();
        let point = encryption.encryption_key().to_sec1();
        authority.read_request(&csr, &point).unwrap()
    }

    #[test]
    fn a_pair_names_its_device_and_its_tls_certificate() {
        let authority = authority();
        let end = NOW.plus_secs(90 * DAY_S);
        let pair = authority
            .issue_device(
                DEVICE,
                (&CHANNEL, end),
                &request(&authority),
                NOW,
                &mut SystemRng,
            )
            .unwrap();
        for certificate in [&pair.sign, &pair.encryption] {
            assert_eq!(device_named_by(certificate), Ok((DEVICE, CHANNEL)));
            assert_eq!(certificate.validity().not_after_s(), end.secs());
        }
        let server = authority
            .issue_server(&["a.example", "127.0.0.1"], 9, NOW, &mut SystemRng)
            .unwrap();
        assert_eq!(device_named_by(&server.certificates.sign), Err(NoDevice));
        for wrong in [&[][..], &["a b"], &["a,CN=b"]] {
            let refused = authority.issue_server(wrong, 9, NOW, &mut SystemRng);
            assert_eq!(refused.unwrap_err(), IssueError::Names, "{wrong:?}");
        }
    }

    #[test]
    fn one_key_for_both_and_requests_without_proof_are_refused() {
        let authority = authority();
        let sign = software().make_signing_key().unwrap();
        let other = software().make_signing_key().unwrap();
        let point = |key: &Arc<dyn SignSm2>| key.verifying_key().to_sec1();
        let csr = Request::make(&Name::parse("CN=x").unwrap(), &*sign).unwrap();
        assert!(authority.read_request(&csr, &point(&other)).is_ok());
        assert!(authority.read_request(&csr, &point(&sign)).is_err());
        assert!(authority.read_request(&csr, &[4; 65]).is_err());
        assert!(authority.read_request(&csr[1..], &point(&other)).is_err());
    }

    #[test]
    fn nothing_outlives_the_authority() {
        let authority = authority();
        let request = request(&authority);
        let end = NOW.plus_secs(9_999 * DAY_S);
        let issue =
            |now| authority.issue_device(DEVICE, (&CHANNEL, end), &request, now, &mut SystemRng);
        let pair = issue(NOW).unwrap();
        let last = authority.not_after();
        assert_eq!(pair.sign.validity().not_after_s(), last.secs());
        assert_eq!(issue(last).unwrap_err(), IssueError::AuthorityExpired);
    }
}
