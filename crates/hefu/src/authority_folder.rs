//! An SM2 certificate authority in a folder, and the pairs that it issues.
//!
//! | file | what |
//! |---|---|
//! | `ca.pem` | the authority's certificate |
//! | `ca.key` | its key, PKCS#8 under a password |
//! | `chain.pem` | its certificate and those above it, the root last |
//! | `ca.crl` | its revocation list |
//!
//! A pair has a folder of its own: `sign.pem`, `sign.key`, `enc.pem`, `enc.key` and `chain.pem`.
//! Nothing is overwritten but the revocation list, which is replaced at once.
//!
//! Clauses: CJ-6.3.b, CJ-6.3.c, JR-6.1.4.b, JR-6.1.4.e, JR-6.1.4.f.

use std::path::{Path, PathBuf};

use hefu_gm::pbes2::{Pbes2Error, Scheme};
use hefu_gm::provider::{self, ModuleError};
use hefu_gm::rng::{RngError, SystemRng};
use hefu_gm::sm2::{EncryptedKeyError, PrivateKey};
use hefu_gm::x509::{
    Authority, AuthorityError, Certificate, CertificateError, Crl, CrlError, CrlOrder, IssueError,
    Name, Order, Profile, RevocationReason, Revoked, Role, SerialNumber, SubjectName, Validity,
    ValidityError,
};

use crate::files::{self, FileError};

const DAY_S: i64 = 86_400;
/// A certificate begins so much before it is issued, in seconds: clocks differ.
const BACKDATED_S: i64 = 300;
/// How long the first, empty revocation list holds, in days.
const FIRST_LIST_DAYS: u32 = 30;

/// Why an authority's folder cannot be used, or why nothing was issued. Every message tells the next
/// step.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FolderError {
    /// A file.
    #[error(transparent)]
    File(#[from] FileError),
    /// A certificate.
    #[error("{path}: {source}")]
    Certificate {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: CertificateError,
    },
    /// A key.
    #[error("{path}: {source}")]
    Key {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: EncryptedKeyError,
    },
    /// Certificate and key are no authority.
    #[error("{path}: {source}; restore ca.pem and ca.key from one backup")]
    Authority {
        /// The folder.
        path: PathBuf,
        /// Why.
        source: AuthorityError,
    },
    /// A revocation list.
    #[error("{path}: {source}; restore it from a backup, or what was revoked before is forgotten")]
    Crl {
        /// Its file.
        path: PathBuf,
        /// Why.
        source: CrlError,
    },
    /// Nothing was issued.
    #[error(transparent)]
    Issue(#[from] IssueError),
    /// It would hold longer than the authority.
    #[error(
        "the authority itself ends in {days} days; name at most --days {days}, or make a new authority with `hefu keys ca`"
    )]
    BeyondAuthority {
        /// How many whole days are left.
        days: i64,
    },
    /// Nothing is issued for no time, or for more than X.509 can say.
    #[error("--days: {0}")]
    Days(#[from] ValidityError),
    /// A key was not written.
    #[error("the key cannot be encrypted: {0}")]
    Encrypt(#[from] Pbes2Error),
    /// A pair of another authority.
    #[error("{path} was not issued by this authority; name the authority's folder with --ca")]
    Foreign {
        /// The certificate's file.
        path: PathBuf,
    },
    /// A pair that cannot be renewed.
    #[error("{path} {why}; issue a new pair with `hefu keys issue`")]
    NotRenewable {
        /// The certificate's file.
        path: PathBuf,
        /// Why not.
        why: &'static str,
    },
    /// No randomness.
    #[error(transparent)]
    Random(#[from] RngError),
    /// The cryptographic module.
    #[error(transparent)]
    Module(#[from] ModuleError),
}

/// How keys are written.
#[derive(Clone, Copy, Debug)]
pub struct KeyProtection<'a> {
    /// The password.
    pub password: &'a [u8],
    /// The algorithms.
    pub scheme: Scheme,
}

/// A pair to be issued.
#[derive(Clone, Copy, Debug)]
pub struct PairOrder<'a> {
    /// Whom both certificates name.
    pub subject: &'a Name,
    /// In which part.
    pub role: Role,
    /// Alternative names of both.
    pub names: &'a [SubjectName],
    /// How many days they hold.
    pub days: u32,
}

/// An authority that was opened with its password.
#[derive(Debug)]
pub struct AuthorityFolder {
    path: PathBuf,
    authority: Authority,
    chain_pem: String,
}

impl AuthorityFolder {
    /// Makes a root in a new folder.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn make_root(
        path: &Path,
        subject: &Name,
        (days, path_length_max): (u32, u8),
        protection: KeyProtection<'_>,
        now_s: i64,
    ) -> Result<Self, FolderError> {
        let validity = Validity::new(begin(now_s), end(now_s, days))?;
        let key = PrivateKey::make(&mut SystemRng)?;
        let pem = key.to_encrypted_pem(protection.password, protection.scheme, &mut SystemRng)?;
        let handle = provider::software().signing_key(key)?;
        let authority =
            Authority::make_root(handle, subject, validity, path_length_max, &mut SystemRng)?;
        Self::write(path, authority, &pem, "", now_s)
    }

    /// Makes an authority below this one in a new folder.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn make_below(
        &self,
        path: &Path,
        subject: &Name,
        (days, path_length_max): (u32, u8),
        protection: KeyProtection<'_>,
        now_s: i64,
    ) -> Result<Self, FolderError> {
        let key = PrivateKey::make(&mut SystemRng)?;
        let certificate = self.authority.issue(
            &Order {
                subject,
                public_key: key.public_key(),
                validity: self.validity(now_s, days)?,
                profile: Profile::Authority { path_length_max },
                names: &[],
            },
            &mut SystemRng,
        )?;
        let pem = key.to_encrypted_pem(protection.password, protection.scheme, &mut SystemRng)?;
        let handle = provider::software().signing_key(key)?;
        let authority =
            Authority::new(certificate, handle).map_err(|source| FolderError::Authority {
                path: path.to_owned(),
                source,
            })?;
        Self::write(path, authority, &pem, &self.chain_pem, now_s)
    }

    /// Opens a folder.
    ///
    /// # Errors
    /// [`FolderError`]: most often the password.
    pub fn open(path: &Path, password: &[u8]) -> Result<Self, FolderError> {
        let certificate = read_certificate(&path.join("ca.pem"))?;
        let key_path = path.join("ca.key");
        let pem = files::read_private(&key_path)?;
        let key =
            PrivateKey::from_encrypted_pem(&pem, password).map_err(|source| FolderError::Key {
                path: key_path,
                source,
            })?;
        let handle = provider::software().signing_key(key)?;
        let authority =
            Authority::new(certificate, handle).map_err(|source| FolderError::Authority {
                path: path.to_owned(),
                source,
            })?;
        Ok(Self {
            path: path.to_owned(),
            authority,
            chain_pem: files::read(&path.join("chain.pem"))?,
        })
    }

    /// The authority's certificate.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        self.authority.certificate()
    }

    /// Issues a pair with new keys into a new folder, and gives its signature certificate.
    ///
    /// # Errors
    /// [`FolderError`].
    pub fn issue_pair(
        &self,
        out: &Path,
        order: &PairOrder<'_>,
        protection: KeyProtection<'_>,
        now_s: i64,
    ) -> Result<Certificate, FolderError> {
        let validity = self.validity(now_s, order.days)?;
        let make = |profile| {
            let key = PrivateKey::make(&mut SystemRng)?;
            let order = Order {
                subject: order.subject,
                public_key: key.public_key(),
                validity,
                profile,
                names: order.names,
            };
            let certificate = self.authority.issue(&order, &mut SystemRng)?;
            let pem =
                key.to_encrypted_pem(protection.password, protection.scheme, &mut SystemRng)?;
            Ok::<_, FolderError>((certificate, pem))
        };
        let (sign, sign_key) = make(Profile::Sign(order.role))?;
        let (encrypt, encrypt_key) = make(Profile::Encrypt(order.role))?;
        // Everything is ready before the first file is there.
        files::make_new_private_folder(out)?;
        files::write_private_new(&out.join("sign.key"), sign_key.as_bytes())?;
        files::write_private_new(&out.join("enc.key"), encrypt_key.as_bytes())?;
        files::write_new(&out.join("sign.pem"), sign.to_pem().as_bytes())?;
        files::write_new(&out.join("enc.pem"), encrypt.to_pem().as_bytes())?;
        files::write_new(&out.join("chain.pem"), self.chain_pem.as_bytes())?;
        Ok(sign)
    }

    /// Issues the pair in `pair` anew: the same subject, names and role, new keys.
    ///
    /// # Errors
    /// [`FolderError`], among others for a pair of another authority, and for one that has ended or
    /// was revoked: whoever holds it proves nothing any more.
    pub fn renew_pair(
        &self,
        pair: &Path,
        (out, days): (&Path, u32),
        protection: KeyProtection<'_>,
        now_s: i64,
    ) -> Result<Certificate, FolderError> {
        let path = pair.join("sign.pem");
        let old = read_certificate(&path)?;
        self.refuse_foreign(&path, &old)?;
        let refuse = |why| {
            let path = path.clone();
            Err(FolderError::NotRenewable { path, why })
        };
        if !old.validity().holds_at(now_s) {
            return refuse("does not hold any more");
        }
        let list = self.read_list()?;
        let revoked = |serial: &SerialNumber| list.revoked().iter().any(|r| r.serial == *serial);
        if revoked(old.serial()) {
            return refuse("was revoked");
        }
        let role = match old.extended_key_usage() {
            Some(uses) if uses.server => Role::Server,
            Some(uses) if uses.client => Role::Client,
            _ => return refuse("is neither for a server nor for a client"),
        };
        let order = PairOrder {
            subject: old.subject(),
            role,
            names: old.subject_names(),
            days,
        };
        self.issue_pair(out, &order, protection, now_s)
    }

    /// Adds certificates to the revocation list, and begins a new period. Gives how many are on it.
    ///
    /// # Errors
    /// [`FolderError`], among others for a certificate of another authority.
    pub fn revoke(
        &self,
        certificates: &[PathBuf],
        serials: &[SerialNumber],
        (reason, days): (RevocationReason, u32),
        now_s: i64,
    ) -> Result<usize, FolderError> {
        let old = self.read_list()?;
        let mut revoked = old.revoked().to_vec();
        let mut add = |serial: &SerialNumber| {
            // The first word about a certificate stands: it says since when.
            if !revoked.iter().any(|entry| entry.serial == *serial) {
                revoked.push(Revoked {
                    serial: serial.clone(),
                    at_s: now_s,
                    reason,
                });
            }
        };
        for path in certificates {
            let certificate = read_certificate(path)?;
            self.refuse_foreign(path, &certificate)?;
            add(certificate.serial());
        }
        serials.iter().for_each(&mut add);
        let number = old.number().unwrap_or(0).saturating_add(1);
        self.write_list(&revoked, number, days, now_s)?;
        Ok(revoked.len())
    }

    fn write(
        path: &Path,
        authority: Authority,
        key_pem: &str,
        above_pem: &str,
        now_s: i64,
    ) -> Result<Self, FolderError> {
        let pem = authority.certificate().to_pem();
        let folder = Self {
            path: path.to_owned(),
            chain_pem: format!("{pem}{above_pem}"),
            authority,
        };
        files::make_new_private_folder(path)?;
        files::write_private_new(&path.join("ca.key"), key_pem.as_bytes())?;
        files::write_new(&path.join("ca.pem"), pem.as_bytes())?;
        files::write_new(&path.join("chain.pem"), folder.chain_pem.as_bytes())?;
        folder.write_list(&[], 1, FIRST_LIST_DAYS, now_s)?;
        Ok(folder)
    }

    fn write_list(
        &self,
        revoked: &[Revoked],
        number: u64,
        days: u32,
        now_s: i64,
    ) -> Result<(), FolderError> {
        let list = self.authority.sign_crl(&CrlOrder {
            number,
            this_update_s: now_s,
            next_update_s: end(now_s, days),
            revoked,
        })?;
        Ok(files::replace(&self.list_path(), list.to_pem().as_bytes())?)
    }

    /// The list, which only this authority can have signed.
    fn read_list(&self) -> Result<Crl, FolderError> {
        let path = self.list_path();
        let text = files::read(&path)?;
        Crl::from_pem(&text)
            .and_then(|list| list.verify(&*provider::software(), self.certificate()))
            .map(|verified| verified.crl().clone())
            .map_err(|source| FolderError::Crl { path, source })
    }

    fn list_path(&self) -> PathBuf {
        self.path.join("ca.crl")
    }

    fn refuse_foreign(&self, path: &Path, certificate: &Certificate) -> Result<(), FolderError> {
        let own = self.certificate();
        let signed = certificate.verify_signature(&*provider::software(), own.verifying_key());
        if certificate.issuer() == own.subject() && signed.is_ok() {
            Ok(())
        } else {
            let path = path.to_owned();
            Err(FolderError::Foreign { path })
        }
    }

    /// From a little before now, and not from before the authority itself.
    fn validity(&self, now_s: i64, days: u32) -> Result<Validity, FolderError> {
        let own = self.certificate().validity();
        if end(now_s, days) > own.not_after_s() {
            let days = (own.not_after_s() - now_s).div_euclid(DAY_S).max(0);
            return Err(FolderError::BeyondAuthority { days });
        }
        let from_s = begin(now_s).max(own.not_before_s());
        Ok(Validity::new(from_s, end(now_s, days))?)
    }
}

fn begin(now_s: i64) -> i64 {
    now_s.saturating_sub(BACKDATED_S)
}

fn end(now_s: i64, days: u32) -> i64 {
    now_s.saturating_add(i64::from(days).saturating_mul(DAY_S))
}

fn read_certificate(path: &Path) -> Result<Certificate, FolderError> {
    let text = files::read(path)?;
    Certificate::from_pem(&text).map_err(|source| FolderError::Certificate {
        path: path.to_owned(),
        source,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use hefu_gm::x509::{Check, Defect, Purpose, Revocation, Trust};

    const NOW_S: i64 = 1_760_000_000;
    const PROTECTION: KeyProtection<'static> = KeyProtection {
        password: b"secret",
        scheme: Scheme {
            iterations: 1_000,
            ..Scheme::SM
        },
    };

    fn name(text: &str) -> Name {
        Name::parse(text).unwrap()
    }

    fn order(subject: &Name) -> PairOrder<'_> {
        PairOrder {
            subject,
            role: Role::Client,
            names: &[],
            days: 90,
        }
    }

    /// A root, an authority below it, and a client's pair: issued, renewed, revoked.
    #[test]
    fn a_pair_lives_from_issue_over_renewal_to_revocation() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let subject = name("CN=phone,O=Bank");
        let root =
            AuthorityFolder::make_root(&at("root"), &name("CN=Root"), (3650, 1), PROTECTION, NOW_S)
                .unwrap();
        root.make_below(&at("ca"), &name("CN=Below"), (365, 0), PROTECTION, NOW_S)
            .unwrap();
        let ca = AuthorityFolder::open(&at("ca"), b"secret").unwrap();
        let first = ca
            .issue_pair(&at("a"), &order(&subject), PROTECTION, NOW_S)
            .unwrap();
        let late = NOW_S + 80 * DAY_S;
        let renewed = ca
            .renew_pair(&at("a"), (&at("b"), 90), PROTECTION, late)
            .unwrap();
        assert_eq!(renewed.subject(), first.subject());
        assert_ne!(renewed.public_key(), first.public_key());

        let chain = Certificate::list_from_pem(&files::read(&at("a/chain.pem")).unwrap()).unwrap();
        assert_eq!(chain.len(), 2);
        let trust = Trust::new(vec![root.certificate().clone()]).unwrap();
        let verify = |certificate: &Certificate| {
            let list = Crl::from_pem(&files::read(&at("ca/ca.crl")).unwrap()).unwrap();
            let list = list
                .verify(&*provider::software(), ca.certificate())
                .unwrap();
            let mut check = Check::new(Purpose::Sign, Role::Client, late);
            let lists = [list];
            check.revocation = Revocation {
                crls: &lists,
                ..Revocation::default()
            };
            trust
                .verify(&*provider::software(), certificate, &chain, &check)
                .map(|_| ())
                .map_err(|error| error.defect)
        };
        let reason = (RevocationReason::KeyCompromise, 30);
        assert_eq!(ca.revoke(&[], &[], reason, late).unwrap(), 0);
        assert_eq!(verify(&first), Ok(()));
        let both = [at("a/sign.pem"), at("a/enc.pem")];
        assert_eq!(ca.revoke(&both, &[], reason, late).unwrap(), 2);
        assert_eq!(ca.revoke(&both, &[], reason, late).unwrap(), 2, "once each");
        assert_eq!(verify(&first), Err(Defect::Revoked));
        assert_eq!(verify(&renewed), Ok(()));
        let error = ca
            .renew_pair(&at("a"), (&at("c"), 90), PROTECTION, late)
            .unwrap_err();
        assert!(error.to_string().contains("was revoked"), "{error}");
        assert!(!at("c").exists(), "what is refused leaves nothing behind");
    }

    #[test]
    fn what_is_wrong_is_named_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        let subject = name("CN=phone");
        let make = |path: &str| {
            AuthorityFolder::make_root(&at(path), &name("CN=Root"), (100, 0), PROTECTION, NOW_S)
        };
        let (ca, foreign) = (make("ca").unwrap(), make("foreign").unwrap());
        assert!(make("ca").is_err(), "nothing is overwritten");
        let wrong = AuthorityFolder::open(&at("ca"), b"wrong").unwrap_err();
        assert!(wrong.to_string().contains("password is wrong"), "{wrong}");

        let long = PairOrder {
            days: 101,
            ..order(&subject)
        };
        let error = ca
            .issue_pair(&at("p"), &long, PROTECTION, NOW_S)
            .unwrap_err();
        assert!(error.to_string().contains("--days 100"), "{error}");
        ca.issue_pair(&at("p"), &order(&subject), PROTECTION, NOW_S)
            .unwrap();
        let revoke = |by: &AuthorityFolder| {
            by.revoke(
                &[at("p/sign.pem")],
                &[],
                (RevocationReason::Superseded, 30),
                NOW_S,
            )
        };
        assert!(matches!(revoke(&foreign), Err(FolderError::Foreign { .. })));
        assert_eq!(revoke(&ca).unwrap(), 1);
        let ended = ca
            .renew_pair(&at("p"), (&at("q"), 1), PROTECTION, NOW_S + 91 * DAY_S)
            .unwrap_err();
        assert!(ended.to_string().contains("hefu keys issue"), "{ended}");
    }
}
